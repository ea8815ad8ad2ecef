"""Which head reads which word: a row a word, a column a layer, each cell a way to that head."""

from collections.abc import Callable, Sequence
from typing import Any, TypedDict, cast

import numpy as np

from phenaki_viz.browser.packing import pack
from phenaki_viz.errors import ShapeError
from phenaki_viz.ui.components import picks
from phenaki_viz.ui.components.assets import declare
from phenaki_viz.ui.components.stamps import stamped


class WordPick(TypedDict):
    """The key whose cell was chosen, and the layer and head that it names."""

    key: int
    layer: int
    head: int


_mount = declare("word_table")


def word_table(
    auc: np.ndarray,
    *,
    words: Sequence[str],
    layers: Sequence[str],
    heads: Sequence[int],
    least: float,
    selected: tuple[int, int, int],
    key: str,
    caption: str = "",
    notes: Sequence[str] = (),
    shows: str = "",
    on_pick: Callable[[WordPick], None] | None = None,
) -> WordPick | None:
    """Draw the table; returns what was picked in the run in which it was, else None.

    auc: 'j l h', NaN where it means nothing; a cell is the best head of its layer. words, layers:
    what rows and columns are called. heads: the number of each head. least: below it a cell names
    no head. selected: (key, layer, head). shows: what it is of, see `said`. Raises ShapeError when
    the shapes do not fit.
    """
    if auc.shape != (len(words), len(layers), len(heads)):
        raise ShapeError(
            f"areas 'j l h' of {auc.shape} for {len(words)} words, {len(layers)} layers, "
            f"{len(heads)} heads"
        )
    event = picks.news(key)
    picked = [event[name] for name in ("key", "layer", "head")] if event else None
    header = {
        "id": key,
        "layers": list(layers),
        "least": least,
        "caption": caption,
        "notes": list(notes),
        "shows": shows,
        "rows": [
            {"word": word, "cells": [_cell(areas, heads) for areas in row]}
            for word, row in zip(words, auc, strict=True)
        ],
        "push": picks.push(key, [int(at) for at in selected], picked),
    }
    _mount(
        key=key,
        data=stamped(key, pack(header)),
        on_pick_change=picks.answering(key, "pick", cast(Any, on_pick)),
    )
    return cast(WordPick | None, event)


def _cell(areas: np.ndarray, heads: Sequence[int]) -> dict[str, Any] | None:
    """The best head of one layer for one word; None where no area means anything."""
    if np.isnan(areas).all():
        return None
    best = int(np.nanargmax(areas))
    return {"head": best, "named": int(heads[best]), "auc": round(float(areas[best]), 3)}
