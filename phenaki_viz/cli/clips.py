"""Which clip a command shows: which of its frames, which part of them, and how it is read."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any


def add_clip_options(parser: Any) -> None:
    """Add the choices about a clip."""
    group = parser.add_argument_group("the clip")
    group.add_argument(
        "--start", type=int, default=0, metavar="N", help="its first frame (default: 0)"
    )
    group.add_argument(
        "--stride", type=int, default=1, metavar="N", help="take every N-th frame (default: 1)"
    )
    group.add_argument(
        "--crop",
        type=float,
        nargs=2,
        metavar=("X", "Y"),
        default=(50, 50),
        help="where the part lies that is kept: percent from the left and from the top "
        "(default: 50 50, the centre)",
    )
    group.add_argument(
        "--axes",
        help="order of an array's axes, letters of b c f h w (batch, channels, frames, height, "
        "width), such as 'f h w c' (default: by its shape, where that leaves no doubt)",
    )
    group.add_argument(
        "--values",
        type=float,
        nargs=2,
        metavar=("BLACK", "WHITE"),
        help="what is black and what is white in an array (default: by its values, where they "
        "leave no doubt)",
    )
    group.add_argument(
        "--part", metavar="NAME", help="which film of a ZIP, folder or .npz (default: the first)"
    )
    group.add_argument(
        "--item", type=int, default=0, metavar="N", help="which clip of a batch (default: 0)"
    )
    group.add_argument(
        "--ground",
        choices=("auto", "white", "black"),
        default="auto",
        help="what lies behind transparent parts (default: what the drawing stands out from)",
    )
    group.add_argument(
        "--each-once",
        action="store_true",
        help="count each frame of a GIF once, however long it is held (default: as often as it is "
        "held as long as the shortest)",
    )


def clip_of(asked: argparse.Namespace, takes: Callable[[int], int]) -> Any:
    """The clip that is asked for, or the sample. takes: of so many frames, how many are shown.

    Raises VideoError.
    """
    from phenaki_viz.data import sample_clip

    if asked.clip:
        return _cropped(_read(asked, takes), asked.crop)
    return of_clip(sample_clip(), asked)


def of_clip(clip: Any, asked: argparse.Namespace) -> Any:
    """The frames and the part that are asked of a clip that comes with the project."""
    from phenaki_viz.data import picked

    return _cropped(picked(clip, start=asked.start, stride=asked.stride), asked.crop)


def _read(asked: argparse.Namespace, takes: Callable[[int], int]) -> Any:
    from dataclasses import replace

    from phenaki_viz.data import Reading, load_clip, survey_clip

    path = Path(asked.clip).expanduser()
    reading = Reading(
        start=asked.start, stride=asked.stride, part=asked.part, item=asked.item, axes=asked.axes,
        values=None if asked.values is None else tuple(asked.values), ground=asked.ground,
        held=not asked.each_once,
    )  # fmt: skip
    found = survey_clip(path, reading).frames
    left = max(1, len(range(reading.start, found, reading.stride)))
    return load_clip(path, replace(reading, frames=max(1, takes(left))))


def _cropped(clip: Any, crop: tuple[float, float]) -> Any:
    from dataclasses import replace

    across, down = crop
    return replace(clip, crop=(across / 100, down / 100))


def told(clip: Any) -> str:
    """One line on what of a clip was shown."""
    frames = clip.excerpt.spoken(len(clip.frames))
    said = clip.notes if frames in clip.notes else (frames, *clip.notes)
    return f"{clip.name}: {'; '.join(said)}"
