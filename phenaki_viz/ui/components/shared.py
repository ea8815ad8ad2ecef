"""What the components of a page share, sent once: not again with every click on one of them.

Frames are the largest part of a film strip and do not change while one looks around; the selection
is shown by several components whose data it must not change. Both go by a component that shows
nothing, and reach the others in the browser.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from phenaki_viz.browser.axes import Place
from phenaki_viz.browser.packing import pack
from phenaki_viz.ui.components.assets import declare
from phenaki_viz.ui.components.painted import painted_address
from phenaki_viz.ui.session import named, page

if TYPE_CHECKING:
    import numpy as np

KEY = "shared"  # what takes no room on the page: ui/main.py's style goes by it

_mount = declare("shared")


def share(name: str, header: Mapping[str, Any], **parts: "np.ndarray") -> None:
    """Offer arrays to the components of the page that ask for `name`; see `pack` for types."""
    own = named(f"{KEY}.{name}")
    _send(own, pack({"id": own, "name": name, **header}, **parts))


def share_selection(
    link: str,
    *,
    query: int,
    key: int | None,
    places: Sequence[Place],
    pickers: Sequence[str] = (),
    awaits: str = "",
) -> None:
    """Tell every linked component what is selected.

    link: names the map that `query` and `key` are a row and a column of. places: the query's patch
    (step, row, column), and those that were chosen with it. pickers: keys of components in
    which the user picks: a pick of theirs that has not arrived here is not overruled. awaits: the
    first words of what the map has to show for the browser to say that it is painted.
    """
    pick = {"link": link, "query": query, "key": key, "places": list(places)}
    own = named(f"{KEY}.selection")
    seen = max(map(_last, map(named, pickers)), default=0)
    tell = {"tell": painted_address(awaits), "by": named("map"), "of": awaits} if awaits else {}
    _send(own, pack({"id": own, "pick": pick, "seen": seen, **tell}))


def _last(picker: str) -> int:
    """The number of the last pick that came from a component."""
    event = (page.get(picker) or {}).get("pick")
    return int(event.get("seq", 0)) if isinstance(event, Mapping) else 0


def _send(key: str, content: bytes) -> None:
    _mount(key, content)
