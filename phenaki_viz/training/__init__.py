"""Training: the two stages of Phenaki on moving digits, resumable and repeatable."""

from phenaki_viz.training.loop import Progress, Trainer, resume, run
from phenaki_viz.training.recipe import DIGITS, Recipe, Stage
from phenaki_viz.training.stages import MaskGitTrainer, TokenizerTrainer

__all__ = [
    "DIGITS",
    "MaskGitTrainer",
    "Progress",
    "Recipe",
    "Stage",
    "TokenizerTrainer",
    "Trainer",
    "resume",
    "run",
]
