"""`phenaki-viz open`: look at a recording from a file in the browser."""

import argparse
import os
from pathlib import Path
from typing import Any

from phenaki_viz.cli import app


def add(commands: Any) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("open", help="look at a recording from a file in the browser")
    parser.add_argument("file", type=Path, help="a .safetensors file of `phenaki-viz record`")
    parser.add_argument("--port", type=int, default=8501, help="on this machine (default: 8501)")
    app.add_hosts(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Refuse what is no recording, then start the app on it."""
    from phenaki_viz.runs.files import open_recording
    from phenaki_viz.ui.source.recording_file import RECORDING

    open_recording(options.file)
    os.environ[RECORDING] = str(options.file.resolve())
    return app.run(options)
