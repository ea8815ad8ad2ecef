"""What is computed of two runs beside each other, kept by the maps it is of."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from phenaki_viz.analysis.beside import Beside, beside, moved
from phenaki_viz.analysis.difference import (
    HeadDistances,
    LaidMaps,
    head_distances,
    laid_maps,
    row_difference,
)
from phenaki_viz.analysis.divergence import row_distances
from phenaki_viz.analysis.laid import Laid
from phenaki_viz.analysis.measures import HeadStatistics, head_statistics
from phenaki_viz.recording import AttentionRecord, HeadMap
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import session
from phenaki_viz.ui.work.keep import once
from phenaki_viz.ui.work.kept_work import of_map, of_run, worked
from phenaki_viz.ui.work.shelves import number_of

if TYPE_CHECKING:
    import numpy as np

HELD = "compare.distances.held"


@dataclass(frozen=True, eq=False)
class RowMoved:
    """One query's row: B − A, 'j', and the JS distance of the two."""

    difference: "np.ndarray"
    distance: float


def distances(laid: Laid, video: int) -> HeadDistances | None:
    """How far every head moved; None while its work is cancelled."""
    key = ("compare", *_of(laid), video)
    if session.get(HELD) == key:
        return None
    return worked(
        "compare", key, lambda: head_distances.steps(laid, video=video), "Comparing the heads:",
        lambda: session.put(HELD, key),
    )  # fmt: skip


def go_on() -> None:
    """Compare the heads after all; a callback."""
    session.drop(HELD)


def maps(one: HeadMap, other: HeadMap, most: int) -> LaidMaps:
    """A's map, B's and B − A, of at most `most` values a side."""
    key = ("compare maps", *_map(one), *_map(other), most)
    start = partial(laid_maps.steps, one, other, most)
    return worked("compare maps", key, start, "Laying the maps on each other:")


def row(one: HeadMap, other: HeadMap, query: int) -> RowMoved:
    """What changed in one query's row."""
    key = ("compare row", *_map(one), *_map(other), query)

    def made() -> RowMoved:
        far = row_distances(one, other, [query])[0]
        return RowMoved(row_difference(one, other, [query])[0], float(far))

    return once(key, made)


def own(records: tuple[AttentionRecord, ...], items: tuple[int, ...]) -> HeadStatistics:
    """Each head's entropy and its weight on null keys: of maps that cannot be laid on others."""
    measures = ["entropy", *(["null"] if records[0].num_null_kv else [])]
    key = ("compare own", *(number_of(one.map) for one in records), *items)
    start = partial(head_statistics.steps, records, items, measures)
    return worked("compare own", key, start, "Measuring the heads:")


def moved_maps(now: Run, before: Run, pairs: Sequence[tuple[HeadMap, HeadMap]]) -> "np.ndarray":
    """How much of its weight each head puts elsewhere than in another run, 'n'."""
    key = ("moved", number_of(before))
    return of_run(now, key, lambda: moved.steps(pairs), "Comparing the maps:")


def maps_beside(before: HeadMap, now: HeadMap, most: int) -> Beside:
    """One head's map in two runs, and how it differs."""
    return of_map(
        now.record, ("beside", number_of(before.record), now.item, now.head, most),
        lambda: beside.steps(before, now, most), "Comparing two maps:",
    )  # fmt: skip


def _of(laid: Laid) -> tuple[int, ...]:
    return tuple(number_of(record.map) for pair in laid.pairs for record in pair)


def _map(head: HeadMap) -> tuple[int, int, int]:
    return number_of(head.record.map), head.item, head.head
