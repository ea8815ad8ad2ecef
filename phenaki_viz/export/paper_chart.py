"""A grid of cells on paper: how large it is, where its names, titles and colour bar stand."""

from dataclasses import dataclass, replace

import numpy as np
from matplotlib.axes import Axes

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
    draw_bar,
    draw_swatches,
    swatch_lines,
)
from phenaki_viz.export.paper_text import INK, LABEL, TICK, height_of, printable, width_of
from phenaki_viz.figures import Picture
from phenaki_viz.figures.colour import ColourScale
from phenaki_viz.figures.theme import Swatch

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
    swatch = Swatch(colour=INK, label=f"colour: {chart.unit}", mark="")
    return replace(chart, unit="", swatches=(swatch, *chart.swatches))


def draw_chart(picture: Picture, chart: Chart, *, vector: bool) -> tuple[Sheet, Axes]:
    """A sheet with the chart's cells, names and titles on it, and the axes to draw further on."""
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
