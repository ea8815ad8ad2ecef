"""`phenaki-viz compare`: how far every head moved between two recordings, and where."""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from phenaki_viz.cli.compare_side import Side
from phenaki_viz.cli.options import add_kind, add_stack, at_least, file_path, format_of
from phenaki_viz.errors import ConfigError

if TYPE_CHECKING:
    from phenaki_viz.analysis.comparing import Comparison
    from phenaki_viz.analysis.difference import HeadDistance
    from phenaki_viz.analysis.incremental import Incremental
    from phenaki_viz.figures.heatmap import Heatmap
    from phenaki_viz.figures.table import Table

TABLES = ("csv", "npz")
FOLDER = ("heads.csv", "heads.npz", "difference.png")
SHOWN = 40  # heads that are printed
MOST_CELLS = 2048  # values a side of the picture; of a larger map, means of cells


def add(commands: Any) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "compare",
        help="how far every head moved between two recordings, and where",
        description="Lay the maps of two recordings on each other: another prompt, clip, "
        "checkpoint, seed or training step. Every head's mean Jensen-Shannon distance between its "
        "rows in A and in B (0 alike, 1 no key shared), and the difference B - A of one head as a "
        "picture. What cannot be laid on each other is named, with the reason.",
        allow_abbrev=False,
    )
    parser.add_argument("a", type=Path, metavar="A", help="a recording")
    parser.add_argument("b", type=Path, metavar="B", help="another one, or the same (see --b-step)")
    parser.add_argument(
        "--out", type=file_path, metavar="FILE|DIR",
        help="where to: .csv or .npz, every number of every head; a folder gets "
        f"{', '.join(FOLDER)} (default: only printed)",
    )  # fmt: skip
    parser.add_argument(
        "--picture", type=Path, metavar="FILE",
        help="B - A of one head: .png .svg .pdf .html .csv .npz",
    )  # fmt: skip
    parser.add_argument(
        "--head", metavar="WORDS",
        help="“self L1 H3”: the head of the picture (default: the one that moved most)",
    )  # fmt: skip
    add_kind(parser)
    add_stack(parser, of="A")
    parser.add_argument(
        "--by-place", action="store_true",
        help="texts of as many words lie on each other word for word (default: other words are no "
        "keys to compare)",
    )  # fmt: skip
    for side in ("a", "b"):
        parser.add_argument(
            f"--{side}-step", type=at_least(1), metavar="N",
            help=f"decoding step of {side.upper()}, counted from 1 (default: the last)",
        )  # fmt: skip
        parser.add_argument(
            f"--{side}-pass", metavar="NAME",
            help=f"pass of {side.upper()}, as “without the text” (default: the one with the text)",
        )  # fmt: skip
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Open both, compare, print, write."""
    from phenaki_viz.errors import RecordingError

    targets = _targets(options)  # before the work, not after it
    one = Side(options.a, options.a_step, options.a_pass)
    other = Side(options.b, options.b_step, options.b_pass)
    descriptions = one.description, other.description
    found = _compared(options, one, other)
    refused = [f"{_stack(stack)}: {why}" for stack, why in found.refusals]
    if not found.rows:
        raise RecordingError(
            "nothing of the two can be laid on each other. " + ". ".join(refused) + _hint(found)
        )
    print(f"A: {descriptions[0]}\nB: {descriptions[1]}")
    _print(found, refused)
    provenance = dict(one.recording.provenance)
    for kind, path in targets.items():
        picture = kind == "picture"
        _write(path, _picture(options, found, one, other, descriptions)
               if picture else _table(found, provenance, descriptions, refused))  # fmt: skip
    return 0


def _targets(options: argparse.Namespace) -> Mapping[str, Path]:
    """Files to write, "picture" or a table's name; refuses what cannot be written."""
    from phenaki_viz.export import FORMATS
    from phenaki_viz.files import target_of

    out, found = options.out, dict[str, Path]()
    ending = out.suffix.lower().removeprefix(".") if out else ""
    if out and ending in TABLES:
        found["table"] = out
    elif out and ending:
        raise ConfigError(f"{out.name} is no table: use .csv, .npz or a folder")
    elif out:
        found |= {name: out / name for name in FOLDER[:2]} | {"picture": out / FOLDER[2]}
    if options.picture:
        format_of(options.picture, FORMATS, "of a picture")
        found["picture"] = options.picture
    for path in found.values():
        target_of(path)
    return found


def _compared(options: argparse.Namespace, one: Side, other: Side) -> "Comparison":
    from phenaki_viz.analysis.comparing import compare

    steps = compare.steps(
        one.part, other.part, kind=options.kind, stack=options.stack, by_place=options.by_place
    )
    return _with_progress(steps)


def _with_progress(steps: "Incremental[Comparison]") -> "Comparison":
    """Run to the end, printing the share that is done."""
    while True:
        try:
            share = next(steps)
            print(f"\r{share:.0%} compared   ", end="", file=sys.stderr, flush=True)
        except StopIteration as end:
            print("\rall compared   ", file=sys.stderr)
            return cast("Comparison", end.value)


def _print(found: "Comparison", refused: list[str]) -> None:
    from phenaki_viz.figures.difference_sentences import laid_note, moved_heading, row_line
    from phenaki_viz.nouns import counted

    for stack in found.stacks:
        if stack.found is None:
            continue
        print(f"{_stack(stack)}: {moved_heading(stack.found)} (over {stack.found.sampled})")
        if note := laid_note(stack.laid):
            print(f"  {note}")
    for row in found.rows[:SHOWN]:
        print(f"  {row_line(row)}")
    if len(found.rows) > SHOWN:
        print(f"  … and {counted(len(found.rows) - SHOWN, 'more head')}: --out FILE has them all")
    for line in refused:
        print(f"not compared: {line}")


def _stack(stack: Any) -> str:
    return f"{stack.stack or 'the model'}, {stack.kind}"


def _hint(found: "Comparison") -> str:
    words = any(stack.laid.only_words for stack in found.stacks)
    return ". With --by-place words lie on each other by where they stand" if words else ""


def _table(
    found: "Comparison",
    provenance: Mapping[str, Any],
    descriptions: tuple[str, str],
    refused: list[str],
) -> "Table":
    from phenaki_viz.figures.difference_views import distances_table

    notes = [f"not compared: {line}" for line in refused]
    return distances_table(found.rows, provenance, descriptions, notes=notes)


def _picture(
    options: argparse.Namespace,
    found: "Comparison",
    one: Side,
    other: Side,
    descriptions: tuple[str, str],
) -> "Heatmap":
    """B − A of the head given by --head, or of the one that moved most."""
    from phenaki_viz.analysis.difference import laid_maps, maps_of
    from phenaki_viz.analysis.laid import shared_items
    from phenaki_viz.figures.difference_views import centred_scale, difference_heatmap
    from phenaki_viz.figures.head import Head

    row = _head(options, found)
    pair = found.records_of(row)
    items = shared_items(*pair)
    there = row.farthest[0] if row.farthest else pair[0].batch_items[items[0][0]]
    item = next(at for at in items if pair[0].batch_items[at[0]] == there)
    mine, its = maps_of(pair, item, row.head)
    most = max(mine.shape)
    if most > MOST_CELLS:
        raise ConfigError(
            f"a map of {mine.shape[0]:,} × {mine.shape[1]:,} weights is too large for a picture: "
            f"up to {MOST_CELLS:,} a side; --out FILE has the distances of its heads"
        )
    maps = laid_maps(mine, its, most)
    heads = (
        Head(one.recording, mine.record, mine.item, mine.head),
        Head(other.recording, its.record, its.item, its.head),
    )
    return difference_heatmap(*heads, maps, centred_scale(maps.difference), descriptions)


def _head(options: argparse.Namespace, found: "Comparison") -> "HeadDistance":
    """The head given by --head, or the one that moved most; ConfigError says which there are."""
    from phenaki_viz.figures.difference_views import name_of

    if options.head is None:
        most = found.moved_most
        return most or found.rows[0]
    wanted = " ".join(options.head.split()).casefold()
    for row in found.rows:
        name = name_of(row).casefold()
        label, _, _ = name.partition(" (")
        if name == wanted or f" {label}".endswith(f" {wanted}"):
            return row
    there = ", ".join(name_of(row) for row in found.rows[:5])
    raise ConfigError(f"no head {options.head!r} was compared: there are {there}, …")


def _write(path: Path, picture: Any) -> None:
    from phenaki_viz.export import render
    from phenaki_viz.files import write_bytes

    write_bytes(path, render(picture, path.suffix.lower().removeprefix(".")))
    print(f"{path}", file=sys.stderr)
