"""What a recording costs the host beside a GPU: a stand-in on the CPU, for want of a GPU.

    python -m benchmarks.host_time [--rounds 200]

At 1,536 tokens on a GPU a forward of six layers is launches: the GPU has done each before the host
has launched the next, so that time is the host's. Here the same model, narrow and of eight tokens,
runs on the CPU with next to nothing to compute, and its calls wait to be checked together as they
do on a GPU (`making.has_to_wait`, `biases.is_far`). What is left is what the host does: modules
called, operations begun. Recorded factored and not recorded in turns, processor time of the thread
(of a busy machine wall time says little).
The ratio stands for factored / nothing recorded at 1,536 tokens (bar 1.5), not for any other
length: what a GPU computes, and what is copied from it, are not in it.
"""

import argparse
import gc
import statistics
import time
from collections.abc import Callable, Sequence
from unittest.mock import patch

import torch

import phenaki_viz
from benchmarks import forward
from phenaki_viz import models
from phenaki_viz.recording import biases, digests, making

GRID, DIM, DIM_HEAD = (1, 2, 4), 64, 8  # weights that stay in the cache, as a GPU's host has none
BAR, COLLECT = 1.5, 10  # rounds from one collection of garbage to the next


def main(argv: Sequence[str] | None = None) -> dict[str, float]:
    """Print and return medians in milliseconds, their ratio, and that of the 5 % points."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=200)
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    with (
        patch.object(making, "has_to_wait", lambda call: True),
        patch.object(biases, "is_far", lambda table: True),
        patch.object(digests, "_sampled", lambda weights: []),  # a GPU's weights are not looked at
        patch.object(forward, "DIM", DIM),
        patch.object(forward, "DIM_HEAD", DIM_HEAD),
    ):
        nothing, parts = _measured(options.rounds)
    found = {
        "nothing recorded": statistics.median(nothing),
        "factored": statistics.median(parts),
        "ratio": statistics.median(parts) / statistics.median(nothing),
        "ratio of 5 % points": _early(parts) / _early(nothing),
    }
    for name, value in found.items():
        print(f"{name}: {value:.2f}" + ("" if "ratio" in name else " ms"))
    print(f"bar on a GPU at 1,536 tokens: {BAR}")
    return found


@torch.no_grad()
def _measured(rounds: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each round: nothing recorded, and recorded factored."""
    torch.manual_seed(0)
    model = forward.Joint(models, GRID).eval()
    x = torch.randn(1, GRID[0] * GRID[1] * GRID[2], DIM)

    def recorded() -> None:
        with phenaki_viz.record(model, storage="factored"):
            model(x)

    ways: tuple[Callable[[], object], ...] = (lambda: model(x), recorded)
    for _ in range(10):
        for way in ways:
            way()
    taken: tuple[list[float], list[float]] = [], []
    gc.disable()
    for at in range(rounds):
        for one in ((0, 1), (1, 0))[at % 2]:
            started = time.thread_time_ns()
            ways[one]()
            taken[one].append((time.thread_time_ns() - started) / 1e6)
        if at % COLLECT == COLLECT - 1:
            gc.collect()  # never within a round
    gc.enable()
    return taken


def _early(taken: Sequence[float]) -> float:
    """What one in twenty rounds stays below: as if the machine were at rest."""
    return sorted(taken)[len(taken) // 20]


if __name__ == "__main__":
    main()
