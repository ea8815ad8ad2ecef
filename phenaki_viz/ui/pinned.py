"""The pinned heads under the page: side by side, on one scale, moving together."""

import numpy as np
import streamlit as st

from phenaki_viz.figures.attention_views import origin_notes, scale_for
from phenaki_viz.figures.naming import head_label
from phenaki_viz.recording.run import Run
from phenaki_viz.ui import derived, heads, panels
from phenaki_viz.ui.components.pinned_maps import pinned_maps
from phenaki_viz.ui.selection import Selection

MOST_VALUES = 65_536  # of all pinned maps together: 130 kB at a click


def draw(run: Run, chosen: Selection, log: bool) -> None:
    """Nothing when no head of this stack is pinned."""
    pins = heads.arrangement(chosen).pins
    if not pins:
        return
    st.markdown("##### Pinned heads")
    most = int((MOST_VALUES / len(pins)) ** 0.5)
    items = chosen.items
    _, _, i, j = chosen.record.map.shape
    tiles = [
        derived.tile(chosen.records[layer], items[layer], head, (0, i, 0, j), most)
        for layer, head in pins
    ]
    values = np.stack([tile.values for tile in tiles])
    high = float(values[np.isfinite(values)].max(initial=0))
    scale = scale_for(high, log=log, scope="all pinned heads")
    pinned_maps(
        values,
        labels=[
            head_label(chosen.records[layer].layer, chosen.records[layer].heads[head])
            for layer, head in pins
        ],
        total=(i, j),
        cell=tiles[0].cell,
        scale=scale,
        query_axis=panels.axis_of(chosen.record, chosen.item, "query"),
        key_axis=panels.axis_of(chosen.record, chosen.item, "key"),
        selected_query=chosen.query,
        uniform=tiles[0].uniform,
        key="pinned",
        on_pick=panels.picked_cell(chosen.record, chosen.item),
        on_unpin=lambda at: heads.unpin(pins[at]),
    )
    y, x = tiles[0].cell
    drawn = "every weight" if (y, x) == (1, 1) else f"mean of {y} × {x} weights"
    said = (drawn, scale.describe(), *origin_notes(run.recording.made_by))
    st.caption(panels.plain(" · ".join(said)))
