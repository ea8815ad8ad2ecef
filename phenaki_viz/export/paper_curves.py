"""Curves, steps and bars on paper, distinguished by colour, dash and marker."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from phenaki_viz.export.paper import EDGE, WIDTH, Body, Box, Sheet, slanted, tick_height
from phenaki_viz.export.paper_legends import SWATCH_LINE, draw_swatches
from phenaki_viz.export.paper_text import INK, LABEL, TICK, height_of, printable, width_of
from phenaki_viz.figures import Curve, Curves
from phenaki_viz.figures.curves import (
    MOST_MARKED,
    Stroke,
    gap_swatches,
    label_ticks,
    marker_size,
    stroke,
)
from phenaki_viz.figures.words import plain, spoken

LEFT, HIGH = 0.72, 2.5
LONGEST = 24  # letters of a legend entry
DASHES: dict[str, Any] = {
    "solid": "-",
    "dash": (0, (5, 3)),
    "dot": (0, (1.2, 2)),
    "dashdot": (0, (5, 2, 1.2, 2)),
    "longdash": (0, (9, 3)),
    "longdashdot": (0, (9, 2, 1.2, 2)),
}
MARKERS = {
    "circle": "o",
    "square": "s",
    "diamond": "D",
    "triangle-up": "^",
    "cross": "P",
    "x": "X",
    "triangle-down": "v",
    "star": "*",
}


def curves_sheet(picture: Curves, *, vector: bool) -> Sheet:
    """All curves; the legend stands at the right, in the order of the curves."""
    del vector  # lines are lines on every paper
    names = _legend_names(picture)
    legend = max((width_of(name, TICK) for name in names), default=0)
    wide = WIDTH - LEFT - EDGE - (legend + 0.5 if names else 0)
    slant, ticks = _label_room(picture, wide)
    under = ticks + height_of(1, LABEL) + 0.06
    missing = gap_swatches(picture)
    sheet = Sheet(picture, Body(HIGH + under + 0.03 + (SWATCH_LINE if missing else 0)))
    axes = sheet.axes(Box(left=LEFT, top=sheet.top + 0.03, width=wide, height=HIGH))
    draw = _bars if picture.kind == "bar" else _lines
    draw(axes, picture)
    _axes(axes, picture, slant=slant)
    top = sheet.top + 0.03 + HIGH + under - height_of(1, LABEL)
    look = {"ha": "center", "color": INK}
    sheet.text(printable(picture.x_title), LEFT + wide / 2, top, LABEL, **look)
    draw_swatches(sheet, missing, LEFT, top + height_of(1, LABEL))
    if names:
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), **LEGEND)
    return sheet


LEGEND = {"frameon": False, "fontsize": TICK, "handlelength": 2.6, "labelcolor": INK}


def _legend_names(picture: Curves) -> list[str]:
    if len(picture.curves) < 2:
        return []
    return [_name(curve.name) for curve in picture.curves if picture.named(curve)]


def _name(name: str) -> str:
    return printable(plain(name, LONGEST))


def _label_room(picture: Curves, wide: float) -> tuple[bool, float]:
    if not picture.x_labels:
        return False, height_of(1, TICK) + 0.06
    places, labels = label_ticks(picture.x_labels)
    inch = wide / (len(picture.x_labels) + 0.2)
    slant = slanted(list(map(float, places)), labels, inch)
    return slant, tick_height([printable(label) for label in labels], slant=slant) + 0.04


def _lines(axes: Axes, picture: Curves) -> None:
    for at, curve in enumerate(picture.curves):
        look = stroke(picture, at, "light")
        axes.plot(
            curve.x,
            curve.y,
            color=look.colour,
            linestyle="" if picture.kind == "dot" else DASHES[look.dash],
            linewidth=look.width * 0.6,
            marker=MARKERS[look.marker] if _marked(picture, at) else "",
            markersize=marker_size(picture, look) / 2,
            drawstyle="steps-post" if picture.kind == "step" else "default",
            label=_entry(picture, at),
            zorder=3 if curve.highlighted else 2,
        )
        _whiskers(axes, curve, np.asarray(curve.x, float))


def _whiskers(axes: Axes, curve: Curve, x: np.ndarray) -> None:
    if curve.spread is not None:
        axes.errorbar(
            x, curve.y, curve.spread,
            fmt="none", ecolor=INK, elinewidth=0.7, capsize=1.5, capthick=0.7, zorder=4,
        )  # fmt: skip


def _marked(picture: Curves, at: int) -> bool:
    return picture.kind == "dot" or len(picture.curves[at].x) <= MOST_MARKED


def _entry(picture: Curves, at: int) -> str:
    curve = picture.curves[at]
    # A label with '_' before it stays out of matplotlib's legend; a name may begin with one.
    name = _name(curve.name)
    return ("\u200b" + name if name.startswith("_") else name) if picture.named(curve) else "_"


def _bars(axes: Axes, picture: Curves) -> None:
    beside = picture.side_by_side
    width = 0.8 / beside
    for at, curve in enumerate(picture.curves):
        look = stroke(picture, at, "light")
        x = np.asarray(curve.x, float)
        if beside > 1:
            x = x + (at - (beside - 1) / 2) * width
        axes.bar(
            x,
            curve.y,
            width=width,
            color=look.colour,
            hatch=_hatch(look),
            edgecolor="white",
            linewidth=0.4,
            alpha=0.55 if picture.any_highlighted and not curve.highlighted else 1,
            label=_entry(picture, at),
        )
        _whiskers(axes, curve, x)


def _hatch(look: Stroke) -> str | None:
    return look.pattern * 3 or None


def _axes(axes: Axes, picture: Curves, *, slant: bool) -> None:
    if picture.log_y:
        axes.set_yscale("log")
        axes.yaxis.set_minor_formatter(NullFormatter())
        low, high = axes.get_ylim()
        if high < 1000 * low:
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: spoken(value)))
    if all(np.issubdtype(np.asarray(curve.x).dtype, np.integer) for curve in picture.curves):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if picture.whole_y:
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_ylim(bottom=0)
    axes.set_ylabel(printable(picture.y_title), labelpad=3)
    axes.grid(axis="y" if picture.kind == "bar" else "both", color="#e3e6ea", linewidth=0.5)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    if picture.x_labels:
        places, labels = label_ticks(picture.x_labels)
        axes.set_xticks(places, [printable(label) for label in labels])
        axes.set_xlim(-0.6, len(picture.x_labels) - 0.4)
        axes.tick_params(axis="x", length=0, rotation=90 if slant else 0)
