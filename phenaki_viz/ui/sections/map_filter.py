"""What is left out of the big map: chosen here, said on the picture, kept in the URL."""

import streamlit as st

from phenaki_viz.analysis.row_filter import RowFilter
from phenaki_viz.analysis.sinks import DEFINITION
from phenaki_viz.analysis.tiles import MapTile
from phenaki_viz.browser.map_filter import MapFilter
from phenaki_viz.figures.filter_notes import filter_notes
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import session
from phenaki_viz.ui.session import named
from phenaki_viz.ui.state.link import in_link, whole_number
from phenaki_viz.ui.state.offers import among
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.state.view import BOUND
from phenaki_viz.ui.work import computed

ALL = 100  # per cent
SINKS = {"on": "Shown", "off": "Off", "nulls": "Off, nulls too"}


def choose(run: Run, selection: Selection) -> RowFilter | None:
    """The controls of the map behind a button that says them; None when everything is shown."""
    with st.popover(_state(), icon=":material/filter_alt:", width="content"):
        mass = st.slider(
            "Top mass",
            10,
            ALL,
            ALL,
            5,
            format="%d %%",
            key=named("top"),
            width=240,
            help="Only the smallest set of keys that holds this share of each row is drawn; the "
            "rest has a colour of its own. Decided on exact rows, also where the picture is "
            "pooled. 100 % draws everything.",
            **BOUND,
        )
        sinks = _choose_sinks(selection)
    row_filter = RowFilter(mass / ALL, _without(run, selection, sinks))
    return None if row_filter.leaves_all and sinks == "on" else row_filter


def _state() -> str:
    """What is left out, on the button: 'All keys', 'Top 80 %, no sinks'."""
    top = session.get("top", whole_number(in_link("top")) or ALL)
    linked = in_link("sinks", SINKS["on"]) != SINKS["on"]
    off = session.get("sinks", "off" if linked else "on") != "on"
    text = ", ".join(filter(None, (top < ALL and f"top {top} %", off and "no sinks")))
    return (text[:1].upper() + text[1:]) or "All keys"


def _choose_sinks(selection: Selection) -> str:
    options = [name for name in SINKS if name != "nulls" or selection.record.num_null_kv]
    if session.get("sinks", "on") not in options:
        session.put("sinks", "off")
    sinks = st.segmented_control(
        "Sinks",
        options,
        format_func=SINKS.__getitem__,
        default="on",
        required=True,
        help=f"A sink is {DEFINITION}. Without sinks, their columns are taken away and each row "
        "is divided by what is left; hover still says the raw weight.",
        **among("sinks", [SINKS[name] for name in options]),
    )
    return sinks or "on"


def _without(run: Run, selection: Selection, sinks: str) -> tuple[int, ...]:
    if sinks == "on":
        return ()
    found = set(computed.sinks(run, selection).keys)
    if sinks == "nulls":
        found |= set(range(selection.record.num_null_kv))
    return tuple(sorted(found))


def on_map(selection: Selection, tile: MapTile, row_filter: RowFilter) -> MapFilter:
    """The cut for the browser, in the cells of the tile."""
    found = computed.filtered_tile(
        selection.record, selection.item, selection.head, tile, row_filter
    )
    return MapFilter(
        kept=found.kept,
        shown=found.shown,
        left=found.left,
        without=row_filter.without,
        said=filter_notes(selection.shown, row_filter),
    )
