"""From a recording to pictures of its attention: the map, the grid of heads, words and steps."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from phenaki_viz.analysis.measures import largest_weight
from phenaki_viz.analysis.rows import blanked, uniform_weight, wrong_among
from phenaki_viz.analysis.thumbnails import Thumbnails
from phenaki_viz.figures.colour import ColourScale
from phenaki_viz.figures.curves import Curve, Curves
from phenaki_viz.figures.head_grid import HeadGrid
from phenaki_viz.figures.heatmap import Heatmap
from phenaki_viz.figures.naming import (
    family,
    file_stem,
    head_label,
    item_name,
    key_axis,
    place_name,
    query_axis,
)
from phenaki_viz.recording import (
    AttentionRecord,
    Place,
    Recording,
    describe_failures,
    describe_non_finite,
    describe_origin,
)

UNIT = "attention weight"
FAILED = "CHECK FAILED"
LOG_DECADES = 4


@dataclass(frozen=True)
class Head:
    """One head's map in a recording: item and head count what was recorded."""

    recording: Recording
    record: AttentionRecord
    item: int
    head: int

    @property
    def label(self) -> str:
        """'L3 H5', by original index."""
        return head_label(self.record.layer, self.record.heads[self.head])

    @property
    def title(self) -> str:
        """Which map this is, in words, and whether it is not what the model used."""
        where = item_name(self.record, self.item)
        said = [self.label, f"{family(self.record)} attention", *([where] if where else [])]
        return " · ".join((*said, *([FAILED] if self.record.failed else [])))

    @property
    def notes(self) -> tuple[str, ...]:
        """What every picture of this head says under it."""
        return record_notes(self.recording, [self.record])

    def made_by(self, scale: ColourScale) -> dict[str, Any]:
        """What made a picture of this head: origin, module, layer, head, step, scale."""
        record = self.record
        return {
            **self.recording.made_by,
            "module": record.module,
            "kind": family(record),
            "layer": record.layer,
            "head": record.heads[self.head],
            "batch_item": record.batch_items[self.item],
            "branch": record.branch,
            "step": record.step,
            "scale": scale.describe(),
            "verification": record.verification.verdict if record.verification else "unchecked",
            "verification_max_abs_error": (
                record.verification.max_abs_error if record.verification else None
            ),
        }


def scale_for(high: float, *, log: bool, scope: str, low: float = 0.0) -> ColourScale:
    """Colours from 0 to the largest weight, or over the last four decades below it.

    Without one (all are 0, or not finite) they end at 1.
    """
    high = float(high) if math.isfinite(high) and high else 1.0
    if log:
        return ColourScale(low=high / 10**LOG_DECADES, high=high, log=True, scope=scope)
    return ColourScale(low=low, high=high, scope=scope)


def origin_notes(made_by: Mapping[str, Any]) -> tuple[str, ...]:
    """The line that names random weights; trained ones are named by digest."""
    return (describe_origin(made_by),)


def record_notes(recording: Recording, records: Sequence[AttentionRecord]) -> tuple[str, ...]:
    """What a picture of these calls has to say: failed checks, where NaN began, the origin."""
    failed = describe_failures(records)
    began = "" if all(record.finite for record in records) else describe_non_finite(recording)
    return (*filter(None, (failed, began)), *origin_notes(recording.made_by))


def wrong_notes(wrong: Sequence[int]) -> tuple[str, ...]:
    """The line that names rows which are not drawn; none where all are distributions."""
    if not len(wrong):
        return ()
    named = ", ".join(map(str, wrong[:8])) + (" …" if len(wrong) > 8 else "")
    return (f"{len(wrong)} rows are not a distribution and are not drawn: {named}",)


def attention_heatmap(head: Head, scale: ColourScale) -> Heatmap:
    """The whole map of one head, every weight exact."""
    record, values = head.record, head.record.map.full(head.item, head.head)
    _, _, i, j = record.map.shape
    wrong = tuple(int(row) for row in record.map.wrong_rows(head.item, head.head))
    masked = record.causal or record.key_mask is not None
    return Heatmap(
        name=file_stem(record, record.heads[head.head]),
        title=head.title,
        notes=(scale.describe(), *wrong_notes(wrong), *head.notes),
        made_by=head.made_by(scale),
        values=values,
        hidden=record.hidden(head.item, (0, i), (0, j)) if masked else None,
        wrong=wrong,
        query=query_axis(record, head.item),
        key=key_axis(record, head.item),
        scale=scale,
        unit=UNIT,
        uniform=uniform_weight(record.visible_keys(head.item)),
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
) -> HeadGrid:
    """Every head of one stack, layers as rows and heads as columns."""
    first, (y, x) = records[0], shown.cell
    reduced = f"each cell is the mean of {y} × {x} weights" if (y, x) != (1, 1) else "every weight"
    said = scale.describe() if isinstance(scale, ColourScale) else "colour ends of each head apart"
    coloured = f"coloured by {value_name}" if value_name else reduced
    failed = f" · {FAILED}" if any(record.failed for record in records) else ""
    return HeadGrid(
        name=f"{family(first).replace(' ', '_')}_heads",
        title=f"{family(first)} attention, all heads" + failed,
        notes=(coloured, said, *record_notes(recording, records)),
        made_by={**recording.made_by, "kind": family(first), "reduced": reduced},
        thumbnails=shown.values,
        layers=tuple(f"L{record.layer}" for record in records),
        heads=tuple(f"H{head}" for head in first.heads),
        scales=scale,
        selected=selected,
        values=values,
        unit=value_name or UNIT,
    )


def words_read(head: Head, place: Place) -> Curves:
    """How much one patch reads each word and each null key: bars."""
    record = head.record
    _, query = record.places.locate(place)
    wrong = wrong_among(record, head.item, head.head, [query])
    weights = blanked(record.map.rows(head.item, head.head, [query]), wrong, [query])[0]
    hidden = record.hidden(head.item, (query, query + 1), (0, len(weights)))[0]
    names = key_axis(record, head.item).names
    hover = tuple(
        f"{name}: " + ("masked" if gone else "not drawn" if wrong else f"weight {weight:.4g}")
        for name, weight, gone in zip(names, weights, hidden, strict=True)
    )
    return Curves(
        name=f"{file_stem(record, record.heads[head.head])}_words",
        title=f"{head.title} · {place_name(*place)} · words it reads",
        notes=(*wrong_notes(wrong), *head.notes),
        made_by=head.made_by(scale_for(1.0, log=False, scope="fixed")) | {"query": place},
        curves=(Curve(name=head.label, x=np.arange(len(weights)), y=weights, hover=hover),),
        x_title="key",
        y_title=UNIT,
        kind="bar",
        x_labels=names,
    )


def all_heads(recording: Recording) -> Iterator[Heatmap]:
    """Every head of every layer, first batch item, one colour scale a stack."""
    for records in recording.stacks().values():
        yield from stack_heads(recording, records, [0] * len(records))


def stack_heads(
    recording: Recording, records: Sequence[AttentionRecord], items: Sequence[int]
) -> Iterator[Heatmap]:
    """Every head of the layers of one stack, at one batch item each, on one colour scale."""
    heads = [
        Head(recording, record, item, head)
        for record, item in zip(records, items, strict=True)
        for head in range(len(record.heads))
    ]
    high = max(largest_weight(h.record, h.item, h.head) for h in heads)
    scale = scale_for(high, log=False, scope="all heads and layers")
    for head in heads:
        yield attention_heatmap(head, scale)


def steps_read(head: Head, place: Place) -> Curves:
    """One query's attention by time step, beside what a query that does not choose would give."""
    record = head.record
    _, query = record.places.locate(place)
    wrong = wrong_among(record, head.item, head.head, [query])
    (row,) = blanked(record.map.rows(head.item, head.head, [query]), wrong, [query])
    seen = ~record.hidden(head.item, (query, query + 1), (0, len(row)))[0]
    steps = record.places.coordinates(record.batch_items[head.item])[0]
    count = record.places.grid[0]
    mass = np.bincount(steps, row[record.num_null_kv :], minlength=count)
    even = np.bincount(steps, seen[record.num_null_kv :], minlength=count) / max(seen.sum(), 1)
    at = np.arange(count)
    return Curves(
        name=f"{file_stem(record, record.heads[head.head])}_steps",
        title=f"{head.title} · {place_name(*place)} · attention by time step",
        notes=(*wrong_notes(wrong), *head.notes),
        made_by=head.made_by(scale_for(1.0, log=False, scope="fixed")) | {"query": place},
        curves=(
            Curve(name=head.label, x=at, y=mass, highlighted=True),
            Curve(name="no choice", x=at, y=even),
        ),
        x_title="time step of the keys",
        y_title="share of attention",
        kind="line",
        x_labels=tuple(f"step {step}" for step in at),
    )
