"""A file of our own for a model: safetensors, with the settings in its header."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import nn

from phenaki_viz.checkpoints.native_header import HEADER
from phenaki_viz.files import replacing
from phenaki_viz.models.configs import as_json
from phenaki_viz.tensor_files.seals import sealed

FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where weights come from. record: how they were trained, as JSON values."""

    title: str = ""
    licence: str = ""
    record: dict[str, Any] = field(default_factory=dict)


def save_model(
    path: Path, model: nn.Module, config: Any, origin: Origin = Origin(), *, half: bool = False
) -> Path:
    """Write weights and settings to one file; the file that was there stays when that fails.

    config: the model's settings (`phenaki_viz.models.configs`). half: weights as float16.
    Raises ExportError.
    """
    header = {
        "format": FORMAT,
        "kind": type(config).__name__,
        "config": as_json(config),
        "title": origin.title,
        "licence": origin.licence,
        "record": origin.record,
    }
    kept = {name: _stored(tensor, half) for name, tensor in model.state_dict().items()}
    text = sealed(json.dumps(header, ensure_ascii=False), kept)
    content = save(kept, metadata={HEADER: text})
    with replacing(path, needed=lambda: len(content)) as file:
        file.write(content)
    return path


def _stored(tensor: torch.Tensor, half: bool) -> torch.Tensor:
    tensor = tensor.detach().cpu().contiguous()
    return tensor.half() if half and tensor.is_floating_point() else tensor
