"""Good files of every kind that is opened, small, to be damaged."""

from pathlib import Path

import torch

from phenaki_viz.checkpoints.native import Origin, save_model
from phenaki_viz.data import read_prompt, sample_clip
from phenaki_viz.models.dial import DialConfig
from phenaki_viz.runs.dialled import Padding, run_dialled
from phenaki_viz.runs.files import recording_bytes
from phenaki_viz.training.dialled import DialledTrainer, MaskedPatches
from phenaki_viz.training.dialled_files import save_dialled
from tests.checkpoints import files

SMALL = {"heads": 2, "depth": 1, "dim": 16, "dim_head": 8, "height": 32, "width": 32, "frames": 3}
TRAINED = DialConfig(**SMALL, patch=16, cross=False)
STEPS = 2


def seeds(folder: Path) -> dict[str, tuple[str, bytes]]:
    """Name → (kind, content); kind: recording, checkpoint, dialled or state."""
    made = {
        "recording, dense": ("recording", _recording("dense")),
        "recording, factored": ("recording", _recording("factored", causal=True)),
        "recording, factorised": (
            "recording",
            _recording("dense", layout="factorised", cross=False, causal=True),
        ),
        "checkpoint of others": ("checkpoint", files.tensors(files.weights(files.MASKGIT))),
        "C-ViViT of others": ("checkpoint", files.tensors(files.weights(files.CVIVIT))),
        "trainer's file": ("checkpoint", files.pt({"model": files.weights(files.MASKGIT)})),
        "old PyTorch file": (
            "checkpoint",
            files.pt(files.weights(files.CVIVIT), _use_new_zipfile_serialization=False),
        ),
        "whole Phenaki of ours": ("checkpoint", _ours(folder)),
        "dialled, trained": ("dialled", _dialled(folder)),
        "state of a training": ("state", _state()),
    }
    return made


def trainer() -> DialledTrainer:
    """The training whose states are damaged."""
    return DialledTrainer(TRAINED, steps=STEPS, batch=1)


def _recording(storage: str, **changes: object) -> bytes:
    config = DialConfig(**(SMALL | {"cross": True} | changes))  # type: ignore[arg-type]
    padding = Padding(words=1 if config.cross else 0, steps=1 if config.layout == "joint" else 0)
    return recording_bytes(
        run_dialled(config, sample_clip(), read_prompt("a b"), padding, storage=storage)
    )  # type: ignore[arg-type]


def _ours(folder: Path) -> bytes:
    origin = Origin(title="A test", licence="MIT", record={"loss_curve": [1.0, 0.5]})
    return save_model(folder / "ours", files.OURS.build(), files.OURS, origin).read_bytes()


def _dialled(folder: Path) -> bytes:
    return save_dialled(folder / "dialled", MaskedPatches(TRAINED), {"steps": 3}).read_bytes()


def _state() -> bytes:
    learner = trainer()
    torch.manual_seed(0)
    learner.advance()
    return files.pt(learner.state())
