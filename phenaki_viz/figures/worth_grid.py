"""All heads that can be switched off, for one small grid: their maps, then what each is worth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from phenaki_viz.evaluation.effects import HeadEffect
from phenaki_viz.figures.colour import ColourScale, Palette
from phenaki_viz.figures.head_grid import number_tiles
from phenaki_viz.figures.naming import family
from phenaki_viz.recording import AttentionRecord


@dataclass(frozen=True, eq=False)
class WorthGrid:
    """Rows are attention modules, layer after layer of one kind after the other.

    records: one a row. layers: 'self L0', … heads: 'H0', … of the widest. thumbs: 'l h y x'
    float32. values: 'l h' nats, NaN where none was measured, or None. scale: of the values.
    """

    records: tuple[AttentionRecord, ...]
    layers: tuple[str, ...]
    heads: tuple[str, ...]
    thumbs: np.ndarray
    values: np.ndarray | None
    scale: ColourScale | None

    def place(self, module: str, head: int) -> tuple[int, int]:
        """Row and column of a head by its original number; the first where it is not there."""
        for row, record in enumerate(self.records):
            if record.module == module and head in record.heads:
                return row, record.heads.index(head)
        return 0, 0

    def has(self, row: int, column: int) -> bool:
        """Whether a head is there: rows may have fewer than others."""
        return row < len(self.records) and column < len(self.records[row].heads)


def worth_grid(
    stacks: Sequence[Sequence[AttentionRecord]],
    thumbs: Sequence[np.ndarray | None],
    effects: Sequence[HeadEffect],
    palette: Palette,
    cells: int,
) -> WorthGrid:
    """stacks: records layer by layer. thumbs: 'l h y x' of each, None where not drawn.

    effects: of heads, drawn instead of the maps once there are some. cells: a side of a tile.
    """
    records = tuple(record for stack in stacks for record in stack)
    wide = max((len(record.heads) for record in records), default=0)
    layers = tuple(f"{family(record)} L{record.layer}" for record in records)
    names = tuple(f"H{head}" for head in range(wide))
    worth = {(one.module, one.head): one.mean for one in effects if one.head is not None}
    values = _values(records, worth, wide)
    if values is not None:
        scale = worth_scale(values, palette)
        return WorthGrid(records, layers, names, number_tiles(values), values, scale)
    tiles = np.concatenate(
        [_tiles(len(stack), wide, each, cells) for stack, each in zip(stacks, thumbs, strict=True)]
        or [np.zeros((0, wide, cells, cells), np.float32)]
    )
    return WorthGrid(records, layers, names, tiles, None, None)


def worth_scale(values: np.ndarray, palette: Palette) -> ColourScale:
    """Equal ends around 0 for what heads are worth; NaN says nothing."""
    most = float(np.nanmax(np.abs(values))) or 1.0
    return ColourScale(low=-most, high=most, palette=palette, scope="all heads")


def _values(
    records: Sequence[AttentionRecord], worth: Mapping[tuple[str, int], float], wide: int
) -> np.ndarray | None:
    values = np.full((len(records), wide), np.nan)
    for row, record in enumerate(records):
        for column, head in enumerate(record.heads):
            values[row, column] = worth.get((record.module, head), np.nan)
    return None if np.isnan(values).all() else values


def _tiles(layers: int, wide: int, thumbs: np.ndarray | None, cells: int) -> np.ndarray:
    """Thumbnails of one stack with as many cells and heads as those of the others."""
    made = np.full((layers, wide, cells, cells), np.nan, np.float32)
    if thumbs is None:
        made[:] = 0
        return made
    down, across = (np.arange(cells) * size // cells for size in thumbs.shape[2:])
    made[:, : thumbs.shape[1]] = thumbs[:, :, down[:, None], across[None]]
    return made
