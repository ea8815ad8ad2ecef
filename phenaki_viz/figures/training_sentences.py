"""How far a loss fell, in sentences made of its curve."""

from collections.abc import Sequence

import numpy as np

from phenaki_viz.figures.clauses import counted


def fallen(losses: Sequence[float], unit: str, steps: int) -> str:
    """'the loss went from 5.3 to 3.1 nats a token in 6,500 training steps'.

    losses: in order, each of one or more training steps; of many, the first fiftieth and the last
    tenth are averaged, so that one lucky batch does not count.
    """
    values = np.asarray(losses, float)
    if not len(values) or not np.isfinite(values).all():
        return ""
    first = float(values[: max(1, len(values) // 50)].mean())
    last = float(values[-max(1, len(values) // 10) :].mean())
    return (
        f"the loss went from {first:.3g} to {last:.3g} {unit} in {counted(steps, 'training step')}"
    )


def loss_sentence(losses: Sequence[float], done: int) -> str:
    """The same of a training in this page, as a sentence; what the numbers are measured in."""
    said = fallen(losses, "times the clip's variance", done)
    if not said:
        return "No training step is done yet."
    return said[:1].upper() + said[1:] + " (guessing the mean everywhere costs about 1)."
