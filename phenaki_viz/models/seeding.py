"""Random weights that come from their seed alone, whatever other models are built meanwhile."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from phenaki_viz.forked import in_forked_children

_stream = threading.RLock()


@contextmanager
def random_stream(seed: int | None = None) -> Iterator[None]:
    """Have PyTorch's one stream of random numbers for this thread alone, and put it back after.

    seed: where it begins; None goes on from where it stands. New modules draw their weights from
    this stream, which all threads share: two that are built at once would take turns in it, and
    neither would have the weights of its seed.
    """
    with _stream, torch.random.fork_rng(devices=[]):
        if seed is not None:
            torch.manual_seed(seed)
        yield


@in_forked_children
def _renew() -> None:
    global _stream
    _stream = threading.RLock()
