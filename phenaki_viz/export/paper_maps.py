"""Maps on paper: a heatmap, a surface seen from above, and the mosaic of all heads."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from phenaki_viz.export.paper import (
    EDGE,
    WIDTH,
    Body,
    Box,
    Sheet,
    dots_for,
    frame,
    set_ticks,
    show_cells,
    slanted,
    tick_height,
)
from phenaki_viz.export.paper_legends import (
    BAR_GAP,
    SWATCH_LINE,
    bar_room,
    bar_ticks,
    draw_bar,
    draw_swatches,
    swatch_lines,
)
from phenaki_viz.export.paper_text import INK, LABEL, NOTE, TICK, height_of, printable, width_of
from phenaki_viz.figures import HeadGrid, Heatmap, Picture, Surface
from phenaki_viz.figures.colour import DIVERGING, ColourScale
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
from phenaki_viz.figures.theme import Swatch
from phenaki_viz.figures.ticks import axis_ticks, whole_ticks

LONGEST_SIDE, SHORTEST_SIDE = 3.5, 0.5
OUTLINE_PAD = 5  # points between names and tiles, for the selected head's outline
Ticks = tuple[list[float], list[str]]


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A map with ticks, titles, a colour bar and legend entries, before it has its place.

    colours: 'y x c' uint8. ratio: height of the whole map over its width.
    """

    colours: np.ndarray
    ratio: float
    across: Ticks
    down: Ticks
    across_title: str
    down_title: str
    scale: ColourScale
    bar: Ticks
    unit: str
    swatches: tuple[Swatch, ...] = ()
    heads_on_top: bool = False


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where the parts of a chart go, measured from the body's top. over: tick labels on top."""

    box: Box
    slant: bool
    over: float
    under: float
    body: float


def _places(chart: Chart) -> Places:
    labels = [printable(label) for label in chart.down[1]]
    left = EDGE + max((width_of(label, TICK) for label in labels), default=0) + 0.06
    left += height_of(1, LABEL) + 0.02 if chart.down_title else 0.04
    right = bar_room(chart.bar[1], chart.unit) + EDGE
    wide, high = _sides(chart.ratio, WIDTH - left - right)
    # A small map stands in the middle with its bar, not at the left edge.
    left += (WIDTH - left - right - wide) / 2
    cells = chart.colours.shape[1]
    slant = slanted(chart.across[0], chart.across[1], wide / cells)
    ticks = tick_height([printable(label) for label in chart.across[1]], slant=slant)
    over = ticks + 0.03 if chart.heads_on_top else 0.0
    under = (0 if chart.heads_on_top else ticks) + 0.03
    under += height_of(1, LABEL) if chart.across_title else 0
    box = Box(left=left, top=over, width=wide, height=high)
    legend = len(swatch_lines(chart.swatches, WIDTH - EDGE - left)) * SWATCH_LINE
    legend += 0.05 if legend else 0
    body = over + high + under + legend
    return Places(box=box, slant=slant, over=over, under=under, body=body)


def _sides(ratio: float, room: float) -> tuple[float, float]:
    wide = min(room, LONGEST_SIDE, LONGEST_SIDE / ratio)
    return max(wide, SHORTEST_SIDE), max(wide * ratio, SHORTEST_SIDE)


def _unit_fits(chart: Chart) -> Chart:
    """The chart with its unit in the legend when it is longer than the upright colour bar."""
    if width_of(printable(chart.unit), LABEL) <= LONGEST_SIDE * min(chart.ratio, 1) + 0.2:
        return chart
    said = Swatch(colour=INK, label=f"colour: {chart.unit}", mark="")
    return replace(chart, unit="", swatches=(said, *chart.swatches))


def _draw(picture: Picture, chart: Chart, *, vector: bool) -> tuple[Sheet, Axes]:
    chart = _unit_fits(chart)
    places = _places(chart)
    rows, columns = chart.colours.shape[:2]
    box = places.box
    dots = dots_for(columns, box.width) if columns >= rows else dots_for(rows, box.height)
    sheet = Sheet(picture, Body(places.body, dots))
    box = Box(left=box.left, top=sheet.top + box.top, width=box.width, height=box.height)
    axes = sheet.axes(box)
    show_cells(axes, chart.colours, vector=vector)
    set_ticks(axes, chart.across, chart.down, slant=places.slant)
    frame(axes)
    if chart.heads_on_top:
        axes.xaxis.tick_top()
        axes.tick_params(pad=OUTLINE_PAD)
    _titles(sheet, chart, box, places)
    bar = Box(left=box.left + box.width + BAR_GAP, top=box.top, width=0, height=box.height)
    if not chart.scale.names:
        draw_bar(sheet, bar, chart.scale, chart.bar, chart.unit)
    legend = box.top + box.height + places.under + 0.05
    draw_swatches(sheet, chart.swatches, box.left, legend)
    return sheet, axes


def _titles(sheet: Sheet, chart: Chart, box: Box, places: Places) -> None:
    middle = box.left + box.width / 2, box.top + box.height / 2
    bottom = box.top + box.height + places.under - height_of(1, LABEL)
    across, down = printable(chart.across_title), printable(chart.down_title)
    labels = [width_of(printable(label), TICK) for label in chart.down[1]]
    left = box.left - max(labels, default=0) - 0.08
    sheet.text(across, middle[0], bottom, LABEL, ha="center", color=INK)
    sheet.text(down, left, middle[1], LABEL, ha="right", va="center", rotation=90, color=INK)


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
    sheet, axes = _draw(picture, chart, vector=vector)
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
    sheet, axes = _draw(picture, chart, vector=vector)
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
    sheet, axes = _draw(picture, chart, vector=vector)
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
