"""What the page Inside a head computes: kept, and worked on as long as a click may wait."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from phenaki_viz.analysis.incremental import Incremental
from phenaki_viz.analysis.ledger import RowLedger, WeightLedger, row_ledger
from phenaki_viz.analysis.term_maps import (
    TermMaps,
    TermShares,
    counterfactual_map,
    shares_of_head,
    term_maps,
)
from phenaki_viz.analysis.writing import weight_map
from phenaki_viz.errors import RecordingError
from phenaki_viz.runs.dialled import DialledRun
from phenaki_viz.runs.live import find_model
from phenaki_viz.runs.model import ModelRun
from phenaki_viz.runs.projections import with_projections
from phenaki_viz.runs.run import Run
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.work import computed
from phenaki_viz.ui.work.kept_work import worked
from phenaki_viz.ui.work.shelves import number_of

if TYPE_CHECKING:
    import numpy as np

T = TypeVar("T")
QUICK = 2.0  # seconds of a run that are not worth a bar


def row_of(selection: Selection) -> RowLedger:
    """The chosen query's row, taken apart."""
    return computed.once(
        (*_head(selection), "row", selection.query),
        lambda: row_ledger(selection.shown.map, selection.query),
    )


def can_run_again(run: Run, selection: Selection) -> bool:
    """Whether queries and keys of a dense map can be had at once, by running the model again."""
    stored = selection.record.map.storage == "dense" and selection.record.queries is None
    quick = run.seconds <= QUICK and isinstance(run, (ModelRun, DialledRun))
    return stored and quick and find_model(run) is not None


def exact_weight(run: Run, selection: Selection, key: int) -> WeightLedger:
    """One weight of the chosen row with the dimensions of its content, of a run had again.

    Raises PhenakiVizError where it cannot be had again.
    """
    model = find_model(run)
    if model is None:
        raise RecordingError("the model of this run is not here any more")
    whole = computed.once(
        ("projections", number_of(selection.record.map)),
        lambda: with_projections(run, model, selection.record),
    )
    return row_ledger(whole.head(selection.head, selection.item), selection.query).of(key)


def shares_of(selection: Selection) -> TermShares:
    """Whose work the selected head's rows are."""
    return _kept(
        selection,
        ("shares",),
        lambda: shares_of_head.steps(selection.shown.map),
        "Weighing the terms:",
    )


def maps_of(selection: Selection, most: int) -> TermMaps:
    """The selected head's terms as maps of at most `most` values a side."""
    return _kept(
        selection, ("terms", most), lambda: term_maps.steps(selection.shown.map, most),
        "Taking the map apart:",
    )  # fmt: skip


def map_if_only(selection: Selection, names: tuple[str, ...], most: int) -> "np.ndarray":
    """What the selected head's map would be if only these terms counted."""
    return _kept(
        selection, ("only", names, most),
        lambda: counterfactual_map.steps(selection.shown.map, names, most),
        "Leaving terms out:",
    )  # fmt: skip


def weights_of(selection: Selection, most: int) -> "np.ndarray | None":
    """The selected head's weights; of a long map, of some queries."""
    return _kept(
        selection, ("weights", most), lambda: weight_map.steps(selection.shown.map, most),
        "Reading the map:",
    )  # fmt: skip


def written_of(selection: Selection, most: int) -> "np.ndarray | None":
    """The selected head's weights × ‖v W_O‖; None where values were not recorded."""
    return _kept(
        selection, ("written", most),
        lambda: weight_map.steps(selection.shown.map, most, written=True),
        "Weighing the values:",
    )  # fmt: skip


def _kept(
    selection: Selection, what: tuple[object, ...], start: Callable[[], Incremental[T]], doing: str
) -> T:
    return worked(f"inside {what[0]}", (*_head(selection), *what), start, doing)


def _head(selection: Selection) -> tuple[str, int, int, int]:
    return "inside", number_of(selection.record.map), selection.item, selection.head
