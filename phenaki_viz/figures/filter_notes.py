"""What is left out of a map, in words: on the picture, under it, in exported files."""

from dataclasses import replace
from typing import Any

import numpy as np

from phenaki_viz.analysis.row_filter import RowFilter
from phenaki_viz.analysis.sinks import DEFINITION
from phenaki_viz.figures.head import Head
from phenaki_viz.figures.heatmap import Heatmap
from phenaki_viz.figures.naming import key_axis
from phenaki_viz.figures.words import plain

MOST_NAMED = 6


def filter_notes(head: Head, row_filter: RowFilter) -> tuple[str, ...]:
    """One line for the columns taken away, one for the top mass."""
    names = key_names(head, row_filter)
    shown = "; ".join(plain(name) for name in names[:MOST_NAMED])
    more = f"; and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    lines = []
    if names:
        what = "1 key" if len(names) == 1 else f"{len(names)} keys"
        lines.append(f"Without {what}, each row renormalised to sum to 1: {shown}{more}")
    if row_filter.mass < 1:
        lines.append(
            f"Top {row_filter.mass:.0%} of each row: keys outside the smallest set that holds it "
            "are left out"
        )
    return tuple(lines) or ("This head has no sinks: nothing is left out",)


def key_names(head: Head, row_filter: RowFilter) -> tuple[str, ...]:
    """The columns taken away, by name."""
    names = key_axis(head.record, head.item).names
    return tuple(names[key] for key in row_filter.without)


def filtered_heatmap(picture: Heatmap, head: Head, row_filter: RowFilter) -> Heatmap:
    """The picture of a whole map under a cut: renormalised weights where keys were taken away."""
    good = np.ones(len(picture.values), bool)
    good[list(picture.wrong)] = False
    weights = row_filter.weights(np.where(good[:, None], picture.values, 0))
    renormalised: dict[str, Any] = {"values": weights, "unit": "weight without sinks, renormalised"}
    if row_filter.without:  # a multiple of uniform is one of the raw weight
        renormalised["uniform"] = None
    return replace(
        picture,
        notes=(*filter_notes(head, row_filter), *picture.notes),
        provenance={**picture.provenance, **filter_provenance(head, row_filter)},
        left_out=~row_filter.kept(weights) & good[:, None],
        **(renormalised if row_filter.without else {}),
    )


def filter_provenance(head: Head, row_filter: RowFilter) -> dict[str, Any]:
    """What a cut leaves out of a map, for the record of what made a picture."""
    return {
        "top_mass": row_filter.mass,
        "keys_taken_away": list(key_names(head, row_filter)),
        "renormalised": bool(row_filter.without),
        "sink_definition": DEFINITION if row_filter.without else None,
    }
