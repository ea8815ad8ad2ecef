"""A picture in hand, for notebooks and scripts: it shows itself, and is saved by its ending."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from phenaki_viz.errors import ExportError
from phenaki_viz.export.arrays import arrays_of
from phenaki_viz.export.formats import FORMATS, render
from phenaki_viz.figures.picture import Picture
from phenaki_viz.files import make_folder, write_bytes

IN_A_NOTEBOOK = {"image/png": "png", "image/svg+xml": "svg"}


@dataclass(frozen=True, eq=False, repr=False)
class PictureInHand:
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

    def save(self, path: str | Path) -> Path:
        """Write it as what the name ends in; an older file is replaced, a folder made.

        Raises ExportError for an ending that is no format, and when it cannot be written.
        """
        path = Path(path)
        format = path.suffix.lower().removeprefix(".")
        if format not in FORMATS:
            known = ", ".join(f".{name}" for name in FORMATS)
            raise ExportError(f"{path.name} ends in no format: use {known}")
        content = render(self.picture, format)
        make_folder(path.parent)
        return write_bytes(path, content)

    def __repr__(self) -> str:
        kind, notes = type(self.picture).__name__, "".join(f"\n  {note}" for note in self.notes)
        return f"{kind}: {self.title}{notes}"

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
            content = render(self.picture, IN_A_NOTEBOOK[kind])
            shown[kind] = content if kind == "image/png" else content.decode()
        return shown
