"""A recording in a notebook: grid of heads, map and film strip as one thing that shows itself.

`phenaki_viz.show` makes it. With anywidget (the extra `notebook`) it is a widget, which Python and
the pointer move alike; without, and in saved notebooks, a page in a frame that draws offline.
"""

from typing import TYPE_CHECKING

from phenaki_viz.browser.linked import Linked
from phenaki_viz.figures.colour import Law
from phenaki_viz.figures.weight_colours import Colours
from phenaki_viz.notebook.still import StillView
from phenaki_viz.runs.run import Run

if TYPE_CHECKING:
    from phenaki_viz.notebook.widget import View


def view_of(
    run: Run, *, kind: str | None, layer: int | None, head: int | None, law: Law
) -> "View | StillView":
    """See `phenaki_viz.show`; a `StillView` where anywidget is not installed."""
    linked = Linked(run, kind=kind, colours=Colours(law))
    at = linked.first(layer, head)
    try:
        from phenaki_viz.notebook.widget import View
    except ImportError:
        return StillView(linked, at)
    return View(linked, at)
