"""Where heads look, seen from the query: an arrow a head, layers down, heads across."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from phenaki_viz.figures.clauses import with_sign
from phenaki_viz.figures.picture import Picture
from phenaki_viz.figures.shapes import expect_count, expect_index, expect_shape
from phenaki_viz.figures.theme import EDGE, INK, LETTER, SMALL, Ink, Plan, Swatch, Theme, dress
from phenaki_viz.figures.words import literal, plain

BACK = {"light": "#0072b2", "dark": "#4fa3e0"}  # of the arrow where the weight lies earlier,
AHEAD = {"light": "#b84a00", "dark": "#f07d2e"}  # and later; after Okabe and Ito 2008, darker
STILL = 0.15  # time steps that are no shift to speak of: the arrow has the colour of ink
REACH = 0.42  # of a cell, from its middle, for the longest arrow
CELL, LONGEST_NAME = 62, 10  # pixels; letters
MOST_NUMBERED = (12, 8)  # layers and heads that leave room for a number each


@dataclass(frozen=True, kw_only=True, eq=False)
class Arrows(Picture):
    """One arrow a head.

    shifts: 'l h 3' float, mean of key − query in time steps, rows and columns; NaN where there is
    none. layers, heads: their names. selected: (l, h). Raises ShapeError when sizes disagree.
    """

    shifts: np.ndarray
    layers: tuple[str, ...]
    heads: tuple[str, ...]
    selected: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        expect_shape("Arrows.shifts", self.shifts, {"l": None, "h": None, "shift": 3})
        layers, heads, _ = self.shifts.shape
        expect_count("Arrows.layers", self.layers, layers, "layers")
        expect_count("Arrows.heads", self.heads, heads, "heads")
        if self.selected is not None:
            expect_index("Arrows.selected", self.selected, (layers, heads))

    @property
    def longest(self) -> float:
        """Patches (or time steps) that the longest arrow stands for: the largest shift, at least
        half of one, so that nothing is blown up.
        """
        lengths = np.hypot(*np.moveaxis(self._drawn, -1, 0))
        return max(0.5, float(np.nan_to_num(lengths).max()))

    @property
    def over_time(self) -> bool:
        """Whether arrows go along time, as the maps do not run over space."""
        return not np.isfinite(self.shifts[..., 1:]).any()

    @property
    def _drawn(self) -> np.ndarray:
        """Right and down of every arrow: 'l h 2'; over time, right is later."""
        if self.over_time:
            return np.stack([self.shifts[..., 0], 0 * self.shifts[..., 0]], axis=-1)
        return self.shifts[..., :0:-1]

    def tip(self, layer: int, head: int) -> tuple[float, float] | None:
        """Where an arrow ends, in cells right of and below its cell's middle; None of none."""
        right, down = self._drawn[layer, head]
        if not np.isfinite((down, right)).all():
            return None
        return float(right / self.longest * REACH), float(down / self.longest * REACH)

    def time(self, layer: int, head: int) -> str:
        """The shift in time beside an arrow: '−0.4 t'; empty where there is none, or no room."""
        steps = float(self.shifts[layer, head, 0])
        layers, heads, _ = self.shifts.shape
        fits = layers <= MOST_NUMBERED[0] and heads <= MOST_NUMBERED[1]
        if not np.isfinite(steps) or not fits:
            return ""
        return f"{steps:+.1f} t".replace("-", "−") if abs(steps) >= 0.05 else "0 t"

    def colour(self, layer: int, head: int, theme: Theme) -> str:
        """Of an arrow: earlier, later, or the ink where time does not shift."""
        steps = float(self.shifts[layer, head, 0])
        if not abs(steps) >= STILL:
            return INK[theme].text
        return (BACK if steps < 0 else AHEAD)[theme]

    def swatches(self, theme: Theme) -> tuple[Swatch, ...]:
        """What the colours mean, and how long an arrow is."""
        in_time = np.isfinite(self.shifts[..., 0]).any()
        times = (
            Swatch(colour=BACK[theme], label="earlier", mark="➔"),
            Swatch(colour=AHEAD[theme], label="later", mark="➔"),
        )
        unit = "time steps" if self.over_time else "patches"
        length = f"half a cell is {self.longest / REACH / 2:.1f} {unit}"
        scale = Swatch(colour=INK[theme].faint, label=length, mark="→")
        return (*(times if in_time else ()), scale)


def arrows_figure(picture: Arrows, theme: Theme = "light", *, bare: bool = False) -> go.Figure:
    """Every arrow in its cell; hover says the three numbers. bare: without title and notes."""
    ink = INK[theme]
    layers, heads, _ = picture.shifts.shape
    cells = list(np.ndindex(layers, heads))
    figure = go.Figure(_points(picture, cells, ink))
    figure.update_layout(
        xaxis=_axis(picture.heads, ink) | {"side": "top"},
        yaxis=_axis(picture.layers, ink)
        | {
            "autorange": "reversed",
            "scaleanchor": "x",
            "constrain": "domain",
            "constraintoward": "top",
        },
        shapes=[_cross(head, layer, ink) for layer, head in cells] + _outline(picture, ink),
        annotations=[
            one for at in cells for one in (*_arrow(picture, at, theme), _time(picture, at, ink))
        ],
    )
    figure.update_layout(hoverdistance=CELL // 2)  # all of a cell is its head's
    figure.update_yaxes(range=[layers - 0.5, -0.5], autorange=False)
    figure.update_xaxes(range=[-0.5, heads - 0.5])
    longest = max(len(plain(name, LONGEST_NAME)) for name in picture.layers)
    plan = Plan(
        body=CELL * layers,
        left=EDGE + LETTER * longest + 4,
        over=24,
        swatches=picture.swatches(theme),
    )
    dress(figure, picture, theme, bare=bare, plan=plan)
    return figure


def _points(picture: Arrows, cells: list[tuple[int, ...]], ink: Ink) -> go.Scatter:
    """The queries: a dot in the middle of each cell, with the numbers on hover."""
    said = [
        f"<b>{literal(picture.layers[layer])} {literal(picture.heads[head])}</b><br>"
        + "<br>".join(
            f"{name} <b>{with_sign(number)}</b>" if np.isfinite(number) else f"{name} –"
            for name, number in zip(("Δ time", "Δ row", "Δ column"), picture.shifts[layer, head],
                                    strict=True)
        )
        for layer, head in cells
    ]  # fmt: skip
    return go.Scatter(
        x=[head for _, head in cells],
        y=[layer for layer, _ in cells],
        mode="markers",
        marker={"size": 5, "color": ink.faint},
        customdata=said,
        hovertemplate="%{customdata}<extra></extra>",
        showlegend=False,
    )


def _arrow(picture: Arrows, at: tuple[int, ...], theme: Theme) -> list[dict[str, Any]]:
    layer, head = at
    tip = picture.tip(layer, head)
    if tip is None or np.hypot(*tip) < 0.02:
        return []
    return [
        {
            "x": head + tip[0], "y": layer + tip[1], "ax": head, "ay": layer,
            "xref": "x", "yref": "y", "axref": "x", "ayref": "y", "text": "",
            "showarrow": True, "arrowhead": 2, "arrowsize": 0.9, "arrowwidth": 1.8,
            "arrowcolor": picture.colour(layer, head, theme),
        }
    ]  # fmt: skip


def _time(picture: Arrows, at: tuple[int, ...], ink: Ink) -> dict[str, Any]:
    layer, head = at
    return {
        "x": head + 0.47, "y": layer + 0.47, "xanchor": "right", "yanchor": "bottom",
        "text": picture.time(layer, head), "showarrow": False,
        "font": {"size": SMALL, "color": ink.faint},
    }  # fmt: skip


def _cross(x: int, y: int, ink: Ink) -> dict[str, Any]:
    """The cell's frame."""
    half = 0.48
    return {
        "type": "rect", "x0": x - half, "x1": x + half, "y0": y - half, "y1": y + half,
        "line": {"color": ink.line, "width": 1}, "layer": "below",
    }  # fmt: skip


def _outline(picture: Arrows, ink: Ink) -> list[dict[str, Any]]:
    if picture.selected is None:
        return []
    layer, head = picture.selected
    return [_cross(head, layer, ink) | {"line": {"color": ink.text, "width": 2}, "layer": "above"}]


def _axis(names: tuple[str, ...], ink: Ink) -> dict[str, Any]:
    return {
        "tickmode": "array",
        "tickvals": list(range(len(names))),
        "ticktext": [literal(plain(name, LONGEST_NAME)) for name in names],
        "tickfont": {"size": SMALL, "color": ink.faint},
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
        "constrain": "domain",
    }
