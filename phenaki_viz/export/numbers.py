"""Numbers and names as files hold them: arrays for programs, text for spreadsheets."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from phenaki_viz.figures.words import plain

FORMULA = "=+-@\uff1d\uff0b\uff0d\uff20"  # what makes a spreadsheet read a cell as a formula


def as_words(text: str | Sequence[str]) -> np.ndarray:
    """Text as an array that loads without pickle."""
    return np.array(text, dtype=str)


def as_float32(values: Any) -> np.ndarray:
    """Numbers in the precision in which attention is computed and shown."""
    return np.asarray(values, np.float32)


def if_given(name: str, value: Any, dtype: Any) -> dict[str, np.ndarray]:
    """An array by its name, or nothing where there is none."""
    return {} if value is None else {name: np.asarray(value, dtype)}


def guarded(name: str) -> str:
    """A name that a spreadsheet does not run: a ' goes before = + - @."""
    name = plain(name)
    return f"'{name}" if name[:1] and name[0] in FORMULA else name


def as_text(values: np.ndarray) -> list[str]:
    """The shortest text of each number that reads back as the same float."""
    return [str(value) for value in np.asarray(values)]


def frame_pairs(steps: Sequence[Sequence[int]]) -> np.ndarray:
    """'n 2' int64: a time step and a frame of it."""
    return np.array([(at, frame) for at, frames in enumerate(steps) for frame in frames], np.int64)
