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
    written_over_video,
)
from phenaki_viz.figures.naming import module_family
from phenaki_viz.figures.over_video import column_over_video, patches_over_video
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import session
from phenaki_viz.ui.components.figure import FigureClick
from phenaki_viz.ui.components.said import said
from phenaki_viz.ui.components.shared import share_selection
from phenaki_viz.ui.sections import frame, goto, panels
from phenaki_viz.ui.sections.downloads import export_icon
from phenaki_viz.ui.sections.slim_grid import draw_slim
from phenaki_viz.ui.session import named, styled
from phenaki_viz.ui.state import patches, selection
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.state.stage import fragment
from phenaki_viz.ui.state.view import BOUND
from phenaki_viz.ui.views.inside_maps import Look, draw_maps, take_maps
from phenaki_viz.ui.views.inside_style import STYLE
from phenaki_viz.ui.work import computed, fragment_jobs, ledgers, shows

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
    tools = st.container(
        horizontal=True, vertical_alignment="center", gap="small", key=named("inside.tools")
    )
    with tools:
        records = selection.choose_stack(run.recording)
    if not records:
        panels.nothing("Inside a head", "Depth 0: there is no attention to show.")
        return
    with words:
        chosen = goto.choose(run.recording, records)
    if chosen.shown.map.is_put_in:
        _say_put_in(run, chosen)
        return
    row = ledgers.row_of(chosen)
    with tools:
        look = _look(chosen, row)
    found = row.of(look.key)
    heads = st.container()
    maps = st.container(key=named("inside.maps"))
    below = st.container(horizontal=True, key=named("inside.below"))
    over = st.container(key=named("over"))
    fragment_jobs.draw_place()
    with heads:
        draw_slim(run, chosen, "inside")
    _share(chosen, look)
    with below:
        _row(chosen, row)
        _one(chosen, found)
        _writes(run, chosen, found)
    with over:
        _strip(run, chosen, look)
    with words:
        _say(run, chosen, row)
    with maps:
        draw_maps(chosen, look)
        _lead_on(run, look)
    with tools:
        take_maps(chosen, look)


def _say_put_in(run: Run, chosen: Selection) -> None:
    """Of a head that reads by the map of another run there is no ledger, and why."""
    fragment_jobs.draw_place()
    draw_slim(run, chosen, "inside")
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
    others = (one for one in run.recording if one.kind == "self" and one.position_bias is not None)
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


def _look(chosen: Selection, row: RowLedger) -> Look:
    asked = None
    if chosen.shown.map.value_norms is not None:
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
    return Look(asked or "weight", _key(chosen, row), terms, worlds.get(world, ()))


def _key(chosen: Selection, row: RowLedger) -> int:
    """The key that was picked, or the row's strongest."""
    picked = patches.key_of(chosen)
    return _strongest(row) if picked is None else picked


def _strongest(row: RowLedger) -> int:
    found = row.strongest(1)
    return int(found[0]) if len(found) else 0


def _share(chosen: Selection, look: Look) -> None:
    """Tell the maps and the strip which query and key are chosen."""
    share_selection(
        panels.link_of(chosen), query=chosen.query, key=look.key, places=[chosen.place],
        pickers=("strip", *(f"inside.{name}" for name in (*look.terms, "weight", "only"))),
    )  # fmt: skip


# ---- in words


def _say(run: Run, chosen: Selection, row: RowLedger) -> None:
    of = {"inside.weight": shows.a_head(chosen)}
    shares = ledgers.shares_of(chosen)
    panels.heading(f"{chosen.shown.label} {decides(shares)}", run.recording.provenance, of)
    patch = panels.the_patch(chosen)
    said(
        chosen.shown.name, key="sentence.patch", tag="strong", patch=patch, opens=goto.KEY,
        tells=f"{row_clause(row)}.", of={"inside.row": f"{shows.a_head(chosen)} patch {{place}}"},
    )  # fmt: skip
    panels.say(shares_sentence(shares), of, key="sentence.head", aside=True)


# ---- over the frames


def _strip(run: Run, chosen: Selection, look: Look) -> None:
    shown, frames, pt = chosen.shown, as_rgb(run.clip), run.temporal_patch
    cross = chosen.record.is_cross
    weights = computed.range_of(run, chosen.record, chosen.item, chosen.head)
    scale = Colours("sqrt").of(weights, "this head")
    if cross:
        picture = column_over_video(shown, look.key, chosen.place, frames, pt, scale)
        words = f"reads {key_words(shown, look.key)}"
    else:
        picture = patches_over_video(shown, [chosen.place], frames, pt, scale=scale)
        words = "looks at"
    if look.of == "written":
        picture = written_over_video(shown, picture, look.key if cross else None)
        words = f"is given {key_words(shown, look.key)}" if cross else "gets from"
    panels.strip(
        picture, chosen, words, unit=picture.unit, linked=look.of == "weight",
        shows=f"{shows.a_head(chosen)} {look.of}",
    )  # fmt: skip


# ---- the row, the weight, what is written


def _row(chosen: Selection, row: RowLedger) -> None:
    with st.container(key=named("inside.row.box")):
        st.header("Its strongest keys", anchor=False)
        if not len(row.strongest(1)):
            st.text("This query sees no key: a mask hides all of them.")
            return
        picture = row_bars(chosen.shown, row, MOST_KEYS)
        keys = picture.provenance["keys"]
        panels.plotly(
            picture, key="inside.row", height=picture.height, elsewhere=None,
            shows=shows.a_patch(chosen), on_click=partial(_pick_line, keys),
        )  # fmt: skip
        written = " · weight × ‖v W_O‖" if chosen.shown.map.value_norms is not None else ""
        st.caption(f"At the end of each line its weight{written}. Click a line to take it apart.")
        export_icon("the row's terms", picture.name, lambda: picture, "inside.row")


def _pick_line(keys: list[int], click: FigureClick) -> None:
    if 0 <= click["col"] < len(keys):
        patches.pick_key(keys[click["col"]])


def _one(chosen: Selection, found: WeightLedger) -> None:
    cell = f"{shows.a_patch(chosen)} key {found.key}"
    with st.container(key=named("inside.one.box")):
        of = {"inside.one": cell}
        panels.say(
            weight_heading(found, key_words(chosen.shown, found.key)), of, key="sentence.weight"
        )
        picture = weight_bars(chosen.shown, found)
        panels.plotly(picture, key="inside.one", height=picture.height, elsewhere=None, shows=cell)
        panels.say(weight_sentence(found), of, key="sentence.sum", aside=True)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.button(
                "Strongest key", icon=":material/vertical_align_top:",
                key=named("inside.strongest"), on_click=session.here(patches.pick_key),
                args=(None,), disabled=patches.key_of(chosen) is None,
                help="Of every query its strongest key again, not the one that was picked",
            )  # fmt: skip
            export_icon("this weight", picture.name, lambda: picture, "inside.one")


def _writes(run: Run, chosen: Selection, found: WeightLedger) -> None:
    with st.container(key=named("inside.writes.box")):
        st.header("What it does with them", anchor=False)
        panels.say(
            writes_sentence(writes_of(chosen.shown.map), chosen.shown.label),
            {"inside.weight": shows.a_head(chosen)}, key="sentence.writes", aside=True,
        )  # fmt: skip
        frame.link("whatif", "What if it were switched off?", ":material/toggle_off:")
        _dimensions(run, chosen, found)


def _dimensions(run: Run, chosen: Selection, found: WeightLedger) -> None:
    """The content, dimension by dimension; of a dense map, by running the model once more."""
    again = found.dimensions is None and ledgers.can_run_again(run, chosen)
    if again:
        if not st.toggle(
            "Content, dimension by dimension", key=named("inside_dims"),
            help="The map is dense, its weights alone are kept: the model runs once more for the "
            "queries and keys of this layer", **BOUND,
        ):  # fmt: skip
            return
        try:
            found = ledgers.exact_weight(run, chosen, found.key)
        except PhenakiVizError as error:
            st.text(str(error))
            return
    picture = dimension_bars(chosen.shown, found)
    if picture is None:
        st.caption(NOT_KEPT)
        return
    if not again:  # the switch says it
        st.markdown("**Content, dimension by dimension**")
    panels.plotly(
        picture, key="inside.dimensions", height=200, elsewhere=None,
        shows=f"{shows.a_patch(chosen)} key {found.key}",
    )  # fmt: skip
    export_icon("the dimensions", picture.name, lambda: picture, "inside.dimensions")
