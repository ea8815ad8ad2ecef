"""Tracks, its heads: those that are drawn, chosen by name or on the grid of followers."""

from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from phenaki_viz.figures.track_views import Answer, best_of, score
from phenaki_viz.figures.tracks import LOOKS, MOST_LINES
from phenaki_viz.ui import session
from phenaki_viz.ui.state.link import groups_text, in_link, number_groups, say_in_url
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.state.wishes import wish

HEADS, BOX = "tracks.heads", "tracks.box"
FIRST = 3  # heads that are drawn unless others are chosen
Head = tuple[int, int]  # layer and head, counted in what was recorded


def choose_heads(every: Sequence[Answer], selection: Selection) -> tuple[Answer, ...]:
    """The heads that were chosen; until then those that do best, and the one that is looked at."""
    layers = list(dict.fromkeys(id(one.head.record) for one in every))
    found = {(layers.index(id(one.head.record)), one.head.head): one for one in every}
    linked = number_groups(in_link("tracks"), 2, MOST_LINES)
    chosen: tuple[Head, ...] | None = session.first(HEADS, linked or None)
    best = [at for one in best_of(every, FIRST) for at, same in found.items() if same is one]
    looked = (selection.layer, selection.head)
    best = best if looked in best else [*best[: FIRST - 1], looked]
    now = [at for at in chosen or () if at in found] or best
    say_in_url("tracks", groups_text(chosen or ()))
    session.put(BOX, now)
    st.multiselect(
        "Heads", list(found), format_func=partial(_named, found, now), key=session.named(BOX),
        label_visibility="collapsed", max_selections=MOST_LINES,
        on_change=session.here(_keep_heads),
        width=540, placeholder="The best heads",
        help="In brackets how well each head does from here",
    )  # fmt: skip
    st.button(
        "Best heads", icon=":material/star:", key=session.named("tracks.best"),
        on_click=session.here(session.put), args=(HEADS, None),
        disabled=chosen is None, help="Those that find it most often from here, then the surest",
    )  # fmt: skip
    return tuple(found[at] for at in now)


def _named(found: Mapping[Head, Answer], now: Sequence[Head], at: Head) -> str:
    """'● L2 H2 (2 of 4)': its mark in the picture, if it is drawn, and how well it does."""
    text = score(found[at])
    mark = f"{LOOKS[now.index(at)][1]} " if at in now else ""
    return f"{mark}{found[at].head.label}{f' ({text})' if text else ''}"


def _keep_heads() -> None:
    session.put(HEADS, tuple(session.held(BOX)) or None)


def toggle_head(layer: int, head: int) -> None:
    """A tile of the grid of followers: that head is drawn, or no more; a callback."""
    at = (layer, head)
    now = list(session.get(BOX, ()))
    now = [one for one in now if one != at] if at in now else [*now[-(MOST_LINES - 1) :], at]
    session.put(HEADS, tuple(now) or None)
    wish(layer=layer, head=head)
