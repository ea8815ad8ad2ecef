"""Long maps in the page: one reading of every head against the readings that it takes the place of.

    python -m benchmarks.long_page              # all of it: minutes on two cores
    python -m benchmarks.long_page --layers 1   # 8 heads, and beside it what 48 would take

16,384 tokens, 6 layers, 8 heads of 64, 3-D position bias. Each layer is run by itself, on tokens at
random. Seconds of the clock and of all cores together, the load beside them, in one run: the floor
(products and powers alone, of as many weights as a head has), the overview of a head, the estimates
of all heads, then one reading of all (thumbnails, every metric, sinks). With --separate also what
was done before, one reading for each. Writes benchmarks/results/long_page.md.
"""

import argparse
import os
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

import phenaki_viz
from benchmarks.forward import DIM, DIM_HEAD, HEADS
from benchmarks.length import GRIDS, RESULTS
from phenaki_viz import models
from phenaki_viz.analysis.incremental import run_to_end
from phenaki_viz.analysis.measures import applicable, head_statistics
from phenaki_viz.analysis.survey import HeadReading, Survey, survey
from phenaki_viz.analysis.thumbnails import thumbnails
from phenaki_viz.analysis.tiles import map_tile
from phenaki_viz.numerics.crew import side_by_side
from phenaki_viz.recording import AttentionRecord, HeadMap

ALL_HEADS = 48
GRIDS_HERE = {4096: (16, 16, 16), 16384: GRIDS[16384]}


def main(argv: Sequence[str] | None = None) -> list[str]:
    """Measure, print, write; returns the lines of the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tokens", type=int, choices=GRIDS_HERE, default=16384)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--separate", action="store_true")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(argv)
    torch.set_num_threads(options.threads)
    records = [_layer(options.tokens, seed) for seed in range(options.layers)]
    items, lines = [0] * len(records), ["| what | s | s of all cores | load |", "|---|---|---|---|"]

    def timed(what: str, call: Callable[[], Any], rounds: int = 1) -> Any:
        taken = [_timed(call) for _ in range(rounds)]
        wall, cores = (statistics.median(one[at] for one in taken) for at in (1, 2))
        lines.append(f"| {what} | {wall:.2f} | {cores:.2f} | {os.getloadavg()[0]:.1f} |")
        print(lines[-1], flush=True)
        return taken[-1][0]

    n, heads = options.tokens, HEADS * options.layers
    whole = 0, n, 0, n
    one = HeadMap(records[0], 0, 3)
    timed("floor of a head: products, and 2 to the power of them", lambda: _floor(n), 3)
    timed("overview of a head, 324 × 324", lambda: map_tile(one, whole, 324), 3)
    done: list[HeadReading] = []
    steps = survey.steps(records, items, done)
    timed(f"estimates of all {heads} heads", lambda: _until(steps, done))
    first = Survey.of(records, done)
    read = timed(f"one reading of all {heads} heads", lambda: run_to_end(steps))
    if heads != ALL_HEADS:
        wall, cores = (float(part) for part in lines[-1].split("|")[2:4])
        times = ALL_HEADS / heads
        lines.append(f"| so {ALL_HEADS} heads | {wall * times:.0f} | {cores * times:.0f} | |")
        print(lines[-1], flush=True)
    lines.append("")
    for name in applicable(records[0]):
        error = abs(first.mean(name) - read.mean(name)) / first.error(name)
        lines.append(f"{name}: estimates are {error.mean():.2f} of their standard errors off")
    if options.separate:
        names = list(applicable(records[0]))
        lines.append("")
        timed("thumbnails alone", lambda: thumbnails(records, items))
        timed(f"{len(names)} metrics alone", lambda: head_statistics(records, items, names))
    options.out.mkdir(parents=True, exist_ok=True)
    said = f"{n:,} tokens, {heads} heads, {options.threads} threads, torch {torch.__version__}."
    (options.out / "long_page.md").write_text("\n".join((said, "", *lines, "")))
    return lines


def _layer(n: int, seed: int) -> AttentionRecord:
    """One layer over tokens at random, recorded factored."""
    torch.manual_seed(seed)
    model = _Layer(GRIDS_HERE[n]).eval()
    with torch.no_grad(), phenaki_viz.record(model, storage="factored") as recording:
        model(torch.randn(1, n, DIM))
    return recording[0]


class _Layer(torch.nn.Module):
    """One layer with its position bias."""

    def __init__(self, grid: tuple[int, int, int]) -> None:
        super().__init__()
        self.grid = grid
        self.bias = models.ContinuousPositionBias(dim=DIM_HEAD, heads=HEADS, num_dims=3)
        self.layer = models.Attention(DIM, heads=HEADS, dim_head=DIM_HEAD)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x: 'b (t h w) d'."""
        return self.layer(x, attn_bias=self.bias(*self.grid, dense=False))


def _floor(n: int) -> None:
    """What no exact reading can do without: each core makes blocks that fit into its cache."""
    q, k = torch.randn(n, DIM_HEAD) / 8, torch.randn(DIM_HEAD, n)
    memory = threading.local()

    def block(first: int) -> None:
        if not hasattr(memory, "block"):
            memory.block = torch.empty(256, 1024)
        for key in range(0, n, 1024):
            torch.mm(q[first : first + 256], k[:, key : key + 1024], out=memory.block)
            torch.exp2(memory.block, out=memory.block)

    list(side_by_side(block, range(0, n, 256)))


def _until(steps: Iterator[float], done: list[HeadReading]) -> None:
    while not done:
        next(steps)


def _timed(call: Callable[[], Any]) -> tuple[Any, float, float]:
    wall, cores = time.perf_counter(), time.process_time()
    made = call()
    return made, time.perf_counter() - wall, time.process_time() - cores


if __name__ == "__main__":
    main()
