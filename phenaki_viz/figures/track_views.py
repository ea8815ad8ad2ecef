"""From heads to a picture of their tracks: the question, what each found, how that is judged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from phenaki_viz.analysis.following import NEAR
from phenaki_viz.analysis.incremental import Incremental, incremental
from phenaki_viz.analysis.overlay import Direction
from phenaki_viz.analysis.tracks import Judged, Track, judged, track, track_of_key
from phenaki_viz.figures.apart import told_apart
from phenaki_viz.figures.colour import ColourScale
from phenaki_viz.figures.head import Head
from phenaki_viz.figures.heatmap import Heatmap
from phenaki_viz.figures.ledger_sentences import key_words
from phenaki_viz.figures.naming import kind_name, kind_stem, place_name
from phenaki_viz.figures.overlays import frame_steps
from phenaki_viz.figures.picture import Axis
from phenaki_viz.figures.tracks import HIT, MISS, UNJUDGED, TrackLine, Tracks
from phenaki_viz.recording import AttentionRecord, Place, Recording

DEFINITION = {
    "row": "of every other time step the key with the largest weight; width: its share of all "
    "weight on that step",
    "column": "of every other time step the query with the largest weight on the patch; width: its "
    "share of all that the step puts there",
    "key": "of every time step the patch that reads it most; width: its share of all that the step "
    "puts there",
}
JUDGED = "a hit lies within one patch of the true place; chance: how often any patch would"
EXPOSURE = "“all time steps” lies over all frames in one"


@dataclass(frozen=True, eq=False, kw_only=True)
class Question:
    """What is tracked. start: the patch; None where a key of a text is. key: that key, a column of
    the map. direction: "row" where the patch looks, "column" who looks at it. path: the true path,
    't 2' int, −1 where it is not known; None without one. whose: names it ("two").
    """

    start: Place | None = None
    key: int | None = None
    direction: Direction = "row"
    path: np.ndarray | None = None
    whose: str = ""

    @property
    def of_object(self) -> bool:
        """Whether it starts on the true path."""
        if self.path is None or self.start is None:
            return False
        there = self.path[self.start[0]]
        return bool((there >= 0).all() and np.abs(there - self.start[1:]).max() <= NEAR)


@dataclass(frozen=True, eq=False, kw_only=True)
class Answer:
    """What one head found. judged: beside the true path; None where that has nothing to say."""

    head: Head
    track: Track
    judged: Judged | None


def answer(head: Head, question: Question, video: int = 0) -> Answer:
    """Follow one head. Raises RecordingError where the patch's map was not recorded."""
    record = head.record
    if question.key is not None:
        found = track_of_key(record, head.head, question.key, item=head.item)
    elif question.start is not None:
        found = track(record, head.head, question.start, direction=question.direction, video=video)
    else:
        raise ValueError("a track is of a patch or of a key")
    judges = question.path is not None and (question.key is not None or question.of_object)
    beside = judged(found, question.path) if judges and question.path is not None else None
    return Answer(head=head, track=found, judged=beside if beside and beside.of else None)


@incremental
def answers_of(
    recording: Recording, records: Sequence[AttentionRecord], question: Question, video: int = 0
) -> Incremental[tuple[Answer, ...]]:
    """Every head of a stack's layers, in their order; of each, one row of its map. A step is a
    head. Raises RecordingError where a map was not recorded.
    """
    found: list[Answer] = []
    total = sum(len(record.heads) for record in records)
    for record in records:
        item = record.item_of(_original(record, question, video))
        for head in range(len(record.heads)):
            found.append(answer(Head(recording, record, item, head), question, video))
            yield len(found) / total
    return tuple(found)


def _original(record: AttentionRecord, question: Question, video: int) -> int:
    """The batch item whose map is read, as the call counted them."""
    return record.places.locate(question.start or (0, 0, 0), video)[0]


def best_of(answers: Sequence[Answer], most: int) -> tuple[Answer, ...]:
    """The heads that find most of the true path, then the surest; the best first."""

    def rank(one: Answer) -> tuple[float, float]:
        accuracy = one.judged.accuracy if one.judged else 0.0
        return -accuracy, -float(np.nan_to_num(one.track.confidence, nan=-1.0))

    return tuple(sorted(answers, key=rank)[:most])


def tracks_picture(
    answers: Sequence[Answer], question: Question, frames: np.ndarray, temporal_patch: int
) -> Tracks:
    """The heads' paths over the frames, 'f H W 3' uint8; see `Tracks`. answers: one at least."""
    first = answers[0].head
    recording, record = first.recording, first.record
    _, rows, columns = record.places.grid
    title, stem = _named(first, question)
    chances = [one.judged.chance for one in answers if one.judged]
    return Tracks(
        name=f"{kind_stem(recording, record)}_tracks_{stem}",
        title=f"{title} · {kind_name(recording, record)} attention",
        notes=_notes(first, question, judges=bool(chances)),
        provenance=_provenance(answers, question),
        frames=frames,
        steps=frame_steps(len(frames), temporal_patch),
        grid=(rows, columns),
        lines=tuple(_line(one) for one in answers),
        start=question.start,
        truth=question.path,
        truth_name=question.whose,
        chance=float(np.mean(chances)) if chances else None,
        direction=question.direction,
    )


def _named(first: Head, question: Question) -> tuple[str, str]:
    """Title and end of the file's name."""
    if question.key is not None:
        return f"Who reads {key_words(first, question.key)}", f"key_{question.key:02d}"
    t, h, w = question.start or (0, 0, 0)
    what = "Tracks from" if question.direction == "row" else "Who looks at"
    ending = "" if question.direction == "row" else "_to"
    return f"{what} {place_name(t, h, w)}", f"t{t}_r{h}_c{w}{ending}"


def _notes(first: Head, question: Question, *, judges: bool) -> tuple[str, ...]:
    kind = "key" if question.key is not None else question.direction
    return (DEFINITION[kind], *([JUDGED] if judges else []), EXPOSURE, *first.notes)


def _provenance(answers: Sequence[Answer], question: Question) -> dict[str, Any]:
    first = answers[0].head
    return {
        **first.recording.provenance,
        "kind": kind_name(first.recording, first.record),
        "heads": [one.head.label for one in answers],
        "track_of": {"start": question.start, "key": question.key, "direction": question.direction},
        "true_path": None if question.path is None else np.asarray(question.path).tolist(),
    }


def _line(one: Answer) -> TrackLine:
    judged_steps = np.full(len(one.track.places), UNJUDGED)
    if one.judged is not None:
        judged_steps = np.where(one.judged.hits, HIT, MISS)
        judged_steps[~one.judged.counted] = UNJUDGED
    return TrackLine(
        name=one.head.label,
        score=score(one),
        places=one.track.places,
        weights=one.track.weights,
        shares=one.track.shares,
        judged=judged_steps,
    )


def score(one: Answer) -> str:
    """How well it does: 'in 3 of 4'; without a true path, how sure it is: 'sure 0.41'."""
    if one.judged is not None:
        return f"{one.judged.right} of {one.judged.of}"
    return f"sure {one.track.confidence:.2f}" if np.isfinite(one.track.confidence) else ""


def followers_picture(
    records: Sequence[AttentionRecord],
    question: Question,
    found: Mapping[str, np.ndarray],
    provenance: Mapping[str, Any],
) -> Heatmap | None:
    """How often each head finds the object, layers down and heads across. found: `accuracies`.

    None where no head has two time steps to be judged by.
    """
    if np.isnan(found["follows"]).all():
        return None
    whose = f"the {question.whose}" if question.whose else "the object"
    layers = told_apart(tuple(f"L{record.layer}" for record in records))
    most = max((record.heads for record in records), key=len)
    chance = float(np.nanmean(found["chance"]))
    pairs = int(np.nanmax(found["pairs"]))
    what = "pairs of time steps" if question.key is None else "time steps"
    return Heatmap(
        name=f"followers_{question.whose or 'object'}".replace(" ", "_"),
        title=f"How often each head finds {whose}",
        notes=(
            f"share of {pairs} {what} in which the strongest patch is within one of {whose}'s; "
            f"chance {chance:.2f}",
        ),
        provenance={
            **provenance,
            "true_path": None if question.path is None else question.path.tolist(),
        },
        values=np.asarray(found["follows"], np.float32),
        hidden=np.isnan(found["follows"]),
        query=Axis(title="layer", names=layers),
        key=Axis(title="head", names=tuple(f"H{head}" for head in most)),
        scale=ColourScale(low=0, high=1, scope="what a share can be"),
        unit=f"finds {whose}",
    )
