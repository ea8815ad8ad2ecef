"""What the page Inside a head computes: kept, and worked on as long as a click may wait."""

from collections.abc import Callable
from typing import TypeVar

import numpy as np

from phenaki_viz.analysis.incremental import Incremental
from phenaki_viz.analysis.ledger import RowLedger, row_ledger
from phenaki_viz.analysis.term_maps import (
    TermMaps,
    TermShares,
    counterfactual_map,
    shares_of_head,
    term_maps,
)
from phenaki_viz.analysis.writing import weight_map
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.work import computed, fragment_jobs
from phenaki_viz.ui.work.shelves import number_of

T = TypeVar("T")


def row_of(chosen: Selection) -> RowLedger:
    """The chosen query's row, taken apart."""
    return computed.once(
        (*_head(chosen), "row", chosen.query), lambda: row_ledger(chosen.shown.map, chosen.query)
    )


def shares_of(chosen: Selection) -> TermShares:
    """Whose work the selected head's rows are."""
    return _kept(
        chosen, ("shares",), lambda: shares_of_head.steps(chosen.shown.map), "Weighing the terms:"
    )


def maps_of(chosen: Selection, most: int) -> TermMaps:
    """The selected head's terms as maps of at most `most` values a side."""
    return _kept(
        chosen, ("terms", most), lambda: term_maps.steps(chosen.shown.map, most),
        "Taking the map apart:",
    )  # fmt: skip


def map_if_only(chosen: Selection, names: tuple[str, ...], most: int) -> np.ndarray:
    """What the selected head's map would be if only these terms counted."""
    return _kept(
        chosen, ("only", names, most),
        lambda: counterfactual_map.steps(chosen.shown.map, names, most),
        "Leaving terms out:",
    )  # fmt: skip


def weights_of(chosen: Selection, most: int) -> np.ndarray | None:
    """The selected head's weights; of a long map, of some queries."""
    return _kept(
        chosen, ("weights", most), lambda: weight_map.steps(chosen.shown.map, most),
        "Reading the map:",
    )  # fmt: skip


def written_of(chosen: Selection, most: int) -> np.ndarray | None:
    """The selected head's weights × ‖v W_O‖; None where values were not recorded."""
    return _kept(
        chosen, ("written", most), lambda: weight_map.steps(chosen.shown.map, most, written=True),
        "Weighing the values:",
    )  # fmt: skip


def _kept(
    chosen: Selection, what: tuple[object, ...], start: Callable[[], Incremental[T]], doing: str
) -> T:
    key = (*_head(chosen), *what)
    slot = f"inside {what[0]}"
    return computed.once(key, lambda: fragment_jobs.work_on(slot, key, start, doing))


def _head(chosen: Selection) -> tuple[str, int, int, int]:
    return "inside", number_of(chosen.record.map), chosen.item, chosen.head
