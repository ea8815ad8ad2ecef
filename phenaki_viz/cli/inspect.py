"""`phenaki-viz inspect`: what a file of weights or a recording holds, without running anything."""

import argparse
from pathlib import Path
from typing import Any


def add(commands: Any) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "inspect", help="what a checkpoint or a recording holds, without running it"
    )
    parser.add_argument("file", type=Path, help=".safetensors, .pt, .pth or .ckpt")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Of weights: a line a setting, read, inferred or assumed. Of a recording: a line a stack."""
    from phenaki_viz.checkpoints import inspect_checkpoint
    from phenaki_viz.checkpoints.describing import describe
    from phenaki_viz.runs.describing import describe_file
    from phenaki_viz.runs.files import is_recording

    if is_recording(options.file):
        print("\n".join(describe_file(options.file)))
    else:
        print("\n".join(describe(inspect_checkpoint(options.file))))
    return 0
