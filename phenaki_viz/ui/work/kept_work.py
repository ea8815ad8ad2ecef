"""Work for a page in slices of time, done once for as long as its result is kept."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from phenaki_viz.analysis.incremental import Incremental
from phenaki_viz.recording import AttentionRecord
from phenaki_viz.runs.run import Run
from phenaki_viz.ui.work import fragment_jobs
from phenaki_viz.ui.work.keep import once
from phenaki_viz.ui.work.shelves import number_of

T = TypeVar("T")


def worked(
    task: str,
    key: Hashable,
    start: Callable[[], Incremental[T]],
    doing: str,
    on_cancel: Callable[[], None] | None = None,
) -> T:
    """What a key decides: kept, or worked on as long as a click may wait.

    task, doing, on_cancel: see `fragment_jobs.work_on`.
    """
    return once(key, lambda: fragment_jobs.work_on(task, key, start, doing, on_cancel))


def of_run(
    run: Run,
    key: tuple[Any, ...],
    start: Callable[[], Incremental[T]],
    doing: str,
    on_cancel: Callable[[], None] | None = None,
) -> T:
    """What belongs to a run, and to a key whose first part names the task; see `worked`."""
    return worked(str(key[0]), (number_of(run), *key), start, doing, on_cancel)


def of_map(
    record: AttentionRecord, key: tuple[Any, ...], start: Callable[[], Incremental[T]], doing: str
) -> T:
    """What belongs to one map, and to a key whose first part names the task; see `worked`."""
    return worked(str(key[0]), (number_of(record), *key), start, doing)
