"""What belongs to the page as a whole: keys that lead to a picture, and the folded sidebar."""

from phenaki_viz.browser.packing import pack
from phenaki_viz.ui.components.assets import declare
from phenaki_viz.ui.components.stamps import stamped
from phenaki_viz.ui.keys import EVERYWHERE

KEY = "shared.page"  # what takes no room on the page: ui/main.py's style goes by it
FOLDED = 1000  # CSS pixels: in a narrower window the sidebar is folded at first

_mount = declare("page")


def listen() -> None:
    """Hear the keys of the page that put the focus on a picture, and fold the sidebar once."""
    goes = {key.press: key.goes for key in EVERYWHERE if key.goes}
    _mount(key=KEY, data=stamped(KEY, pack({"id": KEY, "goes": goes, "folded": FOLDED})))
