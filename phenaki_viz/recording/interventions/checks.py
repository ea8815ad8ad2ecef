"""What a value of an intervention may be: it comes from outside, and is checked before use."""

import math
from dataclasses import fields
from typing import Any

import numpy as np

from phenaki_viz.errors import ConfigError

MOST_NUMBER = 1e30
MOST_HEADS = 4096
MOST_WIDTH = 4096
LONGEST_NAME = 300
LONGEST_TEXT = 1000


def take_plain(one: Any) -> None:
    """NumPy's numbers in an intervention become Python's, which a file can hold."""
    for each in fields(one):
        value = getattr(one, each.name)
        if isinstance(value, (np.generic, np.ndarray)):
            value = value.tolist()
        elif isinstance(value, (tuple, list)):
            value = type(value)(it.item() if isinstance(it, np.generic) else it for it in value)
        else:
            continue
        object.__setattr__(one, each.name, value)


def check_name(kind: str, name: Any) -> None:
    """Raise ConfigError unless it can be the dotted name of a module."""
    if not isinstance(name, str) or len(name) > LONGEST_NAME or not name.isprintable():
        raise ConfigError(f"{kind}: a module is named by up to {LONGEST_NAME} printable characters")


def check_number(kind: str, what: str, value: Any, most: int) -> None:
    """Raise ConfigError unless it is a whole number from 0 to below `most`."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < most:
        raise ConfigError(f"{kind}: {what} is {str(value)[:20]!r}; use 0 to {most - 1:,}")


def is_number(value: Any) -> bool:
    """Whether it is a finite number; a whole one may be too long for a float."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return abs(value) < MOST_NUMBER and not math.isnan(value)


def check_text(kind: str, text: Any) -> None:
    """Raise ConfigError unless it is a short printable text."""
    is_text = isinstance(text, str) and len(text) <= LONGEST_TEXT and text.isprintable()
    if not is_text or not text.strip():
        raise ConfigError(f"{kind}: give a text of 1 to {LONGEST_TEXT:,} printable characters")


def is_digest(text: str) -> bool:
    """Whether it is a SHA-256 as text."""
    return len(text) == 64 and set(text) <= set("0123456789abcdef")


def place(step: int | None, patch: tuple[int, int] | None) -> str:
    """'time 2, row 1, column 3' of what is given of it."""
    at = zip(("row", "column"), patch or (), strict=False)
    return ", ".join([*([] if step is None else [f"time {step}"]), *(f"{n} {v}" for n, v in at)])
