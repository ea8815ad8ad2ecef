"""A dialled model and its clip: options, and the run of them."""

import argparse
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from phenaki_viz.cli.clips import add_clip_options, clip_of
from phenaki_viz.cli.options import file_path, frame_size

# Default and what it is, for `--help`; a test makes sure that the defaults are `DialConfig`'s.
DIALS = {
    "heads": (8, "attention heads of every layer"),
    "depth": (4, "layers, of each kind"),
    "dim_head": (32, "features of a head"),
    "dim": (128, "features of a token"),
    "patch": (8, "pixels along a side of a patch"),
    "temporal_patch": (2, "frames that a later time step covers"),
    "frames": (9, "frames of the clip that the model sees"),
    "seed": (0, "of the random weights"),
}
SIZE = 64


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the clip, the prompt and the dials of the model.

    None of them has its default here, so that what was given is known from what was not.
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
        type=file_path,
        help="GIF, ZIP of images, .npy, folder or film (default: one that comes with the project, "
        "the nearest to the prompt where the model knows its words)",
    )
    parser.add_argument(
        "--prompt",
        help="text for cross-attention (default: no words; of "
        "a model that knows its words, what the clip shows)",
    )
    add_clip_options(parser)


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
    for dial in dials:
        default, what = DIALS[dial]
        parser.add_argument(
            f"--{dial.replace('_', '-')}",
            type=int,
            dest=dial,
            metavar="N",
            help=f"{what} (default: {default})",
        )


def dialled_run(options: argparse.Namespace, **how: Any) -> Any:
    """Build the dialled model and record it; how: see `run_dialled`.

    Raises ConfigError for a prompt that the layout does not read.
    """
    from phenaki_viz.data import read_prompt
    from phenaki_viz.errors import ConfigError
    from phenaki_viz.models.dial import DialConfig
    from phenaki_viz.runs.dialled import run_dialled

    joint = options.layout != "factorised"
    if options.prompt and not joint:
        raise ConfigError(
            "--prompt does nothing with --layout factorised, which reads no text: leave it out"
        )
    known = {field.name for field in fields(DialConfig)}
    given = {name: value for name, value in vars(options).items() if name in known}
    given = {name: value for name, value in given.items() if value is not None}
    height, width = options.size or (SIZE, SIZE)
    config = DialConfig(**given, height=height, width=width, cross=joint)
    clip = clip_of(options, lambda found: min(found, config.frames))
    return run_dialled(config, clip, read_prompt(options.prompt or ""), **how)
