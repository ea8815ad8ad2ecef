"""`phenaki-viz export`: pictures and numbers of a recording, a checkpoint or a dialled model."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from phenaki_viz.cli.clips import OF_A_CLIP
from phenaki_viz.cli.options import at_least, format_of
from phenaki_viz.cli.sources import add_options, made_run
from phenaki_viz.errors import ConfigError

if TYPE_CHECKING:
    from phenaki_viz.figures.picked import Picked
    from phenaki_viz.runs.run import Run

LAWS = ("sqrt", "linear", "log", "uniform")
# What says which model is run on what: of no use where a recording is given.
OF_A_RUN = (
    "weights", "clip", "prompt", "size", "frames", "seed", "set", "masked", "grid", "t5", "layout",
    "causal",
)  # fmt: skip


def add(commands: Any) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "export",
        help="pictures and numbers of a recording, a checkpoint or a dialled model",
        description="Write pictures and numbers of a recording (--from), of weights (--weights) or "
        "of a dialled model. A name that ends in .zip gets all that are picked, with an index; one "
        "that ends in a format (map.pdf) gets the one picture that is picked; with --linked, a "
        ".html gets grid, map and film strip of all heads of a stack, as one page that is looked "
        "around in.",
        allow_abbrev=False,
    )
    parser.add_argument("output", type=Path, help="a .zip, or a file of one picture: .png, .pdf …")
    parser.add_argument(
        "--from",
        dest="recording",
        type=Path,
        metavar="FILE",
        help="a recording of `phenaki-viz record` (default: none; the model is run)",
    )
    add_options(parser)
    _add_picked(parser.add_argument_group("which pictures"))
    parser.set_defaults(run=run)


def _add_picked(group: Any) -> None:
    group.add_argument(
        "--pictures",
        nargs="+",
        default=["heads"],
        metavar="PAGE",
        help="heads (every map), grid (all heads of a stack), words (who reads each word), "
        "position, masks (default: heads)",
    )
    group.add_argument(
        "--maps",
        nargs="+",
        metavar="KIND",
        help="self, cross, spatial, temporal, or “encoder spatial” (default: all)",
    )
    group.add_argument(
        "--layer", nargs="+", type=at_least(0), metavar="N", help="counted from 0 (default: all)"
    )
    group.add_argument(
        "--head", nargs="+", type=at_least(0), metavar="N", help="counted from 0 (default: all)"
    )
    group.add_argument(
        "--pass",
        dest="which",
        default="all",
        metavar="PASS",
        help="“with the text”, “without the text”, first (what a page opens on) or all (default: "
        "all)",
    )
    group.add_argument(
        "--video",
        type=at_least(0),
        metavar="N",
        help="of a batch, counted from 0 (default: the first that was recorded)",
    )
    group.add_argument(
        "--colours", choices=LAWS, default="sqrt", help="what colours follow (default: sqrt)"
    )
    group.add_argument(
        "--up-to-largest",
        action="store_true",
        help="colours end at the largest weight (default: at the 99.5th percentile)",
    )
    group.add_argument(
        "--own-scale",
        action="store_true",
        help="each head on a colour scale of its own (default: one for all heads of a stack)",
    )
    group.add_argument(
        "--linked",
        action="store_true",
        help="all heads of the stack in one .html: grid, map and film strip, linked, offline; "
        "--layer and --head say which one it opens on (default: the first)",
    )
    group.add_argument(
        "--formats",
        nargs="+",
        metavar="FORMAT",
        help="in the ZIP: png svg pdf html npz csv (default: png npz)",
    )


def run(options: argparse.Namespace) -> int:
    """Open or run, pick, write."""
    from phenaki_viz.export import FORMATS
    from phenaki_viz.figures.picked import how_many, pictures_of
    from phenaki_viz.files import target_of

    ending = format_of(options.output, ("zip", *FORMATS))
    if ending != "zip" and options.formats:
        raise ConfigError(f"--formats is for a .zip; {options.output.name} says its format itself")
    if options.linked:
        _check_linked(options, ending)
    target_of(options.output)  # before the work, not after it
    made, picked = _run_of(options), _picked(options)
    if options.linked:
        _write_linked(options, made, picked)
        return 0
    count = how_many(made, picked)
    if not count:
        raise ConfigError("nothing of what was picked is in this recording")
    pictures = pictures_of(made, picked)
    if ending == "zip":
        _write_zip(options, pictures, count)
    else:
        _write_one(options.output, pictures, count, ending)
    return 0


def _run_of(options: argparse.Namespace) -> "Run":
    if options.recording is None:
        return made_run(options, on_progress=_attention)
    from phenaki_viz.cli.dialling import DIALS
    from phenaki_viz.runs.files import open_recording

    for name in (*OF_A_RUN, *OF_A_CLIP, *DIALS):
        if getattr(options, name, None) is not None:
            raise ConfigError(
                f"--{name.replace('_', '-')} does nothing: with --from, nothing is run; the "
                "recording says what was"
            )
    return cast("Run", open_recording(options.recording))


def _picked(options: argparse.Namespace) -> "Picked":
    from phenaki_viz.figures.picked import Picked
    from phenaki_viz.figures.weight_colours import Colours

    return Picked(
        pages=tuple(dict.fromkeys(options.pictures)),
        kinds=options.maps,
        layers=options.layer,
        heads=options.head,
        passes=options.which,
        video=options.video,
        colours=Colours(options.colours, whole=options.up_to_largest),
        shared=not options.own_scale,
    )


def _write_zip(options: argparse.Namespace, pictures: Any, count: int) -> None:
    from phenaki_viz.export import write_archive

    formats = options.formats or ["png", "npz"]
    write_archive(options.output, pictures, formats, on_progress=_tell, total=count)
    what = "heads" if options.pictures == ["heads"] else "pictures"
    print(f"{options.output}: {count} {what}", file=sys.stderr)


def _write_one(path: Path, pictures: Any, count: int, kind: str) -> None:
    from phenaki_viz.export import render
    from phenaki_viz.files import write_bytes

    if count > 1:
        raise ConfigError(
            f"{count} pictures are picked and {path.name} holds one: say --maps, --layer, --head "
            "or --pass, or write a .zip"
        )
    picture = next(iter(pictures))
    write_bytes(path, render(picture, kind))
    print(f"{path}: {picture.title}", file=sys.stderr)


def _check_linked(options: argparse.Namespace, ending: str) -> None:
    if ending != "html":
        raise ConfigError(f"--linked makes a page; {options.output.name} should end in .html")
    for name in ("layer", "head"):
        if len(getattr(options, name) or ()) > 1:
            raise ConfigError(f"a linked page holds all heads and opens on one: say one --{name}")


def _write_linked(options: argparse.Namespace, made: "Run", picked: "Picked") -> None:
    from dataclasses import replace

    from phenaki_viz.browser.linked import Linked
    from phenaki_viz.export.linked_page import linked_html
    from phenaki_viz.figures.picked import chosen_passes
    from phenaki_viz.files import write_bytes

    which = "first" if options.which == "all" else options.which
    shown = chosen_passes(made.recording, replace(picked, passes=which))
    if not shown:
        raise ConfigError("nothing of what was picked is in this recording")
    linked = Linked(made, records=shown[0].records, colours=picked.colours)
    at = linked.first(*((getattr(options, name) or [None])[0] for name in ("layer", "head")))
    if options.video is not None:
        at = linked.in_item(at, linked.item_of_video(options.video))
    page = linked_html(linked, at, on_progress=lambda done, of: _tell(done, of, "heads"))
    write_bytes(options.output, page)
    print(f"\r{options.output}: {linked.title}, {len(page) / 1e6:.1f} MB", file=sys.stderr)


def _attention(done: int, of: int) -> None:
    print(f"\rattention {done} of {of}", end="" if done < of else "\n", file=sys.stderr)


def _tell(done: int, of: int, name: str) -> None:
    print(f"\r{done} of {of}  {name}   ", end="" if done < of else "\n", file=sys.stderr)
