"""What heads and layers are worth: the loss of masked tokens with each switched off in turn.

A head is switched off, the same clips are hidden by the same masks, and the model fills them in
again: the rise of its loss says what the head was worth (Michel et al. 2019, "Are Sixteen Heads
Really Better than One?", section 3). A rise whose interval holds 0 says nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from phenaki_viz.analysis.incremental import Incremental, incremental
from phenaki_viz.errors import RecordingError
from phenaki_viz.evaluation.changes import Answers, Change, answers, answers_of
from phenaki_viz.evaluation.trials import Trials as Trials
from phenaki_viz.evaluation.trials import expect_measurable as expect_measurable
from phenaki_viz.evaluation.trials import whole
from phenaki_viz.models import MaskGit
from phenaki_viz.models.maskgit import seen_words
from phenaki_viz.recording import attention_modules
from phenaki_viz.recording.families.phenaki import stack_and_layer
from phenaki_viz.recording.interventions import ZeroHead, intervened
from phenaki_viz.recording.switches import Switches

NOTHING = Switches()
TRANSFORMER = "maskgit.transformer"
Heads = tuple[str, int | None]  # (module, head), None for all of a module's


@dataclass(frozen=True, eq=False, kw_only=True)
class HeadEffect(Change):
    """What switching one head off does; head: None for all heads of the module, a whole layer's."""

    module: str
    head: int | None


def masked_losses(model: nn.Module, trials: Trials, switches: Switches = NOTHING) -> np.ndarray:
    """Mean −log p of the true code over the hidden tokens of each trial: 'b' float64, nats."""
    return answers(model, trials, switches.interventions).losses(trials)


def heads_of(model: nn.Module) -> tuple[tuple[str, int], ...]:
    """(module, head) of every attention head of the MaskGit, in the order of the model."""
    inside = whole(model).maskgit
    return tuple(
        (f"maskgit.{name}", head)
        for name, module in attention_modules(inside).items()
        for head in range(module.heads)
    )


def layers_of(model: nn.Module) -> tuple[tuple[str, None], ...]:
    """(module, None) of every attention module of the MaskGit: a layer's self or cross heads."""
    return tuple((name, None) for name in dict.fromkeys(name for name, _ in heads_of(model)))


@incremental
def sweep(
    model: nn.Module, trials: Trials, heads: Sequence[Heads] | None = None
) -> Incremental[tuple[HeadEffect, ...]]:
    """Switch every head off in turn: the effect of each. A step is one forward, or less.

    heads: (module, head) pairs, None for all of the MaskGit; a head of None is all of the module's.
    All trials run as one batch, and of the layers before a head that is off what came out of them
    is kept. The model is locked for one step at a time, so others can use it in between. Raises
    RecordingError for a head that is not there.
    """
    given: tuple[Heads, ...] = heads_of(model) if heads is None else tuple(heads)
    run = _Layered(model, trials)
    before, found = run.answers(), dict[int, HeadEffect]()
    for done, at in enumerate(sorted(range(len(given)), key=lambda at: _layer(given[at][0])), 1):
        yield done / (len(given) + 1)
        change = run.answers(*given[at]).change(before, trials)
        module, head = given[at]
        found[at] = HeadEffect(module=module, head=head, **vars(change))
    return tuple(found[at] for at in range(len(given)))


class _Layered:
    """A MaskGit run with heads off, layer by layer from the first: each layer runs whole once."""

    def __init__(self, model: nn.Module, trials: Trials) -> None:
        self.model, self.trials = model, trials
        self.maskgit: MaskGit = whole(model).maskgit
        self.layer = 0
        self.x, self.given = self._begin()

    @torch.inference_mode()
    def answers(self, module: str | None = None, head: int | None = None) -> Answers:
        """With the heads of a module off, or with all on; modules in the order of their layers."""
        off = [] if module is None else list(self._off(module, head))
        transformer, depth = self.maskgit.transformer, len(self.maskgit.transformer.layers)
        with intervened(self.model, off):
            first = self.layer if module is None else self._go_to(_layer(module))
            x = transformer.through(range(first, depth), self.x, **self.given)
            return answers_of(self.maskgit.to_logits(transformer.norm_out(x)), self.trials)

    def _off(self, module: str, head: int | None) -> Iterator[ZeroHead]:
        found = attention_modules(self.model).get(module)
        if found is None:
            raise RecordingError(f"there are no heads in {module}: nothing was switched off")
        for one in range(found.heads) if head is None else (head,):
            yield ZeroHead(module=module, head=one)

    def _go_to(self, layer: int) -> int:
        """Run the layers before one whole, once; the heads that are off are not in them."""
        self.x = self.maskgit.transformer.through(range(self.layer, layer), self.x, **self.given)
        self.layer = layer
        return layer

    @torch.inference_mode()
    def _begin(self) -> tuple[torch.Tensor, dict[str, Any]]:
        trials, maskgit = self.trials, self.maskgit
        codes = torch.where(trials.masked, maskgit.mask_id, trials.codes)
        with intervened(self.model, ()):
            x, given = maskgit.begin(codes, context=trials.context)
        seen = seen_words(trials.context, trials.seen, 0.0)
        return x, {**given, "cross_attn_context_mask": seen}


def _layer(module: str) -> int:
    """The layer of the MaskGit's transformer that a module is in; 0 for what is elsewhere."""
    stack, layer = stack_and_layer(module)
    return layer if stack == TRANSFORMER else 0
