"""A figure of several panels on paper: millimetres, one type, real text, its recipe inside.

matplotlib lays it out (constrained layout); only its objects are used, never pyplot.
"""

import io
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colorbar import Colorbar
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from phenaki_viz.errors import ExportError
from phenaki_viz.export.composed_panels import STRIP_ROW, TICKS, draw_grid, draw_map, draw_strip
from phenaki_viz.export.formats import FIGURE_FORMATS
from phenaki_viz.export.paper_fonts import texts_of
from phenaki_viz.export.paper_text import broken, printable, rules, width_of
from phenaki_viz.export.provenance import PNG_KEY, jsonable
from phenaki_viz.export.track_panel import draw_tracks
from phenaki_viz.figures.colour import lut
from phenaki_viz.figures.composed import Composed, Drawn, Scaled, same_scale, scale_of, scaled
from phenaki_viz.figures.film_layout import strip_layout
from phenaki_viz.figures.head_grid import HeadGrid, mosaic_of
from phenaki_viz.figures.heatmap import Heatmap
from phenaki_viz.figures.recipe import Recipe
from phenaki_viz.figures.ticks import colour_ticks
from phenaki_viz.figures.track_marks import stage_of
from phenaki_viz.figures.tracks import Tracks

INCH = 25.4  # millimetres
INKS = {"light": ("#1b2230", "#5b6472", "white"), "dark": ("#eef0f4", "#aab2c0", "#0e1117")}
# What comes with matplotlib; letters that it lacks are written in the fonts that have them.
TYPEFACES = {"sans": [], "serif": ["STIXGeneral"], "computer modern": ["cmr10"]}
BOLD = {"computer modern": {"family": "cmb10"}}  # a face of its own, not a weight
LETTERS = 1.25  # size of type, of that of the labels
MOST_TICKS = 6
BAR_SHARE = 0.8  # of the width that a lying bar is given at least
CLOSE = 0.01  # inches that a height may be off
PASSES = 3  # of the layout, until the panels fill the figure


def render_figure(composed: Composed, format: str) -> bytes:
    """The figure as the bytes of a file; the same figure gives the same bytes.

    SVG and PDF hold their words as text. Every format holds the recipe: see `read_provenance`. For
    LaTeX, which takes several files, see `pgf`. Raises ExportError for a format that is none of
    `FIGURE_FORMATS`.
    """
    if format not in FIGURE_FORMATS:
        known = ", ".join(FIGURE_FORMATS)
        raise ExportError(f"a figure is not made as {format!r}: use one of {known}")
    with laid_out(composed, vector=format != "png") as figure, _quiet():
        buffer = io.BytesIO()
        ground = figure.get_facecolor()
        record = _record(composed, format)
        figure.savefig(
            buffer, format=format, dpi=composed.recipe.dpi, facecolor=ground, metadata=record
        )
        return buffer.getvalue()


@contextmanager
def laid_out(composed: Composed, *, vector: bool) -> Iterator[Figure]:
    """The figure as matplotlib's own, to be drawn within the block, by its settings."""
    recipe = composed.recipe
    with rules(_texts(composed)) as lettering:
        mpl.rcParams.update(_settings(recipe, lettering.families))
        figure = _figure(composed, vector=vector)
        figure.set_facecolor("none" if recipe.transparent else INKS[recipe.theme][2])
        yield figure


@contextmanager
def _quiet() -> Iterator[None]:
    """Without a word on the dates in Computer Modern's own files, of which a PDF takes letters."""
    log = logging.getLogger("fontTools")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)


def _settings(recipe: Recipe, families: Sequence[str]) -> dict[str, Any]:
    ink, faint, _ = INKS[recipe.theme]
    ticks = TICKS * recipe.points
    return {
        "font.family": [*TYPEFACES[recipe.typeface], *families],
        "font.size": recipe.points,
        "axes.formatter.use_mathtext": True,  # Computer Modern has no minus sign of its own
        "svg.fonttype": "none",
        "axes.labelsize": recipe.points,
        "axes.labelcolor": ink,
        "axes.titlesize": recipe.points,
        "axes.titlecolor": ink,
        "axes.edgecolor": faint,
        "text.color": ink,
        **{f"{axis}tick.labelsize": ticks for axis in "xy"},
        **{f"{axis}tick.labelcolor": ink for axis in "xy"},
        **{f"{axis}tick.color": faint for axis in "xy"},
    }


def _texts(composed: Composed) -> list[str]:
    return [text for picture in composed.panels for text in texts_of(picture)]


def _record(composed: Composed, format: str) -> dict[str, Any]:
    held = json.dumps(jsonable(composed.provenance), ensure_ascii=True)
    title = composed.caption
    match format:
        case "png":
            return {PNG_KEY: held, "Title": title, "Software": None}
        case "svg":
            return {"Title": title, "Description": held, "Date": None, "Creator": "phenaki_viz"}
    return {"Title": title, "Keywords": held, "CreationDate": None, "Creator": "phenaki_viz",
            "Producer": None}  # fmt: skip


@dataclass(frozen=True)
class _Placed:
    """A panel on its axes. ratio: height over width."""

    axes: Axes
    ratio: float


def _figure(composed: Composed, *, vector: bool) -> Figure:
    recipe = composed.recipe
    across = recipe.across
    down = -(-len(composed.panels) // across)
    wide = recipe.width / INCH
    ratios = [_ratio(picture) for picture in composed.panels]
    heights = [max(ratios[first : first + across]) for first in range(0, len(ratios), across)]
    pad = recipe.points / 72 * 0.4
    layout = ConstrainedLayoutEngine(w_pad=pad, h_pad=pad, wspace=0.01, hspace=0.01)
    figure = Figure(figsize=(wide, wide), dpi=recipe.dpi, layout=layout)
    cells = figure.subplots(down, across, squeeze=False, height_ratios=heights)
    for axes in cells.flat[len(composed.panels) :]:
        axes.set_axis_off()
    placed = [_Placed(axes, ratio) for axes, ratio in zip(cells.flat, ratios, strict=False)]
    for one, picture in zip(placed, composed.panels, strict=True):
        _draw(one, picture, composed, vector=vector)
    _share_labels(cells, composed)
    _bars(figure, placed, composed)
    _letter(placed, composed)
    _fit(figure, placed, across)
    return figure


def _ratio(picture: Drawn) -> float:
    match picture:
        case Heatmap():
            i, j = picture.values.shape
            return i / j if picture.square else 0.9
        case HeadGrid():
            mosaic = mosaic_of(picture)
            rows, columns = mosaic.shape
            return rows * mosaic.ratio / columns
        case Tracks():
            stage = stage_of(picture)
            return stage.height / stage.width
    layout = strip_layout(picture, STRIP_ROW)
    return layout.height / layout.width


def _draw(placed: _Placed, picture: Drawn, composed: Composed, *, vector: bool) -> None:
    axes = placed.axes
    match picture:
        case Heatmap():
            draw_map(axes, picture, vector=vector)
        case HeadGrid():
            draw_grid(axes, picture, vector=vector)
        case Tracks():
            wide = composed.recipe.width / INCH / composed.recipe.across
            draw_tracks(axes, picture, wide, composed.recipe, vector=vector)
        case _:
            draw_strip(axes, picture, vector=vector)
    axes.set_box_aspect(placed.ratio)
    axes.set_anchor("N")
    recipe = composed.recipe
    if recipe.words == "in":
        notes = () if len(composed.panels) > 1 else picture.notes
        room = 0.75 * recipe.width / INCH / recipe.across
        lines = [
            line for text in (picture.title, *notes) for line in broken(text, recipe.points, room)
        ]
        axes.set_title("\n".join(lines))


def _share_labels(cells: np.ndarray, composed: Composed) -> None:
    """Maps side by side that have the same queries say them once, at the left."""
    panels, across = composed.panels, composed.recipe.across
    for at, picture in enumerate(panels):
        before = panels[at - 1] if at % across else None
        if not isinstance(picture, Heatmap) or not isinstance(before, Heatmap):
            continue
        if picture.query == before.query:
            cells.flat[at].set(ylabel="", yticklabels=[])


def _bars(figure: Figure, placed: Sequence[_Placed], composed: Composed) -> None:
    """One bar below where one scale speaks for all panels, else one beside each."""
    panels, coloured = composed.panels, scaled(composed.panels)
    if len(coloured) > 1 and same_scale(panels):
        length = min(1.0, 1.6 / composed.recipe.across)
        bar = figure.colorbar(
            _colours(coloured[0]), ax=[one.axes for one in placed], location="bottom",
            shrink=length, aspect=36 * length, pad=0.02, panchor=False,
        )  # fmt: skip
        _dress(bar, coloured[0], length * composed.recipe.width / INCH)
        return
    for one, picture in zip(placed, panels, strict=True):
        if isinstance(picture, Tracks):
            continue
        beside = one.axes.inset_axes((1.02, 0, 0.035, 1))
        _dress(figure.colorbar(_colours(picture), cax=beside), picture)


def _colours(picture: Scaled) -> ScalarMappable:
    table = lut(scale_of(picture).palette)
    return ScalarMappable(Normalize(0, 1), ListedColormap(table / 255))


def _dress(bar: Colorbar, picture: Scaled, lying: float = 0.0) -> None:
    """Ticks and unit. lying: length of a bar that lies, in inches, whose labels stand in a row."""
    places, labels = colour_ticks(scale_of(picture), MOST_TICKS)
    kept = list(_apart(places, labels, lying)) if lying else range(len(places))
    bar.set_ticks([places[at] for at in kept], labels=[printable(labels[at]) for at in kept])
    unit = picture.bar_unit if isinstance(picture, HeadGrid) else picture.unit
    bar.set_label(printable(unit))
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=2, pad=2)


def _apart(places: Sequence[float], labels: Sequence[str], length: float) -> Iterator[int]:
    """The ticks whose labels do not touch the one before that is kept."""
    size = TICKS * float(mpl.rcParams["font.size"])
    end = -1.0
    for at, (place, label) in enumerate(zip(places, labels, strict=True)):
        half = (width_of(label, size) / 2 + size / 72 / 4) / (BAR_SHARE * length)
        if place - half >= end:
            yield at
            end = place + half


def _letter(placed: Sequence[_Placed], composed: Composed) -> None:
    size = LETTERS * composed.recipe.points
    look: Any = BOLD.get(composed.recipe.typeface, {"weight": "bold"})
    for one, letter in zip(placed, composed.letters, strict=True):
        if letter:
            one.axes.annotate(
                letter, (0, 1), (-size * 0.4, size * 0.35), xycoords="axes fraction",
                textcoords="offset points", size=size, ha="right", va="bottom", **look,
            )  # fmt: skip


def _fit(figure: Figure, placed: Sequence[_Placed], across: int) -> None:
    """Make the figure as high as its panels are at this width: no row has room to spare."""
    images = [image for one in placed for image in one.axes.images]
    for image in images:
        image.set_visible(False)  # they take no part in the layout, and the longest to draw
    for _ in range(PASSES):
        figure.draw_without_rendering()
        more = _missing(figure, placed, across)
        if abs(more) < CLOSE:
            break
        wide, high = figure.get_size_inches()
        figure.set_size_inches(wide, max(high + more, 0.4))
    for image in images:
        image.set_visible(True)


def _missing(figure: Figure, placed: Sequence[_Placed], across: int) -> float:
    """Height in inches that all rows together lack; less than 0 where they have room to spare."""
    wide, high = figure.get_size_inches()
    missing = 0.0
    for first in range(0, len(placed), across):
        row = placed[first : first + across]
        rooms = [one.axes.get_position(original=True) for one in row]
        missing += max(
            room.width * wide * one.ratio - room.height * high
            for room, one in zip(rooms, row, strict=True)
        )
    return float(missing)
