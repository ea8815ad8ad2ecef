"""Tracks on paper: frames, paths over them in colours and marks, the legend below."""

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from phenaki_viz.export.paper import EDGE, WIDTH, Body, Box, Sheet, sharpened
from phenaki_viz.export.paper_legends import SWATCH_LINE, swatch_lines, swatch_width
from phenaki_viz.export.paper_text import FAINT, INK, NOTE, TICK
from phenaki_viz.figures import Tracks
from phenaki_viz.figures.colour import QUERY_COLOUR
from phenaki_viz.figures.theme import Swatch
from phenaki_viz.figures.track_marks import (
    Stage,
    caption_of,
    dots_of,
    lines_of,
    outlines_of,
    shown_frame,
    stage_of,
)
from phenaki_viz.figures.tracks import LOOKS, TRUE_COLOUR

ACROSS = WIDTH - 2 * EDGE
TALLEST = 4.5  # inches
MARKS = {"●": "o", "■": "s", "◆": "D", "▲": "^", "▼": "v", "○": "o"}


def tracks_sheet(picture: Tracks, *, vector: bool) -> Sheet:
    """Every panel with its marks, and what they mean."""
    stage = stage_of(picture)
    wide = min(ACROSS, TALLEST * stage.width / stage.height)
    high = wide * stage.height / stage.width
    swatches = picture.swatches("light")
    legend = SWATCH_LINE * len(swatch_lines(swatches, ACROSS)) + 0.06
    sheet = Sheet(picture, Body(high + legend))
    box = Box(left=(WIDTH - wide) / 2, top=sheet.top, width=wide, height=high)
    axes = sheet.axes(box)
    axes.set(xlim=(0, stage.width), ylim=(stage.height, 0))
    axes.set_axis_off()
    draw_frames(axes, picture, stage, vector=vector)
    draw_marks(axes, picture, stage)
    _captions(sheet, picture, stage, box)
    _legend(sheet, swatches, box.top + high + 0.04)
    return sheet


def draw_frames(axes: Axes, picture: Tracks, stage: Stage, *, vector: bool) -> None:
    """The frames of every panel, on axes as wide and high as the stage."""
    _, height, width, _ = picture.frames.shape
    for panel in stage.panels:
        shown = shown_frame(picture, panel)
        right, foot = panel.left + panel.large * width, panel.top + panel.large * height
        axes.imshow(
            sharpened(shown) if vector else shown, extent=(panel.left, right, foot, panel.top),
            interpolation="none", aspect="auto", origin="upper",
        )  # fmt: skip
    axes.set(xlim=(0, stage.width), ylim=(stage.height, 0))


def draw_marks(axes: Axes, picture: Tracks, stage: Stage, size: float = 1.0) -> None:
    """Paths, outlines and dots. size: of them all, of that on a sheet."""
    for one in lines_of(picture, stage):
        true = one.line is None
        width = size * (0.8 if true else 0.5 + 2.8 * one.sure * (0.6 if one.faint else 1))
        axes.plot([one.x0, one.x1], [one.y0, one.y1], color="black", alpha=0.55,
                  linewidth=width + 1.1 * size, solid_capstyle="round")  # fmt: skip
        axes.plot([one.x0, one.x1], [one.y0, one.y1], color=one.colour, linewidth=width,
                  linestyle=(0, (2.2, 1.6)) if true else "-", solid_capstyle="round")  # fmt: skip
    for out in outlines_of(picture, stage):
        edge = Rectangle((out.x, out.y), out.width, out.height, fill=False, edgecolor="black",
                         linewidth=size * (2 if out.true else 2.4), alpha=0.55)  # fmt: skip
        axes.add_patch(edge)
        axes.add_patch(
            Rectangle(
                (out.x, out.y), out.width, out.height, fill=False,
                edgecolor=TRUE_COLOUR if out.true else QUERY_COLOUR,
                linewidth=size * (0.7 if out.true else 1.2), linestyle=":" if out.true else "-",
            )
        )  # fmt: skip
    marks = [mark for _, mark in LOOKS]
    for dot in dots_of(picture, stage):
        inside = "white" if dot.large else "black" if dot.hollow else dot.colour
        axes.plot(
            [dot.x], [dot.y], MARKS[marks[dot.line]], color=inside,
            markeredgecolor=dot.colour,
            markeredgewidth=size * (0.5 if dot.large and dot.hollow else 1),
            markersize=size
            * ((6.4 if dot.large else 3.6) + 3 * dot.sure + 1.6 * (len(dot.number) > 2)),
        )  # fmt: skip
        axes.text(dot.x, dot.y, dot.number, size=size * (4.4 if len(dot.number) < 3 else 3.6),
                  color=INK, ha="center", va="center_baseline")  # fmt: skip


def _captions(sheet: Sheet, picture: Tracks, stage: Stage, box: Box) -> None:
    _, height, width, _ = picture.frames.shape
    inch = box.width / stage.width
    for panel in stage.panels:
        middle = box.left + (panel.left + panel.large * width / 2) * inch
        top = box.top + (panel.top + panel.large * height) * inch + 0.02
        sheet.text(caption_of(picture, panel), middle, top, TICK, ha="center", color=INK)


def _legend(sheet: Sheet, swatches: tuple[Swatch, ...], top: float) -> None:
    """Marks as they are drawn, side by side."""
    for row, line in enumerate(swatch_lines(swatches, ACROSS)):
        at, middle = EDGE, top + (row + 0.5) * SWATCH_LINE
        for swatch in line:
            _mark(sheet, swatch, at, middle)
            left = at + (0.13 if swatch.mark else 0)
            sheet.text(swatch.label, left, middle, NOTE, va="center_baseline", color=INK)
            at += swatch_width(swatch)


def _mark(sheet: Sheet, swatch: Swatch, left: float, middle: float) -> None:
    if not swatch.mark:
        return
    axes = sheet.axes(Box(left=left, top=middle - 0.045, width=0.09, height=0.09))
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.set_axis_off()
    if swatch.mark in MARKS:
        hollow = swatch.mark == "○"
        axes.plot([0.5], [0.5], MARKS[swatch.mark], markersize=4.6, clip_on=False,
                  color="white" if hollow else swatch.colour,
                  markeredgecolor=FAINT if hollow else swatch.colour)  # fmt: skip
    else:
        axes.plot([0, 1], [0.5, 0.5], color=swatch.colour, linewidth=0.9, linestyle=(0, (2, 1)),
                  clip_on=False)  # fmt: skip
