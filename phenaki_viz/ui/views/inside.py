"""Inside a head: why is a weight so large, whose work is it, and what does the head do with it?"""

from functools import partial

import streamlit as st

from phenaki_viz.analysis.ledger import RowLedger, WeightLedger
from phenaki_viz.analysis.writing import writes_of
from phenaki_viz.data import as_rgb
from phenaki_viz.errors import PhenakiVizError
from phenaki_viz.figures.attention_views import Colours
from phenaki_viz.figures.ledger_sentences import (
    counterfactuals,
    decides,
    key_words,
    row_clause,
    shares_sentence,
    weight_heading,
    weight_sentence,
    writes_sentence,
)
from phenaki_viz.figures.ledger_views import (
    WRITTEN,
    dimension_bars,
    row_bars,
    weight_bars,
    written_overlay,
)
from phenaki_viz.figures.naming import module_family
from phenaki_viz.figures.overlays import column_overlay, patches_overlay
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import session
from phenaki_viz.ui.components.figure import FigureClick
from phenaki_viz.ui.components.said import said
from phenaki_viz.ui.components.shared import share_selection
from phenaki_viz.ui.sections import frame, goto, panels
from phenaki_viz.ui.sections.downloads import export_icon
from phenaki_viz.ui.sections.slim_grid import draw_slim
from phenaki_viz.ui.session import named, styled
from phenaki_viz.ui.state import patches
from phenaki_viz.ui.state.selection import Selection, choose_stack
from phenaki_viz.ui.state.stage import fragment
from phenaki_viz.ui.state.view import BOUND
from phenaki_viz.ui.views.inside_maps import Look, draw_maps, take_maps
from phenaki_viz.ui.views.inside_style import STYLE
from phenaki_viz.ui.work import computed, fragment_jobs, head_words, ledgers, shows

MOST_KEYS = 8  # of a row that are taken apart side by side
OF = {"weight": "Weight", "written": WRITTEN}
NOT_KEPT = (
    "The d dimensions of the content are not kept: this map is dense, its weights alone are. "
    "Record with storage=“factored”, or with queries and keys as extras, to see them."
)


@fragment
def inside_page(run: Run) -> None:
    """The terms as maps, the row's strongest keys, one weight as a waterfall."""
    st.html(styled(STYLE))
    with st.container(key=named("inside")):
        _draw(run)


def _draw(run: Run) -> None:
    words = st.container(key=named("inside.words"))
    tools = panels.place_for_tools("inside")
    with tools:
        records = choose_stack(run.recording)
    if not records:
        panels.nothing("Inside a head", "Depth 0: there is no attention to show.")
        return
    with words:
        selection = goto.choose(run.recording, records)
    if selection.shown.map.is_put_in:
        _say_put_in(run, selection)
        return
    row = ledgers.row_of(selection)
    with tools:
        look = _look(selection, row)
    found = row.of(look.key)
    heads = st.container()
    maps = st.container(key=named("inside.maps"))
    below = st.container(horizontal=True, key=named("inside.below"))
    over = st.container(key=named("over"))
    fragment_jobs.draw_place()
    with heads:
        draw_slim(run, selection, "inside")
    _share(selection, look)
    with below:
        _row(selection, row)
        _one(selection, found)
        _writes(run, selection, found)
    with over:
        _strip(run, selection, look)
    with words:
        _say(run, selection, row)
    with maps:
        draw_maps(selection, look)
        _lead_on(run, look)
    with tools:
        take_maps(selection, look)


def _say_put_in(run: Run, selection: Selection) -> None:
    """Of a head that reads by the map of another run there is no ledger, and why."""
    fragment_jobs.draw_place()
    draw_slim(run, selection, "inside")
    st.info(
        "This head reads by the map of another run, which was put in under What if: nothing of "
        "its own queries, keys or position makes these weights. Take that change back to see what "
        "does, or choose another head.",
        icon=":material/swap_horiz:",
    )


def _lead_on(run: Run, look: Look) -> None:
    """Where nothing but content is added: to the maps where position is, too."""
    if len(look.terms) > 1:
        return
    others = (one for one in run.recording if not one.is_cross and one.position_bias is not None)
    found = next(others, None)
    if found is None:
        return
    with st.container():
        st.caption(
            "In self-attention position is added to content: there the two can be told apart."
        )
        st.button(
            "Look inside a head of self-attention", icon=":material/arrow_forward:",
            key=named("inside.on"),
            on_click=session.here(session.put), args=("maps", module_family(found.module)),
        )  # fmt: skip


def _look(selection: Selection, row: RowLedger) -> Look:
    asked = None
    if selection.shown.map.value_norms is not None:
        asked = st.segmented_control(
            "Of", list(OF), format_func=OF.__getitem__, default="weight", key=named("inside_of"),
            required=True, label_visibility="collapsed",
            help="A weight says where it reads; weight × ‖v W_O‖ how much is written from there",
            **BOUND,
        )  # fmt: skip
    terms = tuple(name for name, _ in row.terms)
    worlds = counterfactuals(terms)
    world = next(iter(worlds), "")
    if worlds:
        world = st.selectbox(
            "Counterfactual", list(worlds), key=named("inside_if"), label_visibility="collapsed",
            width=230, help="A map that this head does not have: softmax of some of its terms",
            **BOUND,
        )  # fmt: skip
    return Look(asked or "weight", _key(selection, row), terms, worlds.get(world, ()))


def _key(selection: Selection, row: RowLedger) -> int:
    """The key that was picked, or the row's strongest."""
    picked = patches.key_of(selection)
    return _strongest(row) if picked is None else picked


def _strongest(row: RowLedger) -> int:
    found = row.strongest(1)
    return int(found[0]) if len(found) else 0


def _share(selection: Selection, look: Look) -> None:
    """Tell the maps and the strip which query and key are chosen."""
    share_selection(
        panels.link_of(selection), query=selection.query, key=look.key, places=[selection.place],
        pickers=("strip", *(f"inside.{name}" for name in (*look.terms, "weight", "only"))),
    )  # fmt: skip


# ---- in words


def _say(run: Run, selection: Selection, row: RowLedger) -> None:
    of = {"inside.weight": shows.a_head(selection)}
    shares = ledgers.shares_of(selection)
    panels.heading(f"{selection.shown.label} {decides(shares)}", run.recording.provenance, of)
    patch = panels.the_patch(selection)
    said(
        selection.shown.name, key="sentence.patch", tag="strong", patch=patch, opens=goto.KEY,
        tells=f"{row_clause(row)}.",
        of={"inside.row": f"{shows.a_head(selection)} patch {{place}}"},
    )  # fmt: skip
    panels.say(head_words.sentence_of(run, selection), of, key="sentence.head", aside=True)


# ---- over the frames


def _strip(run: Run, selection: Selection, look: Look) -> None:
    shown, frames, pt = selection.shown, as_rgb(run.clip), run.temporal_patch
    cross = selection.record.is_cross
    weights = computed.range_of(run, selection.record, selection.item, selection.head)
    scale = Colours("sqrt").of(weights, "this head")
    if cross:
        picture = column_overlay(shown, look.key, selection.place, frames, pt, scale)
        words = f"reads {key_words(shown, look.key)}"
    else:
        picture = patches_overlay(shown, [selection.place], frames, pt, scale=scale)
        words = "looks at"
    if look.of == "written":
        picture = written_overlay(shown, picture, look.key if cross else None)
        words = f"is given {key_words(shown, look.key)}" if cross else "gets from"
    panels.strip(
        picture, selection, words, unit=picture.unit, linked=look.of == "weight",
        shows=f"{shows.a_head(selection)} {look.of}",
    )  # fmt: skip


# ---- the row, the weight, what is written


def _row(selection: Selection, row: RowLedger) -> None:
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


def _one(selection: Selection, found: WeightLedger) -> None:
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


def _writes(run: Run, selection: Selection, found: WeightLedger) -> None:
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
