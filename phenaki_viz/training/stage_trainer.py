"""What both trainings of Phenaki do alike: steps, the learning rate, a state to go on from."""

import math
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
import torch
from torch import nn

from phenaki_viz.errors import TrainingError
from phenaki_viz.training.recipe import Stage

LOWEST_RATE = 0.02  # share of the learning rate at the end


class StateProgress(msgspec.Struct):
    """The plain values of a saved state."""

    done: Annotated[int, msgspec.Meta(ge=0)]
    losses: list[float]


def check_same(own: Mapping[str, torch.Tensor], found: Mapping[str, torch.Tensor]) -> None:
    """That both have the same names, shapes and finite numbers. Raises ValueError."""
    if set(own) != set(found):
        raise ValueError("tensors of other names")
    for name, tensor in found.items():
        if tensor.shape != own[name].shape or not torch.isfinite(tensor).all():
            raise ValueError(f"{name[:60]} has another shape, or numbers that are none")


class StageTrainer:
    """What all trainings share: the optimiser, the schedule, and what a saved state holds."""

    def __init__(self, stage: Stage, modules: list[nn.Module], seed: int) -> None:
        self.stage = stage
        self.steps = stage.steps
        self.seed = seed
        self.done = 0
        self.losses: list[float] = []
        self.modules = nn.ModuleList(modules)
        self.optimiser = torch.optim.AdamW(
            self.modules.parameters(),
            lr=stage.learning_rate,
            betas=stage.betas,
            weight_decay=stage.weight_decay,
        )

    def advance(self) -> float:
        """One step; returns its loss. Raises TrainingError when the loss is no number."""
        self.modules.train()
        rate = learning_rate(self.stage, self.done)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        device = device_of(self.modules)
        with torch.autocast(device.type, torch.bfloat16, enabled=self.stage.bfloat16):
            loss = self._loss(self.done)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise TrainingError(
                f"the loss is {value} at step {self.done + 1}: lower the learning rate "
                f"({self.stage.learning_rate:g}) and resume from the last saved state"
            )
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.modules.parameters(), self.stage.clip_norm)
        self.optimiser.step()
        self.done += 1
        self.losses.append(value)
        return value

    def state(self) -> dict[str, Any]:
        """Everything a resumed training needs; tensors and plain values only."""
        return {
            "done": self.done,
            "losses": list(self.losses),
            "weights": self.modules.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state`. Raises TrainingError when it is not of this training.

        All of it is compared before any of it is used: the optimiser would take moments of any
        shape, and fail, or broadcast them, at the next step.
        """
        try:
            progress = msgspec.convert(
                {"done": state["done"], "losses": state["losses"]}, StateProgress
            )
            if progress.done > self.steps or len(progress.losses) != progress.done:
                raise ValueError(f"{len(progress.losses)} losses of {progress.done} steps")
            check_same(self.modules.state_dict(), state["weights"])
            self._check_optimiser(state["optimiser"])
            self.modules.load_state_dict(state["weights"])
            self.optimiser.load_state_dict(state["optimiser"])
        except (LookupError, RuntimeError, ValueError, TypeError, AttributeError) as error:
            raise TrainingError(
                "the saved state is not of this training; start in another folder, or delete it"
            ) from error
        self.done, self.losses = progress.done, progress.losses

    def _check_optimiser(self, saved: Mapping[str, Any]) -> None:
        """That its settings and moments are those of this training. Raises ValueError."""
        weights = list(self.modules.parameters())
        for at, kept in saved["state"].items():
            moments = {name: value for name, value in kept.items() if name != "step"}
            check_same(dict.fromkeys(("exp_avg", "exp_avg_sq"), weights[at]), moments)
        own = self.optimiser.state_dict()["param_groups"]
        for group, other in zip(own, saved["param_groups"], strict=True):
            shared = (group.keys() & other.keys()) - {"lr"}  # which every step sets
            if any(group[name] != other[name] for name in shared):
                raise ValueError("an optimiser with other settings")

    def _loss(self, step: int) -> torch.Tensor:
        raise NotImplementedError


def learning_rate(stage: Stage, step: int) -> float:
    """The rate at a step, from 0: up over the warm-up, then down along a cosine."""
    cosine = 0.5 * (1 + math.cos(math.pi * step / stage.steps))
    share = LOWEST_RATE + (1 - LOWEST_RATE) * cosine
    return stage.learning_rate * share * min(1.0, (step + 1) / stage.warm_up)


def device_of(module: nn.Module) -> torch.device:
    """Where the weights of a module are."""
    return next(module.parameters()).device
