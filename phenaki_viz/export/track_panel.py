"""Tracks as one panel of a figure: frames and marks on the panel's axes, the legend below it."""

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from phenaki_viz.export.paper_text import printable
from phenaki_viz.export.paper_tracks import ACROSS, MARKS, draw_frames, draw_marks
from phenaki_viz.figures.recipe import Recipe
from phenaki_viz.figures.theme import Swatch
from phenaki_viz.figures.track_marks import caption_of, stage_of
from phenaki_viz.figures.tracks import Tracks

SMALL = 0.875  # of the type's size: captions and legend


def draw_tracks(axes: Axes, picture: Tracks, wide: float, recipe: Recipe, *, vector: bool) -> None:
    """Frames, paths, captions and legend. wide: of the panel, in inches."""
    stage = stage_of(picture)
    axes.set_axis_off()
    draw_frames(axes, picture, stage, vector=vector)
    draw_marks(axes, picture, stage, min(1.0, max(wide / ACROSS, 0.35)))
    axes.set(xlim=(0, stage.width), ylim=(stage.height, 0))
    _, height, width, _ = picture.frames.shape
    for panel in stage.panels:
        middle = panel.left + panel.large * width / 2
        foot = panel.top + panel.large * height
        caption = printable(caption_of(picture, panel))
        axes.text(middle, foot, caption, size=SMALL * recipe.points, ha="center", va="top")
    swatches = picture.swatches(recipe.theme)
    axes.legend(
        handles=[_handle(one) for one in swatches], loc="upper center", frameon=False,
        bbox_to_anchor=(0.5, 0.0), borderaxespad=0.1, handlelength=1.4, columnspacing=1.0,
        fontsize=SMALL * recipe.points, ncols=max(1, min(len(swatches), round(wide / 1.2))),
    )  # fmt: skip


def _handle(one: Swatch) -> Line2D:
    label = printable(one.label)
    if one.mark not in MARKS:
        return Line2D([], [], color=one.colour, linestyle=(0, (2, 1)), linewidth=0.9, label=label)
    hollow = one.mark == "○"
    return Line2D(
        [], [], color="none", marker=MARKS[one.mark], markersize=4, label=label,
        markerfacecolor="none" if hollow else one.colour, markeredgecolor=one.colour,
    )  # fmt: skip
