"""`phenaki-viz`: the app, and what can be done without a browser."""

import argparse
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from phenaki_viz.errors import PhenakiVizError
from phenaki_viz.files import shown
from phenaki_viz.memory import lacks_memory


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; 0 on success, 1 with one plain sentence on stderr otherwise."""
    _write_any_letter()
    try:
        options = _options(argv)
        # Before PyTorch, which imports it, too, and passes over a Ctrl-C that comes meanwhile.
        import_module("numpy")
        code = int(options.run(options))
        if sys.stdout is not None:  # None where a service closed it
            sys.stdout.flush()
        return code
    except PhenakiVizError as error:
        print(f"phenaki-viz: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # `phenaki-viz inspect … | head`: the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (OSError, MemoryError, RuntimeError) as error:  # a full disk behind a pipe, no room
        if isinstance(error, RuntimeError) and not lacks_memory(error):
            raise
        print(f"phenaki-viz: {_sentence(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nphenaki-viz: stopped", file=sys.stderr)
        return 130


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    from phenaki_viz.cli.commands import COMMANDS

    parser = argparse.ArgumentParser("phenaki-viz", description=__doc__)
    commands = parser.add_subparsers(required=True)
    for command in COMMANDS:
        command.add(commands)
    return parser.parse_args(argv)


def _write_any_letter() -> None:
    """A name with letters that the terminal cannot show is shown as far as it can be."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _sentence(error: Exception) -> str:
    if lacks_memory(error):
        return "there is not enough memory: use fewer layers, heads or frames"
    name = getattr(error, "filename", None)
    return (f"{shown(str(name))}: " if name else "") + (
        getattr(error, "strerror", "") or str(error)
    )
