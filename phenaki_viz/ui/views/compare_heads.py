"""Compare, its heads: the grid by how far each moved, and which of them is looked at."""

from dataclasses import replace

import streamlit as st

from phenaki_viz.analysis.difference import HeadDistances
from phenaki_viz.analysis.measures import HeadStatistics, change_of
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
    chosen = session.get(BY_PLACE)
    return in_link(BY_PLACE) != "false" if chosen is None else bool(chosen)


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
    one, other = own(two)
    spread = change_of("entropy", (records, one), (two.there.records, other))
    return entropy_grid(records, spread, provenance, panels.theme())


def own(two: Two) -> tuple[HeadStatistics, HeadStatistics]:
    """What each head of A and of B is like by itself."""
    a, b = (compared.own(side.records, tuple(side.items)) for side in (two.selection, two.there))
    return a, b


def _over(moved: HeadDistances | None) -> str:
    if moved is not None:
        return (
            f"JS distance, mean over {moved.sampled}: 0 is the same weights in A and B, 1 no key "
            "in common"
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
