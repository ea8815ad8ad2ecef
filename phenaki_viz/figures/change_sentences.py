"""What interventions do to the output, in words with their figures."""

from collections.abc import Sequence

import numpy as np

from phenaki_viz.analysis.intervals import half_width
from phenaki_viz.evaluation.changes import Change
from phenaki_viz.evaluation.trials import Trials
from phenaki_viz.figures.clauses import with_sign
from phenaki_viz.figures.intervention_words import all_names
from phenaki_viz.recording.interventions import Intervention

SMALL = 5e-4  # nats: what rounds to 0.000


def rise_words(change: Change) -> str:
    """'+0.114 nats (0.085 to 0.143)'."""
    if np.isnan(change.half_width):
        return f"{with_sign(change.mean, 3)} nats in one trial"
    low, high = change.interval
    return f"{with_sign(change.mean, 3)} nats ({_plain(low)} to {_plain(high)})"


def verdict(change: Change, how: str = "") -> str:
    """What an interval says: 'the model does worse', 'nothing can be said', 'nothing changes'.

    how: put behind the first, ' without it'.
    """
    if np.abs(change.rises).max(initial=0) < SMALL / 100:
        return "nothing changes"
    if np.isnan(change.half_width):
        return "one trial has no interval"
    if not change.is_sure:
        return "the interval holds 0, nothing can be said"
    return f"the model does {'worse' if change.mean > 0 else 'better'}{how}"


def over_trials(trials: Trials) -> str:
    """'mean over 10 clips × 2 masks, …, 95 % interval over the clips'; one trial has none."""
    if len(trials) < 2:
        return f"one trial without an interval, {trials.spoken}"
    if trials.masks == 1 or len(trials.clips) == 1:
        return f"mean and 95 % interval over {trials.spoken}"
    return f"mean over {trials.spoken}, 95 % interval over the clips"


def change_heading(given: Sequence[Intervention], change: Change) -> str:
    """'Self L3 H3 off: +0.114 nats (0.085 to 0.143), the model does worse'."""
    named = all_names(given)
    named = named[:1].upper() + named[1:]
    return f"{named}: {rise_words(change)}, {verdict(change)}"


def change_sentence(trials: Trials) -> str:
    """Over what it was taken."""
    return (
        f"Rise of the loss of hidden tokens, {over_trials(trials)}, each paired with the model as "
        "it is. Codes are those of the C-ViViT as it is."
    )


def tried_heading(named: str, change: Change) -> str:
    """'Switching self L3 H3 off changes the loss by +0.114 nats (0.085 to 0.143): the model …'.

    named: the head.
    """
    said = f"Switching {named} off changes the loss by {rise_words(change)}"
    return f"{said}: {verdict(change, ' without it')}"


def tried_sentence(change: Change, trials: Trials) -> str:
    """That nothing is changed yet, what the loss is so, and over what it was taken."""
    base = "" if change.before is None else (
        f" The loss as it is: {change.before.mean():.3f} nats a hidden token."
    )  # fmt: skip
    over = over_trials(trials)
    return (
        f"Nothing is changed yet: this is what it would do.{base} {over[:1].upper()}{over[1:]}, "
        "each paired with the model as it is."
    )


def moved_words(change: Change) -> str:
    """'30 % (26 to 35)': hidden tokens whose most likely code is another."""
    return _mean_words(change, change.moved, 100, "%", 0)


def divergence_words(change: Change) -> str:
    """'0.132 nats (0.103 to 0.160)'."""
    return _mean_words(change, change.divergence, 1, "nats", 3)


def error_words(now: float | None, before: float | None) -> str:
    """'0.047, as it was', '0.061 (+0.014)': error of the reconstruction; empty without one."""
    if now is None or before is None:
        return ""
    if abs(now - before) < SMALL:
        return f"{now:.3f} (as it was)"
    return f"{now:.3f} ({with_sign(now - before, 3)} against {before:.3f})"


def _mean_words(
    change: Change, values: np.ndarray | None, times: float, unit: str, places: int
) -> str:
    if values is None:
        return "not measured"
    values = change.by_clip(values * times)
    mean, half = float(values.mean()), half_width(values)
    said = f"{mean:.{places}f} {unit}"
    if np.isnan(half):
        return said
    return f"{said} ({max(0.0, mean - half):.{places}f} to {mean + half:.{places}f})"


def _plain(value: float) -> str:
    return f"{round(value, 3) or 0.0:.3f}".replace("-", "−")  # no zero has a sign
