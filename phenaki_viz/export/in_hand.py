"""A picture in hand, for notebooks and scripts: it shows itself, and is saved by its ending."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import ascii_lowercase
from typing import Any, ClassVar

import numpy as np

from phenaki_viz.errors import ExportError
from phenaki_viz.export.arrays import arrays_of
from phenaki_viz.export.formats import FIGURE_ENDINGS, FORMATS, render
from phenaki_viz.figures.composed import Composed
from phenaki_viz.figures.picture import Picture
from phenaki_viz.files import write_bytes

IN_A_NOTEBOOK = {"image/png": "png", "image/svg+xml": "svg"}


class _InHand:
    """What is done by hand to whatever has a title, notes, numbers and files."""

    formats: ClassVar[tuple[str, ...]] = FORMATS

    @property
    def title(self) -> str:
        """What it shows."""
        raise NotImplementedError

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines under it."""
        raise NotImplementedError

    def rendered(self, format: str) -> bytes:
        """The bytes of a file of it."""
        raise NotImplementedError

    def save(self, path: str | Path) -> Path:
        """Write it as what the name ends in; an older file is replaced, a folder made.

        Raises ExportError for an ending that is no format, and when it cannot be written.
        """
        path = Path(path)
        format = path.suffix.lower().removeprefix(".")
        if format not in self.formats:
            known = ", ".join(f".{name}" for name in self.formats)
            raise ExportError(f"{path.name} ends in no format: use {known}")
        return self._write(path, format)

    def _write(self, path: Path, format: str) -> Path:
        return write_bytes(path, self.rendered(format))

    def __repr__(self) -> str:
        notes = "".join(f"\n  {note}" for note in self.notes)
        return f"{self._kind}: {self.title}{notes}"

    @property
    def _kind(self) -> str:
        return type(self).__name__

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, Any]:
        """PNG, or SVG where a notebook asks for that and not for PNG; and the title as text."""
        wanted = [
            kind
            for kind in (include or ["image/png"])
            if kind in IN_A_NOTEBOOK and kind not in (exclude or ())
        ]
        shown: dict[str, Any] = {"text/plain": repr(self)}
        for kind in wanted:
            content = self.rendered(IN_A_NOTEBOOK[kind])
            shown[kind] = content if kind == "image/png" else content.decode()
        return shown


@dataclass(frozen=True, eq=False, repr=False)
class FigureInHand(_InHand):
    """Several panels as one figure; see `phenaki_viz.figures.recipe`."""

    composed: Composed
    formats: ClassVar[tuple[str, ...]] = FIGURE_ENDINGS

    @property
    def title(self) -> str:
        """The caption: every panel's title, and what has to be said of them."""
        return self.composed.caption

    @property
    def notes(self) -> tuple[str, ...]:
        """Nothing more: the caption has them."""
        return ()

    @property
    def numbers(self) -> Mapping[str, np.ndarray]:
        """Every array of every panel: "a.values", "b.weights" …"""
        return {
            f"{letter}.{name}": held
            for letter, picture in zip(ascii_lowercase, self.composed.panels, strict=False)
            for name, held in arrays_of(picture).items()
        }

    @property
    def _kind(self) -> str:
        return "Figure"

    def rendered(self, format: str) -> bytes:
        """The bytes of a file of it."""
        from phenaki_viz.export.composer import render_figure

        return render_figure(self.composed, format)

    def _write(self, path: Path, format: str) -> Path:
        from phenaki_viz.export.pgf import write_pgf

        return write_pgf(self.composed, path) if format == "pgf" else super()._write(path, format)


@dataclass(frozen=True, eq=False, repr=False)
class PictureInHand(_InHand):
    """A picture with what is done to it by hand; see `phenaki_viz.recording.asked_above.Figure`."""

    picture: Picture

    @property
    def title(self) -> str:
        """Of the picture: layer, head, kind and call."""
        return self.picture.title

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines under the picture: how it was reduced, what is wrong, where it comes from."""
        return self.picture.notes

    @property
    def numbers(self) -> Mapping[str, np.ndarray]:
        """Every array of the picture by name, as its NPZ has them."""
        return arrays_of(self.picture)

    @property
    def _kind(self) -> str:
        return type(self.picture).__name__

    def rendered(self, format: str) -> bytes:
        """The bytes of a file of it."""
        return render(self.picture, format)
