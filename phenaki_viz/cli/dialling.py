"""A dialled model and its clip: options, and the run they ask for."""

import argparse
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

from phenaki_viz.cli.options import frame_size

DIALS = {
    "heads": "attention heads of every layer",
    "depth": "layers, of each kind",
    "dim_head": "features of a head",
    "dim": "features of a token",
    "patch": "pixels along a side of a patch",
    "temporal_patch": "frames that a later time step covers",
    "frames": "frames of the clip that the model sees",
    "seed": "of the random weights",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the clip, the prompt and the dials of the model.

    None of them has its default here, so that what was given can be told from what was not.
    """
    add_shown(parser)
    parser.add_argument(
        "--size", type=frame_size, help="frame size in pixels, 64 or 24x40 (default: 64)"
    )
    add_layout(parser)
    add_dials(parser, DIALS)


def add_shown(parser: Any) -> None:
    """Add the clip and the prompt."""
    parser.add_argument(
        "--clip",
        type=Path,
        help="GIF, ZIP of images, .npy, folder or film (default: one that comes with the project)",
    )
    parser.add_argument("--prompt", help="text for cross-attention (default: no words)")


def add_layout(parser: Any) -> None:
    """Add the two dials that are no numbers."""
    parser.add_argument(
        "--layout",
        choices=("joint", "factorised"),
        help="all tokens at once, as MaskGit, or frames and then time, as C-ViViT (default: joint)",
    )
    parser.add_argument(
        "--causal",
        action="store_true",
        default=None,
        help="causal attention with ALiBi (default: every token sees every other)",
    )


def add_dials(parser: Any, dials: Iterable[str]) -> None:
    """Add some of the dials that are numbers, all of `DIALS`."""
    defaults = _defaults()
    for dial in dials:
        parser.add_argument(
            f"--{dial.replace('_', '-')}",
            type=int,
            dest=dial,
            metavar="N",
            help=f"{DIALS[dial]} (default: {defaults[dial]})",
        )


def dialled_run(asked: argparse.Namespace, **how: Any) -> Any:
    """Build the dialled model and record it; how: see `run_dialled`.

    Raises ConfigError for a prompt that the layout does not read.
    """
    from phenaki_viz.data import load_clip, read_prompt, sample_clip
    from phenaki_viz.errors import ConfigError
    from phenaki_viz.models.dial import DialConfig
    from phenaki_viz.recording.dialled import run_dialled

    joint = asked.layout != "factorised"
    if asked.prompt and not joint:
        raise ConfigError(
            "--prompt does nothing with --layout factorised, which reads no text: leave it out"
        )
    known = {field.name for field in fields(DialConfig)}
    given = {name: value for name, value in vars(asked).items() if name in known}
    given = {name: value for name, value in given.items() if value is not None}
    height, width = asked.size or (64, 64)
    config = DialConfig(**given, height=height, width=width, cross=joint)
    clip = load_clip(asked.clip) if asked.clip else sample_clip()
    return run_dialled(config, clip, read_prompt(asked.prompt or ""), **how)


def _defaults() -> dict[str, Any]:
    from phenaki_viz.models.dial import DialConfig

    return {field.name: field.default for field in fields(DialConfig)}
