"""Recordings that are let go of one after the other: does their memory go with them?

    python -m benchmarks.dropped [--tokens 1536] [--times 10]

The same model is recorded dense again and again, each recording dropped before the next. What stays
in memory and how high it rises, as multiples of what one recording keeps; the first recording
counts as warming up. About 0 and 1 where nothing keeps them.
"""

import argparse
import resource
from collections.abc import Sequence
from pathlib import Path

import torch

import phenaki_viz
from benchmarks.forward import DIM, Joint
from benchmarks.memory import high_water, in_fresh_process
from phenaki_viz import models

GRIDS = {576: (9, 8, 8), 1536: (6, 16, 16)}


def main(argv: Sequence[str] | None = None) -> dict[str, float]:
    """Print and return both multiples, and the bytes of one recording."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tokens", type=int, choices=GRIDS, default=1536)
    parser.add_argument("--times", type=int, default=10)
    options = parser.parse_args(argv)
    found: dict[str, float] = in_fresh_process(_dropped, options.tokens, options.times)
    for name, value in found.items():
        print(f"{name}: {value:,.2f}")
    return found


@torch.no_grad()
def _dropped(n: int, times: int) -> dict[str, float]:
    torch.manual_seed(0)
    model, x = Joint(models, GRIDS[n]).eval(), torch.randn(1, n, DIM)
    kept = _record(model, x)
    before, peak = _resident(), high_water()
    for _ in range(times):
        _record(model, x)
    return {
        "MiB of one recording": kept / 2**20,
        f"recordings that stay after {times}": (_resident() - before) / kept,
        "recordings by which the peak rises after the first": (high_water() - peak) / kept,
    }


def _record(model: torch.nn.Module, x: torch.Tensor) -> int:
    with phenaki_viz.record(model, storage="dense", limit_bytes=2**40) as recording:
        model(x)
    return recording.nbytes


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


if __name__ == "__main__":
    main()
