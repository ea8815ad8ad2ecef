"""What a recording gives and is given that takes more than attention: see `phenaki_viz.answers`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

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
