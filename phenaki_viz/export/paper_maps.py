"""Maps on paper: a heatmap, a surface seen from above, and the mosaic of all heads."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from phenaki_viz.export.paper import Sheet, frame
from phenaki_viz.export.paper_chart import LONGEST_SIDE, Chart, Ticks, draw_chart
from phenaki_viz.export.paper_legends import bar_ticks
from phenaki_viz.export.paper_text import INK, NOTE
from phenaki_viz.figures import HeadGrid, Heatmap, Surface
from phenaki_viz.figures.colour import DIVERGING
from phenaki_viz.figures.head_grid import (
    Mosaic,
    bar_words,
    grid_swatches,
    mosaic_image,
    mosaic_of,
    tile_numbers,
)
from phenaki_viz.figures.heatmap import map_image
from phenaki_viz.figures.heatmap import swatches as heatmap_swatches
from phenaki_viz.figures.paint import line_over
from phenaki_viz.figures.surface import signed, surface_image, trained_swatch
from phenaki_viz.figures.ticks import axis_ticks, whole_ticks


def heatmap_sheet(picture: Heatmap, *, vector: bool) -> Sheet:
    """A heatmap with group boundaries; masked and wrong cells as in the browser."""
    i, j = picture.values.shape
    chart = Chart(
        colours=map_image(picture),
        ratio=i / j if picture.square else 0.9,
        across=axis_ticks(picture.key),
        down=axis_ticks(picture.query),
        across_title=picture.key.title,
        down_title=picture.query.title,
        scale=picture.scale,
        bar=([], []) if picture.scale.names else bar_ticks(picture.scale, LONGEST_SIDE),
        unit="" if picture.scale.names else picture.unit,
        swatches=heatmap_swatches(picture),
    )
    sheet, axes = draw_chart(picture, chart, vector=vector)
    line: Any = {"color": line_over(picture.scale.palette), "linewidth": 0.5, "alpha": 0.55}
    for at in picture.key.breaks:
        axes.axvline(at - 0.5, **line)
    for at in picture.query.breaks:
        axes.axhline(at - 0.5, **line)
    return sheet


def surface_sheet(picture: Surface, *, vector: bool) -> Sheet:
    """The surface from above, cell by cell: exact on paper, where nothing can be turned."""
    rows, columns = picture.z.shape
    chart = Chart(
        colours=surface_image(picture),
        ratio=float(np.clip(rows / columns, 1 / 3, 3)),
        across=_offsets(picture.x),
        down=_offsets(picture.y),
        across_title=picture.x_title,
        down_title=picture.y_title,
        scale=picture.scale,
        bar=bar_ticks(picture.scale, LONGEST_SIDE),
        unit=picture.z_title,
        swatches=trained_swatch(picture, "light"),
    )
    sheet, axes = draw_chart(picture, chart, vector=vector)
    if picture.rectangle is not None:
        x0, x1, y0, y1 = picture.rectangle
        left, right = _cells(picture.x, (x0, x1))
        top, bottom = _cells(picture.y, (y0, y1))
        look: Any = {"fill": False, "edgecolor": line_over(picture.scale.palette), "linewidth": 1.2}
        axes.add_patch(Rectangle((left, top), right - left, bottom - top, **look))
    return sheet


def _offsets(places: np.ndarray) -> Ticks:
    ticks = whole_ticks(places, 11)
    return _cells(places, ticks), [signed(tick) for tick in ticks]


def _cells(places: np.ndarray, values: Sequence[float]) -> list[float]:
    """From offsets to cells, counted from 0 at the first place."""
    step = float(places[1] - places[0]) if len(places) > 1 else 1.0
    return [(value - float(places[0])) / step for value in values]


def head_grid_sheet(picture: HeadGrid, *, vector: bool) -> Sheet:
    """The mosaic of all heads with clear gaps, the selected head outlined."""
    mosaic = mosaic_of(picture)
    ratio = mosaic.shape[0] * mosaic.ratio / mosaic.shape[1]
    chart = Chart(
        colours=mosaic_image(picture),
        ratio=ratio,
        across=_middles(picture.heads, mosaic.x, mosaic.gap[1]),
        down=_middles(picture.layers, mosaic.y, mosaic.gap[0]),
        across_title="",
        down_title="",
        scale=picture.bar_scale,
        bar=bar_words(picture) or bar_ticks(picture.bar_scale, LONGEST_SIDE * ratio),
        unit=picture.bar_unit,
        swatches=grid_swatches(picture),
        heads_on_top=True,
    )
    sheet, axes = draw_chart(picture, chart, vector=vector)
    frame(axes, "none")
    _numbers(axes, picture, chart)
    if picture.bar_scale.palette in DIVERGING.values():
        for layer, head in np.ndindex(mosaic.layers, mosaic.heads):
            _outline(axes, mosaic, (layer, head), 0, edgecolor="#d3d7de", linewidth=0.5)
    if picture.selected:
        _outline(axes, mosaic, picture.selected, 0.5, edgecolor=INK, linewidth=1.3)
        layer, head = picture.selected
        for label in (axes.get_yticklabels()[layer], axes.get_xticklabels()[head]):
            label.set(weight="bold", color=INK)
    return sheet


def _outline(axes: Axes, mosaic: Mosaic, tile: tuple[int, int], beyond: float, **look: Any) -> None:
    row, column = mosaic.corner(*tile)
    down, across = (gap * beyond for gap in mosaic.gap)
    corner = (column - 0.5 - across, row - 0.5 - down)
    size = (mosaic.x + 2 * across, mosaic.y + 2 * down)
    axes.add_patch(Rectangle(corner, *size, fill=False, clip_on=False, **look))


def _middles(names: tuple[str, ...], cells: int, gap: int) -> Ticks:
    places = [at * (cells + gap) + (cells - 1) / 2 for at in range(len(names))]
    return places, [name[:10] for name in names]


def _numbers(axes: Axes, picture: HeadGrid, chart: Chart) -> None:
    for layer, head, number, colour in tile_numbers(picture):
        place = chart.across[0][head], chart.down[0][layer]
        axes.text(*place, number, size=NOTE, color=colour, ha="center", va="center")
