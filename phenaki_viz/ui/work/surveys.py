"""Stacks of long maps, read once for every page: estimates first, exact heads as they come."""

from functools import partial
from typing import Any, cast

from phenaki_viz.analysis.survey import Survey, survey
from phenaki_viz.runs.run import Run
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.work import fragment_jobs, keep
from phenaki_viz.ui.work.shelves import number_of

LONG = 2**28  # weights of a stack from which its maps are read once for all uses
SLOT = "survey"


def is_long(selection: Selection) -> bool:
    """Whether all maps of the stack together are long."""
    _, h, i, j = selection.record.map.shape
    return len(selection.records) * h * i * j >= LONG


def survey_of(run: Run, selection: Selection) -> Survey:
    """The reading of every head of the stack, as far as it is done.

    Callers call `go_on` at the end of the fragment.
    """
    known = whole(run, selection)
    if known is not None:
        return known
    key, start = _key(run, selection), partial(survey.steps, selection.records, selection.items)
    found = fragment_jobs.grow(SLOT, key, start, "Reading the heads:")
    if isinstance(found, Survey):
        return keep.once(key, lambda: found)
    return Survey.of(selection.records, found)


def whole(run: Run, selection: Selection) -> Survey | None:
    """The survey of the stack, if all was read and is still here."""
    known = keep.kept.get(_key(run, selection))
    return None if known is None else cast(Survey, known[0])


def go_on(run: Run, selection: Selection) -> None:
    """Have the fragment run again while heads are being read."""
    if whole(run, selection) is None:
        fragment_jobs.go_on(SLOT)


def is_stopped() -> bool:
    """Whether the user stopped a reading on its way."""
    return fragment_jobs.is_stopped(SLOT)


def resume() -> None:
    """Read the rest; a callback."""
    fragment_jobs.resume(SLOT)


def heads_of(selection: Selection) -> tuple[tuple[int, int], ...]:
    """All heads of the calls that are chosen: a part of a key."""
    maps = (number_of(record.map) for record in selection.records)
    return tuple(zip(maps, selection.items, strict=True))


def _key(run: Run, selection: Selection) -> tuple[Any, ...]:
    return (number_of(run), SLOT, *heads_of(selection))
