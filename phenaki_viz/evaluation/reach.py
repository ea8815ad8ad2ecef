"""Which time steps of an input reach which of an output: what the causality probe finds."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

Kind = Literal["PEG", "norm", "attention", "cross-attention", "feed-forward", "layer", "stack"]
PARTS: tuple[Kind, ...] = ("PEG", "attention", "cross-attention", "feed-forward")


@dataclass(frozen=True, eq=False, kw_only=True)
class Reach:
    """Which time steps of an input reach which of an output; rows are outputs, columns inputs.

    relative: 't t' float64, ‖change‖ / ‖output‖ of the output's step. largest: 't t' float64, the
    largest absolute change of a number in it. tolerance: relative change above which a step counts
    as moved; outputs that are equal bit for bit never do.
    """

    relative: np.ndarray
    largest: np.ndarray
    tolerance: float

    @property
    def moved(self) -> np.ndarray:
        """'t t' bool."""
        return (self.relative > self.tolerance) & (self.largest > 0)

    @property
    def later(self) -> np.ndarray:
        """Where an input that comes later moves an output: 't t' bool."""
        return np.triu(self.moved, 1)

    @property
    def leaks(self) -> bool:
        """Whether a later step reaches an earlier one."""
        return bool(self.later.any())

    @property
    def worst(self) -> tuple[int, int, float] | None:
        """(output's step, later input's step, relative change) of the largest leak, or None."""
        if not self.leaks:
            return None
        leaked = np.where(self.later, self.relative, 0)
        at, of = np.unravel_index(int(leaked.argmax()), leaked.shape)
        return int(at), int(of), float(leaked[at, of])

    @property
    def margin(self) -> float:
        """How many times the change nearest to the tolerance is above or below it.

        Of the later steps; infinite where all of their outputs are equal bit for bit.
        """
        found = self.relative[np.triu(self.largest > 0, 1)]
        if not found.size:
            return float("inf")
        ratio = np.maximum(found, np.finfo(float).tiny) / self.tolerance
        return float(np.maximum(ratio, 1 / ratio).min())


@dataclass(frozen=True, eq=False, kw_only=True)
class ModuleReach:
    """One module of a transformer. name: in the model. layer: None outside of the layers.

    kind "layer" is all parts of one layer with what passes them by, "stack" the whole transformer.
    """

    name: str
    kind: Kind
    layer: int | None
    through: Reach
    alone: Reach


@dataclass(frozen=True, eq=False, kw_only=True)
class Causality:
    """What the probe found. modules: in the order in which they run, the whole stack last.

    stack: the transformer's name. steps: time steps. tolerance: see `Reach`; by the coarsest
    numbers any module gives.
    """

    stack: str
    steps: int
    tolerance: float
    modules: tuple[ModuleReach, ...]

    @property
    def whole(self) -> Reach:
        """Which steps reach which through the whole transformer."""
        return self.modules[-1].through

    @property
    def leaking(self) -> tuple[ModuleReach, ...]:
        """The parts that leak by themselves: those that whole layers are made of."""
        return tuple(one for one in self.modules if one.kind in PARTS and one.alone.leaks)
