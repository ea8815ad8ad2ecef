"""Which model a command runs on which clip: options, and the run they ask for."""

import argparse
from dataclasses import fields
from pathlib import Path
from typing import Any

DIALS = ("heads", "depth", "dim_head", "dim", "patch", "temporal_patch", "frames", "seed")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the clip, the prompt and the dials of the model."""
    parser.add_argument("--clip", type=Path, help="GIF, ZIP of images, .npy, folder or film")
    parser.add_argument("--prompt", default="", help="text for cross-attention")
    parser.add_argument("--size", type=int, default=64, help="frame size in pixels")
    parser.add_argument("--layout", choices=("joint", "factorised"), default="joint")
    parser.add_argument("--causal", action="store_true", help="causal attention with ALiBi")
    for dial in DIALS:
        parser.add_argument(f"--{dial.replace('_', '-')}", type=int, dest=dial)


def dialled_run(asked: argparse.Namespace, **how: Any) -> Any:
    """Build the dialled model and record it; how: see `run_dialled`."""
    from phenaki_viz.data import load_clip, read_prompt, sample_clip
    from phenaki_viz.models.dial import DialConfig
    from phenaki_viz.recording.dialled import run_dialled

    known = {field.name for field in fields(DialConfig)}
    given = {name: value for name, value in vars(asked).items() if name in known}
    given = {name: value for name, value in given.items() if value is not None}
    config = DialConfig(**given, height=asked.size, width=asked.size, cross=asked.layout == "joint")
    clip = load_clip(asked.clip) if asked.clip else sample_clip()
    return run_dialled(config, clip, read_prompt(asked.prompt), **how)
