"""Kinds of values that several commands read: refused with a sentence before anything runs."""

import argparse
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from phenaki_viz.errors import ConfigError

Arguments = argparse.ArgumentParser | argparse._ArgumentGroup
INSPECTED = "as `phenaki-viz inspect` names it"


def at_least(least: int) -> Callable[[str], int]:
    """A reader of whole numbers from `least` up."""

    def read(text: str) -> int:
        if not re.fullmatch(r"[+-]?\d{1,12}", text) or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text[:40]!r} is no whole number from {least} up")
        return int(text)

    return read


def file_path(text: str) -> Path:
    """A path as it was typed: "", as of a variable that was not set, would be this folder."""
    return Path(file_name(text))


def file_name(text: str) -> str:
    """A path, or a word that stands for one."""
    if not text:
        raise argparse.ArgumentTypeError("it is empty, as a variable is that was not set")
    return text


def share(text: str) -> float:
    """A number from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no number from 0 to 1")
    return value


def frame_size(text: str) -> tuple[int, int]:
    """Height and width in pixels out of "64" or "24x40"."""
    found = re.fullmatch(r"(\d{1,5})(?:[x×](\d{1,5}))?", text.lower())
    if not found:
        raise argparse.ArgumentTypeError(
            f"{text[:40]!r} is no frame size: give 64 for a square, 24x40 for height x width"
        )
    return int(found[1]), int(found[2] or found[1])


def token_grid(text: str) -> tuple[int, int, int]:
    """Time steps, rows and columns out of "3x4x5"."""
    found = re.fullmatch(r"([1-9]\d{0,4})[x×]([1-9]\d{0,4})[x×]([1-9]\d{0,4})", text.lower())
    if not found:
        raise argparse.ArgumentTypeError(
            f"{text[:40]!r} is no grid: give steps x rows x columns, as 3x4x5"
        )
    return int(found[1]), int(found[2]), int(found[3])


def correction(text: str) -> tuple[str, str]:
    """Name and value out of "causal=no"."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise argparse.ArgumentTypeError(f"{text[:60]!r} is no setting: give NAME=VALUE")
    return name.strip(), value.strip()


def add_kind(parser: Arguments) -> None:
    """Add `--kind`: self- or cross-attention alone."""
    parser.add_argument("--kind", choices=("self", "cross"), help="these maps alone (default: all)")


def add_stack(
    parser: Arguments, default: str = "all", *, of: str = "", named: str = INSPECTED
) -> None:
    """Add `--stack`: the heads of one transformer. default, of, named: in the help's words."""
    whose = f" of {of}" if of else ""
    text = f"the heads of one transformer{whose}, {named} (default: {default})"
    parser.add_argument("--stack", metavar="NAME", help=text)


def format_of(path: Path | None, formats: Sequence[str], what: str = "") -> str:
    """The format that a file's name ends in, without its dot; "" without a file.

    what: of what kind it is, for the sentence ("of a table"). Raises ConfigError for any other.
    """
    if path is None:
        return ""
    ending = path.suffix.lower().removeprefix(".")
    if ending not in formats:
        known = ", ".join(f".{name}" for name in formats)
        raise ConfigError(f"{path.name} ends in no format{what and f' {what}'}: use {known}")
    return ending
