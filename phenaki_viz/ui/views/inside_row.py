"""Inside a head, one row of it: its strongest keys, one weight as bars, what is written."""

from functools import partial

import streamlit as st

from phenaki_viz.analysis.ledger import RowLedger, WeightLedger
from phenaki_viz.analysis.writing import writes_of
from phenaki_viz.errors import PhenakiVizError
from phenaki_viz.figures.ledger_sentences import (
    key_words,
    shares_sentence,
    weight_heading,
    weight_sentence,
    writes_sentence,
)
from phenaki_viz.figures.ledger_views import dimension_bars, row_bars, weight_bars
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import session
from phenaki_viz.ui.components.figure import FigureClick
from phenaki_viz.ui.sections import frame, panels
from phenaki_viz.ui.sections.downloads import export_icon
from phenaki_viz.ui.session import named
from phenaki_viz.ui.state import patches
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.state.view import BOUND
from phenaki_viz.ui.work import ledgers, shows

MOST_KEYS = 8  # of a row that are taken apart side by side
NOT_KEPT = (
    "The d dimensions of the content are not kept: this map is dense, its weights alone are. "
    "Record with storage=“factored”, or with queries and keys as extras, to see them."
)


def draw_row(selection: Selection, row: RowLedger) -> None:
    """The chosen row's strongest keys, what each weight is made of side by side."""
    with st.container(key=named("inside.row.box")):
        st.header("Its strongest keys", anchor=False)
        if not len(row.strongest(1)):
            st.text("This query sees no key: a mask hides all of them.")
            return
        picture = row_bars(selection.shown, row, MOST_KEYS)
        keys = picture.provenance["keys"]
        panels.plotly(
            picture, key="inside.row", height=picture.height, elsewhere=None,
            shows=shows.a_patch(selection), on_click=partial(_pick_line, keys),
        )  # fmt: skip
        written = " · weight × ‖v W_O‖" if selection.shown.map.value_norms is not None else ""
        st.caption(f"At the end of each line its weight{written}. Click a line to take it apart.")
        export_icon("the row's terms", picture.name, lambda: picture, "inside.row")
        shares = ledgers.shares_of(selection)
        if len(shares.tallies) > 1:  # of one alone the heading has said all
            of = {"inside.weight": shows.a_head(selection)}
            panels.say(shares_sentence(shares), of, key="sentence.shares", aside=True)


def _pick_line(keys: list[int], click: FigureClick) -> None:
    if 0 <= click["col"] < len(keys):
        patches.pick_key(keys[click["col"]])


def draw_weight(selection: Selection, found: WeightLedger) -> None:
    """One weight: the terms it is the sum of as bars, and in a sentence."""
    cell = f"{shows.a_patch(selection)} key {found.key}"
    with st.container(key=named("inside.one.box")):
        of = {"inside.one": cell}
        panels.say(
            weight_heading(found, key_words(selection.shown, found.key)), of, key="sentence.weight"
        )
        picture = weight_bars(selection.shown, found)
        panels.plotly(picture, key="inside.one", height=picture.height, elsewhere=None, shows=cell)
        panels.say(weight_sentence(found), of, key="sentence.sum", aside=True)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.button(
                "Strongest key", icon=":material/vertical_align_top:",
                key=named("inside.strongest"), on_click=session.here(patches.pick_key),
                args=(None,), disabled=patches.key_of(selection) is None,
                help="Of every query its strongest key again, not the one that was picked",
            )  # fmt: skip
            export_icon("this weight", picture.name, lambda: picture, "inside.one")


def draw_writes(run: Run, selection: Selection, found: WeightLedger) -> None:
    """What the head does with its weights: how much it writes, by which dimensions it reads."""
    with st.container(key=named("inside.writes.box")):
        st.header("What it does with them", anchor=False)
        panels.say(
            writes_sentence(writes_of(selection.shown.map), selection.shown.label),
            {"inside.weight": shows.a_head(selection)}, key="sentence.writes", aside=True,
        )  # fmt: skip
        frame.link("whatif", "What if it were switched off?", ":material/toggle_off:")
        _dimensions(run, selection, found)


def _dimensions(run: Run, selection: Selection, found: WeightLedger) -> None:
    """The content, dimension by dimension; of a dense map, by running the model once more."""
    again = found.dimensions is None and ledgers.can_run_again(run, selection)
    if again:
        if not st.toggle(
            "Content, dimension by dimension", key=named("inside_dims"),
            help="The map is dense, its weights alone are kept: the model runs once more for the "
            "queries and keys of this layer", **BOUND,
        ):  # fmt: skip
            return
        try:
            found = ledgers.exact_weight(run, selection, found.key)
        except PhenakiVizError as error:
            st.text(str(error))
            return
    picture = dimension_bars(selection.shown, found)
    if picture is None:
        st.caption(NOT_KEPT)
        return
    if not again:  # the switch says it
        st.markdown("**Content, dimension by dimension**")
    panels.plotly(
        picture, key="inside.dimensions", height=200, elsewhere=None,
        shows=f"{shows.a_patch(selection)} key {found.key}",
    )  # fmt: skip
    export_icon("the dimensions", picture.name, lambda: picture, "inside.dimensions")
