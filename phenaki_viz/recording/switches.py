"""Heads switched off and layers cut away: the interventions that have a switch of their own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from torch import nn

from phenaki_viz.recording.interventions import (
    CutDepth,
    Intervention,
    Interventions,
    ZeroHead,
    as_dict,
    intervened,
)


@dataclass(frozen=True, kw_only=True)
class Switches:
    """What is changed in a model.

    off: (module, head) pairs whose contribution to the output is nothing. depth: (transformer,
    layers kept) pairs; the layers after them add nothing and are not recorded. also: interventions
    of other kinds.
    """

    off: frozenset[tuple[str, int]] = frozenset()
    depth: frozenset[tuple[str, int]] = frozenset()
    also: Interventions = ()

    def __bool__(self) -> bool:
        return bool(self.off or self.depth or self.also)

    @property
    def interventions(self) -> Interventions:
        """All of it as one tuple."""
        off: list[Intervention] = [ZeroHead(module=name, head=at) for name, at in sorted(self.off)]
        cut = [CutDepth(module=name, kept=kept) for name, kept in sorted(self.depth)]
        return (*off, *cut, *self.also)

    @property
    def origin(self) -> dict[str, Any]:
        """What is changed as JSON values, for what a recording says of how it was made."""
        also = {"interventions": [as_dict(one) for one in self.interventions]} if self.also else {}
        return {
            "heads_off": sorted(map(list, self.off)),
            "depth_kept": sorted(map(list, self.depth)),
            **also,
        }


@contextmanager
def switched(model: nn.Module, switches: Switches) -> Iterator[None]:
    """Run the block with all of it in force; see `interventions.intervened`.

    A head that is off still has its map, and the map is what it would do: its share of what
    `to_out` reads is zero, so nothing of it reaches the output. A layer that is cut away adds
    nothing to the tokens.
    """
    with intervened(model, switches.interventions):
        yield
