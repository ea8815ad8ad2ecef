"""`phenaki-viz`: the app, and what can be done without a browser."""

import argparse
import os
import sys
from collections.abc import Sequence

from phenaki_viz.cli import app, evaluate, export, inspect, open, record, train
from phenaki_viz.errors import PhenakiVizError

COMMANDS = (app, open, record, export, inspect, train, evaluate)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; 0 on success, 1 with one plain sentence on stderr otherwise."""
    parser = argparse.ArgumentParser("phenaki-viz", description=__doc__)
    commands = parser.add_subparsers(required=True)
    for command in COMMANDS:
        command.add(commands)
    asked = parser.parse_args(argv)
    try:
        code = int(asked.run(asked))
        sys.stdout.flush()
        return code
    except PhenakiVizError as error:
        print(f"phenaki-viz: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # `phenaki-viz inspect … | head`: whoever reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
