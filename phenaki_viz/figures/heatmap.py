"""One attention map: queries down, keys across, every weight exact."""

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from phenaki_viz.figures.cells import (
    Cells,
    axis_layout,
    boundaries,
    cell_traces,
)
from phenaki_viz.figures.colour import LEFT_OUT_COLOUR, ColourScale
from phenaki_viz.figures.paint import flagged, line_over, painted, raw_colourscale, raw_ends, rgb
from phenaki_viz.figures.picture import Axis, Picture
from phenaki_viz.figures.shapes import expect_axis, expect_index, expect_scale, expect_shape
from phenaki_viz.figures.theme import (
    BAR_ROOM,
    INK,
    Plan,
    Swatch,
    Theme,
    dress,
    legend_of,
    masked_swatch,
    wrong_swatch,
)
from phenaki_viz.figures.words import distinct, listed, literal

MOST_OBLONG = 3  # a longer map fills the plot instead of having square cells
WIDE, TALL = 600, 440  # pixels of plot area aimed at


@dataclass(frozen=True, kw_only=True, eq=False)
class Heatmap(Picture):
    """A map of weights, one row a query.

    values: 'i j' float32. hidden: 'i j' bool, cells a mask forbids. wrong: query rows that are
    not a distribution, not drawn. uniform: 'i' float32, the weight of a query that does not
    choose, so that hover can say a multiple of it. left_out: 'i j' bool, cells that are not shown
    by choice. Raises ShapeError when sizes disagree.
    """

    values: np.ndarray
    query: Axis
    key: Axis
    scale: ColourScale
    unit: str
    hidden: np.ndarray | None = None
    wrong: tuple[int, ...] = ()
    uniform: np.ndarray | None = None
    left_out: np.ndarray | None = None

    def __post_init__(self) -> None:
        expect_shape("Heatmap.values", self.values, {"i": None, "j": None})
        i, j = self.values.shape
        expect_scale("Heatmap.scale", self.scale)
        expect_axis("Heatmap.query", self.query, i)
        expect_axis("Heatmap.key", self.key, j)
        if self.hidden is not None:
            expect_shape("Heatmap.hidden", self.hidden, {"i": i, "j": j})
        if self.left_out is not None:
            expect_shape("Heatmap.left_out", self.left_out, {"i": i, "j": j})
        if self.uniform is not None:
            expect_shape("Heatmap.uniform", self.uniform, {"i": i})
        for row in self.wrong:
            expect_index("Heatmap.wrong", (row,), (i,))

    @property
    def wrong_cells(self) -> np.ndarray | None:
        """Cells of the wrong rows, 'i j' bool; None when no row is wrong."""
        if not self.wrong:
            return None
        cells = np.zeros(self.values.shape, bool)
        cells[list(self.wrong)] = True
        return cells

    @property
    def coloured(self) -> np.ndarray:
        """What the colours follow, 'i j' float32: the values, or their multiples of uniform."""
        uniform = None if self.uniform is None else self.uniform[:, None]
        return self.scale.measured(self.values, uniform)

    @property
    def square(self) -> bool:
        """Whether cells are drawn square."""
        i, j = self.values.shape
        return max(i, j) <= MOST_OBLONG * min(i, j)


def heatmap_figure(picture: Heatmap, theme: Theme = "light", *, bare: bool = False) -> go.Figure:
    """The map as a plotly figure; z and hover are raw weights, colours follow the scale.

    bare: without title and notes.
    """
    ink, colour = INK[theme], line_over(picture.scale.palette)
    across, room = axis_layout(picture.key, ink, across=True)
    down, left = axis_layout(picture.query, ink, across=False)
    bar = [] if picture.scale.names else [legend_of(picture.scale, theme)]
    figure = go.Figure([*_traces(picture), *bar])
    figure.update_layout(
        xaxis=across,
        yaxis=down | _proportions(picture),
        shapes=[
            *boundaries(picture.key, colour, across=True),
            *boundaries(picture.query, colour, across=False),
        ],
    )
    if picture.square:
        figure.update_layout(xaxis={"constrain": "domain"})
    plan = Plan(
        body=_body(picture),
        left=left,
        under=room,
        over=BAR_ROOM if bar else 8,
        unit=picture.unit if bar else "",
        swatches=swatches(picture),
    )
    dress(figure, picture, theme, bare=bare, plan=plan)
    return figure


def map_image(picture: Heatmap) -> np.ndarray:
    """The map as 'i j 3' uint8, one pixel a weight; flagged cells in their colours."""
    colours = painted(picture.coloured, picture.scale)
    if picture.left_out is not None:
        colours[picture.left_out] = rgb(LEFT_OUT_COLOUR)
    return flagged(colours, picture.hidden, picture.wrong_cells)


def swatches(picture: Heatmap) -> tuple[Swatch, ...]:
    """Legend entries of categories, masked and left-out cells and wrong rows, as there are any."""
    found = [Swatch(colour=colour, label=name) for colour, name in picture.scale.swatches]
    if picture.left_out is not None and picture.left_out.any():
        found.append(Swatch(colour=LEFT_OUT_COLOUR, label="left out"))
    if picture.hidden is not None and picture.hidden.any():
        found.append(masked_swatch())
    if picture.wrong:
        found.append(wrong_swatch(f"rows {listed(picture.wrong)}"))
    return tuple(found)


def _traces(picture: Heatmap) -> list[go.Heatmap]:
    low, high = raw_ends(picture.scale)
    where = f"{literal(picture.query.title)} %{{y}}<br>{literal(picture.key.title)} %{{x}}"
    shown, beside, weight = _numbers(picture)
    cells = Cells(
        values=shown,
        x=distinct(picture.key.names),
        y=distinct(picture.query.names),
        where=where,
        masked=picture.hidden,
        wrong=picture.wrong_cells,
        left_out=_only_left_out(picture),
    )
    return cell_traces(
        cells,
        zmin=low,
        zmax=high,
        colorscale=raw_colourscale(picture.scale),
        customdata=beside,
        hovertemplate=f"{where}<br>{weight}<extra></extra>",
    )


def _numbers(picture: Heatmap) -> tuple[np.ndarray, np.ndarray | None, str]:
    """What colours follow, the number that hover says beside it, and how hover says both."""
    unit, uniform = literal(picture.unit), picture.uniform
    if uniform is None:
        return picture.values, None, f"<b>{unit} %{{z:.4~g}}</b>"
    if picture.scale.law == "uniform":
        said = f"<b>{unit} %{{customdata:.4~g}}</b> (%{{z:.3~g}} × uniform)"
        return picture.coloured, np.asarray(picture.values, np.float32), said
    multiple = np.asarray(picture.values / uniform[:, None], np.float32)
    said = f"<b>{unit} %{{z:.4~g}}</b> (%{{customdata:.3~g}} × uniform)"
    return picture.values, multiple, said


def _only_left_out(picture: Heatmap) -> np.ndarray | None:
    """Masked cells stay masked, though they are left out as well."""
    if picture.left_out is None or picture.hidden is None:
        return picture.left_out
    return picture.left_out & ~picture.hidden


def _proportions(picture: Heatmap) -> dict[str, object]:
    if not picture.square:
        return {}
    return {"scaleanchor": "x", "constrain": "domain", "constraintoward": "top"}


def _body(picture: Heatmap) -> float:
    i, j = picture.values.shape
    return float(np.clip(WIDE * i / j, 160, TALL))
