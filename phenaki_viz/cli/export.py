"""`phenaki-viz export`: record a dialled model, write all its heads as a ZIP."""

import argparse
import sys
from pathlib import Path
from typing import Any

from phenaki_viz.cli.dialling import add_options, dialled_run


def add(commands: Any) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("export", help="record a dialled model, write all heads as a ZIP")
    parser.add_argument("output", type=Path, help="the ZIP file to write")
    add_options(parser)
    parser.add_argument("--formats", nargs="+", default=["png", "npz"], help="png svg pdf …")
    parser.set_defaults(run=run)


def run(asked: argparse.Namespace) -> int:
    """Build, run, record, write."""
    from phenaki_viz.export import write_archive
    from phenaki_viz.figures.attention_views import all_heads, how_many_heads
    from phenaki_viz.files import check_target, make_folder

    make_folder(asked.output.parent)
    check_target(asked.output)  # before the work, not after it
    made = dialled_run(asked)
    count = how_many_heads(made.recording)
    pictures = all_heads(made.recording)
    write_archive(asked.output, pictures, asked.formats, on_progress=_tell, total=count)
    print(f"{asked.output}: {count} heads", file=sys.stderr)
    return 0


def _tell(done: int, of: int, name: str) -> None:
    print(f"\r{done} of {of}  {name}   ", end="" if done < of else "\n", file=sys.stderr)
