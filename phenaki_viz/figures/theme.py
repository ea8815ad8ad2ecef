"""The look all plotly figures share: ink, colour bar, title, notes and margins.

Backgrounds are transparent and every colour is set, so that a figure reads the same on any page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import plotly.graph_objects as go

from phenaki_viz.figures.colour import MASKED_COLOUR, WRONG_COLOUR, ColourScale
from phenaki_viz.figures.paint import unit_colourscale
from phenaki_viz.figures.picture import Picture
from phenaki_viz.figures.ticks import colour_ticks
from phenaki_viz.figures.words import literal, wrapped

Theme = Literal["light", "dark"]

FONT = 'Inter, "Source Sans 3", "Source Sans Pro", system-ui, "Segoe UI", Roboto, sans-serif'
CLEAR = "rgba(0,0,0,0)"

# Pixels. Titles and notes are broken so that they fit a figure 380 pixels wide.
TITLE_SIZE, TITLE_LINE, TITLE_LETTERS = 15, 20, 44
NOTE_SIZE, NOTE_LINE, NOTE_LETTERS = 11, 15, 56
SMALL, LEGEND_LINE, LEGEND_LETTERS = 11, 16, 46
BAR_LENGTH, BAR_ROOM = 220, 38
EDGE = 14
LETTER = 6.1  # average width of a letter of SMALL text


@dataclass(frozen=True, kw_only=True)
class Ink:
    """Colours of what is not data. grid: as line, but opaque, for 3-D scenes."""

    text: str
    faint: str
    line: str
    grid: str
    page: str


# Of a legend or a colour bar, in plotly's words.
OVER_THE_PLOT = {"orientation": "h", "x": 0.5, "xanchor": "center", "y": 1, "yanchor": "bottom"}
INK: dict[Theme, Ink] = {
    "light": Ink(
        text="#1f2430",
        faint="#5b6472",
        line="rgba(31,36,48,0.14)",
        grid="#d3d7de",
        page="#ffffff",
    ),
    "dark": Ink(
        text="#e8eaf0",
        faint="#a9b1bd",
        line="rgba(232,234,240,0.18)",
        grid="#3a414d",
        page="#0e1117",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Swatch:
    """One entry of the legend: a mark in a colour, and what it means."""

    colour: str
    label: str
    mark: str = "■"


def masked_swatch() -> Swatch:
    """The legend of masked cells."""
    return Swatch(colour=MASKED_COLOUR, label="masked")


def wrong_swatch(where: str) -> Swatch:
    """The legend of rows that are no distribution. where: names them."""
    return Swatch(colour=WRONG_COLOUR, label=f"not a distribution: {where}")


def colour_bar(scale: ColourScale, theme: Theme) -> dict[str, Any]:
    """A short horizontal colour bar over the plot, ticks at raw values; for any trace's `colorbar`.

    Its length is fixed in pixels, so it fits narrow and wide figures alike.
    """
    places, labels = colour_ticks(scale)
    return colour_bar_with(places, labels, theme)


def colour_bar_with(places: Sequence[float], labels: Sequence[str], theme: Theme) -> dict[str, Any]:
    """A colour bar, see `colour_bar`, with given ticks: places from 0 to 1."""
    ink = INK[theme]
    return {
        **OVER_THE_PLOT,
        "ypad": 4,
        "lenmode": "pixels",
        "len": BAR_LENGTH + 20,
        "thickness": 9,
        "outlinewidth": 0,
        "ticks": "outside",
        "ticklen": 3,
        "tickcolor": ink.faint,
        "tickvals": list(places),
        "ticktext": list(labels),
        "tickfont": {"size": SMALL, "color": ink.faint},
    }


def legend_of(scale: ColourScale, theme: Theme) -> go.Scatter:
    """An invisible trace that carries the colour bar; the map's own z stays raw."""
    return bar_trace(scale, colour_bar(scale, theme))


def bar_trace(scale: ColourScale, bar: dict[str, Any]) -> go.Scatter:
    """An invisible trace that carries a given colour bar over 0..1."""
    return go.Scatter(
        x=[None],
        y=[None],
        mode="markers",
        hoverinfo="skip",
        showlegend=False,
        name="colour bar",
        marker={
            "color": [0],
            "cmin": 0,
            "cmax": 1,
            "colorscale": unit_colourscale(scale.palette),
            "showscale": True,
            "colorbar": bar,
        },
    )


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What `dress` needs to know of a figure, in pixels.

    body: height of the plot area. left, under, over: room beside it for ticks, axis titles, and
    the colour bar or legend. unit: named over the colour bar (outside text). swatches: beside it.
    below: what the notes hang under: the plot's y axis, or the paper when there is none.
    """

    body: float
    left: float = EDGE
    under: float = 0
    over: float = BAR_ROOM
    unit: str = ""
    swatches: tuple[Swatch, ...] = ()
    below: str = "y domain"


def dress(figure: go.Figure, picture: Picture, theme: Theme, *, bare: bool, plan: Plan) -> None:
    """Give a figure its font, colours, legend, margins and, unless bare, its title and notes."""
    title = [] if bare else wrapped(picture.title, TITLE_LETTERS)
    notes = [] if bare else [line for note in picture.notes for line in wrapped(note, NOTE_LETTERS)]
    legend = legend_lines(plan.unit, plan.swatches)
    over = plan.over + len(legend) * LEGEND_LINE
    top = EDGE + over + (len(title) * TITLE_LINE + 10 if title else 0)
    bottom = EDGE + plan.under + (len(notes) * NOTE_LINE + 8 if notes else 0)
    figure.update_layout(
        height=round(top + plan.body + bottom),
        margin={"t": top, "b": bottom, "l": plan.left, "r": EDGE},
        template="none",
        paper_bgcolor=CLEAR,
        plot_bgcolor=CLEAR,
        font={"family": FONT, "size": 12, "color": INK[theme].text},
        hoverlabel=_hover(INK[theme]),
    )
    if legend:
        figure.add_annotation(_legend(legend, plan.over))
    if title:
        figure.add_annotation(_title(title, over, plan))
    if notes:
        figure.add_annotation(_notes(notes, plan, INK[theme]))


def _hover(ink: Ink) -> dict[str, Any]:
    """Hover labels in page colours, not in the colour of the cell under them."""
    return {
        "align": "left",
        "namelength": -1,
        "bgcolor": ink.page,
        "bordercolor": ink.faint,
        "font": {"family": FONT, "size": 12, "color": ink.text},
    }


def legend_lines(unit: str, swatches: Sequence[Swatch]) -> list[str]:
    """The unit and the swatches in lines that fit a narrow plot, as plotly markup."""
    entries = [(len(unit), literal(unit))] if unit else []
    for swatch in swatches:
        mark = f'<span style="color:{swatch.colour}">{swatch.mark}</span>'
        entries.append((len(swatch.label) + 2, f"{mark} {literal(swatch.label)}"))
    lines: list[list[str]] = []
    room = 0
    for letters, entry in entries:
        room -= letters + 3
        if room < 0:
            lines.append([])
            room = LEGEND_LETTERS - letters
        lines[-1].append(entry)
    return [" &nbsp; ".join(line) for line in lines]


def _legend(lines: list[str], over: float) -> dict[str, Any]:
    return {
        "name": "legend",
        "text": "<br>".join(lines),
        "xref": "paper",
        "yref": "paper",
        "x": 0.5,
        "y": 1,
        "xanchor": "center",
        "yanchor": "bottom",
        "yshift": over - 4,
        "showarrow": False,
        "font": {"size": SMALL},
    }


def _title(lines: list[str], over: float, plan: Plan) -> dict[str, Any]:
    """An annotation: the layout's own title does not keep its distance when it has two lines."""
    return {
        "name": "title",
        "text": "<br>".join(f"<b>{literal(line)}</b>" for line in lines),
        "xref": "paper",
        "yref": "paper",
        "x": 0.5,
        "y": 1,
        "xanchor": "center",
        "yanchor": "bottom",
        "xshift": middle(plan),
        "yshift": over + 6,
        "align": "center",
        "showarrow": False,
        "font": {"size": TITLE_SIZE},
    }


def middle(plan: Plan) -> float:
    """From the middle of the plot to the middle of the figure: beside the y axis is room too."""
    return (EDGE - plan.left) / 2


def _notes(lines: list[str], plan: Plan, ink: Ink) -> dict[str, Any]:
    return {
        "name": "notes",
        "text": "<br>".join(map(literal, lines)),
        "xref": "paper",
        "yref": plan.below,
        "x": 0.5,
        "y": 0,
        "xanchor": "center",
        "yanchor": "top",
        "xshift": middle(plan),
        "yshift": -plan.under - 8,
        "align": "center",
        "showarrow": False,
        "font": {"size": NOTE_SIZE, "color": ink.faint},
    }
