"""Rebuild and record the dialled model many times with random settings: no exception, level memory.

python -m benchmarks.rebuilds --times 1000
"""

import argparse
import ctypes
import gc
import random
import time

import torch

from phenaki_viz.data import read_prompt, sample_clip
from phenaki_viz.errors import RecordingTooLargeError
from phenaki_viz.runs.dialled import run_dialled
from phenaki_viz.ui.state import dial_settings as s
from phenaki_viz.ui.state.dial_settings import Settings

LIMIT = 32 * 2**20  # bytes of maps: larger settings are refused, which is part of the test


def draw(dice: random.Random) -> Settings:
    """Settings anywhere inside the ranges of the sidebar."""
    size = dice.choice(s.SIZES)
    pt = dice.randint(*s.TEMPORAL_PATCHES)
    layout = dice.choice(("joint", "factorised"))
    return Settings(
        layout=layout,
        heads=dice.randint(*s.HEADS),
        depth=dice.randint(*s.DEPTH),
        dim_head=dice.choice(s.HEAD_WIDTHS),
        dim=dice.choice(s.WIDTHS),
        size=size,
        patch=dice.choice([patch for patch in s.PATCHES if size % patch == 0]),
        temporal_patch=pt,
        frames=dice.choice(s.frame_counts(pt, 17)),
        causal=dice.random() < 0.5,
        peg=dice.random() < 0.5,
        peg_causal=dice.random() < 0.5,
        peg_rearranged=dice.random() < 0.5,
        cross=dice.random() < 0.5,
        prompt=" ".join(["word"] * dice.randint(0, 9)),
        null_kv=dice.randint(*s.NULLS),
        position_bias=dice.random() < 0.5,
        word_padding=dice.randint(*s.WORD_PADDING),
        step_padding=dice.randint(*s.STEP_PADDING),
        seed=dice.randint(0, 2**31 - 1),
    )


def resident() -> float:
    """Resident memory of this process in MiB, what the allocator only holds back given up first."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    with open("/proc/self/statm") as statm:  # noqa: PTH123
        return int(statm.read().split()[1]) * 4096 / 2**20


def main() -> None:
    """Print progress and, at the end, what happened."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    dice, clip = random.Random(options.seed), sample_clip()
    refused, worst, after_warm_up, started = 0, 0.0, 0.0, time.time()
    for at in range(options.times):
        settings = draw(dice)
        try:
            run = run_dialled(
                settings.config, clip, read_prompt(settings.prompt), settings.padding,
                limit_bytes=LIMIT,
            )  # fmt: skip
            worst = max(worst, run.recording.max_abs_error or 0.0)
        except RecordingTooLargeError:
            refused += 1
        if at == options.times // 5:
            after_warm_up = resident()
        if at % 100 == 0:
            print(f"{at:5d}  {time.time() - started:6.0f} s  {resident():7.0f} MiB", flush=True)
    print(
        f"{options.times} rebuilds, {refused} refused by size, 0 exceptions; largest verification "
        f"error {worst:.1e}; memory {after_warm_up:.0f} MiB after a fifth, {resident():.0f} at the "
        f"end; {time.time() - started:.0f} s, torch {torch.__version__}"
    )


if __name__ == "__main__":
    main()
