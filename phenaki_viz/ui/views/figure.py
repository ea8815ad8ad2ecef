"""Figure: panels side by side as a paper prints them, seen while they are put together."""

import json
from base64 import b64encode
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import msgspec
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from phenaki_viz.analysis.overlay import fills_frames
from phenaki_viz.errors import ConfigError
from phenaki_viz.export.composer import render_figure
from phenaki_viz.export.formats import FIGURE_FORMATS
from phenaki_viz.export.provenance import html_text
from phenaki_viz.figures.attention_views import MOST_WEIGHTS
from phenaki_viz.figures.colour import LAWS
from phenaki_viz.figures.composed import Composed
from phenaki_viz.figures.naming import kind_name
from phenaki_viz.figures.recipe import (
    MOST_COLUMNS,
    TABLES,
    TYPEFACES,
    WIDTHS,
    Recipe,
    as_data,
    panel_said,
    recipe_of,
)
from phenaki_viz.recording import AttentionRecord
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import session
from phenaki_viz.ui.sections import head_grid
from phenaki_viz.ui.session import named
from phenaki_viz.ui.state import patches
from phenaki_viz.ui.state.offers import among
from phenaki_viz.ui.state.selection import stack_now
from phenaki_viz.ui.state.stage import fragment
from phenaki_viz.ui.state.view import BOUND
from phenaki_viz.ui.state.wishes import current, current_place
from phenaki_viz.ui.work import composing, computed, fragment_jobs
from phenaki_viz.ui.work.shelves import number_of

PREVIEW = 144  # dots an inch
OWN = "own"
HELP = (
    "One panel a line: “self L1 H3” is a map, “cross grid” all heads, “cross L2 H0 word 3” who "
    "reads a key of the text, “self L1 H3 patch 2,1,4” where a patch looks (time, row, column), "
    "“cross grid word 3 patch 2,1,4” and “self grid patch 2,1,4” the same of all heads at that time"
)


@fragment
def figure_page(run: Run) -> None:
    """The figure as it will be printed, its files and its caption; beside it panels and looks."""
    st.title("A figure for a paper", anchor=False)
    fragment_jobs.draw_place()
    left, right = st.columns(
        [8, 4], gap="large"
    )  # where they stand below each other, picture first
    with left:
        place = st.container(key=named("figure.place"))
        files = st.container()
    with right:
        recipe = _recipe(run, place)
    if recipe is None:
        return
    with place:
        try:
            composed = composing.figure_of(run, recipe)
            if composed is None:
                st.button(
                    "Draw the figure",
                    on_click=session.here(composing.draw_figure),
                    key=named("figure.draw"),
                )
                return
            with st.spinner("Drawing the figure"):
                preview = _preview(run, composed)
        except ConfigError as error:
            _refuse(error)
            return
    place.html(_shown(composed, preview))
    with files:
        _take(composed)


def _preview(run: Run, composed: Composed) -> bytes:
    """The figure as PNG, coarser than it is printed."""
    recipe = msgspec.structs.replace(composed.recipe, dpi=PREVIEW)
    drawn = Composed(recipe=recipe, panels=composed.panels)
    key = ("figure.png", number_of(run), recipe)
    return computed.once(key, lambda: render_figure(drawn, "png"))


def _shown(composed: Composed, png: bytes) -> str:
    """As large as it is printed, with its caption as text for screen readers."""
    source, caption = b64encode(png).decode(), html_text(composed.caption)
    style = (
        f"width: {composed.recipe.width:g}mm; max-width: 100%; border-radius: 4px; margin-top: 8px"
    )
    return f'<img alt="{caption}" style="{style}" src="data:image/png;base64,{source}">'


def _refuse(error: ConfigError) -> None:
    st.error("This figure cannot be drawn.", icon=":material/block:")
    st.text(str(error))


def _recipe(run: Run, place: DeltaGenerator) -> Recipe | None:
    """The recipe as typed; None where it cannot be read, which is said in the figure's place."""
    lines = st.text_area(
        "Panels", value=_first(run), key=named("figure_panels"), height=120, max_chars=2000,
        help=HELP, **BOUND,
    )  # fmt: skip
    looks = {**_size(), **_type(), **_colours(), **_ground()}
    try:
        read = [panel_said(line) for line in lines.splitlines() if line.strip()]
        return recipe_of({"panels": read, **looks})
    except ConfigError as error:
        with place:
            _refuse(error)
        return None


def _first(run: Run) -> str:
    """The pinned heads and the one that is looked at; of one alone, all heads beside it, those that
    read a text over the frame, as on the page Attention.

    Of maps that are too large to be drawn whole, where a patch looks.
    """
    records = stack_now(run.recording)
    if not records:
        return ""
    layer = current("layer", len(records) - 1)
    numbers = layer, current("head", len(records[layer].heads) - 1)
    kind = kind_name(run.recording, records[0])
    pins = [pin for pin in head_grid.pinned() if _is_there(records, *pin)]
    lines = [
        f"{kind} L{records[at].layer} H{records[at].heads[head]}"
        for at, head in dict.fromkeys((*pins, numbers))
    ]
    _, _, i, j = records[0].map.shape
    if i * j > MOST_WEIGHTS:
        middle = ",".join(str(size // 2) for size in records[0].places.grid)
        return "\n".join(f"{one} patch {middle}" for one in lines)
    if len(lines) > 1:
        return "\n".join(lines)
    if not (records[0].reads_words and fills_frames(records[0])):
        return "\n".join((*lines, f"{kind} grid"))
    patch = ",".join(map(str, current_place(records[0].places.grid)))
    word = patches.word_at(records[0])
    return "\n".join((*lines, f"{kind} grid word {word} patch {patch}"))


def _is_there(records: Sequence[AttentionRecord], layer: int, head: int) -> bool:
    return layer < len(records) and head < len(records[layer].heads)


def _size() -> dict[str, Any]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Width",
            [*WIDTHS, OWN],
            format_func=_width_said,
            **among("figure_width", map(_width_said, [*WIDTHS, OWN])),
        )
        width = WIDTHS.get(chosen or "single", 0.0)
        if chosen == OWN:
            width = st.number_input(
                "Millimetres",
                20.0,
                1000.0,
                120.0,
                1.0,
                key=named("figure_mm"),
                format="%.0f",
                **BOUND,
            )
        columns = st.number_input(
            "Panels in a row", 1, MOST_COLUMNS, 3, key=named("figure_columns"), **BOUND
        )
    return {"width": float(width), "columns": int(columns)}


def _width_said(name: str) -> str:
    return f"{name}, {WIDTHS[name]:.0f} mm" if name in WIDTHS else "your own"


def _type() -> dict[str, Any]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        typeface = st.selectbox("Type", TYPEFACES, **among("figure_type", TYPEFACES))
        points = st.number_input(
            "Points", 3.0, 36.0, 7.0, 0.5, key=named("figure_points"), format="%.1f", **BOUND
        )
    with st.container(horizontal=True):
        letters = st.toggle("Letters", value=True, key=named("figure_letters"), **BOUND)
        words = st.toggle(
            "Titles in the figure", key=named("figure_words"), help="Else they are in the caption",
            **BOUND,
        )  # fmt: skip
    return {"typeface": typeface, "points": float(points), "letters": letters,
            "words": "in" if words else "out"}  # fmt: skip


def _colours() -> dict[str, Any]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        law = st.selectbox(
            "Colours follow",
            list(LAWS),
            index=list(LAWS).index("sqrt"),
            format_func=LAWS.__getitem__,
            **among("figure_law", LAWS.values()),
        )
        palette = st.selectbox(
            "Palette", TABLES, index=None, placeholder="by the ground",
            **among("figure_palette", TABLES),
        )  # fmt: skip
    own = st.toggle("Each panel its own scale", key=named("figure_own"), **BOUND)
    return {"colours": law, "palette": palette, "shared": not own}


def _ground() -> dict[str, Any]:
    with st.container(horizontal=True):
        dark = st.toggle("Dark", key=named("figure_dark"), **BOUND)
        clear = st.toggle("Transparent", key=named("figure_clear"), **BOUND)
    return {"theme": "dark" if dark else "light", "transparent": clear}


def _take(composed: Composed) -> None:
    """Files, the caption to copy, and the same from the shell."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.caption("Export", width="content")
        for format in FIGURE_FORMATS:
            _download(format.upper(), f"figure.{format}", partial(render_figure, composed, format))
        _download("PGF", "figure-pgf.zip", partial(_pgf, composed))
        recipe = as_data(composed.recipe)
        _download("recipe", "figure.json", lambda: _json(recipe))
    st.code(composed.caption, language=None, wrap_lines=True)
    with st.expander("For LaTeX"):
        st.code(composed.tex_caption, language="latex", wrap_lines=True)
    st.caption(
        "Every file holds its recipe: “phenaki-viz figure again.pdf --from run.safetensors "
        "--recipe figure.svg” makes it again."
    )


def _pgf(composed: Composed) -> bytes:
    from phenaki_viz.export.pgf import pgf_zip

    return pgf_zip(composed)


def _json(recipe: dict[str, Any]) -> bytes:
    return json.dumps(recipe, indent=2).encode()


def _download(label: str, name: str, make: Callable[[], bytes]) -> None:
    st.download_button(
        label, data=make, file_name=name, on_click="ignore", type="tertiary",
        key=named(f"figure.take.{name}"),
    )  # fmt: skip
