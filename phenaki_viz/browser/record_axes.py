"""The sides of a recorded map for the browser."""

from typing import Any

from phenaki_viz.browser.axes import MapAxis
from phenaki_viz.figures.naming import key_axis, query_axis
from phenaki_viz.recording import AttentionRecord


def axis_of(record: AttentionRecord, item: int, side: str) -> MapAxis:
    """The queries or keys of a map for the browser, which names the cells itself."""
    axis = query_axis(record, item) if side == "query" else key_axis(record, item)
    nulls = record.num_null_kv if side == "key" else 0
    grouping: dict[str, Any] = {
        "title": side,
        "nulls": nulls,
        "breaks": axis.breaks,
        "groups": axis.groups,
    }
    if side == "key" and record.kind == "cross":
        return MapAxis(words=axis.names[nulls:], **grouping)
    if record.places.batch_counts == "sequence":
        return MapAxis(**grouping)
    origin = record.places.place(record.batch_items[item], 0)
    return MapAxis(grid=record.places.token_grid, origin=origin, **grouping)
