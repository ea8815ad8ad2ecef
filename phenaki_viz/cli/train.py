"""`phenaki-viz train digits`: train the small Phenaki that comes with the project."""

import argparse
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phenaki_viz.cli.options import at_least

if TYPE_CHECKING:
    from phenaki_viz.training import Progress

BEAT = 2.0  # seconds between lines of progress
# Name, least, default and what it is; a test makes sure that the defaults are the recipe's.
TOKENIZER, MASKGIT, POOL = 1800, 6500, 20_480
NUMBERS = (
    ("--threads", 1, 1, "threads of PyTorch; more win little at this size"),
    ("--seed", 0, 0, "of the clips, the weights and the masks"),
    ("--tokenizer-steps", 1, TOKENIZER, "steps of C-ViViT, which is trained first"),
    ("--maskgit-steps", 1, MASKGIT, "steps of MaskGit, on C-ViViT's codes"),
    ("--pool", 1, POOL, "clips that MaskGit learns from"),
)


def add(commands: Any) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("train", help="train a small Phenaki; Ctrl-C stops and saves")
    parser.add_argument("what", choices=("digits",), help="moving handwritten digits")
    parser.add_argument("output", type=Path, help="the .safetensors file to write")
    parser.add_argument(
        "--states",
        type=Path,
        default=Path("runs/digits"),
        metavar="FOLDER",
        help="where it is saved meanwhile, to go on from (default: runs/digits)",
    )
    for name, least, default, what in NUMBERS:
        parser.add_argument(
            name, type=at_least(least), default=default, metavar="N",
            help=f"{what} (default: {default:,})",
        )  # fmt: skip
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Train to the end, or until Ctrl-C; the same command goes on where it stopped."""
    import torch

    from phenaki_viz.files import make_folder, target_of
    from phenaki_viz.training.digits import train_digits
    from phenaki_viz.training.recipe import DIGITS

    target_of(options.output)  # before the work, not after it
    make_folder(options.states)
    torch.set_num_threads(options.threads)
    recipe = replace(
        DIGITS,
        seed=options.seed,
        data=replace(DIGITS.data, seed=options.seed),
        pool=options.pool,
        tokenizer=replace(DIGITS.tokenizer, steps=options.tokenizer_steps),
        maskgit=replace(DIGITS.maskgit, steps=options.maskgit_steps),
    )
    stopped: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: stopped.append(number))
    try:
        model = train_digits(
            recipe,
            options.output,
            options.states,
            on_progress=_Teller(),
            should_stop=lambda: bool(stopped),
        )
    finally:
        signal.signal(signal.SIGINT, before)
    if model is None:
        print(f"\nstopped and saved in {options.states}: the same command goes on", file=sys.stderr)
        return 130
    print(f"\n{options.output}", file=sys.stderr)
    return 0


class _Teller:
    """One line that is written anew every few seconds."""

    def __init__(self) -> None:
        self.last = 0.0

    def __call__(self, progress: "Progress") -> None:
        now = time.monotonic()
        ended = progress.done == progress.steps
        if now - self.last < BEAT and not ended:
            return
        self.last = now
        minutes, seconds = divmod(round(progress.seconds_left), 60)
        loss = "" if progress.loss != progress.loss else f", loss {progress.loss:.4f}"
        line = f"{progress.name}: {progress.done:,} of {progress.steps:,}{loss}"
        end = "\n" if ended else ""
        print(f"\r{line}, {minutes}:{seconds:02d} left   ", end=end, file=sys.stderr, flush=True)
