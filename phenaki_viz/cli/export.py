"""`phenaki-viz export`: record a dialled model, write all its heads as a ZIP."""

import argparse
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

DIALS = ("heads", "depth", "dim_head", "dim", "patch", "temporal_patch", "frames", "seed")


def add(commands: Any) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("export", help="record a dialled model, write all heads as a ZIP")
    parser.add_argument("output", type=Path, help="the ZIP file to write")
    parser.add_argument("--clip", type=Path, help="GIF, ZIP of images, .npy, folder or film")
    parser.add_argument("--prompt", default="", help="text for cross-attention")
    parser.add_argument("--size", type=int, default=64, help="frame size in pixels")
    parser.add_argument("--layout", choices=("joint", "factorised"), default="joint")
    parser.add_argument("--causal", action="store_true", help="causal attention with ALiBi")
    parser.add_argument("--formats", nargs="+", default=["png", "npz"], help="png svg pdf …")
    for dial in DIALS:
        parser.add_argument(f"--{dial.replace('_', '-')}", type=int, dest=dial)
    parser.set_defaults(run=run)


def run(asked: argparse.Namespace) -> int:
    """Build, run, record, write."""
    from phenaki_viz.data import load_clip, read_prompt, sample_clip
    from phenaki_viz.export import write_archive
    from phenaki_viz.figures.attention_views import all_heads
    from phenaki_viz.models.dial import DialConfig
    from phenaki_viz.recording.dialled import run_dialled

    known = {field.name for field in fields(DialConfig)}
    given = {name: value for name, value in vars(asked).items() if name in known}
    given = {name: value for name, value in given.items() if value is not None}
    config = DialConfig(**given, height=asked.size, width=asked.size, cross=asked.layout == "joint")
    clip = load_clip(asked.clip) if asked.clip else sample_clip()
    made = run_dialled(config, clip, read_prompt(asked.prompt))
    pictures = list(all_heads(made.recording))
    write_archive(asked.output, pictures, asked.formats, on_progress=_tell, total=len(pictures))
    print(f"{asked.output}: {len(pictures)} heads", file=sys.stderr)
    return 0


def _tell(done: int, of: int, name: str) -> None:
    print(f"\r{done} of {of}  {name}   ", end="" if done < of else "\n", file=sys.stderr)
