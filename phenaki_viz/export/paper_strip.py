"""The video strip on paper: frames, weights over them, captions, a colour bar below."""

from typing import Any

from matplotlib.patches import Rectangle

from phenaki_viz.export.paper import EDGE, WIDTH, Body, Box, Sheet, dots_for, show_cells
from phenaki_viz.export.paper_legends import BAR, SWATCH_LINE, bar_ticks, draw_swatches
from phenaki_viz.export.paper_text import (
    FAINT,
    INK,
    LABEL,
    NOTE,
    TICK,
    height_of,
    printable,
    width_of,
)
from phenaki_viz.figures import FilmStrip
from phenaki_viz.figures.colour import lut
from phenaki_viz.figures.film_layout import Layout, query_boxes, step_caption, strip_layout
from phenaki_viz.figures.film_strip import overlaid_image, query_swatch

ACROSS = WIDTH - 2 * EDGE
LEGEND = 0.36  # height of the colour bar with its ticks
BAR_LENGTH = 2.0
TALLEST = 5.0


def film_strip_sheet(picture: FilmStrip, *, vector: bool) -> Sheet:
    """Every frame with the weights over it, one scale for all, the query's patch outlined."""
    layout = strip_layout(picture)
    wide = min(ACROSS, TALLEST * layout.width / layout.height)
    high = wide * layout.height / layout.width
    sheet = Sheet(picture, Body(high + LEGEND, dots_for(layout.width, wide)))
    box = Box(left=(WIDTH - wide) / 2, top=sheet.top, width=wide, height=high)
    axes = sheet.axes(box)
    show_cells(axes, overlaid_image(picture, layout), vector=vector)
    axes.set_axis_off()
    for left, top, across, down in query_boxes(picture, layout):
        look: Any = {"fill": False, "edgecolor": picture.outline, "linewidth": 1.2}
        axes.add_patch(Rectangle((left - 0.5, top - 0.5), across, down, **look))
    _captions(sheet, picture, layout, box)
    _legend(sheet, picture, box.top + high + 0.06)
    return sheet


def _captions(sheet: Sheet, picture: FilmStrip, layout: Layout, box: Box) -> None:
    _, height, width, _ = picture.frames.shape
    inch = box.width / layout.width
    for step in range(len(picture.steps)):
        spots = layout.of_step(step)
        if not spots:
            continue
        middle = box.left + (spots[0].left + layout.last(step).left + width) / 2 * inch
        top = box.top + (spots[-1].top + height) * inch + 0.02
        for line, (words, colour) in enumerate(
            zip(step_caption(picture, step), (INK, FAINT), strict=True)
        ):
            down = top + height_of(line, NOTE)
            sheet.text(words, middle, down, NOTE, ha="center", color=colour)


def _legend(sheet: Sheet, picture: FilmStrip, top: float) -> None:
    """Unit, colour bar and the query's swatch on one line."""
    unit = printable(picture.unit)
    left = EDGE + width_of(unit, LABEL) + 0.1
    sheet.text(unit, EDGE, top + BAR / 2, LABEL, va="center_baseline", color=INK)
    axes = sheet.axes(Box(left=left, top=top, width=BAR_LENGTH, height=BAR))
    axes.imshow(lut(picture.scale.palette)[None], extent=(0, 1, 0, 1), aspect="auto")
    places, labels = bar_ticks(picture.scale, BAR_LENGTH)
    axes.set_yticks([])
    axes.set_xticks(places, labels)
    axes.tick_params(length=2, pad=2, labelsize=TICK)
    draw_swatches(
        sheet, query_swatch(picture), left + BAR_LENGTH + 0.2, top + (BAR - SWATCH_LINE) / 2
    )
