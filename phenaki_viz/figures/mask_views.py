"""From a record to pictures of its masks: each mask alone, all together, keys left per query."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from phenaki_viz.analysis.masks import BOTH, CAUSAL, CUT, PADDING, MaskCodes, visibility
from phenaki_viz.analysis.rows import uniform_weight
from phenaki_viz.figures.colour import ColourScale
from phenaki_viz.figures.curves import Curve, Curves
from phenaki_viz.figures.heatmap import Heatmap
from phenaki_viz.figures.naming import (
    family,
    key_axis,
    labels_name,
    labels_stem,
    query_axis,
    video_name,
    video_of,
)
from phenaki_viz.nouns import counted, subject
from phenaki_viz.recording import AttentionRecord

LAYERS = {
    "together": ("All masks together", (CAUSAL, PADDING, BOTH, CUT)),
    "causal": ("Causal mask", (CAUSAL, BOTH)),
    "padding": ("Key padding mask", (PADDING, BOTH)),
}


def mask_picture(
    record: AttentionRecord, item: int, which: str, provenance: Mapping[str, Any]
) -> Heatmap:
    """Who may see whom: hidden cells in the colour of masks, null keys apart from the rest.

    which: a key of LAYERS.
    """
    title, codes = LAYERS[which]
    seen = visibility(record, item)
    hidden = np.isin(seen.codes, codes)
    share = uniform_weight((~hidden).sum(axis=1))
    values = np.where(hidden, 0, 1).astype(np.float32)
    values[:, : record.key_axis(item).nulls] *= 2
    wrong = tuple(int(row) for row in np.flatnonzero(hidden.all(axis=1)))
    return Heatmap(
        name=f"mask_{_stem(record, item)}_{which}",
        title=f"L{record.layer} · {family(record)} · {title.lower()}{_of_call(record, item)}",
        notes=(said(record, seen, which),),
        provenance={**provenance, "module": record.module, "mask": which},
        values=values,
        hidden=hidden,
        wrong=wrong,
        query=query_axis(record, item),
        key=key_axis(record, item),
        scale=ColourScale(low=0, high=2, palette="viridis", names=_names(record)),
        unit="may look",
        uniform=share,
    )


def _names(record: AttentionRecord) -> tuple[tuple[float, str], ...]:
    """What the cells that are not masked mean."""
    nulls = ((2.0, "null key, never masked"),) if record.key_axis(0).nulls else ()
    return ((1.0, "may look"), *nulls)


def said(record: AttentionRecord, seen: MaskCodes, which: str) -> str:
    """One sentence on what this mask does here."""
    if which == "causal" and not record.causal:
        return "not causal: every query may look at later keys"
    if which == "padding" and record.key_mask is None:
        return "no key padding mask was given"
    blind = seen.blind
    count = 0 if record.cut_edges is not None else record.key_axis(0).nulls
    nulls = f"; {subject(count, 'null key', 'stays', 'stay')} visible" if count else ""
    if len(blind) == 0:
        least = int(seen.visible_keys.min())
        return f"every query sees at least {counted(least, 'key')}{nulls}"
    names = query_axis(record, 0).names
    named = "; ".join(names[at] for at in blind[:4]) + (" …" if len(blind) > 4 else "")
    see = subject(len(blind), "query", "sees", "see")
    return f"{see} no key, weights there mean nothing: {named}"


def visible_keys_picture(
    record: AttentionRecord, item: int, provenance: Mapping[str, Any]
) -> Curves:
    """How many keys each query may look at."""
    seen = visibility(record, item)
    names = query_axis(record, item).names
    hover = tuple(
        f"{name}: {count} visible keys"
        for name, count in zip(names, seen.visible_keys, strict=True)
    )
    counts = seen.visible_keys.astype(float)
    return Curves(
        name=f"visible_keys_{_stem(record, item)}",
        title=f"L{record.layer} · visible keys of each query{_of_call(record, item)}",
        notes=(said(record, seen, "together"),),
        provenance={**provenance, "module": record.module, "shows": "visible keys"},
        curves=(Curve(name="visible keys", x=np.arange(len(counts)), y=counts, hover=hover),),
        x_title="query (token)",
        y_title="visible keys",
        kind="step",
        whole_y=True,
    )


def _stem(record: AttentionRecord, item: int) -> str:
    video, videos = video_of(record, item)
    which = f"video{video + 1:02d}" if videos > 1 else ""
    parts = family(record).replace(" ", "_"), labels_stem(record), which, f"L{record.layer:02d}"
    return "_".join(filter(None, parts))


def _of_call(record: AttentionRecord, item: int) -> str:
    """Which call and batch item the mask was given in; padding differs between them."""
    said = filter(None, (video_name(record, item), labels_name(record)))
    return "".join(f" · {one}" for one in said)
