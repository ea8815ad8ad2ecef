"""Work for a page in slices of time, done once for as long as its result is kept."""

from collections.abc import Callable
from typing import Any, TypeVar

from phenaki_viz.analysis.incremental import Incremental
from phenaki_viz.recording import AttentionRecord
from phenaki_viz.runs.run import Run
from phenaki_viz.ui.work import fragment_jobs
from phenaki_viz.ui.work.keep import once
from phenaki_viz.ui.work.shelves import number_of

T = TypeVar("T")


def of_run(
    run: Run,
    key: tuple[Any, ...],
    start: Callable[[], Incremental[T]],
    doing: str,
    on_cancel: Callable[[], None] | None = None,
) -> T:
    """What belongs to a run: kept, or worked on as long as a click may wait."""
    whole = (number_of(run), *key)
    return once(whole, lambda: fragment_jobs.work_on(str(key[0]), whole, start, doing, on_cancel))


def of_map(
    record: AttentionRecord, key: tuple[Any, ...], start: Callable[[], Incremental[T]], doing: str
) -> T:
    """What belongs to one map."""
    whole = (number_of(record), *key)
    return once(whole, lambda: fragment_jobs.work_on(str(key[0]), whole, start, doing))
