"""Pictures of a training: its loss, and how each head changed on the way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from phenaki_viz.figures.curves import Curve, Curves
from phenaki_viz.figures.naming import head_label
from phenaki_viz.nouns import counted

MOST_POINTS = 400  # of the loss curve
WIDEST_MEAN = 50  # steps


def loss_curve(losses: Sequence[float], provenance: Mapping[str, Any]) -> Curves:
    """The loss of every step, and its mean over the steps just before.

    losses: over the variance of the data, from step 1. With many steps each point of the first
    curve is the mean of a stretch, which the notes say.
    """
    values = np.asarray(losses, float)
    width = max(1, min(WIDEST_MEAN, len(values) // 8))
    stretch = max(1, -(-len(values) // MOST_POINTS))
    ends = np.arange(stretch, len(values) + 1, stretch)
    said = "every training step" if stretch == 1 else f"means of {stretch} training steps"
    return Curves(
        name="loss",
        title="Loss",
        notes=(
            f"{said}; mean of the last {width}",
            "1 is what mean grey gets, 0 is perfect",
        ),
        provenance=provenance,
        curves=(
            Curve(name="loss", x=ends, y=_trailing(values, stretch)[ends - 1]),
            Curve(
                name=f"mean of {width}",
                x=ends,
                y=_trailing(values, width)[ends - 1],
                highlighted=True,
            ),
        ),
        x_title="training step",
        y_title="error / variance",
    )


@dataclass(frozen=True)
class Stretches:
    """A loss curve kept as means of `width` steps each, the last of what was left.

    steps, batch: of the whole training, and clips a step.
    """

    title: str
    unit: str
    means: Sequence[float]
    width: int
    steps: int
    batch: int


def recorded_loss(name: str, curve: Stretches, provenance: Mapping[str, Any]) -> Curves:
    """The loss of a training that is over, each mean drawn where its stretch of steps ends."""
    means = np.asarray(curve.means, float)
    ends = np.minimum(np.arange(1, len(means) + 1) * curve.width, curve.steps)
    return Curves(
        name=name,
        title=curve.title,
        notes=(
            f"{counted(curve.steps, 'training step')} of {counted(curve.batch, 'clip')}",
            f"means of {curve.width}",
        ),
        provenance=provenance,
        curves=(Curve(name="loss", x=ends, y=means, highlighted=True),),
        x_title="training step",
        y_title=curve.unit,
    )


def _trailing(values: np.ndarray, width: int) -> np.ndarray:
    """Mean of each value and up to width − 1 before it, 'n'."""
    sums = np.concatenate(([0.0], np.cumsum(values)))
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(0, ends - width)
    return (sums[ends] - sums[starts]) / (ends - starts)


def heads_over_steps(
    rows: Sequence[np.ndarray],
    steps: Sequence[int],
    layer: int,
    chosen: int,
    provenance: Mapping[str, Any],
    *,
    title: str,
    unit: str,
) -> Curves:
    """One number of every head of one layer at the kept steps.

    rows: of each kept step its numbers, 'h'. steps: of the training. chosen: the head that
    stands out.
    """
    at, tables = np.arange(len(steps)), np.stack(rows)
    return Curves(
        name=f"L{layer:02d}_{title.replace(' ', '_')}_over_training",
        title=f"L{layer} · {title} of each head over training",
        notes=(
            f"mean {title} over all queries, in {unit}",
            "kept training steps are not evenly spaced",
        ),
        provenance=provenance,
        curves=tuple(
            Curve(
                name=head_label(layer, head),
                x=at,
                y=tables[:, head].astype(float),
                highlighted=head == chosen,
            )
            for head in range(tables.shape[1])
        ),
        x_title="training step",
        y_title=f"{title} ({unit})",
        x_labels=tuple(f"{step:,}" for step in steps),
    )
