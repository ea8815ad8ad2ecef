"""One picture of a recording, chosen by what a person would say of it."""

from collections.abc import Mapping
from typing import Any

from phenaki_viz.analysis.thumbnails import thumbnails
from phenaki_viz.errors import RecordingError
from phenaki_viz.figures.colour import Law
from phenaki_viz.figures.head_grid import HeadGrid
from phenaki_viz.figures.heatmap import Heatmap
from phenaki_viz.figures.picked import Picked, chosen_passes, grid_of, heads_of, items_of
from phenaki_viz.figures.weight_colours import Colours
from phenaki_viz.recording import Recording


def one_picture(
    recording: Recording,
    *,
    kind: str | None,
    layer: int | None,
    head: int | None,
    labels: Mapping[str, Any],
    law: Law,
    shared: bool,
) -> Heatmap | HeadGrid:
    """One picture of a recording: a map, or all heads; see `Recording.figure`.

    labels: branch, step, item as `Recording.select` takes them. Raises RecordingError when there is
    no such head, or several layers have it.
    """
    if not len(recording):
        raise RecordingError("nothing was recorded, so there is nothing to draw")
    part = recording.select(**labels)
    picked = Picked(
        kinds=None if kind is None else [kind],
        layers=None if layer is None else [layer],
        heads=None if head is None else [head],
        passes="first",
        colours=Colours(law),
        shared=shared,
    )
    first = chosen_passes(part, picked)[0]
    stack = part.part(first.records)
    if head is None:
        rows = stack if layer is None else stack.select(layer=layer)
        one = rows.passes()[0]
        pooled = thumbnails(one.records, items_of(one, picked))
        return grid_of(rows, one, picked, pooled)
    layers = sorted({record.layer for record in first.records})
    if layer is None and len(layers) > 1:
        known = ", ".join(map(str, layers))
        raise RecordingError(f"head {head} of which layer? There are {known}: say layer=")
    for picture in heads_of(stack, picked):
        return picture
    raise RecordingError(f"no head {head} in layer {layer} of {kind or first.kind} attention")
