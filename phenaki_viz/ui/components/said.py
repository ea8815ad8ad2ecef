"""A text that speaks of pictures: it changes when they do, and never before.

Python sends a heading long before the pictures under it are computed. Shown at once, the heading
of one head stands over the map of another. So each picture is told what it shows (`shows`), and
each text what pictures have to show for it to be true (`of`): the text changes in the same paint
as the first of them, and those that still show something else are dimmed until they follow.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from phenaki_viz.browser.axes import Place
from phenaki_viz.browser.of_map import OfMap
from phenaki_viz.browser.packing import pack
from phenaki_viz.glossary import found_in
from phenaki_viz.ui.components.assets import declare
from phenaki_viz.ui.session import named

_mount = declare("said", isolate_styles=False)


@dataclass(frozen=True, kw_only=True)
class OfPatch:
    """The patch that a heading names at its end, wherever it is picked.

    side: whether the patch is a row of the map or a column. tells: what is said of this patch,
    behind its name: it goes when another one is picked, until Python says the next. opens: the key
    of a popover that the names of head and patch open.
    """

    of_map: OfMap
    side: Literal["row", "column"]
    place: Place
    tells: str = ""
    opens: str = ""

    def header(self) -> dict[str, Any]:
        """For the browser."""
        opens = named(self.opens) if self.opens else ""
        place = {"side": self.side, "place": list(self.place)}
        return {**self.of_map.header(), **place, "tells": self.tells, "opens": opens}


def said(
    text: str,
    *,
    key: str,
    tag: Literal["h1", "h2", "h3", "strong", "p"] = "p",
    of: Mapping[str, str] | None = None,
    patch: OfPatch | None = None,
    badge: tuple[str, str] | None = None,
    lead: str = "",
) -> None:
    """Say it as soon as a picture shows it.

    text: no markup. of: by the key of a component, what it has to show: all of its `shows`, or its
    first words; `{place}` stands for the patch, as step.row.column. The first one is what the page
    cannot do without. patch: the text ends with the patch that is picked. badge: a few words beside
    the text, and what they mean. lead: what the text begins with that stands out from the rest.
    """
    key = named(key)
    header = {
        "id": key,
        "text": text,
        "tag": tag,
        "of": {named(other): what for other, what in (of or {}).items()},
        "terms": found_in(text) if tag in ("strong", "p") else {},  # headings stay calm
        "badge": badge and {"text": badge[0], "about": badge[1]},
        "lead": lead,
        **(patch.header() if patch else {"link": None, "place": None}),
    }
    _mount(key, pack(header))
