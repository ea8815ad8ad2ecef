"""Files that somebody might open, good and bad, made here."""

import io
import json
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from phenaki_viz.models import SelfCritic
from phenaki_viz.models.configs import (
    CriticConfig,
    CViViTConfig,
    MaskGitConfig,
    PhenakiConfig,
    TextConfig,
)

CVIVIT = CViViTConfig(
    dim=16,
    codebook_size=16,
    image_size=(16, 16),
    patch_size=(8, 8),
    temporal_patch_size=2,
    spatial_depth=1,
    temporal_depth=1,
    dim_head=4,
    heads=2,
    channels=1,
)
MASKGIT = MaskGitConfig(
    dim=16, num_tokens=16, max_seq_len=12, depth=1, heads=2, dim_head=4, dim_context=8
)
CRITIC = CriticConfig(
    dim=16, num_tokens=16, max_seq_len=12, depth=2, heads=2, dim_head=4, dim_context=8
)
WORDS = TextConfig(words=("left", "right"), dim=8, most_words=4)
PHENAKI = PhenakiConfig(cvivit=CVIVIT, maskgit=MASKGIT)
OURS = PhenakiConfig(cvivit=CVIVIT, maskgit=MASKGIT, text=WORDS)
FOR_CVIVIT = {"channels": 1, "patch_size": (8, 8), "image_size": (16, 16)}


def weights(config: Any) -> dict[str, torch.Tensor]:
    torch.manual_seed(1)
    return config.build().state_dict()


def tensors(state: dict[str, torch.Tensor], metadata: dict[str, str] | None = None) -> bytes:
    # Shared weights (a self critic's) are stored twice, as torch.save would.
    return save({key: tensor.clone() for key, tensor in state.items()}, metadata)


def pt(content: Any, **how: Any) -> bytes:
    out = io.BytesIO()
    torch.save(content, out, **how)
    return out.getvalue()


def self_critic() -> dict[str, torch.Tensor]:
    model = PhenakiConfig(cvivit=CVIVIT, maskgit=MASKGIT, self_critic=True).build()
    assert isinstance(model.critic, SelfCritic)
    return model.state_dict()


def header(entries: Any, body: bytes = b"", length: int | None = None) -> bytes:
    text = entries if isinstance(entries, bytes) else json.dumps(entries).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + body


def entry(dtype: str = "F32", shape: tuple[int, ...] = (1,), ends: tuple[int, int] = (0, 4)) -> Any:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(ends)}


class Touch:
    """Unpickled, it would make a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def with_code(path: Path) -> bytes:
    return pt({"weights": torch.zeros(2), "code": Touch(path)})


def plain_pickle(path: Path) -> bytes:
    return pickle.dumps({"code": Touch(path)})


def repacked(
    content: bytes, *, compress: bool = False, extra: str = "", without: str = ""
) -> bytes:
    out = io.BytesIO()
    kind = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", kind) as new:
        for name in old.namelist():
            if not without or not name.endswith(without):
                new.writestr(name, old.read(name))
        if extra:
            new.writestr(extra, b"x")
    return out.getvalue()


def declaring(content: bytes, size: int) -> bytes:
    """The archive with every entry said to be `size` bytes, in its list of contents."""
    made, at = bytearray(content), 0
    while (at := content.find(b"PK\x01\x02", at)) >= 0:
        made[at + 24 : at + 28] = struct.pack("<I", size)
        at += 4
    return bytes(made)


def older(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A C-ViViT of 2022: PEG in the spatial layers, no null key/values in self-attention."""
    return {key: tensor for key, tensor in state.items() if not key.endswith("null_kv")}
