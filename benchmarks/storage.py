"""Dense or factored: what recording and reading cost each way, by length; CPU seconds, in turns.

    python -m benchmarks.storage

From it comes `LONG` in phenaki_viz/recording/storage.py: from which length `storage="auto"` makes
maps factored. 6 layers, 8 heads of 64, 3-D position bias, one thread. CPU time rather than the
clock's, so that a busy machine tells nearly the same; ratios round by round. "read" is thumbnails
of all 48 heads. Writes benchmarks/results/storage.md.
"""

import argparse
import gc
import os
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from benchmarks.length import GRIDS, RESULTS, _call
from phenaki_viz.analysis.thumbnails import thumbnails
from phenaki_viz.recording import Recording

LENGTHS = {256: (4, 8, 8), 400: (4, 10, 10), 576: (9, 8, 8), 784: (4, 14, 14),
           1024: (4, 16, 16), 1536: (6, 16, 16)}  # fmt: skip
WAYS = ("fused", "factored", "dense")
HEAD = (
    "| tokens | nothing recorded, s | factored / nothing | dense / nothing | dense / factored "
    "| read factored, s | read dense, s | MB factored | MB dense |"
)


def main(argv: Sequence[str] | None = None) -> list[str]:
    """Measure, print, write; returns the lines of the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--tokens", type=int, nargs="*", choices=LENGTHS, default=[*LENGTHS])
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    GRIDS.update(LENGTHS)
    lines = [HEAD, "|" + "---|" * 9]
    for n in options.tokens:
        lines.append(_row(n, options.rounds))
        print(lines[-1], flush=True)
    options.out.mkdir(parents=True, exist_ok=True)
    load = f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, torch {torch.__version__}"
    (options.out / "storage.md").write_text("\n".join((f"CPU seconds; {load}.", "", *lines, "")))
    return lines


def _row(n: int, rounds: int) -> str:
    calls: dict[str, Callable[[], Recording]] = {way: _call(way, n) for way in WAYS}
    for call in calls.values():
        call()
    took: dict[str, list[float]] = {way: [] for way in WAYS}
    read: dict[str, list[float]] = {"factored": [], "dense": []}
    size = {}
    for _ in range(rounds):
        for way, call in calls.items():
            made, seconds = _taken(call)
            took[way].append(seconds)
            if way != "fused":
                size[way] = made.nbytes / 1e6
                read[way].append(_taken(lambda made=made: thumbnails(made.records, [0] * 6))[1])

    def over(one: str, other: str) -> str:
        pairs = zip(took[one], took[other], strict=True)
        return f"{statistics.median(a / b for a, b in pairs):.3f}"

    cells = [
        f"{n:,}", f"{statistics.median(took['fused']):.3f}", over("factored", "fused"),
        over("dense", "fused"), over("dense", "factored"),
        *(f"{statistics.median(read[way]):.3f}" for way in read),
        *(f"{size[way]:.1f}" for way in read),
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _taken(call: Callable[[], Recording]) -> tuple[Recording, float]:
    gc.collect()
    started = time.process_time()
    made = call()
    return made, time.process_time() - started


if __name__ == "__main__":
    main()
