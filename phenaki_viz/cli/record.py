"""`phenaki-viz record`: run a model on a clip, write everything its attention did to one file."""

import argparse
import sys
from pathlib import Path
from typing import Any

from phenaki_viz.cli.clips import describe_clip
from phenaki_viz.cli.sources import TRAINED, add_options, made_run
from phenaki_viz.errors import ConfigError
from phenaki_viz.nouns import counted


def add(commands: Any) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "record",
        help="run a model on a clip, keep its attention in a file",
        description="Run a model on a clip and keep everything its attention did in one file. "
        "What had to be assumed or made up is told, and kept in the file.",
    )
    parser.add_argument("output", type=Path, help="the .safetensors file to write")
    add_options(parser)
    parser.add_argument(
        "--storage",
        choices=("auto", "dense", "factored"),
        default="auto",
        help="maps as they are, or as the factors they are recomputed from (default: auto, dense "
        "while they are short and fit into memory)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run, record, write."""
    from phenaki_viz.files import target_of
    from phenaki_viz.recording import (
        describe_failures,
        describe_non_finite,
        describe_storage,
    )
    from phenaki_viz.runs.files import save_recording

    target_of(options.output)  # before the work, not after it
    _check_output(options)
    made = made_run(options, storage=options.storage, on_progress=_tell)
    save_recording(options.output, made)
    size = options.output.stat().st_size / 1e6
    storage = describe_storage(made.recording)
    print(describe_clip(made.clip), file=sys.stderr)
    maps = counted(len(made.recording), "map")
    print(f"{options.output}: {maps}, {size:.1f} MB; {storage}", file=sys.stderr)
    for wrong in (describe_failures(made.recording.records), describe_non_finite(made.recording)):
        if wrong:
            print(f"warning: {wrong}", file=sys.stderr)
    return 0


def _check_output(options: argparse.Namespace) -> None:
    """Refuse to write over what is read."""
    read = {"--clip": options.clip}
    if options.weights and options.weights != TRAINED:
        read["--weights"] = Path(options.weights).expanduser()
    for option, path in read.items():
        if path and path.exists() and options.output.exists() and path.samefile(options.output):
            raise ConfigError(f"{options.output} is the file of {option}: write to another")


def _tell(done: int, of: int) -> None:
    print(f"\rattention {done} of {of}", end="" if done < of else "\n", file=sys.stderr)
