"""Grid, map, strip and pinned heads of a stack as one HTML page that holds all: offline, exact."""

from collections.abc import Callable
from typing import Any

from phenaki_viz import browser
from phenaki_viz.browser.file_page import deflated, dress_of, linked_page
from phenaki_viz.browser.linked import Linked
from phenaki_viz.browser.looked import Chosen
from phenaki_viz.export.provenance import jsonable_text, record_element
from phenaki_viz.figures.words import plain

THUMBNAIL = 4000  # bytes of a head in the grid, about: making them all takes its time
OnProgress = Callable[[int, int], None]
PANELS = {
    "strip": "film_strip",
    "grid": "head_grid",
    "map": "attention_map",
    "pinned": "pinned_maps",
}
ALONE = "This page holds one head; the whole stack is in a page that is saved with every head."


def linked_html(
    linked: Linked, at: Chosen, *, every_head: bool = True, on_progress: OnProgress | None = None
) -> bytes:
    """The page: what is picked in one panel is shown by the others, as in the program.

    every_head: of the stack and the video, at every frame or patch where maps have one each; else
    only the map that is looked at, and nothing can be pinned. on_progress: given how many maps are
    done, of how many. Weights are exact to 1e-6, every digit that is said is right.
    """
    linked = linked.named("look")  # the same look, the same bytes
    ats = list(_everything(linked, at)) if every_head else [at]
    arranged = {"alone": False, "pins": [list(pin) for pin in at.pins if every_head]}
    arrange = {"rev": 1, "value": arranged, "seen": 0} if every_head else None
    messages = {
        f"grid {item}": _grid(linked, at, item, arrange) for item in {one.item for one in ats}
    }
    for done, one in enumerate(ats):
        if on_progress:
            on_progress(done, len(ats))
        name = f"{one.row} {one.head} {one.item}"
        messages[f"map {name}"] = deflated(linked.map(one, in_file=True))
        messages[f"strip {name}"] = deflated(linked.strip(one))
    first = {name: messages.pop(name) for name in _first(at)}
    head = linked.head(at)
    places = head.record.places
    state: dict[str, Any] = {
        "dresses": dresses(),
        **{"messages": first, "held": [*first, *messages]},
        "film": deflated(linked.film()),
        "chosen": [at.row, at.head, at.item],
        "selection": {"pick": linked.selection(at), "seen": 0},
        "links": [linked.link(item) for item in range(len(head.record.batch_items))],
        "items": {str(number): item for number, item in linked.items(at).items()},
        **{"counts": places.batch_counts, "grid": list(places.grid)},
        **{"arranged": arranged, "whole": linked.colours.whole},
    }
    notes = [plain(note) for note in head.notes] + ([] if every_head else [ALONE])
    record = record_element(jsonable_text(head.provenance(linked.scale(at))))
    return linked_page(plain(linked.title), state, messages, notes, record)


def about_bytes(linked: Linked, at: Chosen) -> int:
    """About what the page with every head takes, going by the head that is looked at."""
    one = len(deflated(linked.map(at, in_file=True))) + len(deflated(linked.strip(at))) + THUMBNAIL
    beside = len(deflated(linked.film())) + len(browser.scripts()[browser.FILE_BUNDLE])
    return one * len(_everything(linked, at)) + beside


def dresses() -> dict[str, dict[str, str]]:
    """What each panel looks like before it draws, by the name it has among them."""
    return {name: dress_of(panel) for name, panel in PANELS.items()}


def _first(at: Chosen) -> tuple[str, ...]:
    """The names of the messages that are drawn first."""
    shown = f"{at.row} {at.head} {at.item}"
    return f"grid {at.item}", f"map {shown}", f"strip {shown}"


def _grid(linked: Linked, at: Chosen, item: int, arrange: dict[str, Any] | None) -> str:
    push = {"rev": 1 + item, "value": [at.row, at.head], "seen": 0}
    return deflated(linked.grid(linked.in_item(at, item), push, arrange))


def _everything(linked: Linked, at: Chosen) -> list[Chosen]:
    return [
        linked.headed(linked.in_item(at, item), row, head)
        for row, record in enumerate(linked.records)
        for item in linked.items(at).values()
        for head in range(len(record.heads))
    ]
