"""The continuous position bias on all pairs of tokens, as published, and on distinct offsets.

Run: python -m benchmarks.position_bias
"""

import argparse
from collections.abc import Sequence
from functools import partial

import torch
from torch import nn

from benchmarks.memory import growth, in_fresh_process
from benchmarks.timing import take_turns
from phenaki_viz import models
from tests.published import published_attention

HEADS = 8
CASES = (((6, 16, 16), 64), ((9, 8, 8), 512))  # paper scale in MaskGit; README scale, wide
WAYS = ("published", "ours")


def main(argv: Sequence[str] | None = None) -> dict[str, float]:
    """Print a table; return how many times faster and smaller ours is, by case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args(argv)
    torch.set_num_threads(options.threads)
    # Memory first: a new process counts the high-water mark of the one that started it.
    peaks = {
        case: {way: in_fresh_process(_growth, way, *case, options.threads) for way in WAYS}
        for case in CASES
    }
    ratios: dict[str, float] = {}
    for grid, dim in CASES:
        ratios |= _compare(grid, dim, peaks[grid, dim], options.rounds)
    return ratios


@torch.no_grad()
def _compare(
    grid: tuple[int, ...], dim: int, peaks: dict[str, int], rounds: int
) -> dict[str, float]:
    name = f"{'×'.join(map(str, grid))}, dim {dim}"
    biases = {way: _build(way, grid, dim) for way in WAYS}
    biases["ours"].load_state_dict(biases["published"].state_dict())
    outputs = [bias(*grid) for bias in biases.values()]
    error = float((outputs[0] - outputs[1]).abs().max())
    equal = "bit-equal" if torch.equal(*outputs) else f"largest difference {error:.1e}"
    timings = take_turns({way: partial(bias, *grid) for way, bias in biases.items()}, rounds=rounds)
    print(f"{name}: {equal}")
    for way in WAYS:
        print(f"  {way:10} {timings[way]!s:32} {peaks[way] / 2**20:7,.0f} MiB at the peak")
    faster = timings["published"].over(timings["ours"])
    smaller = peaks["published"] / peaks["ours"]
    print(f"  {faster:.1f} times faster, {smaller:.1f} times less memory")
    return {f"{name} time": faster, f"{name} memory": smaller}


def _build(way: str, grid: tuple[int, ...], dim: int) -> nn.Module:
    classes = published_attention() if way == "published" else models
    return classes.ContinuousPositionBias(dim=dim, heads=HEADS, num_dims=len(grid))


@torch.no_grad()
def _growth(way: str, grid: tuple[int, ...], dim: int, threads: int) -> int:
    torch.set_num_threads(threads)
    bias = _build(way, grid, dim)
    bias(*(1 for _ in grid))
    return growth(lambda: bias(*grid))


if __name__ == "__main__":
    main()
