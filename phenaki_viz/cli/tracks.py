"""`phenaki-viz tracks`: where heads find a patch again through time, beside the true path."""

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phenaki_viz.cli.options import add_stack, format_of
from phenaki_viz.errors import ConfigError

if TYPE_CHECKING:
    from phenaki_viz.analysis.truth import Truth
    from phenaki_viz.figures.track_views import Answer, Question
    from phenaki_viz.recording import AttentionRecord
    from phenaki_viz.runs.files import RecordedRun

SHOWN = 40  # heads that are printed
PATCH = re.compile(r"(\d{1,6}),(\d{1,6}),(\d{1,6})")
HEAD = re.compile(r"L(\d{1,6})\s*H(\d{1,6})", re.IGNORECASE)


def patch(text: str) -> tuple[int, int, int]:
    """(time step, row, column) out of "2,1,4"."""
    found = PATCH.fullmatch(text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no patch: give time,row,column: 2,1,4")
    return int(found[1]), int(found[2]), int(found[3])


def heads(text: str) -> tuple[tuple[int, int], ...]:
    """Layers and heads out of "L2H2,L2 H3"."""
    found = [HEAD.fullmatch(part.strip()) for part in text.split(",")]
    if not all(found):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} names no heads: give L2H2,L2H3")
    return tuple((int(one[1]), int(one[2])) for one in found if one)


def add(commands: Any) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "tracks",
        help="where heads find a patch again at the other time steps, beside the true path",
        description="Follow a patch, or a word's readers, through the time steps of a recording: "
        "the strongest key of every step, with its share of that step's weight. Where the path of "
        "an object is known (the project's clips of digits, or --path) it says how often each head "
        "finds it, and how often any patch would.",
        allow_abbrev=False,
    )
    parser.add_argument("recording", type=Path, metavar="run.safetensors", help="a recording")
    start = parser.add_mutually_exclusive_group()
    start.add_argument(
        "--patch", type=patch, metavar="T,R,C",
        help="time step, row and column, counted from 0 (default: an object whose path is known, "
        "in the middle of the film)",
    )  # fmt: skip
    start.add_argument("--word", metavar="WORD", help="the patches that read a word of the prompt")
    parser.add_argument(
        "--object", dest="whose", metavar="NAME",
        help="which object's path is the true one, where several are known (default: the first)",
    )  # fmt: skip
    parser.add_argument(
        "--path", type=patch, action="append", metavar="T,R,C",
        help="where an object really is; given once for each time step that is known",
    )  # fmt: skip
    parser.add_argument(
        "--heads", type=heads, metavar="L2H2,…",
        help="at most 5 (default: those that find most of the path, else the surest)",
    )  # fmt: skip
    parser.add_argument("--to", action="store_true", help="who looks at the patch, instead")
    add_stack(parser, "the first that crosses space and time")
    parser.add_argument(
        "--out", type=Path, metavar="FILE",
        help="where to: .svg, .pdf, .png, .html, .csv or .npz (default: only printed)",
    )  # fmt: skip
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Follow, print a sentence and a line a head, write the picture or its numbers."""
    from phenaki_viz.data import as_rgb
    from phenaki_viz.export import FORMATS, render
    from phenaki_viz.figures.track_sentences import tracks_heading
    from phenaki_viz.figures.track_views import answers_of, best_of, tracks_picture
    from phenaki_viz.figures.tracks import MOST_LINES
    from phenaki_viz.files import target_of, write_bytes
    from phenaki_viz.nouns import counted
    from phenaki_viz.runs.files import open_recording

    ending = format_of(options.out, FORMATS, "of a picture")
    if options.out:
        target_of(options.out)  # before the work, not after it
    opened = open_recording(options.recording.expanduser())
    records = _records(opened, options)
    question = _question(opened, records[0], options)
    every = answers_of(opened.recording, records, question)
    chosen = _chosen(every, options.heads) if options.heads else best_of(every, MOST_LINES - 1)
    print(tracks_heading(chosen, question, every))
    _print(every if options.heads is None else chosen)
    if options.out:
        picture = tracks_picture(chosen, question, as_rgb(opened.clip), opened.temporal_patch)
        write_bytes(options.out, render(picture, ending))
        print(f"{options.out}: {counted(len(chosen), 'track')}", file=sys.stderr)
    return 0


def _records(opened: "RecordedRun", options: argparse.Namespace) -> "list[AttentionRecord]":
    """The layers of the stack: of attention to words where a word is followed, else to patches."""
    wanted = [
        records
        for (name, _), records in opened.recording.stacks().items()
        if records[0].reads_words == (options.word is not None) and options.stack in (None, name)
    ]
    wanted.sort(key=lambda records: records[0].places.batch_counts != "video")
    if not wanted:
        what = "words" if options.word else "patches"
        where = f"{options.stack!r} has" if options.stack else "this recording has"
        raise ConfigError(f"{where} no attention to {what}")
    return wanted[0]


def _question(
    opened: "RecordedRun", record: "AttentionRecord", options: argparse.Namespace
) -> "Question":
    from phenaki_viz.analysis.tracks import on_path, path_of
    from phenaki_viz.analysis.truth import truth_of
    from phenaki_viz.figures.track_views import Question

    steps = record.places.grid[0]
    truth = truth_of(opened)
    path, whose = None, ""
    if options.path:
        for place in options.path:
            record.places.locate(place)  # refused where it is outside the grid
        path, whose = path_of(options.path, steps), options.whose or "object"
    elif truth.paths:
        path, whose = _of_object(truth, options.whose or options.word)
    elif options.whose:
        raise ConfigError(f"the path of {options.whose!r} is not known: give it by --path")
    if options.word is not None:
        return Question(key=_key(record, options.word), path=path, whose=whose)
    start = options.patch
    if start is None and path is not None:
        start = on_path(path, steps // 2)
    if start is None:
        raise ConfigError("a track of which patch? Say --patch time,row,column, or --word WORD")
    return Question(
        start=start, path=path, whose=whose, direction="column" if options.to else "row"
    )


def _of_object(truth: "Truth", name: str | None) -> Any:
    """The path and the name of one object, the first unless another is named."""
    at = truth.names.index(name) if name in truth.names else 0
    return truth.paths[at], truth.names[at]


def _key(record: "AttentionRecord", word: str) -> int:
    names = list(record.key_axis(0).names)
    if word not in names:
        raise ConfigError(f"no key {word!r}: there are {', '.join(names)}")
    return names.index(word)


def _chosen(
    every: "tuple[Answer, ...]", wanted: tuple[tuple[int, int], ...]
) -> "tuple[Answer, ...]":
    from phenaki_viz.figures.tracks import MOST_LINES

    if len(wanted) > MOST_LINES:
        raise ConfigError(f"--heads names {len(wanted)}: a picture has at most {MOST_LINES}")
    found = {(one.head.record.layer, one.head.record.heads[one.head.head]): one for one in every}
    for layer, head in wanted:
        if (layer, head) not in found:
            raise ConfigError(f"no head L{layer} H{head} among these {len(every)}")
    return tuple(found[one] for one in wanted)


def _print(answers: "tuple[Answer, ...]") -> None:
    from phenaki_viz.figures.track_sentences import track_line
    from phenaki_viz.nouns import counted

    for one in answers[:SHOWN]:
        print(f"  {track_line(one)}")
    if len(answers) > SHOWN:
        print(f"  … and {counted(len(answers) - SHOWN, 'more head')}: --heads names those to see")
