"""Which rows of a call are checked, and what its projection was given of them."""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import torch

SHORT, SHORT_ON_HOST = 2**22, 2**14  # bytes that are copied in the time of a launch


@dataclass(frozen=True)
class Sample:
    """Which batch items and query rows are checked: all of a small map, every so many of a large.

    Both as slices with a step, so that what is checked is read where it lies.
    """

    items: slice
    rows: slice

    @staticmethod
    @lru_cache(maxsize=256)
    def of(batch: int, queries: int, most_items: int, most_rows: int) -> "Sample":
        """At most so many items and rows, as far from each other, the last one among them."""
        return Sample(_every(batch, most_items), _every(queries, most_rows))

    def of_map(self, attn: torch.Tensor) -> torch.Tensor:
        """The sample of a map 'b h i j': a view with the same axes."""
        return attn[self.items, :, self.rows]

    def __len__(self) -> int:
        return len(indices(self.items)) * len(indices(self.rows))


class Mixed(NamedTuple):
    """What `to_out` was given, 'b i (h d)', before any hook on it, as far as it is checked.

    The projection's own call is watched, so it may be anything: adapted, quantised, hooked.
    kept: a copy, whatever is written there: of all of it where that is `whole`, else of the sampled
    rows; or None, and why there is none.
    """

    kept: torch.Tensor | None = None
    whole: bool = False
    given: str = ""

    @classmethod
    def of(cls, given: object, shape: tuple[int, int, int], sample: Sample) -> "Mixed":
        """The sample of what a call of `to_out` was given.

        shape: 'b i (h d)', what it should be.
        """
        if not isinstance(given, torch.Tensor):
            return cls(given=type(given).__name__)
        if given.shape != shape:
            return cls(given=" × ".join(map(str, given.shape)))
        given = given.detach() if given.requires_grad else given
        if is_short(given):  # layers that are alike are cut together, once
            return cls(given.clone(), whole=True)
        return cls(given[sample.items, sample.rows].clone())

    def rows(self, sample: Sample) -> torch.Tensor | None:
        """The sampled rows."""
        if self.kept is None or not self.whole:
            return self.kept
        return self.kept[sample.items, sample.rows]

    @property
    def missing(self) -> str:
        """Why there is nothing to compare with."""
        if not self.given:
            return "its output projection, to_out, was not called as a module"
        return f"its output projection, to_out, was given {self.given}, not every head's values"


def is_short(tensor: torch.Tensor) -> bool:
    """Whether to copy it takes no longer than to choose what of it to copy."""
    return tensor.nbytes <= (SHORT if tensor.is_cuda else SHORT_ON_HOST)


UNSEEN = Mixed()


def indices(places: slice) -> range:
    """What a slice with all its ends stands for."""
    return range(places.start, places.stop, places.step)


def _every(extent: int, most: int) -> slice:
    step = -(-extent // max(1, most))
    return slice((extent - 1) % step, extent, step)
