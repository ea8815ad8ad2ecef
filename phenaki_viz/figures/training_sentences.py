"""How far a loss fell, in sentences made of its curve."""

from collections.abc import Sequence

import numpy as np

from phenaki_viz.analysis.heads import most_entropy
from phenaki_viz.nouns import counted
from phenaki_viz.recording import HeadMap


def fallen(losses: Sequence[float], unit: str, steps: int) -> str:
    """'the loss went from 5.3 to 3.1 nats a token in 6,500 training steps'.

    losses: in order. Where each is of one training step, the first fiftieth and the last tenth are
    averaged, so that one lucky batch does not count. Where there are fewer than steps, each is the
    mean of some already: the first and the last are said, where the curve begins and ends.
    """
    values = np.asarray(losses, float)
    if not len(values) or not np.isfinite(values).all():
        return ""
    single = len(values) if len(values) >= steps else 1
    first = float(values[: max(1, single // 50)].mean())
    last = float(values[-max(1, single // 10) :].mean())
    return (
        f"the loss went from {first:.3g} to {last:.3g} {unit} in {counted(steps, 'training step')}"
    )


def entropy_note(head: HeadMap) -> str:
    """What a head's entropy would be that does not choose, to read a curve of entropies by.

    The mean over its queries that see a key.
    """
    keys = head.visible_keys
    even = float(most_entropy(keys[keys > 0]).mean()) if (keys > 0).any() else 0.0
    return (
        f"A head that does not choose has {even:.2f} bits; one that falls looks at fewer keys, "
        "one that rises at more."
    )


def loss_sentence(losses: Sequence[float], done: int) -> str:
    """How far the loss of a training in the page fell, and what it is measured in: a sentence."""
    said = fallen(losses, "times the clip's variance", done)
    if not said:
        return "No training step is done yet."
    return said[:1].upper() + said[1:] + " (guessing the mean everywhere costs about 1)."
