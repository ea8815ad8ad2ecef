"""The pictures in a figure of several panels: maps, grids of heads, strips of frames."""

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from phenaki_viz.export.paper import sharpened
from phenaki_viz.export.paper_text import printable
from phenaki_viz.figures.film_layout import query_boxes, step_caption, strip_layout
from phenaki_viz.figures.film_strip import FilmStrip, overlaid_image
from phenaki_viz.figures.head_grid import HeadGrid, mosaic_image, mosaic_of
from phenaki_viz.figures.heatmap import Heatmap, map_image
from phenaki_viz.figures.paint import line_over
from phenaki_viz.figures.ticks import axis_ticks

TICKS = 0.875  # size of type, of that of the labels
MOST_LETTERS = 28  # of key names that stand side by side under a map
STRIP_ROW = 6  # frames in a row of a strip


def _show(axes: Axes, colours: np.ndarray, *, vector: bool) -> None:
    rows, columns = colours.shape[:2]
    axes.imshow(
        sharpened(colours) if vector else colours,
        extent=(-0.5, columns - 0.5, rows - 0.5, -0.5),
        interpolation="none",
        aspect="auto",
    )
    axes.tick_params(length=0, pad=2)


def draw_map(axes: Axes, picture: Heatmap, *, vector: bool) -> None:
    """A map, with the names of its keys and queries and lines where frames end."""
    _show(axes, map_image(picture), vector=vector)
    for side, axis in (("x", picture.key), ("y", picture.query)):
        places, labels = axis_ticks(axis, 8)
        axes.set(**{f"{side}ticks": places, f"{side}label": printable(axis.title)})
        axes.set(**{f"{side}ticklabels": [printable(label) for label in labels]})
        if side == "x" and max(map(len, labels), default=0) * len(labels) > MOST_LETTERS:
            axes.tick_params(axis="x", rotation=90)
    line: Any = {"color": line_over(picture.scale.palette), "linewidth": 0.4, "alpha": 0.55}
    for at in picture.key.breaks:
        axes.axvline(at - 0.5, **line)
    for at in picture.query.breaks:
        axes.axhline(at - 0.5, **line)


def draw_grid(axes: Axes, picture: HeadGrid, *, vector: bool) -> None:
    """Every head of a stack, named at the edges."""
    mosaic = mosaic_of(picture)
    _show(axes, mosaic_image(picture), vector=vector)
    for side, names, cells, gap in (
        ("x", picture.heads, mosaic.x, mosaic.gap[1]),
        ("y", picture.layers, mosaic.y, mosaic.gap[0]),
    ):
        places = [at * (cells + gap) + (cells - 1) / 2 for at in range(len(names))]
        axes.set(**{f"{side}ticks": places, f"{side}ticklabels": [printable(n) for n in names]})
    axes.xaxis.tick_top()
    axes.spines[:].set_visible(False)


def draw_strip(axes: Axes, picture: FilmStrip, *, vector: bool) -> None:
    """Frames under weights, the chosen patches outlined, the time steps named."""
    layout = strip_layout(picture, STRIP_ROW)
    _show(axes, overlaid_image(picture, layout), vector=vector)
    axes.set_axis_off()
    for left, top, wide, high in query_boxes(picture, layout):
        look: Any = {"fill": False, "edgecolor": picture.outline, "linewidth": 0.9}
        axes.add_patch(Rectangle((left - 0.5, top - 0.5), wide, high, **look))
    _, height, width, _ = picture.frames.shape
    for step in range(len(picture.steps)):
        if spots := layout.of_step(step):
            middle = (spots[0].left + layout.last(step).left + width) / 2
            below = spots[-1].top + height
            caption = printable(step_caption(picture, step)[0])
            size = TICKS * mpl.rcParams["font.size"]
            axes.text(middle, below, caption, size=size, ha="center", va="top")
