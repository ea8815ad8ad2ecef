"""What belongs to the page as a whole: keys that lead to a picture, the folded sidebar, a theme
that changes while it is looked at.
"""

from phenaki_viz.browser.packing import pack
from phenaki_viz.ui.components.assets import declare
from phenaki_viz.ui.keys import EVERYWHERE

KEY = "shared.page"  # what takes no room on the page: ui/main.py's style goes by it
FOLDED = 1000  # CSS pixels: in a narrower window the sidebar is folded at first

_mount = declare("page")


def listen() -> None:
    """Hear the keys of the page that put the focus on a picture, and fold the sidebar once.

    Where the theme changes the script runs again: figures have the colours Python gave them.
    """
    goes = {key.press: key.goes for key in EVERYWHERE if key.goes}
    content = pack({"id": KEY, "goes": goes, "folded": FOLDED})
    _mount(KEY, content, on_ground_change=_runs_again)


def _runs_again() -> None:
    """Nothing more: to be told of it is to run."""
