"""Tracks in words: what the heads find again, against chance; or why there is nothing to follow."""

from collections.abc import Sequence

import numpy as np

from phenaki_viz.analysis.tracks import Judged
from phenaki_viz.figures.clauses import joined
from phenaki_viz.figures.ledger_sentences import key_words
from phenaki_viz.figures.naming import place_name
from phenaki_viz.figures.track_views import Answer, Question

MOST = 3  # heads in one sentence


def tracks_heading(
    answers: Sequence[Answer], question: Question, every: Sequence[Answer] = ()
) -> str:
    """'From the two at time 2, L2 H2 finds it again in 3 of 4 other time steps (chance 0.25; …)'.

    every: of all heads that were asked: the best of many does better than chance by chance alone,
    so that it is said where it is that.
    """
    counts = answers[0].head.record.places.batch_counts
    if question.key is None and counts == "frame":
        return "A spatial head looks at its own time step alone: it has no track"
    if question.key is None and counts == "patch":
        return f"A temporal head has no choice of patch: {_still(answers, question)}"
    judging = [(one, one.judged) for one in answers if one.judged is not None]
    judging.sort(key=lambda one: -one[1].accuracy)
    return _judged(judging, question, every) if judging else _unjudged(answers, question)


def _still(answers: Sequence[Answer], question: Question) -> str:
    """Of temporal heads: where on its own patch's way through time the weight lies."""
    weights = answers[0].track.weights
    at_it = question.direction == "column"
    if not np.isfinite(weights).any():
        alone = "no other time step looks at it" if at_it else "it sees no other time step"
        return f"its track would stand still, and {alone}"
    step, label = int(np.nanargmax(weights)), answers[0].head.label
    most = (
        f"with {label} time {step} looks at it most" if at_it
        else f"{label} looks most at time {step}"
    )  # fmt: skip
    return (
        f"its track stands still, and the width is what it tells; outside its own step {most} "
        f"(weight {weights[step]:.2g})"
    )


def _judged(
    answers: Sequence[tuple[Answer, Judged]], question: Question, every: Sequence[Answer]
) -> str:
    """answers: the best first; those that are as good as the best are said with it."""
    (first, said), *_ = answers
    best = [one for one, its in answers[: MOST + 1] if (its.right, its.of) == (said.right, said.of)]
    others = [f"{one.head.label} in {its.right}" for one, its in answers[len(best) : 1 + MOST]]
    more = f"; {joined(others)}" if others else ""
    steps = "time steps" if question.key is not None else "other time steps"
    asked = [one.judged.accuracy for one in every if one.judged is not None]
    most = len(asked) > 1 and said.right > 0 and said.accuracy >= max(asked)
    among = f"; none of {len(asked)} heads finds more" if most else ""
    found = f"in {said.right} of {said.of} {steps} (chance {said.chance:.2f}{among}){more}"
    whose = f"the {question.whose}" if question.whose else "the object"
    who, s = joined([one.head.label for one in best]), "s" if len(best) == 1 else ""
    if question.key is not None:
        return f"{who} read{s} {key_words(first.head, question.key)} most where {whose} is {found}"
    when = question.start[0] if question.start else 0
    if question.direction == "column":
        return f"{who} look{s} at {whose} at time {when} most from {whose} {found}"
    return f"From {whose} at time {when}, {who} find{s} it again {found}"


def _unjudged(answers: Sequence[Answer], question: Question) -> str:
    """Without a true path: how sure the surest head is."""
    sure = sorted(
        (one for one in answers if np.isfinite(one.track.confidence)),
        key=lambda one: -one.track.confidence,
    )
    if not sure:
        return f"{joined([one.head.label for one in answers[:MOST]])}: nothing to follow here"
    best = sure[0]
    about = (
        f"{best.track.confidence:.2f} of each time step's weight on its path, "
        f"{best.track.even:.2f} would be even"
    )
    if question.key is not None:
        key = key_words(best.head, question.key)
        return f"Where {key} is read most, time step by time step: {best.head.label} ({about})"
    where = place_name(*question.start) if question.start else ""
    if question.direction == "column":
        return f"Who looks at {where} most: {best.head.label} is surest ({about})"
    return f"From {where}, {best.head.label} is surest where to look next ({about})"


def how_to_read(question: Question) -> str:
    """The line under the heading: what line, width, dashes and hollow marks are."""
    what = (
        "reads it most" if question.key is not None
        else "is looked at most" if question.direction == "row"
        else "looks at it most"
    )  # fmt: skip
    true = " Dashed: the true path; hollow: a miss." if question.path is not None else ""
    click = "" if question.key is not None else " Click a patch to follow it."
    return (
        f"A head's line joins the patch that {what} at each time step, wider where it is surer."
        f"{true}{click}"
    )


def track_line(one: Answer) -> str:
    """'L2 H2  in 2 of 4 (chance 0.25), sure 0.31 (0.03 even): 0: 4,0  1: 3,2  3: 3,4  4: 5,5'."""
    found, judged = one.track, one.judged
    parts = []
    if judged is not None:
        parts.append(f"in {judged.right} of {judged.of} (chance {judged.chance:.2f})")
    if np.isfinite(found.confidence):
        parts.append(f"sure {found.confidence:.2f} ({found.even:.2f} even)")
    places = "  ".join(
        f"{step}: {row},{column}"
        for step, (row, column) in enumerate(found.places)
        if found.found[step]
    )
    return f"{one.head.label:8} {', '.join(parts) or 'no choice'}: {places or 'nothing found'}"
