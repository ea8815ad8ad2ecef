"""Compare, its heads: the grid by how far each moved, and which of them is looked at."""

from dataclasses import replace

import numpy as np
import streamlit as st

from phenaki_viz.analysis.difference import HeadDistances
from phenaki_viz.analysis.measures import HeadStatistics
from phenaki_viz.figures.difference_views import distances_grid, entropy_grid
from phenaki_viz.figures.head_grid import HeadGrid
from phenaki_viz.ui import session
from phenaki_viz.ui.components.head_grid import GridPicture, head_grid
from phenaki_viz.ui.sections import panels
from phenaki_viz.ui.session import named
from phenaki_viz.ui.state.link import in_link, say_in_url
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.state.view import BOUND
from phenaki_viz.ui.state.wishes import wish
from phenaki_viz.ui.views.compare_columns import Two
from phenaki_viz.ui.work import compared, shows
from phenaki_viz.ui.work.shelves import number_of

FOLLOW, SEEN, BY_PLACE = "follow", "compare.seen", "by_place"


def by_place() -> bool:
    """Whether texts of as many words lie word on word; the toggle that says so is drawn later."""
    asked = session.get(BY_PLACE)
    return in_link(BY_PLACE) != "false" if asked is None else bool(asked)


def followed(selection: Selection, moved: HeadDistances | None) -> Selection:
    """The head that changes most, until another is chosen here or on another page."""
    here = selection.layer, selection.head
    follows = session.first(FOLLOW, in_link(FOLLOW) != "false")
    if session.first(SEEN, here) != here:
        follows = False
        session.put(FOLLOW, follows)
    say_in_url(FOLLOW, "" if follows else "false")
    most = moved.moved_most if moved and follows else None
    if most is None:
        return selection
    layer = next(
        at
        for at, one in enumerate(selection.records)
        if (one.layer, one.use) == (most.layer, most.use)
    )
    head = selection.records[layer].heads.index(most.head)
    return replace(selection, layer=layer, head=head)


def _pick(layer: int, head: int) -> None:
    wish(layer=layer, head=head)
    session.put(FOLLOW, False)


def _follow() -> None:
    session.put(FOLLOW, True)
    session.drop(SEEN)


def _follow_again(moved: HeadDistances | None) -> None:
    if moved is not None and not session.held(FOLLOW):
        st.button(
            "The head that changes most", icon=":material/trending_up:", type="tertiary",
            key=named("compare.follow"), on_click=session.here(_follow),
        )  # fmt: skip


def draw_heads(two: Two, moved: HeadDistances | None, *, words_differ: bool) -> None:
    """The grid, and under it the way back to the head that changes most.

    words_differ: other words of as long a text are all that keeps the maps apart.
    """
    with st.container(key=named("compare.heads")):
        st.markdown("**Heads** by distance" if two.laid.can else "**Heads** by entropy")
        picture = grid_of(two, moved)
        if picture is None:
            st.caption("The heads were not compared.")
            st.button(
                "Compare them", on_click=session.here(compared.go_on), key=named("compare.heads.go")
            )
            return
        selection = two.selection
        head_grid(
            GridPicture(
                thumbs=picture.shown,
                scale=picture.scales,
                layers=picture.layers,
                heads=picture.heads,
                values=picture.values,
                label=picture.unit,
                filled=True,
                notes=(_over(moved),),
            ),
            selected=(selection.layer, selection.head),
            key="grid.compare",
            on_pick=_pick,
            shows=shows_of(two),
        )
        _follow_again(moved)
        if words_differ:
            _choose_by_place()


def grid_of(two: Two, moved: HeadDistances | None) -> HeadGrid | None:
    """How far every head moved; where maps cannot be laid, how much wider they spread."""
    records, provenance = two.selection.records, two.a.recording.provenance
    if two.laid.can:
        if moved is None:
            return None
        values = moved.grid(records, records[0].heads)
        return distances_grid(records, values, provenance)
    return entropy_grid(records, _entropy(two), provenance, panels.theme())


def _entropy(two: Two) -> np.ndarray:
    """B − A of every head's entropy in bits, 'l h' in A's order; NaN of heads that B lacks."""
    records, theirs = two.selection.records, two.there.records
    one, other = (side.mean("entropy") for side in own(two))
    at = {(r.layer, r.use, head): (layer, place) for layer, r in enumerate(theirs)
          for place, head in enumerate(r.heads)}  # fmt: skip
    found = np.full(one.shape, np.nan, np.float32)
    for layer, record in enumerate(records):
        for place, head in enumerate(record.heads):
            there = at.get((record.layer, record.use, head))
            if there is not None:
                found[layer, place] = other[there] - one[layer, place]
    return np.round(found, 3)


def own(two: Two) -> tuple[HeadStatistics, HeadStatistics]:
    """What each head of A and of B is like by itself."""
    a, b = (compared.own(side.records, tuple(side.items)) for side in (two.selection, two.there))
    return a, b


def _over(moved: HeadDistances | None) -> str:
    if moved is not None:
        return (
            f"JS distance, mean over {moved.sampled}: 0 looks at the same keys in A and B, 1 at "
            "none of them"
        )
    return "entropy in bits, B − A: above 0 it spreads over more keys in B"


def shows_of(two: Two) -> str:
    """What the grid is of."""
    return f"{shows.a_stack(two.selection)} and {number_of(two.b)} {len(two.laid.by_place)}"


def _choose_by_place() -> None:
    st.toggle(
        "Word on word", True, key=named(BY_PLACE), **BOUND,
        help="The texts have other words: the first lies on the first, the second on the second. "
        "Without it other words are keys of their own, and there is no difference",
    )  # fmt: skip
