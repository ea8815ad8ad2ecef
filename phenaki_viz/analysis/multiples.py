"""Weights as multiples of uniform: 1 is what a query that does not choose gives each key it sees.

In one number a causal row of three keys and one of three hundred can be compared.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from phenaki_viz.analysis.rows import uniform_weight
from phenaki_viz.analysis.thumbnails import Thumbnails
from phenaki_viz.analysis.tiles import MapTile
from phenaki_viz.recording import AttentionRecord, HeadMap


def pooled_uniform(uniform: np.ndarray, tall: int) -> np.ndarray:
    """Mean uniform weight of the queries of each row of cells: 'y' float32, from 'i'.

    tall: queries of a row of cells. NaN where none of them sees a key.
    """
    known = np.isfinite(uniform)
    starts = np.arange(0, len(uniform), tall)
    sums = np.add.reduceat(np.where(known, uniform, 0).astype(np.float64), starts)
    counts = np.add.reduceat(known.astype(np.int64), starts)
    mean = np.divide(sums, counts, out=np.full(len(starts), np.nan), where=counts > 0)
    return mean.astype(np.float32)


def tile_multiples(tile: MapTile) -> np.ndarray:
    """A part of a map in multiples of uniform, cell by cell: 'y x' float32."""
    first, last, _, _ = tile.window
    return _divided(tile.values, pooled_uniform(tile.uniform[first:last], tile.cell[0]))


def thumbnail_multiples(
    shown: Thumbnails, records: Sequence[AttentionRecord], items: Sequence[int]
) -> Thumbnails:
    """All heads of some layers in multiples of uniform; items: the batch item of each layer."""
    each = [
        _of_layer(values, one, item, shown.cell[0])
        for values, one, item in zip(shown.values, records, items, strict=True)
    ]
    return replace(shown, values=np.stack(each))


def _of_layer(values: np.ndarray, record: AttentionRecord, item: int, tall: int) -> np.ndarray:
    """The heads of one layer, 'h y x': each by the keys that it may see."""
    if record.heads_differ:
        uniforms = [HeadMap(record, item, head).uniform for head in range(len(values))]
        pairs = zip(values, uniforms, strict=True)
        return np.stack([_divided(one, pooled_uniform(uniform, tall)) for one, uniform in pairs])
    return _divided(values, pooled_uniform(uniform_weight(record.visible_keys(item)), tall))


def _divided(values: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """'… y x' by 'y'. Wrong rows stay infinite, masked cells NaN."""
    multiples = values / np.where(np.isfinite(uniform), uniform, 1)[:, None]
    return multiples.astype(np.float32)
