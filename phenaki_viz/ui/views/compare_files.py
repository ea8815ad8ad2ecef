"""Compare, taken away: maps, difference and heads' grid as pictures, distances as a table."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import streamlit as st

from phenaki_viz.analysis.difference import HeadDistances, laid_maps
from phenaki_viz.figures.attention_views import attention_heatmap
from phenaki_viz.figures.difference_views import (
    centred_scale,
    common_scale,
    difference_heatmap,
    distances_grid,
    distances_table,
)
from phenaki_viz.figures.picture import Picture
from phenaki_viz.ui.sections.downloads import TABLES, export_icon, files_row, is_exportable
from phenaki_viz.ui.session import named
from phenaki_viz.ui.views.compare_columns import Two, difference_strip

KINDS = {
    "difference": "B − A, the map",
    "frames": "B − A, over the frames",
    "a": "A's map",
    "b": "B's map",
    "heads": "How far every head moved",
}


def take_away(two: Two, moved: HeadDistances | None) -> None:
    """Every picture of the page as a file, on the scales of the page; the table of the heads."""
    if not two.laid.can or not is_exportable(two.selection):
        return
    made = pictures(two, moved)

    def choose() -> tuple[str, Callable[[], Picture]]:
        kind = st.radio("Which picture", list(made), format_func=KINDS.__getitem__,
                        key=named("compare.take")) or "difference"  # fmt: skip
        return f"{two.selection.shown.stem}_{kind}", made[kind]

    box = export_icon(
        "the comparison", f"{two.selection.shown.stem}_difference", made["difference"], "compare",
        choose,
    )  # fmt: skip
    if box is not None and moved is not None:
        with box:
            st.caption("Every head's distance, as a table")
            table = distances_table(
                moved.rows, two.a.recording.provenance, two.descriptions, sampled=moved.sampled
            )
            files_row(table.name, lambda: table, "compare.table", TABLES)


def pictures(two: Two, moved: HeadDistances | None) -> Mapping[str, Callable[[], Picture]]:
    """How each picture is built, by its name."""
    one, other = two.heads

    def difference() -> Picture:
        maps = laid_maps(one.map, other.map, max(one.map.shape))
        return difference_heatmap(
            one, other, maps, centred_scale(maps.difference), two.descriptions
        )

    def side(which: int) -> Picture:
        maps = laid_maps(one.map, other.map, max(one.map.shape))
        head, description = two.heads[which], two.descriptions[which]
        picture = attention_heatmap(head, common_scale(maps))
        named = "ab"[which]
        return replace(
            picture, name=f"{picture.name}_{named}", title=f"{named.upper()} · {picture.title}",
            notes=(f"{named.upper()}: {description}", *picture.notes),
        )  # fmt: skip

    found: dict[str, Callable[[], Picture]] = {
        "difference": difference,
        "frames": lambda: difference_strip(two, "light"),
        "a": lambda: side(0),
        "b": lambda: side(1),
    }
    if moved is not None:
        records, chosen = two.selection.records, two.selection
        values = moved.grid(records, records[0].heads)
        found["heads"] = lambda: distances_grid(
            records, values, two.a.recording.provenance, selected=(chosen.layer, chosen.head)
        )
    return found
