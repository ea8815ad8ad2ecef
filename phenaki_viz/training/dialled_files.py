"""The weights of a trained dialled model as one safetensors file, and back, checked first."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from phenaki_viz.checkpoints.native import FORMAT, HEADER, Origin, save_model
from phenaki_viz.errors import CheckpointError, ConfigError
from phenaki_viz.models.dial import DialConfig
from phenaki_viz.training.dialled import MaskedPatches

TITLE = "A dialled model, trained in the page on moving handwritten digits"
LICENCE = (
    "Data: Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak, "
    "UCI Machine Learning Repository, CC BY 4.0, as in scikit-learn"
)


def save_dialled(path: Path, parts: MaskedPatches, record: dict[str, Any]) -> Path:
    """Write all weights, with the settings and `record` in the header, whole or not at all.

    record: how they were trained, as JSON values. Raises ExportError.
    """
    origin = Origin(title=TITLE, licence=LICENCE, record=record)
    return save_model(path, parts, parts.config, origin)


def load_dialled(path: Path) -> tuple[MaskedPatches, dict[str, Any]]:
    """The model in eval mode, and the record it was saved with.

    Nothing is built before the file's settings and shapes agree. Raises CheckpointError.
    """
    try:
        with safe_open(path, "pt") as file:
            config, record = _header(path, file.metadata())
            _compare(path, config, {k: tuple(file.get_slice(k).get_shape()) for k in file.keys()})
            tensors = {key: file.get_tensor(key).clone() for key in file.keys()}
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path.name} cannot be read as safetensors: {error}") from error
    parts = MaskedPatches(config)
    parts.load_state_dict(tensors)
    return parts.eval(), record


def _header(path: Path, metadata: dict[str, str] | None) -> tuple[DialConfig, dict[str, Any]]:
    try:
        header = json.loads((metadata or {})[HEADER])
        known = {field.name for field in fields(DialConfig)}
        if header["format"] != FORMAT or header["kind"] != "DialConfig":
            raise KeyError(header["kind"])
        config, record = header["config"], header["record"]
        if set(config) != known or not isinstance(record, dict):
            raise KeyError("config")
        return DialConfig(**config), record
    except ConfigError as error:
        raise CheckpointError(f"{path.name}: {error}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"{path.name} is not a trained dialled model of this program"
        ) from error


def _compare(path: Path, config: DialConfig, shapes: dict[str, tuple[int, ...]]) -> None:
    with torch.device("meta"):
        wanted = {k: tuple(v.shape) for k, v in MaskedPatches(config).state_dict().items()}
    wrong = sorted(k for k in wanted.keys() | shapes.keys() if wanted.get(k) != shapes.get(k))
    if wrong:
        raise CheckpointError(
            f"{path.name}: {len(wrong)} tensors are missing, unknown or of another shape than its "
            f"settings ask for: {', '.join(name[:60] for name in wrong[:5])}"
        )
