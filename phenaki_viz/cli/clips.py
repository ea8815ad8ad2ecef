"""Which clip a command shows: which of its frames, which part of them, and how it is read."""

import argparse
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phenaki_viz.errors import ConfigError
from phenaki_viz.files import shown

if TYPE_CHECKING:
    from phenaki_viz.data import Clip, Reading, Survey

OF_FRAMES = ("start", "stride", "crop")  # of any clip, also one that comes with the project
OF_A_FILE = ("axes", "values", "part", "item", "ground", "each_once")
OF_A_CLIP = (*OF_FRAMES, *OF_A_FILE)


def add_clip_options(parser: Any) -> None:
    """Add the choices about a clip.

    None of them has its default here, so that what was given is known from what was not.
    """
    group = parser.add_argument_group("the clip")
    group.add_argument("--start", type=int, metavar="N", help="its first frame (default: 0)")
    group.add_argument("--stride", type=int, metavar="N", help="take every N-th frame (default: 1)")
    group.add_argument(
        "--crop",
        type=float,
        nargs=2,
        metavar=("X", "Y"),
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
    group.add_argument("--item", type=int, metavar="N", help="which clip of a batch (default: 0)")
    group.add_argument(
        "--ground",
        choices=("auto", "white", "black"),
        help="what lies behind transparent parts (default: auto, what the drawing stands out from)",
    )
    group.add_argument(
        "--each-once",
        action="store_true",
        default=None,
        help="count each frame of a GIF once, however long it is held (default: as often as it is "
        "held as long as the shortest)",
    )


def clip_of(options: argparse.Namespace, takes: Callable[[int], int]) -> "Clip":
    """The clip of --clip, or the sample. takes: of so many frames, how many are shown.

    Raises VideoError; ConfigError for an option that this sort of clip does not look at.
    """
    from phenaki_viz.data import sample_clip

    if options.clip:
        return _cropped(_read(options, takes), options)
    return of_clip(sample_clip(), options)


def of_clip(clip: "Clip", options: argparse.Namespace) -> "Clip":
    """The chosen frames and part of a clip that comes with the project."""
    from phenaki_viz.data import picked

    return _cropped(picked(clip, **_given(options, ("start", "stride"))), options)


def check_clip(options: argparse.Namespace) -> None:
    """Refuse a clip that these options do not read, before any work. Raises as `clip_of`."""
    if options.clip:
        _surveyed(options)


def _read(options: argparse.Namespace, takes: Callable[[int], int]) -> "Clip":
    from dataclasses import replace

    from phenaki_viz.data import load_clip

    path, reading, survey = _surveyed(options)
    left = max(1, len(range(reading.start, survey.frames, reading.stride)))
    return load_clip(path, replace(reading, frames=max(1, takes(left))))


def _surveyed(options: argparse.Namespace) -> tuple[Path, "Reading", "Survey"]:
    from phenaki_viz.data import Reading, survey_clip

    path = Path(options.clip).expanduser()
    given = _given(options, ("start", "stride", "axes", "values", "part", "item", "ground"))
    if "values" in given:
        given["values"] = tuple(given["values"])
    reading = Reading(**given, held=not options.each_once)
    survey = survey_clip(path, reading)
    _check_heeded(options, path, survey)
    return path, reading, survey


def _given(options: argparse.Namespace, names: tuple[str, ...]) -> dict[str, Any]:
    found = {name: getattr(options, name) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _check_heeded(options: argparse.Namespace, path: Path, survey: "Survey") -> None:
    """Refuse what this sort of file does not look at."""
    many = path.is_dir() or zipfile.is_zipfile(path)
    for name, heeded, why in (
        ("axes", bool(survey.axes), "is no array"),
        ("values", bool(survey.axes), "is no array"),
        ("item", survey.items > 1, "is no batch of clips"),
        ("part", many, "is one film, not a folder, ZIP or .npz of several"),
        ("ground", survey.clear, "has no transparent parts"),
        ("each_once", survey.merged, "holds no frame longer than another"),
    ):
        if getattr(options, name) is not None and not heeded:
            raise ConfigError(f"--{name.replace('_', '-')} does nothing: {shown(path.name)} {why}")


def _cropped(clip: "Clip", options: argparse.Namespace) -> "Clip":
    from dataclasses import replace

    if options.crop is None:
        return clip
    across, down = options.crop
    return replace(clip, crop=(across / 100, down / 100))


def describe_clip(clip: Any) -> str:
    """One line on what of a clip was shown."""
    frames = clip.excerpt.spoken(len(clip.frames))
    notes = clip.notes if frames in clip.notes else (frames, *clip.notes)
    return f"{clip.name}: {'; '.join(notes)}"
