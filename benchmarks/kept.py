"""What a server keeps while it is used: resident memory over many moves.

    python -m benchmarks.kept --moves 500 --limit 150

Every move dials another model (other weights each time), runs it and reads tiles and thumbnails
of its maps, through the shelves that the pages use. Prints the resident memory every so many moves,
and its least and most after the first 50 in per cent of their mean.
"""

import argparse
import ctypes
import os
import sys
import time
from pathlib import Path

import torch

from phenaki_viz.analysis.thumbnails import thumbnails
from phenaki_viz.analysis.tiles import map_tile
from phenaki_viz.data import sample_clip
from phenaki_viz.recording import HeadMap
from phenaki_viz.ui.state.dial_settings import Settings
from phenaki_viz.ui.work import computed
from phenaki_viz.ui.work.requests import DialledRequest
from phenaki_viz.ui.work.run_cache import RunShelf

FIRST = 50  # moves until everything has been filled
PAGE = os.sysconf("SC_PAGE_SIZE")


def resident() -> float:
    """MiB of this process that are in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 2**20


def move(shelf: RunShelf, seed: int) -> None:
    """What a moved slider computes and keeps."""
    settings = Settings(
        heads=8, depth=2, dim=256, dim_head=32, size=64, patch=16, frames=3, seed=seed
    )
    request = DialledRequest(settings=settings, clip=sample_clip())
    run = shelf.get(request)
    if run is None:
        run = request.run(lambda *_: None)
        shelf.put(request, run)
    for (_, kind), records in run.recording.stacks().items():
        items = [0] * len(records)
        computed.once((seed, kind), lambda r=records, i=items: thumbnails(r, i))
        i, j = records[0].map.shape[2:]
        computed.once(
            (seed, kind, "tile"),
            lambda r=records[0], w=(0, i, 0, j): map_tile(HeadMap(r, 0, 0), w, 324),
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--moves", type=int, default=500)
    parser.add_argument("--limit", type=int, default=150, help="MiB that runs may take")
    parser.add_argument("--trim", action="store_true", help="give freed memory back at each report")
    options = parser.parse_args()
    torch.set_num_threads(1)
    shelf, seen, began = RunShelf(options.limit * 2**20), [], time.perf_counter()
    computed.kept.limit_bytes = options.limit * 2**20 // 64  # full within the first moves as well
    print(f"begun with {resident():,.0f} MiB")
    for at in range(1, options.moves + 1):
        move(shelf, at)
        if at > FIRST:
            seen.append(resident())
        if at % FIRST == 0:
            if options.trim and sys.platform.startswith("linux"):
                ctypes.CDLL(None).malloc_trim(0)
            kept = (shelf.nbytes + computed.kept.nbytes) / 2**20
            print(
                f"{at:4} moves: {resident():6,.0f} MiB resident, {kept:6,.0f} counted in "
                f"{len(shelf.things)} runs, {time.perf_counter() - began:.0f} s",
                flush=True,
            )
    mean = sum(seen) / len(seen)
    low, high = (100 * (end / mean - 1) for end in (min(seen), max(seen)))
    print(f"after the first {FIRST}: mean {mean:,.0f} MiB, {low:+.1f} % to {high:+.1f} %")
    return 0 if max(-low, high) <= 5 else 1


if __name__ == "__main__":
    sys.exit(main())
