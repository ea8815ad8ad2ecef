"""What the decoding steps do, in sentences made of their tokens."""

from collections.abc import Sequence

import numpy as np

from phenaki_viz.figures.words import plain
from phenaki_viz.nouns import counted
from phenaki_viz.runs.sampled import DecodingStep


def sampling_heading(text: str, steps: Sequence[DecodingStep]) -> str:
    """What was sampled, how often, and when half of it stood for good."""
    masked = np.stack([step.masked for step in steps])
    total = int(masked.any(axis=0).sum())
    said = f"“{plain(text)}”" if text else "Without a text"
    return (
        f"{said}: half of {counted(total, 'token')} stand for good by decoding step "
        f"{half_settled(masked)} of {len(steps)}"
    )


def half_settled(masked: np.ndarray) -> int:
    """The first decoding step, from 1, by which half of the tokens are masked no more.

    masked: 's t h w' bool, what each step filled in.
    """
    ever = masked.any(axis=0)
    last = len(masked) - masked[::-1].argmax(axis=0)  # the step, from 1, that filled it in last
    return int(np.sort(last[ever])[(int(ever.sum()) - 1) // 2]) if ever.any() else 0


def step_sentence(step: DecodingStep, number: int, of: int) -> str:
    """What one decoding step did: 'Decoding step 9 of 18 fills in 90 tokens (mean confidence …'.

    number: from 1. Confidence is the probability of the chosen code under the guided logits.
    """
    filled, again = int(step.masked.sum()), int(step.again.sum())
    said = f"Decoding step {number} of {of} fills in {counted(filled, 'token')}"
    if filled:
        said += f" (mean confidence {float(step.confidence[step.masked].mean()):.2f})"
    changed = int(step.changed.sum())
    if changed:
        said += f", {changed:,} of them with another code than before"
    if not again:
        return f"{said}, and masks none again."
    return f"{said}, and masks {again:,} of them again."
