"""Which head reads which word, for the browser: what is drawn, and the message."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from phenaki_viz.browser.packing import pack
from phenaki_viz.errors import ShapeError


@dataclass(frozen=True, kw_only=True, eq=False)
class WordPicture:
    """A row a word, a column a layer; each cell names the layer's best head for the word.

    auc: 'j l h', the area under the curve of each head's weights on the word, NaN where it means
    nothing. words, layers: what rows and columns are called. heads: the number of each head. least:
    below it a cell names no head. notes: lines under the table. Raises ShapeError when the shapes
    do not fit.
    """

    auc: np.ndarray
    words: Sequence[str]
    layers: Sequence[str]
    heads: Sequence[int]
    least: float
    caption: str = ""
    notes: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.auc.shape != (len(self.words), len(self.layers), len(self.heads)):
            raise ShapeError(
                f"areas 'j l h' of {self.auc.shape} for {len(self.words)} words, "
                f"{len(self.layers)} layers, {len(self.heads)} heads"
            )


def word_message(picture: WordPicture, *, id: str, push: Any, shows: str = "") -> bytes:
    """For panels/word_table.js. push: (key, layer, head) that is chosen, see `selection_sync`."""
    header = {
        "id": id,
        "layers": list(picture.layers),
        "least": picture.least,
        "caption": picture.caption,
        "notes": list(picture.notes),
        "shows": shows,
        "rows": [
            {"word": word, "cells": [_cell(areas, picture.heads) for areas in row]}
            for word, row in zip(picture.words, picture.auc, strict=True)
        ],
        "push": push,
    }
    return pack(header)


def _cell(areas: np.ndarray, heads: Sequence[int]) -> dict[str, Any] | None:
    """The best head of one layer for one word; None where no area means anything."""
    if np.isnan(areas).all():
        return None
    best = int(np.nanargmax(areas))
    return {"head": best, "named": int(heads[best]), "auc": round(float(areas[best]), 3)}
