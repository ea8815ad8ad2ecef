"""Inside a head: why is a weight so large, whose work is it, and what does the head do with it?"""

import streamlit as st

from phenaki_viz.analysis.ledger import RowLedger
from phenaki_viz.browser.of_map import OfMap
from phenaki_viz.data import as_rgb
from phenaki_viz.figures.ledger_sentences import (
    counterfactuals,
    decides,
    key_words,
    row_clause,
)
from phenaki_viz.figures.ledger_views import WRITTEN, written_overlay
from phenaki_viz.figures.naming import kind_name
from phenaki_viz.figures.overlays import HeadOverFrames
from phenaki_viz.figures.weight_colours import Colours
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import session
from phenaki_viz.ui.components.film_strip import share_film
from phenaki_viz.ui.components.said import OfPatch, said
from phenaki_viz.ui.components.shared import share_selection
from phenaki_viz.ui.sections import goto, linked, panels
from phenaki_viz.ui.sections.slim_grid import draw_slim
from phenaki_viz.ui.session import named, styled
from phenaki_viz.ui.state import patches
from phenaki_viz.ui.state.offers import among
from phenaki_viz.ui.state.selection import Selection, choose_stack
from phenaki_viz.ui.state.stage import fragment
from phenaki_viz.ui.views.inside_maps import Look, draw_maps, take_maps
from phenaki_viz.ui.views.inside_row import draw_row, draw_weight, draw_writes
from phenaki_viz.ui.views.inside_style import STYLE
from phenaki_viz.ui.work import computed, fragment_jobs, head_words, ledgers, shows

OF = {"weight": "Weight", "written": WRITTEN}


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
    row, of_map = ledgers.row_of(selection), linked.of_map(selection, "row")
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
    _share(selection, of_map.link, look)
    with below:
        draw_row(selection, row)
        draw_weight(selection, found)
        draw_writes(run, selection, found)
    with over:
        _strip(run, selection, of_map, look)
    with words:
        _say(run, selection, of_map, row)
    with maps:
        draw_maps(selection, of_map, look)
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
            on_click=session.here(session.put), args=("maps", kind_name(run.recording, found)),
        )  # fmt: skip


def _look(selection: Selection, row: RowLedger) -> Look:
    of = None
    if selection.shown.map.value_norms is not None:
        of = st.segmented_control(
            "Of", list(OF), format_func=OF.__getitem__, default="weight", required=True,
            label_visibility="collapsed",
            help="A weight says where it reads; weight × ‖v W_O‖ how much is written from there",
            **among("inside_of", OF.values()),
        )  # fmt: skip
    terms = tuple(name for name, _ in row.terms)
    worlds = counterfactuals(terms)
    world = next(iter(worlds), "")
    if worlds:
        world = st.selectbox(
            "Counterfactual", list(worlds), label_visibility="collapsed",
            width=230, help="A map that this head does not have: softmax of some of its terms",
            **among("inside_if", worlds),
        )  # fmt: skip
    return Look(of or "weight", _key(selection, row), terms, worlds.get(world, ()))


def _key(selection: Selection, row: RowLedger) -> int:
    """The key that was picked, or the row's strongest."""
    picked = patches.key_of(selection)
    return _strongest(row) if picked is None else picked


def _strongest(row: RowLedger) -> int:
    found = row.strongest(1)
    return int(found[0]) if len(found) else 0


def _share(selection: Selection, link: str, look: Look) -> None:
    """Tell the maps and the strip which query and key are chosen."""
    share_selection(
        link, query=selection.query, key=look.key, places=[selection.place],
        pickers=("strip", *(f"inside.{name}" for name in (*look.terms, "weight", "only"))),
    )  # fmt: skip


# ---- in words


def _say(run: Run, selection: Selection, of_map: OfMap, row: RowLedger) -> None:
    of = {"inside.weight": shows.a_head(selection)}
    shares = ledgers.shares_of(selection)
    panels.heading(f"{selection.shown.label} {decides(shares)}", run.recording.provenance, of)
    patch = OfPatch(
        of_map=of_map, side="row", place=selection.place,
        tells=f"{row_clause(row)}.", opens=goto.KEY,
    )  # fmt: skip
    said(
        selection.shown.name, key="sentence.patch", tag="strong", patch=patch,
        of={"inside.row": f"{shows.a_head(selection)} patch {{place}}"},
    )  # fmt: skip
    panels.say_of_head(head_words.sentence_of(run, selection), of)


# ---- over the frames


def _strip(run: Run, selection: Selection, of_map: OfMap, look: Look) -> None:
    shown, film = selection.shown, share_film("strip", computed.pixels(run.clip))
    cross = selection.record.is_cross
    weights = computed.range_of(run, selection.record, selection.item, selection.head)
    scale = Colours("sqrt").of(weights, "this head")
    over = HeadOverFrames(
        head=shown, frames=as_rgb(run.clip), temporal_patch=run.temporal_patch, scale=scale
    )
    if cross:
        picture = over.of_key(look.key, selection.place)
        words = f"reads {key_words(shown, look.key)}"
    else:
        picture = over.of_patches([selection.place])
        words = "looks at"
    if look.of == "written":
        picture = written_overlay(shown, picture, look.key if cross else None)
        words = f"is given {key_words(shown, look.key)}" if cross else "gets from"
    panels.strip(
        picture, film, of_map if look.of == "weight" else None, words,
        unit=picture.unit, shows=f"{shows.a_head(selection)} {look.of}",
    )  # fmt: skip
