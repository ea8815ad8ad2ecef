"""Attention rollout as a picture and in words, both named approximate."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from phenaki_viz.analysis.rollout import REASON
from phenaki_viz.figures.clauses import percent
from phenaki_viz.figures.colour import ColourScale, largest
from phenaki_viz.figures.head import origin_notes
from phenaki_viz.figures.heatmap import Heatmap
from phenaki_viz.figures.naming import (
    family,
    key_axis,
    labels_stem,
    query_axis,
    video_name,
)
from phenaki_viz.recording import AttentionRecord

UNIT = "share, approximate"
ABOUT = f"{REASON[:1].upper()}{REASON[1:]} (Abnar and Zuidema 2020)."


def rollout_picture(
    records: Sequence[AttentionRecord],
    item: int,
    shares: np.ndarray,
    provenance: Mapping[str, Any],
) -> Heatmap:
    """Where each query of the last layer comes from, by attention alone.

    records: the layers that were multiplied. item: of the last one. shares: 'i j', of `rollout`.
    """
    last = records[-1]
    stem = "_".join(filter(None, (family(last).replace(" ", "_"), labels_stem(last))))
    video = video_name(last, item)
    return Heatmap(
        name=f"rollout_{stem}_L{records[0].layer:02d}_L{last.layer:02d}",
        title=" · ".join(
            filter(None, ("Approximate: attention rollout", family(last), _layers(records), video))
        ),
        notes=(REASON, *origin_notes(provenance)),
        provenance={**provenance, "shows": "attention rollout (approximate)", "modules":
                 [one.module for one in records]},
        values=np.asarray(shares, np.float32),
        hidden=_never_seen(records, item, shares),
        query=query_axis(last, item),
        key=key_axis(last, item),
        scale=ColourScale(
            low=0, high=largest(shares) or 1, law="sqrt", scope="all queries of this picture"
        ),
        unit=UNIT,
    )  # fmt: skip


def _never_seen(
    records: Sequence[AttentionRecord], item: int, shares: np.ndarray
) -> np.ndarray | None:
    """Keys that masks keep from a query in the last layer, and in all before it: 'i j' bool."""
    i, j = shares.shape
    hidden = records[-1].hidden(item, (0, i), (0, j)) & (shares == 0)
    return hidden if hidden.any() else None


def rollout_sentence(
    records: Sequence[AttentionRecord], item: int, query: int, shares: np.ndarray
) -> str:
    """What one query is made of, by this reckoning: itself, and the other key with most."""
    last = records[-1]
    names, keys = query_axis(last, item).names, key_axis(last, item).names
    itself = last.num_null_kv + query
    others = np.where(np.arange(len(keys)) == itself, -1, shares[query])
    most = int(others.argmax())
    own = percent(float(shares[query, itself]))
    said = f"Approximately: after {_layers(records)}, {names[query]} is {own} itself"
    if others[most] <= 0:
        return f"{said}."
    return f"{said} and {percent(float(others[most]))} {keys[most]}, the most of any other."


def _layers(records: Sequence[AttentionRecord]) -> str:
    first, last = records[0].layer, records[-1].layer
    return f"L{first}" if first == last else f"L{first} to L{last}"
