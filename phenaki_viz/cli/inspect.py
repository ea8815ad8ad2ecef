"""`phenaki-viz inspect`: what a file of weights holds, without running or loading it."""

import argparse
from pathlib import Path
from typing import Any


def add(commands: Any) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("inspect", help="what a checkpoint holds, read from its shapes")
    parser.add_argument("file", type=Path, help=".safetensors, .pt, .pth or .ckpt")
    parser.set_defaults(run=run)


def run(asked: argparse.Namespace) -> int:
    """Print one line a setting: its value, and whether it was read, inferred or assumed."""
    from phenaki_viz.checkpoints import inspect_checkpoint
    from phenaki_viz.checkpoints.describing import describe

    print("\n".join(describe(inspect_checkpoint(asked.file))))
    return 0
