"""What changes and heads are worth as plain values, for JSON: every mean with its interval."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from phenaki_viz.analysis.intervals import half_width
from phenaki_viz.evaluation.changes import Change
from phenaki_viz.evaluation.effects import HeadEffect
from phenaki_viz.evaluation.trials import Trials
from phenaki_viz.figures.effect_views import by_worth, head_name
from phenaki_viz.recording.interventions import Intervention, as_dict


def effects_values(
    effects: Sequence[HeadEffect], trials: Trials, provenance: Mapping[str, Any]
) -> dict[str, Any]:
    """Every head or layer, the costliest first; head is None where all of a module's were off."""
    values = [
        {"name": head_name(one), "module": one.module, "head": one.head, **_values(one)}
        for one in by_worth(effects)
    ]
    return {**_origin(trials, provenance), "effects": values}


def change_values(
    given: Sequence[Intervention], change: Change, trials: Trials, provenance: Mapping[str, Any]
) -> dict[str, Any]:
    """What interventions together do to the output."""
    return {
        **_origin(trials, provenance),
        "interventions": [as_dict(one) for one in given],
        **_values(change),
    }


def _values(change: Change) -> dict[str, Any]:
    """Mean, and the ends of its 95 % interval, which is null of one trial."""
    measured = {
        "rise": change.rises,
        "moved": change.moved,
        "divergence": change.divergence,
    }
    return {
        name: _interval(change.by_clip(values))
        for name, values in measured.items() if values is not None
    }  # fmt: skip


def _interval(values: np.ndarray) -> dict[str, float | None]:
    mean, half = float(values.mean()), half_width(values)
    known = not np.isnan(half)
    return {
        "mean": mean,
        "low": mean - half if known else None,
        "high": mean + half if known else None,
    }


def _origin(trials: Trials, provenance: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "over": trials.spoken,
        "clips": list(trials.clips),
        "masks": trials.masks,
        "masked_share": trials.share,
        "mask_seeds": list(range(trials.seed, trials.seed + trials.masks)),
        "trials": len(trials),
        "interval": "95 %, Student's t, over clips, each the mean of its masks (of one clip over "
        "its masks), paired with the model as it is",
        "units": {"rise": "nats", "moved": "share of hidden tokens", "divergence": "nats"},
        "weights_digest": provenance.get("weights_digest"),
    }
