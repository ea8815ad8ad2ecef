"""`phenaki-viz heads`: every head of a recording in one table and in one sentence each."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phenaki_viz.errors import ConfigError

if TYPE_CHECKING:
    from phenaki_viz.analysis.head_table import HeadTable
    from phenaki_viz.analysis.incremental import Incremental
    from phenaki_viz.runs.files import RecordedRun

FILES = ("csv", "npz")
SHOWN = 40  # heads that are printed


def add(commands: Any) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "heads",
        help="every head of a recording in one table: where it looks, what decides it",
        description="Measure every attention head of a recording and name it by stated rules: "
        "spatial, temporal or global, by position, on one word, along with the object. Of several "
        "recordings, or a batch of videos: means over all of them with 95 % intervals.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "recordings", type=Path, nargs="+", metavar="run.safetensors",
        help="a recording; of several, each of the same heads",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, metavar="FILE",
        help="where to: .csv or .npz, every number of every head (default: only printed)",
    )  # fmt: skip
    parser.add_argument("--kind", choices=("self", "cross"), help="these maps alone (default: all)")
    parser.add_argument(
        "--stack", metavar="NAME",
        help="the heads of one transformer, as `phenaki-viz inspect` names it (default: all)",
    )  # fmt: skip
    parser.set_defaults(run=run)


def run(asked: argparse.Namespace) -> int:
    """Measure, print a sentence a head, write the file."""
    from phenaki_viz.export import render
    from phenaki_viz.figures.head_sentences import table_heading, taken_over
    from phenaki_viz.figures.head_table_views import heads_table
    from phenaki_viz.files import check_target, write_bytes

    ending = asked.out.suffix.lower().removeprefix(".") if asked.out else ""
    if asked.out and ending not in FILES:
        raise ConfigError(f"{asked.out.name} is no table: use .csv or .npz")
    if asked.out:
        check_target(asked.out)  # before the work, not after it
    table, made_by = _measured(asked)
    print(f"{table_heading(table)}\n{taken_over(table)}")
    _print(table)
    if asked.out:
        names = ", ".join(path.name for path in asked.recordings)
        picture = heads_table(table, made_by, clips=names)
        write_bytes(asked.out, render(picture, ending))
    return 0


def _measured(asked: argparse.Namespace) -> "tuple[HeadTable, dict[str, Any]]":
    """The table over all recordings and their videos, and what made the first."""
    from phenaki_viz.analysis.head_table import head_table, videos_of
    from phenaki_viz.analysis.truth import truth_of
    from phenaki_viz.errors import ShapeError
    from phenaki_viz.runs.files import open_recording

    whole: HeadTable | None = None
    made_by: dict[str, Any] = {}
    for path in asked.recordings:
        opened: RecordedRun = open_recording(path.expanduser())
        for video in videos_of(opened.recording):
            steps = head_table.steps(
                opened.recording, kind=asked.kind, stack=asked.stack, video=video,
                truth=truth_of(opened),
            )  # fmt: skip
            table = _told(steps, path.name)
            made_by = made_by or dict(opened.recording.made_by)
            try:
                whole = table if whole is None else whole.join(table)
            except ShapeError as error:
                raise ShapeError(f"{path.name} is of other heads: {error}") from error
    if whole is None:  # nargs="+" and a recording has a video
        raise ConfigError("no recording is given")
    return whole, made_by


def _told(steps: "Incremental[HeadTable]", name: str) -> "HeadTable":
    """Take every step, telling the share that is done."""
    while True:
        try:
            share = next(steps)
            print(f"\r{name}: {share:.0%} measured   ", end="", file=sys.stderr, flush=True)
        except StopIteration as end:
            print(f"\r{name}: all measured   ", file=sys.stderr)
            table: HeadTable = end.value
            return table


def _print(table: "HeadTable") -> None:
    from phenaki_viz.figures.head_sentences import row_name, row_sentence

    for row in table.rows[:SHOWN]:
        print(f"  {row_name(row):24} {row_sentence(row)}")
    if len(table) > SHOWN:
        print(f"  … and {len(table) - SHOWN} more heads: --out FILE has them all")
