"""The whole training on moving digits: C-ViViT, then MaskGit, then one file of weights."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from phenaki_viz.checkpoints.native import Origin, save_model
from phenaki_viz.models import Attention, Phenaki
from phenaki_viz.models.seeding import random_stream
from phenaki_viz.training.loop import Progress, StoppedError, Trainer, resume, run
from phenaki_viz.training.recipe import Recipe
from phenaki_viz.training.stages import MaskGitTrainer, TokenizerTrainer

TITLE = "A small Phenaki, trained on moving handwritten digits"
LICENCE = (
    "Weights: MIT. Data: Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak, "
    "UCI Machine Learning Repository, CC BY 4.0, as in scikit-learn"
)
CURVE_POINTS = 100


def train_digits(
    recipe: Recipe,
    output: Path,
    states: Path,
    *,
    on_progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Phenaki | None:
    """Train, or go on where `states` stopped, and write `output`; None when it was stopped.

    The same recipe on the same kind of machine with as many threads gives the same weights.
    """
    started = time.process_time()
    model = new_model(recipe)
    tokenizer = TokenizerTrainer(model.cvivit, recipe.data, recipe.tokenizer, recipe.seed)
    if not _train(tokenizer, states, on_progress, should_stop):
        return None
    try:
        maskgit = MaskGitTrainer(model, recipe, _encoding(on_progress, should_stop))
    except StoppedError:
        return None
    if not _train(maskgit, states, on_progress, should_stop):
        return None
    maskgit.finish()
    origin = Origin(
        title=TITLE,
        licence=LICENCE,
        record={
            "seed": recipe.seed,
            "threads": torch.get_num_threads(),
            "cpu_seconds_of_last_session": round(time.process_time() - started),
            "torch": torch.__version__,
            "tokenizer": _record(tokenizer),
            "maskgit": _record(maskgit),
        },
    )
    save_model(output, model, recipe.model, origin, half=True)
    return model.eval()


def new_model(recipe: Recipe) -> Phenaki:
    """The untrained model, weights from the recipe's seed."""
    with random_stream(recipe.seed):
        model = recipe.model.build()
    with torch.no_grad():
        for module in model.maskgit.modules():
            if isinstance(module, Attention):
                module.null_kv.mul_(recipe.null_scale)
    return model


def _train(
    trainer: Trainer,
    states: Path,
    on_progress: Callable[[Progress], None] | None,
    should_stop: Callable[[], bool] | None,
) -> bool:
    resume(trainer, states)
    return run(trainer, states, on_progress=on_progress, should_stop=should_stop)


def _encoding(
    on_progress: Callable[[Progress], None] | None, should_stop: Callable[[], bool] | None
) -> Callable[[int, int], None]:
    """Tells how far the encoding is; raises StoppedError when it shall stop."""
    started = time.perf_counter()

    def tell(done: int, of: int) -> None:
        if should_stop and should_stop():
            raise StoppedError
        if on_progress is None:
            return
        seconds = time.perf_counter() - started
        left = seconds / done * (of - done)
        on_progress(Progress("clips encoded", done, of, float("nan"), seconds, left))

    return tell


def _record(trainer: TokenizerTrainer | MaskGitTrainer) -> dict[str, Any]:
    """Steps, settings, and the loss curve as means of equal stretches."""
    width = max(1, len(trainer.losses) // CURVE_POINTS)
    curve = [
        round(sum(part) / len(part), 4)
        for at in range(0, len(trainer.losses), width)
        if (part := trainer.losses[at : at + width])
    ]
    return {
        "steps": trainer.done,
        "batch": trainer.stage.batch,
        "learning_rate": trainer.stage.learning_rate,
        "clips_per_curve_point": width * trainer.stage.batch,
        "loss_curve": curve,
    }
