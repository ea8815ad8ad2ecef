"""From a recording to pictures of its attention: the map and the grid of heads."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from phenaki_viz.analysis.multiples import thumbnail_multiples
from phenaki_viz.analysis.thumbnails import Thumbnails
from phenaki_viz.analysis.weight_range import WeightRange, drawn_ranges, weight_range
from phenaki_viz.figures.colour import BY_HAND, ColourScale, Law, Palette
from phenaki_viz.figures.head_grid import HeadGrid
from phenaki_viz.figures.heatmap import Heatmap
from phenaki_viz.figures.intervention_words import changes_told
from phenaki_viz.figures.naming import (
    call_name,
    file_stem,
    grid_names,
    head_label,
    item_name,
    key_axis,
    kind_name,
    kind_stem,
    labels_and_run,
    query_axis,
    shared_note,
    video_name,
)
from phenaki_viz.recording import (
    AttentionRecord,
    HeadMap,
    Recording,
    describe_failures,
    describe_non_finite,
    describe_origin,
)

UNIT, MULTIPLE = "attention weight", "multiple of uniform"
FAILED = "CHECK FAILED"
MOST_WEIGHTS = 2**25  # of one map that is drawn whole: 128 MiB
LOG_DECADES = 4
LEAST_MULTIPLE = 1.5  # of uniform: a head that hardly chooses is not made to look as if it did


@dataclass(frozen=True)
class Head:
    """One head's map in a recording: item and head count what was recorded."""

    recording: Recording
    record: AttentionRecord
    item: int
    head: int

    @property
    def map(self) -> HeadMap:
        """The numbers."""
        return HeadMap(self.record, self.item, self.head)

    @property
    def label(self) -> str:
        """'L3 H5', by original index."""
        return head_label(self.record.layer, self.record.heads[self.head])

    @property
    def title(self) -> str:
        """Which map this is: head, kind, item, call, what was changed; and whether it is wrong."""
        kind = f"{kind_name(self.recording, self.record)} attention"
        failed = FAILED if self.record.failed else ""
        changed = changes_told(self.recording.provenance)
        return " · ".join(filter(None, (self.label, kind, self.told, changed, failed)))

    @property
    def name(self) -> str:
        """Which map this is in few words, to begin a sentence about a patch with: 'L3 H5, self'.

        The patch says in which frame, or at which place, the map is.
        """
        kind = kind_name(self.recording, self.record)
        call = call_name(self.recording, self.record)
        failed = FAILED if self.record.failed else ""
        video = video_name(self.record, self.item)
        return " · ".join(filter(None, (f"{self.label}, {kind}", video, call, failed)))

    @property
    def notes(self) -> tuple[str, ...]:
        """What every picture of this head says under it."""
        return (*shared_note(self.record), *record_notes(self.recording, [self.record]))

    @property
    def told(self) -> str:
        """Which batch item and which call, in words; empty where there is one."""
        where = item_name(self.record, self.item)
        return " · ".join(filter(None, (where, call_name(self.recording, self.record))))

    @property
    def stem(self) -> str:
        """The file name of its picture, without an ending."""
        head = self.record.heads[self.head]
        return file_stem(self.recording, self.record, head, self.item)

    def provenance(self, scale: ColourScale) -> dict[str, Any]:
        """What made a picture of this head: origin, module, layer, head, call, scale."""
        record = self.record
        return {
            **self.recording.provenance,
            "module": record.module,
            "kind": kind_name(self.recording, record),
            "layer": record.layer,
            "head": record.heads[self.head],
            "batch_item": record.batch_items[self.item],
            "branch": record.branch,
            "step": record.step,
            "forward": record.forward,
            "use": record.use,
            "pass": call_name(self.recording, record) or None,
            "video": video_name(record, self.item) or None,
            "scale": scale.describe(),
            "verification": record.verification.verdict if record.verification else "unchecked",
            "verification_max_abs_error": (
                record.verification.max_abs_error if record.verification else None
            ),
        }


def scale_for(
    high: float,
    *,
    scope: str,
    law: Law = "linear",
    most: float | None = None,
    low: float = 0.0,
    palette: Palette = "magma",
) -> ColourScale:
    """Colours from 0 to `high`; logarithmic ones over the last four decades below it, multiples of
    uniform from as far below 1 as `high` is above it.

    They end at 1 where `high` is 0 or not finite. most: the largest weight there is, if colours
    end before it.
    """
    high = float(high) if math.isfinite(high) and high else 1.0
    if law == "log":
        low = high / 10**LOG_DECADES
    if law == "uniform":
        high = max(high, LEAST_MULTIPLE)
        low = 1 / high
    return ColourScale(low=low, high=high, law=law, scope=scope, most=most, palette=palette)


@dataclass(frozen=True)
class Colours:
    """How weights become colours. law: what colours follow. whole: colours end at the largest
    weight, and not at the 99.5th percentile of what is shown. palette: their table. ends: lowest
    and highest, for every picture alike; None for those of what is shown. set_by: what set them.
    """

    law: Law = "linear"
    whole: bool = False
    palette: Palette = "magma"
    ends: tuple[float, float] | None = None
    set_by: str = BY_HAND

    def over(self, top: float, most: float, scope: str) -> ColourScale:
        """The scale of numbers whose 99.5th percentile is `top` and whose largest is `most`."""
        if self.ends is not None:
            return self._by_hand(*self.ends, most)
        end = most if self.whole or top <= 0 else top
        return scale_for(end, law=self.law, scope=scope, most=most, palette=self.palette)

    def _by_hand(self, low: float, high: float, most: float) -> ColourScale:
        if self.law in ("log", "uniform") and low <= 0:
            low = high / 10**LOG_DECADES
        return ColourScale(
            low=low, high=max(high, low), law=self.law, palette=self.palette,
            scope=self.set_by, most=most,
        )  # fmt: skip

    def of_each(
        self, *shown: np.ndarray, scope: str = "this head"
    ) -> tuple[tuple[ColourScale, ...], ...]:
        """A scale of every head by itself, 'l h', over all of what is shown of it.

        shown: thumbnails 'l h y x' of the same heads, such as those of several training steps.
        """
        every = shown[0] if len(shown) == 1 else np.concatenate(shown, axis=2)
        return tuple(tuple(self.over(*ends, scope) for ends in drawn_ranges(row)) for row in every)

    @property
    def unit(self) -> str:
        """What the colours are of: a weight, or its multiple of uniform."""
        return MULTIPLE if self.law == "uniform" else UNIT

    def of_maps(self, maps: Sequence[HeadMap], scope: str) -> ColourScale:
        """The scale of what this law measures of a head's map, or of several together."""
        return self.of(weight_range(maps, of_uniform=self.law == "uniform"), scope)

    def thumbnails(
        self, shown: Thumbnails, records: Sequence[AttentionRecord], items: Sequence[int]
    ) -> Thumbnails:
        """Thumbnails as this law measures them; items: the batch item of each layer."""
        return thumbnail_multiples(shown, records, items) if self.law == "uniform" else shown

    def of(self, weights: WeightRange, scope: str) -> ColourScale:
        """The scale of the weights of a head or of several."""
        said = f"{scope} ({weights.sampled})" if weights.sampled else scope
        return self.over(weights.top, weights.most, said)


def origin_notes(provenance: Mapping[str, Any]) -> tuple[str, ...]:
    """The line that names random weights; trained ones are named by digest."""
    return (describe_origin(provenance),)


def record_notes(recording: Recording, records: Sequence[AttentionRecord]) -> tuple[str, ...]:
    """What a picture of these calls has to say: failed checks, where NaN began, the origin."""
    failed = describe_failures(records)
    began = "" if all(record.finite for record in records) else describe_non_finite(recording)
    return (*filter(None, (failed, began)), *origin_notes(recording.provenance))


def wrong_notes(wrong: Sequence[int]) -> tuple[str, ...]:
    """The line that names rows which are not drawn; none where all are distributions."""
    if not len(wrong):
        return ()
    named = ", ".join(map(str, wrong[:8])) + (" …" if len(wrong) > 8 else "")
    return (f"{len(wrong)} rows are not a distribution and are not drawn: {named}",)


def attention_heatmap(head: Head, scale: ColourScale) -> Heatmap:
    """The whole map of one head, every weight exact."""
    record, (i, j) = head.record, head.map.shape
    values = head.map.tile((0, i))
    wrong = tuple(int(row) for row in head.map.wrong_rows())
    return Heatmap(
        name=head.stem,
        title=head.title,
        notes=(scale.describe(), *wrong_notes(wrong), *head.notes),
        provenance=head.provenance(scale),
        values=values,
        hidden=head.map.hidden((0, i), (0, j)) if record.is_masked else None,
        wrong=wrong,
        query=query_axis(record, head.item),
        key=key_axis(record, head.item),
        scale=scale,
        unit=UNIT,
        uniform=head.map.uniform,
    )


def head_grid(
    recording: Recording,
    records: Sequence[AttentionRecord],
    shown: Thumbnails,
    scale: ColourScale | tuple[tuple[ColourScale, ...], ...],
    *,
    selected: tuple[int, int] | None = None,
    values: np.ndarray | None = None,
    value_name: str = "",
    unit: str = UNIT,
) -> HeadGrid:
    """Every head of one stack, layers as rows and heads as columns. unit: of what is shown."""
    first, (y, x) = records[0], shown.cell
    layers, heads = grid_names(records)
    kind, call = kind_name(recording, first), labels_and_run(recording, first)
    reduced = f"each cell is the mean of {y} × {x} weights" if (y, x) != (1, 1) else "every weight"
    said = scale.describe() if isinstance(scale, ColourScale) else "colour ends of each head apart"
    coloured = f"coloured by {value_name}" if value_name else reduced
    failed = f" · {FAILED}" if any(record.failed for record in records) else ""
    return HeadGrid(
        name=f"{kind_stem(recording, first)}_heads",
        title=f"{kind} attention, all heads" + (f" · {call}" if call else "") + failed,
        notes=(coloured, said, *record_notes(recording, records)),
        provenance={**recording.provenance, "kind": kind, "pass": call or None, "reduced": reduced},
        thumbnails=shown.values,
        layers=layers,
        heads=heads,
        scales=scale,
        selected=selected,
        values=values,
        unit=value_name or unit,
    )


def metric_scale(values: np.ndarray, palette: Palette = "magma") -> ColourScale:
    """Colours for one number of every head, from the least to the largest of these heads."""
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    return ColourScale(low=low, high=high, palette=palette, scope="these heads")


def stack_heads(
    recording: Recording,
    records: Sequence[AttentionRecord],
    items: Sequence[int],
    colours: Colours | None = None,
    *,
    shared: bool = True,
) -> Iterator[Heatmap]:
    """Every head of some layers, at one batch item each.

    shared: on one colour scale; otherwise each on its own.
    """
    heads = [
        Head(recording, record, item, head)
        for record, item in zip(records, items, strict=True)
        for head in range(len(record.heads))
    ]
    return _coloured(heads, colours, shared)


def _coloured(heads: Sequence[Head], colours: Colours | None, shared: bool) -> Iterator[Heatmap]:
    colours = colours or Colours()
    maps = [head.map for head in heads]
    scale = colours.of_maps(maps, "all heads and layers") if shared else None
    for head in heads:
        own = scale or colours.of_maps([head.map], "this head")
        yield attention_heatmap(head, own)
