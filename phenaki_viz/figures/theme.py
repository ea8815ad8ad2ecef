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
NOTE_SIZE, NOTE_LINE, NOTE_LETTERS = 11, 15, 60
SMALL = 11
BAR_LENGTH, BAR_HEIGHT = 220, 50
EDGE = 14
LETTER = 5.9  # average width of a letter of SMALL text


@dataclass(frozen=True, kw_only=True)
class Ink:
    """Colours of what is not data."""

    text: str
    faint: str
    line: str
    page: str


INK: dict[Theme, Ink] = {
    "light": Ink(text="#1f2430", faint="#5b6472", line="rgba(31,36,48,0.14)", page="#ffffff"),
    "dark": Ink(text="#e8eaf0", faint="#a9b1bd", line="rgba(232,234,240,0.18)", page="#0e1117"),
}


@dataclass(frozen=True, kw_only=True)
class Swatch:
    """One entry of the legend line: a colour and what it means. label: markup is our own."""

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
    """The same bar with given ticks: places from 0 to 1."""
    ink = INK[theme]
    return {
        "orientation": "h",
        "x": 0.5,
        "xanchor": "center",
        "y": 1,
        "yanchor": "bottom",
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
    """What `dress` needs to know of a figure.

    unit: over the colour bar (outside text). swatches: beside it. body: height of the plot area
    in pixels. under: room below it for ticks and axis title. over: room above it for the legend.
    below: what the notes hang under: the plot's y axis, or the paper when there is none.
    """

    body: float
    under: float = 0
    over: float = BAR_HEIGHT
    unit: str = ""
    swatches: tuple[Swatch, ...] = ()
    below: str = "y domain"


def dress(figure: go.Figure, picture: Picture, theme: Theme, *, bare: bool, plan: Plan) -> None:
    """Give a figure its font, colours, legend line, margins, and unless bare its title and notes."""
    title = [] if bare else wrapped(picture.title, TITLE_LETTERS)
    notes = [] if bare else [line for note in picture.notes for line in wrapped(note, NOTE_LETTERS)]
    legend = _legend_line(plan)
    top = EDGE + len(title) * TITLE_LINE + (8 if title else 0) + plan.over
    top += 18 if legend else 0
    bottom = plan.under + (12 + len(notes) * NOTE_LINE if notes else 0) + EDGE / 2
    _ink(figure, INK[theme])
    figure.update_layout(
        height=round(top + plan.body + bottom),
        margin={"t": top, "b": bottom, "l": EDGE, "r": EDGE, "autoexpand": True},
    )
    if legend:
        _line(figure, legend, plan.over)
    if title:
        _title(figure, title, INK[theme])
    if notes:
        _notes(figure, notes, plan, INK[theme])


def _ink(figure: go.Figure, ink: Ink) -> None:
    figure.update_layout(
        template="none",
        paper_bgcolor=CLEAR,
        plot_bgcolor=CLEAR,
        font={"family": FONT, "size": 12, "color": ink.text},
        hoverlabel={"align": "left", "namelength": -1, "font": {"family": FONT, "size": 12}},
    )


def _legend_line(plan: Plan) -> str:
    parts = [literal(plan.unit)] if plan.unit else []
    parts += [
        f'<span style="color:{swatch.colour}">{swatch.mark}</span> {swatch.label}'
        for swatch in plan.swatches
    ]
    return " &nbsp; ".join(parts)


def _line(figure: go.Figure, text: str, over: float) -> None:
    figure.add_annotation(
        name="legend",
        text=text,
        xref="paper",
        yref="paper",
        x=0.5,
        y=1,
        xanchor="center",
        yanchor="bottom",
        yshift=over - 4,
        showarrow=False,
        font={"size": SMALL + 1},
    )


def _title(figure: go.Figure, lines: list[str], ink: Ink) -> None:
    figure.update_layout(
        title={
            "text": "<br>".join(f"<b>{literal(line)}</b>" for line in lines),
            "x": 0.5,
            "xanchor": "center",
            "y": 1,
            "yref": "container",
            "yanchor": "top",
            "pad": {"t": EDGE},
            "font": {"size": TITLE_SIZE, "color": ink.text},
        }
    )


def _notes(figure: go.Figure, lines: list[str], plan: Plan, ink: Ink) -> None:
    figure.add_annotation(
        name="notes",
        text="<br>".join(map(literal, lines)),
        xref="paper",
        yref=plan.below,
        x=0.5,
        y=0,
        xanchor="center",
        yanchor="top",
        yshift=-plan.under - 8,
        align="center",
        showarrow=False,
        font={"size": NOTE_SIZE, "color": ink.faint},
    )
