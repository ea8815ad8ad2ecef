"""Keys, words and a tour: a dialog behind `?`, and the tour's card; all of it in the browser.

What they say is fetched when somebody asks for it, so that no page is heavier for it. Where the
tour is, and that it was offered, the browser remembers.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from phenaki_viz.browser.packing import pack
from phenaki_viz.ui.components.assets import declare, publish

KEY = "shared.guide"  # what takes no room on the page: ui/main.py's style goes by it
_mount = declare("guide")


def guide(
    *,
    keys: Mapping[str, Sequence[tuple[str, str]]],
    terms: Sequence[Mapping[str, str]],
    stops: Sequence[Mapping[str, str]],
) -> None:
    """Mount it, once a page.

    keys: by where they are heard, what is pressed and what it does. terms: name, means and source
    of each. stops: title, says and link of each, the link relative to the app's address.
    """
    content: dict[str, Any] = {"keys": keys, "terms": terms, "stops": stops}
    address = publish("guide.json", json.dumps(content, ensure_ascii=False).encode())
    _mount(KEY, pack({"id": KEY, "address": address, "stops": len(stops)}))
