"""What a recording is asked that takes more than attention: floors above it say how.

`phenaki_viz` itself registers an answer for each name, one that loads what it needs when it is
asked; so imports point down, and who only records loads no clips, pictures or pages.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np


class Shown(Protocol):
    """A clip as far as a recording knows it. frames: 'f H W c' uint8, as the model saw them."""

    @property
    def frames(self) -> np.ndarray:
        """Every frame, in order."""
        ...

    @property
    def name(self) -> str:
        """What it is called in titles and file names."""
        ...


class Figure(Protocol):
    """A picture of attention in hand, as `Recording.figure` gives it; a notebook shows it itself.

    title, notes: as printed with it; the notes say how it was reduced and what is wrong, if
    anything. numbers: every array in it, by name ("values" of a map are the exact weights).
    """

    @property
    def title(self) -> str:
        """Layer, head, kind and call."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines under the picture."""
        ...

    @property
    def numbers(self) -> Mapping[str, np.ndarray]:
        """Arrays by name."""
        ...

    def save(self, path: str | Path) -> Path:
        """Write it as what the name ends in: .png .svg .pdf .html .npz .csv; raises ExportError."""
        ...


_answers: dict[str, Callable[..., Any]] = {}


def register(name: str, answer: Callable[..., Any]) -> None:
    """Have `answer` called where a recording is asked for this."""
    _answers[name] = answer


def ask(name: str, *args: Any, **kwargs: Any) -> Any:
    """What the registered answer gives. Raises KeyError where none is registered."""
    return _answers[name](*args, **kwargs)
