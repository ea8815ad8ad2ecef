"""Signed bars, one line of them a name: the terms of several keys, or the steps to one weight."""

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from phenaki_viz.figures.curves import COLOURS, PATTERNS
from phenaki_viz.figures.picture import Picture
from phenaki_viz.figures.shapes import expect_count, expect_shape
from phenaki_viz.figures.theme import EDGE, INK, LETTER, SMALL, Plan, Theme, dress
from phenaki_viz.figures.words import distinct, literal, shortened

# The colour of each term on every picture, a place in `COLOURS`; and its pattern, for grey prints.
TERM_COLOURS = {"content": 1, "position": 0, "alibi": 2, "dense": 3, "level": 6, "weight": 4}
LINE, LEGEND, UNDER = 24, 24, 42  # pixels of one line of bars, and over and under all of them


@dataclass(frozen=True, kw_only=True, eq=False)
class TermBars(Picture):
    """Lines of signed bars, from the top.

    names: of the lines. parts: which term each bar is of, keys of `TERM_COLOURS`; labels: their
    names in words. values: 'line part' float64, NaN for a bar that is not there. starts: 'line
    part', where each begins. totals: what stands at the end of a line, "0.133". Raises ShapeError.
    """

    names: tuple[str, ...]
    parts: tuple[str, ...]
    labels: tuple[str, ...]
    values: np.ndarray
    starts: np.ndarray
    totals: tuple[str, ...]
    unit: str

    def __post_init__(self) -> None:
        sizes = {"line": len(self.names), "part": len(self.parts)}
        expect_shape("TermBars.values", self.values, sizes)
        expect_shape("TermBars.starts", self.starts, sizes)
        expect_count("TermBars.totals", self.totals, len(self.names), "lines")
        expect_count("TermBars.labels", self.labels, len(self.parts), "parts")

    @property
    def ends(self) -> tuple[float, float]:
        """Between which numbers all bars lie, 0 among them."""
        edges = np.stack([self.starts, self.starts + self.values])
        known = edges[np.isfinite(edges)]
        return float(known.min(initial=0)), float(known.max(initial=0))

    @property
    def height(self) -> int:
        """Pixels of it drawn bare, with room for each line."""
        return LINE * len(self.names) + UNDER + 2 * EDGE + self.over

    @property
    def over(self) -> int:
        """Pixels over the lines."""
        return LEGEND + 4 if self.named_apart else 4

    @property
    def named_apart(self) -> bool:
        """Whether a legend is needed: a line has bars of several parts."""
        return bool((np.isfinite(self.values).sum(axis=1) > 1).any())


def stacked(values: np.ndarray) -> np.ndarray:
    """Where bars 'line part' begin so that they lie end to end: above 0 and below it apart."""
    starts = np.zeros_like(values, dtype=np.float64)
    for sign in (1, -1):
        mine = np.where(np.isfinite(values) & (sign * values > 0), values, 0)
        before = np.cumsum(mine, axis=1) - mine
        starts = np.where(mine != 0, before, starts)
    return starts


def pattern_of(part: str) -> str:
    """The pattern of a term's bars, so that they are told apart without colour."""
    return PATTERNS[list(TERM_COLOURS).index(part) % len(PATTERNS)]


def term_bars_figure(picture: TermBars, theme: Theme = "light", *, bare: bool = False) -> go.Figure:
    """The bars; hover says line, term and number. bare: without title and notes."""
    ink, lines = INK[theme], distinct(picture.names)
    figure = go.Figure([_trace(picture, at, theme, lines) for at in range(len(picture.parts))])
    low, high = picture.ends
    room = (high - low or 1) * 0.04
    names = shortened(picture.names)
    figure.update_layout(
        barmode="overlay",
        bargap=0.3,
        showlegend=picture.named_apart,
        legend={
            "orientation": "h", "x": 0, "xanchor": "left", "y": 1, "yanchor": "bottom",
            "font": {"size": SMALL + 1, "color": ink.text}, "itemwidth": 30,
        },
        xaxis={
            "title": {"text": literal(picture.unit), "standoff": 6, "font": {"size": SMALL}},
            "range": [low - room, high + room], "gridcolor": ink.line, "zeroline": True,
            "zerolinecolor": ink.faint, "zerolinewidth": 1,
            "tickfont": {"size": SMALL, "color": ink.faint}, "nticks": 6,
        },
        yaxis={
            "autorange": "reversed", "tickmode": "array", "tickvals": list(lines),
            "ticktext": [literal(name) for name in names], "showgrid": False,
            "tickfont": {"size": SMALL + 1, "color": ink.text}, "ticks": "",
        },
    )  # fmt: skip
    for name, totals in zip(lines, picture.totals, strict=True):
        figure.add_annotation(
            x=1, xref="paper", xanchor="left", y=name, yref="y", text=literal(totals), xshift=6,
            showarrow=False, font={"size": SMALL + 1, "color": ink.text},
        )  # fmt: skip
    left = 12 + LETTER * max(map(len, names), default=0)
    plan = Plan(body=LINE * len(lines), left=left, under=UNDER, over=picture.over)
    dress(figure, picture, theme, bare=bare, plan=plan)
    beside = 14 + LETTER * max(map(len, picture.totals), default=0)
    figure.update_layout(margin={"r": beside})
    return figure


def _trace(picture: TermBars, at: int, theme: Theme, lines: list[str]) -> go.Bar:
    part, values = picture.parts[at], picture.values[:, at]
    there = np.isfinite(values)
    return go.Bar(
        orientation="h",
        x=np.where(there, values, 0),
        base=picture.starts[:, at],
        y=list(lines),
        name=literal(picture.labels[at]),
        marker={
            "color": COLOURS[theme][TERM_COLOURS[part]],
            "pattern": {
                "shape": pattern_of(part), "solidity": 0.12, "fillmode": "overlay",
                "fgcolor": "#ffffff",
            },
        },
        customdata=np.where(there, values, np.nan),
        hovertemplate=f"<b>%{{y}}</b><br>{literal(picture.labels[at])} "
        "<b>%{customdata:+.4~g}</b><extra></extra>",
    )  # fmt: skip
