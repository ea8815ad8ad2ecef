"""The grid of heads on the Attention page: means apart, sorted, filtered, isolated, pinned."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from phenaki_viz.analysis.sorting import heads_in_order
from phenaki_viz.figures.head_grid import HeadGrid
from phenaki_viz.figures.weight_colours import Colours
from phenaki_viz.ui import session
from phenaki_viz.ui.components.head_grid import MOST_PINS, Arrangement, GridPicture, head_grid
from phenaki_viz.ui.markup import inert
from phenaki_viz.ui.sections import panels
from phenaki_viz.ui.session import named
from phenaki_viz.ui.state.link import groups_text, in_link, number_groups, say_in_url
from phenaki_viz.ui.state.offers import among
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.state.view import BOUND
from phenaki_viz.ui.state.wishes import wish
from phenaki_viz.ui.work import shows

if TYPE_CHECKING:
    import numpy as np

ORDERS = {"layer": "By layer", "high": "Highest first", "low": "Lowest first"}
ALONE, PINS, NEWS = "grid.alone", "grid.pins", "grid.pinned"


@dataclass(frozen=True)
class Sorting:
    """order: layer, high or low. least, most: heads outside are not drawn; None is no limit."""

    order: str = "layer"
    least: float | None = None
    most: float | None = None

    def heads(self, values: "np.ndarray | None") -> list[tuple[int, int]] | None:
        """(layer, head) in the order to be drawn; None for all where they are."""
        if values is None or self == Sorting():
            return None
        return heads_in_order(values, self.order, self.least, self.most)


def choose_sorting(title: str, unit: str = "") -> Sorting:
    """How the grid is ordered and filtered by the metric it shows; nothing without one, ""."""
    if not title:
        return Sorting()
    with st.popover(_order_now(), icon=":material/sort:", width="content"):
        order = st.segmented_control(
            "Order of heads",
            list(ORDERS),
            format_func=ORDERS.__getitem__,
            default="layer",
            required=True,
            **among("order", ORDERS.values()),
        )
        of = f" ({unit})" if unit else ""
        about = f"Draw only heads whose {title}{of} is no "
        least = _limit("At least", "least", f"{about} less.")
        most = _limit("At most", "most", f"{about} more.")
    return Sorting(order or "layer", least, most)


def _order_now() -> str:
    """The order, on the button that hides it; a link's, too, which no control has read yet."""
    order = session.get("order")
    return ORDERS[order] if order in ORDERS else in_link("order", ORDERS["layer"])


def _limit(label: str, key: str, about: str) -> float | None:
    return st.number_input(
        label, value=None, key=named(key), width=120, help=about, placeholder="any", **BOUND
    )


def draw(picture: HeadGrid, selection: Selection, colours: Colours, sorting: Sorting) -> None:
    """The grid with a mean row and a mean column; a click selects, a double click isolates."""
    _tell_pinned(picture)
    order = sorting.heads(picture.values)
    drawn = GridPicture.with_means(picture, colours, order=order, notes=panels.notes(picture))
    head_grid(
        drawn,
        selected=(selection.layer, selection.head),
        arranged=arrangement(selection),
        key="grid.heads",
        on_pick=_pick,
        on_arrange=keep,
        shows=shows.a_stack(selection),
    )


def arrangement(selection: Selection) -> Arrangement:
    """What is isolated and pinned, as far as this stack has such heads; the URL says it too."""
    layers, heads = len(selection.records), len(selection.record.heads)
    pins = pinned()
    alone = session.first(ALONE, in_link("alone") == "true")
    say_in_url("pins", groups_text(pins))
    say_in_url("alone", "true" if alone else "")
    return Arrangement(alone, tuple(pin for pin in pins if pin[0] < layers and pin[1] < heads))


def pinned() -> tuple[tuple[int, int], ...]:
    """The pinned heads, (layer, head) by their places; of a link where none was pinned here."""
    linked = number_groups(in_link("pins"), 2, MOST_PINS)
    pins: tuple[tuple[int, int], ...] = session.first(PINS, linked)
    return pins


def keep(wanted: Arrangement) -> None:
    """What the user isolated and pinned, for the next run."""
    before = session.get(PINS, ())
    session.put(ALONE, wanted.alone)
    session.put(PINS, wanted.pins[:MOST_PINS])
    session.put(NEWS, [pin for pin in session.held(PINS) if pin not in before])


def _tell_pinned(picture: HeadGrid) -> None:
    """Say where a head went that was pinned just now."""
    for layer, head in session.take(NEWS, []):
        if layer < len(picture.layers) and head < len(picture.heads):
            name = inert(f"{picture.layers[layer]} {picture.heads[head]}")
            st.toast(f"{name} is held beside others, under the map", icon=":material/keep:")


def unpin(pin: tuple[int, int]) -> None:
    """Let go of one pinned head; call it from a callback."""
    session.put(PINS, tuple(one for one in session.held(PINS) if one != pin))


def _pick(layer: int, head: int) -> None:
    wish(layer=layer, head=head)
