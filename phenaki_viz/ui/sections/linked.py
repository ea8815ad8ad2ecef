"""What the pictures of a page move together by: the map they are of, and what is chosen of it."""

from phenaki_viz.analysis.overlay import Direction
from phenaki_viz.browser.axes import axis_of
from phenaki_viz.browser.of_map import OfMap
from phenaki_viz.ui.components.lines import lines_address
from phenaki_viz.ui.components.shared import share_selection
from phenaki_viz.ui.session import named
from phenaki_viz.ui.state import patches
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.work.shelves import number_of
from phenaki_viz.ui.work.shows import a_run


def of_map(selection: Selection, direction: Direction | None = None) -> OfMap:
    """The selected head's map, for all of a page that moves together with it.

    direction: which lines of it strips can fetch, where it is too large to be sent whole; None for
    none.
    """
    record, item = selection.record, selection.item
    return OfMap(
        link=link_of(selection),
        query=axis_of(record, item, "query"),
        key=axis_of(record, item, "key"),
        weights=_weights_of(selection),
        lines=lines_address(selection.shown, direction) if direction else "",
    )


def link_of(selection: Selection) -> str:
    """Names the maps whose queries and keys are the same: every head and layer of a stack."""
    record = selection.record
    _, _, i, j = record.map.shape
    return named(f"{record.stack} {record.kind} {record.batch_items[selection.item]} {i} {j}")


def _weights_of(selection: Selection) -> str:
    """Names one map: its weights, whichever picture shows them."""
    record = selection.record
    run = number_of(selection.recording)
    return named(f"{record.module} {record.call} {selection.item} {selection.head} {run}")


def share_choice(selection: Selection, link: str, direction: Direction) -> None:
    """Tell the pictures of the page which query, key and patches are chosen."""
    key, word = patches.key_of(selection), patches.word_shown(selection)
    if word is not None:
        key = word
    elif direction == "column":
        key = selection.record.key_axis(selection.item).index(selection.place)
    share_selection(
        link,
        query=selection.query,
        key=key,
        places=selection.places,
        pickers=("map", "strip", "pinned"),
        awaits=a_run(selection.recording),
    )
