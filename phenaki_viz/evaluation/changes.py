"""How an intervention changes the output: paired over the same clips and masks, with its interval.

The loss of the hidden tokens, which of them become another code, and how far the distributions
move. A rise whose interval holds 0 says nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from einops import rearrange
from torch import nn

from phenaki_viz.analysis.incremental import Incremental, incremental
from phenaki_viz.analysis.intervals import half_width
from phenaki_viz.evaluation.trials import Trials, whole
from phenaki_viz.recording.interventions import (
    Intervention,
    MeanHead,
    heard_outputs,
    intervened,
)


@dataclass(frozen=True, eq=False, kw_only=True)
class Change:
    """What an intervention does to the output. rises: 'b' float64, nats above the whole model's.

    moved: 'b' float64, share of the hidden tokens whose most likely code is another. divergence:
    'b' float64, mean Kullback-Leibler divergence of the distributions over codes, of the whole
    model's from the changed one's: KL(whole ‖ changed), in nats. before: 'b' float64, the whole
    model's loss in nats. All three None where they were not measured. masks: how many trials there
    are of each clip, which stand together.
    """

    rises: np.ndarray
    moved: np.ndarray | None = None
    divergence: np.ndarray | None = None
    before: np.ndarray | None = None
    masks: int = 1

    @property
    def mean(self) -> float:
        """Mean rise in nats."""
        return float(self.rises.mean())

    @property
    def half_width(self) -> float:
        """Half of the 95 % interval of the mean, by Student's t; NaN of fewer than two trials."""
        return half_width(self.by_clip(self.rises))

    def by_clip(self, trials: np.ndarray) -> np.ndarray:
        """What an interval is taken over: of numbers 'b' the mean of each clip over its masks.

        Trials of one clip are alike: taken each for one, more masks would make any interval small.
        Of one clip they are its trials, and the interval is of that clip alone.
        """
        clips = rearrange(trials, "(c m) -> c m", m=self.masks)
        found: np.ndarray = clips.mean(axis=1) if len(clips) > 1 else clips[0]
        return found

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the mean rise, nats."""
        return self.mean - self.half_width, self.mean + self.half_width

    @property
    def is_sure(self) -> bool:
        """Whether the interval leaves out 0."""
        low, high = self.interval
        return low > 0 or high < 0


@dataclass(frozen=True, eq=False, kw_only=True)
class Answers:
    """What a model says of every hidden token: log p over the codes, '(b hidden) codes'.

    count: hidden tokens of each trial, alike for all.
    """

    log_p: torch.Tensor
    count: int

    def losses(self, trials: Trials) -> np.ndarray:
        """Mean −log p of the true code over the hidden tokens of each trial: 'b' float64, nats."""
        true = trials.codes[trials.masked]
        return self._mean(-self.log_p.gather(1, true[:, None])[:, 0])

    def moved(self, before: "Answers") -> np.ndarray:
        """Share of the hidden tokens whose most likely code is another: 'b' float64."""
        return self._mean((self.log_p.argmax(1) != before.log_p.argmax(1)).float())

    def divergence(self, before: "Answers") -> np.ndarray:
        """Mean KL(before ‖ this) over the hidden tokens of each trial: 'b' float64, nats."""
        terms = F.kl_div(self.log_p, before.log_p, reduction="none", log_target=True)
        return self._mean(terms.sum(dim=1))

    def change(self, before: "Answers", trials: Trials) -> Change:
        """How these answers differ from those of the model as it is."""
        as_it_is = before.losses(trials)
        return Change(
            rises=self.losses(trials) - as_it_is,
            moved=self.moved(before),
            divergence=self.divergence(before),
            before=as_it_is,
            masks=trials.masks,
        )

    def _mean(self, each: torch.Tensor) -> np.ndarray:
        by_trial = rearrange(each.double(), "(b n) -> b n", n=self.count)
        mean: np.ndarray = by_trial.mean(dim=1).numpy()
        return mean


def answers_of(logits: torch.Tensor, trials: Trials) -> Answers:
    """Of the logits 'b n codes' for all tokens, those of the hidden ones."""
    hidden = rearrange(trials.masked, "b t h w -> b (t h w)")
    return Answers(log_p=logits[hidden].log_softmax(dim=-1), count=int(hidden[0].sum()))


@torch.inference_mode()
def answers(
    model: nn.Module, trials: Trials, interventions: Sequence[Intervention] = ()
) -> Answers:
    """What the model says of the hidden tokens while interventions are in force."""
    maskgit = whole(model).maskgit
    with intervened(model, interventions):
        logits = maskgit(
            torch.where(trials.masked, maskgit.mask_id, trials.codes),
            context=trials.context,
            text_mask=trials.seen,
        )
    return answers_of(logits, trials)


@incremental
def change_of(
    model: nn.Module, trials: Trials, interventions: Sequence[Intervention]
) -> Incremental[Change]:
    """What interventions together do to the output. Raises RecordingError; see `intervened`."""
    before = answers(model, trials)
    yield 0.5
    return answers(model, trials, interventions).change(before, trials)


@torch.inference_mode()
def mean_of_head(model: nn.Module, trials: Trials, module: str, head: int) -> MeanHead:
    """A head at its mean output over all tokens of these trials, as an intervention.

    Raises RecordingError where the model has no such head.
    """
    with heard_outputs(model, module, head) as heard:
        answers(model, trials)
    mean = torch.cat(heard).double().mean(dim=(0, 1))
    return MeanHead(module=module, head=head, mean=tuple(mean.tolist()), over=trials.spoken)
