"""Tables of heads for pages: measured in slices of time, kept while they are wanted."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from phenaki_viz.analysis.alike import Alike, heads_alike
from phenaki_viz.analysis.head_table import HeadRow, HeadTable, reads_all, stack_table
from phenaki_viz.analysis.incremental import Incremental
from phenaki_viz.analysis.truth import truth_of
from phenaki_viz.data import DIGIT_CLIPS, digit_clip, read_prompt
from phenaki_viz.evaluation.head_clips import table_over_clips
from phenaki_viz.recording import AttentionRecord
from phenaki_viz.recording.records import Kind
from phenaki_viz.runs.model import RunOptions
from phenaki_viz.runs.run import Run
from phenaki_viz.ui.state import true_path
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.work import computed, fragment_jobs, tracked
from phenaki_viz.ui.work.kept_work import worked
from phenaki_viz.ui.work.shelves import number_of

if TYPE_CHECKING:
    from torch import nn

T = TypeVar("T")
CLIP, CLIPS = "heads", "clips"  # the tasks of the work on the clip at hand, and on many
CAPTIONS = tuple(DIGIT_CLIPS.values())


@dataclass(frozen=True)
class Over:
    """Over how many of the project's clips, and how the model is run on each."""

    clips: int
    options: RunOptions
    stack: str
    kind: Kind

    def key(self, model: "nn.Module") -> Hashable:
        """All that decides the result."""
        return ("heads over clips", number_of(model), self)


def of_clip(run: Run, selection: Selection) -> tuple[HeadTable, bool]:
    """The heads of the chosen stack, of the clip at hand; and whether those are all.

    Of long maps, as far as they are measured: callers call `fragment_jobs.go_on`.
    """
    key = _of_clip(run, selection)

    def start(done: list[HeadRow]) -> Incremental[HeadTable]:
        truth = tracked.judging_truth(run, selection.record)
        return stack_table.steps(selection.records, video=selection.video, truth=truth, done=done)

    kept = computed.kept.get(key)
    if kept is not None:
        return kept[0], True
    found = fragment_jobs.grow(CLIP, key, start, "Measuring the heads:")
    if isinstance(found, HeadTable):
        return computed.once(key, lambda: found), True
    return HeadTable(rows=tuple(found)), False


def known_row(run: Run, selection: Selection) -> HeadRow | None:
    """The selected head of the table of its stack, of a long map that was measured; else None."""
    if reads_all(selection.record):
        return None  # its sentence takes milliseconds, of its own batch item alone
    kept = computed.kept.get(_of_clip(run, selection))
    table: HeadTable = kept[0] if kept is not None else HeadTable(rows=())
    mine = (selection.record.module, selection.record.call, selection.record.heads[selection.head])
    return next((row for row in table if (row.module, row.call, row.head) == mine), None)


def _of_clip(run: Run, selection: Selection) -> Hashable:
    marks = () if tracked.marked_path(selection.record) is None else true_path.marks()
    return (CLIP, number_of(run), *_maps(selection), selection.video, marks)


def of_records(run: Run, records: Sequence[AttentionRecord]) -> HeadTable:
    """The heads of the layers of one stack, of the clip at hand."""
    key = ("heads", number_of(run), *(number_of(record.map) for record in records), 0)

    def start() -> Incremental[HeadTable]:
        return stack_table.steps(records, truth=truth_of(run))

    return worked("heads", key, start, "Measuring the heads:")


def alike(run: Run, selection: Selection) -> Alike:
    """How far the heads of the chosen stack are from each other, of the clip at hand."""
    start = partial(heads_alike.steps, selection.records, video=selection.video)
    return _of_stack(run, selection, "alike", start, "Comparing the heads:")


def over_clips(model: "nn.Module", over: Over) -> HeadTable:
    """The heads of one stack over the project's clips, each with its own caption.

    Over as many as are measured: callers call `fragment_jobs.go_on`.
    """
    key = over.key(model)

    def start(done: list[HeadTable]) -> Incremental[HeadTable]:
        clips = [(digit_clip(one), read_prompt(one)) for one in CAPTIONS[: over.clips]]
        return table_over_clips.steps(
            model, clips, over.options, kind=over.kind, stack=over.stack, done=done
        )

    kept = computed.kept.get(key)
    if kept is not None:
        whole: HeadTable = kept[0]
        return whole
    found = fragment_jobs.grow(CLIPS, key, start, "Measuring the clips:")
    if isinstance(found, HeadTable):
        return computed.once(key, lambda: found)
    return found[-1]


def _of_stack(
    run: Run, selection: Selection, task: str, start: Callable[[], Incremental[T]], doing: str
) -> T:
    key = (task, number_of(run), *_maps(selection), selection.video)
    return worked(task, key, start, doing)


def _maps(selection: Selection) -> Sequence[int]:
    return [number_of(record.map) for record in selection.records]
