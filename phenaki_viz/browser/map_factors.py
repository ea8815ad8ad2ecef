"""Which maps a file holds by the factors of their softmax."""

from math import prod

from phenaki_viz.analysis.tiles import MapTile
from phenaki_viz.browser.map_message import MOST_FLOATS
from phenaki_viz.browser.weight_codes import can_code
from phenaki_viz.browser.weight_factors import Factors, Offsets, factored
from phenaki_viz.figures.head import Head


def factors_of(head: Head, tile: MapTile) -> Factors | None:
    """Of a map that is all here, every weight for itself, and too large to be sent as it is.

    None of any other.
    """
    record, count = head.record, tile.values.size
    whole = tile.cell == (1, 1) and count == prod(head.map.shape)
    if not whole or count <= MOST_FLOATS or not can_code(tile.values):
        return None
    position = record.position
    if position is None or prod(position.dimensions) != tile.values.shape[0]:
        return factored(tile.values)
    table, nulls = position.surface[record.heads[head.head]], record.num_null_kv
    offsets = Offsets(table=table, dimensions=position.dimensions, nulls=nulls)
    return factored(tile.values, offsets)
