"""What a training takes, known before it is begun: weights, memory, disk; and what is too much."""

from functools import lru_cache

import torch

from phenaki_viz.data.digits import MOST_WORDS
from phenaki_viz.errors import TrainingError
from phenaki_viz.models.dial import DialConfig, DialledModel, work_of
from phenaki_viz.numerics.footprint import weight_count
from phenaki_viz.runs.training_job import TrainSettings
from phenaki_viz.runs.training_step import steps_to_keep
from phenaki_viz.training.dialled import digits_for

MOST_TOKENS = 1024
MOST_STEP_BYTES = 4 * 2**30
MOST_WEIGHTS = 20_000_000
# What a step keeps for its gradients: copies of the maps, and floats a layer, token and width.
# Fitted to the measured peaks of four models between 0.4 and 1.6 GiB; they agree within 15 %.
MAP_COPIES, FLOATS = 2, 15


def refuse_training(settings: TrainSettings) -> None:
    """Raise TrainingError, naming the dial to turn, when this cannot be trained in a page."""
    config, needed = settings.config, step_bytes(settings)
    if config.depth == 0:
        raise TrainingError("depth 0 has no attention to train: turn the depth up")
    if config.channels not in (1, 3):
        raise TrainingError(f"clips have 1 or 3 channels, not {config.channels}")
    if config.tokens > MOST_TOKENS:
        t, h, w = config.grid
        raise TrainingError(
            f"{t} × {h} × {w} = {config.tokens:,} tokens are too many to train here (at most "
            f"{MOST_TOKENS:,}): raise the patch, or lower the frame size or the number of frames"
        )
    weights = weight_count_of(config)
    if weights > MOST_WEIGHTS:
        raise TrainingError(
            f"{weights / 1e6:.0f} million weights are too many to train here (at most "
            f"{MOST_WEIGHTS / 1e6:.0f} million): lower the model width, the head width, the heads "
            "or the depth"
        )
    if needed > MOST_STEP_BYTES:
        raise TrainingError(
            f"one step would take about {needed / 2**30:.1f} GiB of memory (at most "
            f"{MOST_STEP_BYTES / 2**30:.0f} GiB): lower the clips a step, the heads or the depth, "
            "or raise the patch"
        )
    digits_for(config)


def step_bytes(settings: TrainSettings) -> int:
    """Bytes one step takes, roughly: maps, activations, weights, gradients and moments."""
    config = settings.config
    layers = config.depth * (1 if config.layout == "joint" else 2)
    activations = FLOATS * layers * config.tokens * (config.dim + config.heads * config.dim_head)
    maps = MAP_COPIES * work_of(config, MOST_WORDS).map_bytes
    return settings.batch * (maps + 4 * activations) + 16 * weight_count_of(config)


def disk_bytes(settings: TrainSettings) -> int:
    """Bytes a training leaves on disk: weights at the kept steps, and the last two states."""
    kept = len(steps_to_keep(settings.config, settings.steps))
    return weight_count_of(settings.config) * 4 * (kept + 2 * 3)


@lru_cache(maxsize=64)
def weight_count_of(config: DialConfig) -> int:
    """How many weights a dialled model has, by its settings: nothing is allocated."""
    with torch.device("meta"):
        return weight_count(DialledModel(config))
