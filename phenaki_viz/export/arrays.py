"""The exact arrays of a picture as NPZ, for programs."""

import io
from typing import Any

import numpy as np

from phenaki_viz.export.kinds import faces_of
from phenaki_viz.export.numbers import as_words
from phenaki_viz.export.provenance import provenance_json
from phenaki_viz.figures import Picture


def to_npz(picture: Picture) -> bytes:
    """Every array of the picture, names and the record of what made it; loads without pickle."""
    arrays: dict[str, Any] = {
        "kind": as_words(type(picture).__name__),
        "title": as_words(picture.title),
        "notes": as_words(picture.notes),
        "provenance": as_words(provenance_json(picture)),
        **arrays_of(picture),
    }
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def arrays_of(picture: Picture) -> dict[str, np.ndarray]:
    """The numbers and names of a picture. Raises ExportError for an unknown kind."""
    return faces_of(picture).arrays(picture)
