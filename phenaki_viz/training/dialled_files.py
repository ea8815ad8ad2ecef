"""The weights of a trained dialled model as one safetensors file, and back, checked first."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import torch

from phenaki_viz.checkpoints.files import Weights, weights_of
from phenaki_viz.checkpoints.native import FORMAT, Origin, save_model
from phenaki_viz.checkpoints.native_header import HEADER, read_native
from phenaki_viz.errors import CheckpointError, ConfigError, FileError, ShapeError
from phenaki_viz.models.configs import from_json
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
    with weights_of(path) as weights:
        config, record = _header(weights)
        _compare(path, config, {key: info.shape for key, info in weights.tensors.items()})
        tensors = weights.read()
    parts = MaskedPatches(config)
    parts.load_state_dict(tensors)
    return parts.eval(), record


def _header(weights: Weights) -> tuple[DialConfig, dict[str, Any]]:
    name = weights.name
    try:
        header = read_native(weights.metadata.get(HEADER, ""), name)
        ours = header.format == FORMAT and header.kind == DialConfig.__name__
        if not ours or set(header.config) != {field.name for field in fields(DialConfig)}:
            raise FileError(f"{name}: its settings are others")
        return from_json(DialConfig, header.config), header.record
    except (ConfigError, ShapeError) as error:
        raise CheckpointError(f"{name}: {error}") from error
    except FileError as error:
        raise CheckpointError(f"{name} is not a trained dialled model of this program") from error


def _compare(path: Path, config: DialConfig, shapes: dict[str, tuple[int, ...]]) -> None:
    with torch.device("meta"):
        wanted = {k: tuple(v.shape) for k, v in MaskedPatches(config).state_dict().items()}
    wrong = sorted(k for k in wanted.keys() | shapes.keys() if wanted.get(k) != shapes.get(k))
    if wrong:
        raise CheckpointError(
            f"{path.name}: {len(wrong)} tensors are missing, unknown or of another shape than its "
            f"settings ask for: {', '.join(name[:60] for name in wrong[:5])}"
        )
