"""Which map strips, headings and the large map of a page speak of together."""

from dataclasses import dataclass
from typing import Any

from phenaki_viz.browser.axes import MapAxis


@dataclass(frozen=True, kw_only=True)
class OfMap:
    """The map whose rows and columns are chosen, for whatever moves together with its picture.

    link: names whose rows and columns the selection counts, see `share_selection`. query, key: its
    axes. weights: the name under which `attention_map` offers every weight; "" for none. lines:
    where lines of a map are fetched that is not offered, see `lines.py`; "" for nowhere.
    """

    link: str
    query: MapAxis
    key: MapAxis
    weights: str = ""
    lines: str = ""

    def header(self) -> dict[str, Any]:
        """What every panel is sent of it."""
        return {
            "link": self.link,
            "axes": {"query": self.query.header(), "key": self.key.header()},
        }
