"""`phenaki-viz heads`: every head of a recording in one table and in one sentence each."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from phenaki_viz.cli.options import add_kind, add_stack, format_of
from phenaki_viz.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from phenaki_viz.analysis.head_table import HeadTable
    from phenaki_viz.analysis.incremental import Incremental
    from phenaki_viz.evaluation.effects import HeadEffect
    from phenaki_viz.runs.files import RecordedRun

T = TypeVar("T")
SHOWN = 40  # heads that are printed


def add(commands: Any) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "heads",
        help="every head of a recording in one table: where it looks, what decides it",
        description="Measure every attention head of a recording and name it by stated rules: "
        "spatial, temporal or global, by position, on one word, along with the object. Of several "
        "recordings, a batch of videos or the folder of an atlas: means over all of them with 95 % "
        "intervals.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "recordings", type=Path, nargs="+", metavar="run.safetensors",
        help="a recording; of several, each of the same heads; or the folder that `phenaki-viz "
        "atlas` made",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, metavar="FILE",
        help="where to: .csv or .npz, every number of every head; .html, .pdf, .svg or .png, a "
        "table to read (default: only printed)",
    )  # fmt: skip
    add_kind(parser)
    add_stack(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure, print a sentence a head, write the file."""
    from phenaki_viz.export import FORMATS, render
    from phenaki_viz.figures.head_sentences import table_heading, taken_over
    from phenaki_viz.figures.head_table_views import heads_table
    from phenaki_viz.files import target_of, write_bytes

    ending = format_of(options.out, FORMATS, "of a table")
    if options.out:
        target_of(options.out)  # before the work, not after it
    names = ", ".join(path.name for path in options.recordings)
    effects: Sequence[HeadEffect] = ()
    if any(map(_is_atlas, options.recordings)):
        table, provenance, effects, names = _of_atlas(options)
    else:
        table, provenance = _measured(options)
    print(f"{table_heading(table)}\n{taken_over(table)}")
    _print(table)
    if options.out:
        picture = heads_table(table, provenance, clips=names, effects=effects)
        write_bytes(options.out, render(picture, ending))
    return 0


def _is_atlas(path: Path) -> bool:
    path = path.expanduser()
    return path.is_dir() or path.suffix == ".parquet"


def _of_atlas(
    options: argparse.Namespace,
) -> "tuple[HeadTable, dict[str, Any], Sequence[HeadEffect], str]":
    """The table of an atlas, what made it, what its heads are worth, and which clips it is of."""
    from phenaki_viz.atlas.reading import read_atlas
    from phenaki_viz.figures.atlas_sentences import atlas_sentence, failed_sentence

    if len(options.recordings) > 1:
        raise ConfigError(
            "an atlas is read alone: add clips to it with `phenaki-viz atlas`, and give its folder"
        )
    path = options.recordings[0].expanduser()
    atlas = _with_progress(read_atlas.steps(path), path.name)
    table = atlas.of_stack(options.stack, options.kind)
    if not len(table):
        raise ConfigError(f"{path.name} has no heads of this kind and stack")
    print(" ".join(filter(None, (atlas_sentence(atlas), failed_sentence(atlas)))))
    return table, atlas.provenance, atlas.effects, atlas_sentence(atlas)


def _measured(options: argparse.Namespace) -> "tuple[HeadTable, dict[str, Any]]":
    """The table over all recordings and their videos, and what made the first."""
    from phenaki_viz.analysis.head_table import head_table, videos_of
    from phenaki_viz.analysis.truth import truth_of
    from phenaki_viz.errors import ShapeError
    from phenaki_viz.runs.files import open_recording

    whole: HeadTable | None = None
    provenance: dict[str, Any] = {}
    for path in options.recordings:
        opened: RecordedRun = open_recording(path.expanduser())
        for video in videos_of(opened.recording):
            steps = head_table.steps(
                opened.recording, kind=options.kind, stack=options.stack, video=video,
                truth=truth_of(opened),
            )  # fmt: skip
            table = _with_progress(steps, path.name)
            provenance = provenance or dict(opened.recording.provenance)
            try:
                whole = table if whole is None else whole.join(table)
            except ShapeError as error:
                raise ShapeError(f"{path.name} is of other heads: {error}") from error
    if whole is None:  # nargs="+" and a recording has a video
        raise ConfigError("no recording is given")
    return whole, provenance


def _with_progress(steps: "Incremental[T]", name: str) -> "T":
    """Run to the end, printing the share that is done."""
    while True:
        try:
            share = next(steps)
            print(f"\r{name}: {share:.0%} measured   ", end="", file=sys.stderr, flush=True)
        except StopIteration as end:
            print(f"\r{name}: all measured   ", file=sys.stderr)
            found: T = end.value
            return found


def _print(table: "HeadTable") -> None:
    from phenaki_viz.figures.head_sentences import row_name, row_sentence
    from phenaki_viz.nouns import counted

    for row in table.rows[:SHOWN]:
        print(f"  {row_name(row):24} {row_sentence(row)}")
    if len(table) > SHOWN:
        print(f"  … and {counted(len(table) - SHOWN, 'more head')}: --out FILE has them all")
