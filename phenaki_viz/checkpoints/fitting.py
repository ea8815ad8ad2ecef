"""Whether tensors fit the model that is made of them, and hold numbers that can be used."""

import re
from collections.abc import Mapping

import torch

from phenaki_viz.checkpoints.files import TensorInfo
from phenaki_viz.checkpoints.inspection import Inspection
from phenaki_viz.checkpoints.layouts import completed
from phenaki_viz.errors import (
    CheckpointError,
    ConfigError,
    NonFiniteWeightsError,
    ShapeError,
)
from phenaki_viz.models.configs import (
    layers_of,
)
from phenaki_viz.models.seeding import random_stream
from phenaki_viz.nouns import counted

WHOLE_NUMBERS = re.compile(r"(.*\.)?vq\.(mask|_codebook\.initted|zero)$")
NAMED = 5  # of the keys that do not match


def check_fit(inspection: Inspection, shapes: Mapping[str, TensorInfo]) -> None:
    """Compare with the model that the settings ask for; every difference is named.

    No memory is taken: tensors of the meta device have a shape alone. Raises CheckpointError.
    """
    name = inspection.name
    layers = layers_of(inspection.config)
    if layers > inspection.tensors:
        raise CheckpointError(
            f"{name} does not fit a {inspection.kind}: its settings ask for {layers} layers, it "
            f"has {inspection.tensors} tensors"
        )
    try:
        with random_stream(), torch.device("meta"):
            model = inspection.config.build()
            state = {key: torch.empty(one.shape, dtype=one.dtype) for key, one in shapes.items()}
            found = {key: tuple(tensor.shape) for key, tensor in completed(state).items()}
    except (ConfigError, ShapeError) as error:
        raise CheckpointError(f"{name}: {error}") from error
    own = {key: tuple(tensor.shape) for key, tensor in model.state_dict().items()}
    left_out = {key for key, shape in own.items() if 0 in shape and key.endswith("null_kv")}
    missing = sorted(set(own) - set(found) - left_out)
    unexpected = sorted(set(found) - set(own))
    if missing or unexpected:
        raise CheckpointError(
            f"{name} does not fit a {inspection.kind}: {_some('missing', missing)}; "
            f"{_some('not known', unexpected)}"
        )
    wrong = [key for key in own if key in found and own[key] != found[key]]
    if wrong:
        key = wrong[0]
        more = f" ({len(wrong)} such tensors)" if len(wrong) > 1 else ""
        raise CheckpointError(
            f"{name}: {key} is {_words(found[key])} in the file, the model with these "
            f"settings needs {_words(own[key])}{more}"
        )


def check_numbers(shapes: Mapping[str, TensorInfo]) -> None:
    """Raise CheckpointError where weights are no floating-point numbers."""
    for key, info in shapes.items():
        if not info.dtype.is_floating_point and not WHOLE_NUMBERS.match(key):
            kind = str(info.dtype).removeprefix("torch.")
            raise CheckpointError(f"{key} holds {kind} numbers; weights must be floating point")


def check_finite(name: str, state: Mapping[str, torch.Tensor], allowed: bool) -> None:
    """Raise NonFiniteWeightsError where there are NaN or infinity, unless they are allowed."""
    bad = {
        key: int((~torch.isfinite(tensor)).sum())
        for key, tensor in state.items()
        if tensor.is_floating_point() and not torch.isfinite(tensor).all()
    }
    if bad and not allowed:
        named = ", ".join(f"{key} ({count})" for key, count in list(bad.items())[:NAMED])
        raise NonFiniteWeightsError(
            f"{name} has NaN or infinity in {counted(len(bad), 'tensor')}: {named}. Training went "
            "wrong; use an earlier checkpoint"
        )


def _some(what: str, keys: list[str]) -> str:
    if not keys:
        return f"nothing {what}"
    more = f", … ({len(keys)} in all)" if len(keys) > NAMED else ""
    return f"{what}: {', '.join(keys[:NAMED])}{more}"


def _words(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) or "one number"
