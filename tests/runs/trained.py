"""A whole small Phenaki, untrained: what looks at it and samples from it need no more."""

from functools import cache

import numpy as np
import torch

from phenaki_viz.data import Clip
from phenaki_viz.models import Phenaki
from phenaki_viz.models.configs import PhenakiConfig
from tests.checkpoints.files import CRITIC, CVIVIT, MASKGIT, WORDS


@cache
def phenaki(critic: str = "") -> Phenaki:
    torch.manual_seed(0)
    config = PhenakiConfig(
        cvivit=CVIVIT,
        maskgit=MASKGIT,
        text=WORDS,
        critic=CRITIC if critic == "critic" else None,
        self_critic=critic == "self",
    )
    return config.build().eval()


def clip(frames: int = 5, side: int = 16) -> Clip:
    noise = np.random.default_rng(0).integers(0, 256, (frames, side, side, 1), np.uint8)
    return Clip(noise, "noise")
