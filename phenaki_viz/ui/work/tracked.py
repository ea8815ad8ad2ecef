"""What the page Tracks computes, and what is known of where objects are: kept while on screen."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from phenaki_viz.analysis.tracks import accuracies, path_of
from phenaki_viz.analysis.truth import Truth, truth_of
from phenaki_viz.figures.track_views import Answer, Question, answers_of
from phenaki_viz.recording import AttentionRecord
from phenaki_viz.runs.run import Run
from phenaki_viz.ui.state import true_path
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.work.kept_work import worked
from phenaki_viz.ui.work.shelves import number_of

if TYPE_CHECKING:
    import numpy as np

MARKED = "marked object"


def truth_for(run: Run, record: AttentionRecord) -> Truth:
    """The objects whose paths are known, and the one that was marked by hand, last."""
    known = truth_of(run)
    path = marked_path(record)
    if path is None:
        return known
    return Truth(names=(*known.names, MARKED), paths=(*known.paths, path))


def judging_truth(run: Run, record: AttentionRecord) -> Truth:
    """What heads are judged by over a whole clip: the path that was marked, else all known ones."""
    path = marked_path(record)
    return truth_of(run) if path is None else Truth(names=(MARKED,), paths=(path,))


def marked_path(record: AttentionRecord) -> "np.ndarray | None":
    """What was marked by hand, as far as this grid has it; None of nothing."""
    grid = record.places.grid
    there = [
        at for at in true_path.marks() if all(a < size for a, size in zip(at, grid, strict=True))
    ]
    return path_of(there, grid[0]) if there else None


def answers_to(selection: Selection, question: Question) -> tuple[Answer, ...]:
    """Every head of the chosen stack, followed."""
    key = ("tracks", *_maps(selection), selection.video, *_parts(question))
    start = partial(
        answers_of.steps, selection.recording, selection.records, question, selection.video
    )
    return worked("tracks", key, start, "Following the patch:")


def accuracies_of(selection: Selection, question: Question) -> "Mapping[str, np.ndarray] | None":
    """How often each head finds the object, from every time step; None without a true path."""
    path = question.path
    if path is None:
        return None
    key = ("accuracies", *_maps(selection), selection.video, question.key, path.tobytes())
    start = partial(
        accuracies.steps, selection.records, path, key=question.key, video=selection.video
    )
    return worked("accuracies", key, start, "Judging the heads:")


def _parts(question: Question) -> tuple[object, ...]:
    path = None if question.path is None else question.path.tobytes()
    return question.start, question.key, question.direction, path, question.whose


def _maps(selection: Selection) -> tuple[int, ...]:
    return tuple(number_of(record.map) for record in selection.records)
