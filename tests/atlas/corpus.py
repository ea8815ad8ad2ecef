"""A small corpus on disk: a tiny whole Phenaki, clips with and without words, a broken one."""

from pathlib import Path

import numpy as np
import torch

from phenaki_viz.atlas.job import Job, Settings
from phenaki_viz.atlas.making import make_atlas, plan, settings_for
from phenaki_viz.atlas.sources import clips_of
from phenaki_viz.checkpoints import save_model
from tests.checkpoints.files import OURS

PER_PART = 2
GENERATED = "generated:2?seed=7&first=24"


def weights(folder: Path, seed: int = 0) -> Path:
    torch.manual_seed(seed)
    return save_model(folder / f"small_{seed}.safetensors", OURS.build().eval(), OURS)


def clips(folder: Path) -> Path:
    """Four clips, of which one is no clip."""
    folder.mkdir()
    for number, width in enumerate((16, 20, 16)):
        noise = np.random.default_rng(number).integers(0, 256, (5, 16, width, 1), np.uint8)
        np.save(folder / f"noise_{number}.npy", noise)
    (folder / "noise_1.txt").write_text("left right\n", encoding="utf-8")
    (folder / "a_broken.gif").write_bytes(b"GIF89a, or not")
    return folder


def job_of(path: Path, out: Path, **settings) -> Job:
    full = settings_for(path, Settings(weights_digest="", **settings))
    return Job(weights=str(path), settings=full, out=str(out))


def sources(folder: Path):
    return clips_of([GENERATED, str(folder)])


def made(job: Job, folder: Path, **how):
    """Plan and make; what was planned, and the report."""
    planned = plan(job, sources(folder), PER_PART)
    return planned, make_atlas(planned, **how)


def contents(folder: str | Path) -> dict[str, bytes]:
    """Every file of a folder, hidden ones too, by name."""
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}
