"""From a recording to pictures of its attention: the map and the grid of heads."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from phenaki_viz.analysis.thumbnails import Thumbnails
from phenaki_viz.figures.colour import ColourScale, Palette
from phenaki_viz.figures.head import FAILED, Head, record_notes, wrong_notes
from phenaki_viz.figures.head_grid import HeadGrid
from phenaki_viz.figures.heatmap import Heatmap
from phenaki_viz.figures.naming import (
    grid_names,
    key_axis,
    kind_name,
    kind_stem,
    labels_and_run,
    query_axis,
)
from phenaki_viz.figures.weight_colours import UNIT, Colours
from phenaki_viz.recording import (
    AttentionRecord,
    Recording,
)

MOST_WEIGHTS = 2**25  # of one map that is drawn whole: 128 MiB


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


def over_step(picture: HeadGrid, step: int, shows: str) -> HeadGrid:
    """A grid of `step_tiles` as what it is. shows: see `OverFrames.said`."""
    _, *notes = picture.notes
    return replace(
        picture,
        name=f"{picture.name}_time_{step}",
        notes=(shows, *notes),
        provenance={**picture.provenance, "reduced": shows},
        framed=True,
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
