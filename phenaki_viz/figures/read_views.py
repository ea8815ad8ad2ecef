"""What one patch reads: the words of the text, the time steps of the video."""

import numpy as np

from phenaki_viz.analysis.rows import blanked, wrong_among
from phenaki_viz.analysis.words import words_share
from phenaki_viz.figures.curves import Curve, Curves
from phenaki_viz.figures.head import Head, wrong_notes
from phenaki_viz.figures.naming import key_axis, place_name
from phenaki_viz.figures.weight_colours import UNIT, scale_for
from phenaki_viz.recording import Place


def words_read(head: Head, place: Place) -> Curves:
    """How much one patch reads each word and each null key: bars."""
    record = head.record
    query = head.map.row_of(place)
    wrong = wrong_among(head.map, [query])
    weights = blanked(head.map.rows([query]), wrong, [query])[0]
    hidden = ~head.map.visible([query])[0]
    names = key_axis(record, head.item).names
    hover = tuple(
        f"{name}: " + ("masked" if gone else "not drawn" if wrong else f"weight {weight:.4g}")
        for name, weight, gone in zip(names, weights, hidden, strict=True)
    )
    return Curves(
        name=f"{head.stem}_words",
        title=f"{head.title} · {place_name(*place)} · words it reads",
        notes=(*wrong_notes(wrong), *head.notes),
        provenance=head.provenance(scale_for(1.0, scope="fixed")) | {"query": place},
        curves=(Curve(name=head.label, x=np.arange(len(weights)), y=weights, hover=hover),),
        x_title="key",
        y_title=UNIT,
        kind="bar",
        x_labels=names,
    )


def keys_read(head: Head) -> Curves:
    """How much each word and each null key is read, the mean over all tokens: bars."""
    share = words_share(head.map).mean
    names = key_axis(head.record, head.item).names
    title = f"How much each key is read: mean weight over all tokens, {head.label}"
    hover = tuple(f"{name}: {value:.4g}" for name, value in zip(names, share, strict=True))
    return Curves(
        name="words_share",
        title=" · ".join(filter(None, (title, head.call_words))),
        notes=head.notes,
        provenance={**head.recording.provenance},
        curves=(Curve(name=head.label, x=np.arange(len(share)), y=share, hover=hover),),
        x_title="key",
        y_title="mean weight",
        kind="bar",
        x_labels=names,
    )


def steps_read(head: Head, place: Place) -> Curves:
    """One query's attention by time step, beside what a query that does not choose would give."""
    record = head.record
    query = head.map.row_of(place)
    wrong = wrong_among(head.map, [query])
    (row,) = blanked(head.map.rows([query]), wrong, [query])
    seen = head.map.visible([query])[0]
    keys, count = record.key_axis(head.item), record.places.grid[0]
    patches = keys.is_patch
    steps = keys.places[patches, 0]
    mass = np.bincount(steps, row[patches], minlength=count)
    even = np.bincount(steps, seen[patches], minlength=count) / max(seen.sum(), 1)
    at = np.arange(count)
    return Curves(
        name=f"{head.stem}_steps",
        title=f"{head.title} · {place_name(*place)} · attention by time step",
        notes=(*wrong_notes(wrong), *head.notes),
        provenance=head.provenance(scale_for(1.0, scope="fixed")) | {"query": place},
        curves=(
            Curve(name=head.label, x=at, y=mass, highlighted=True),
            Curve(name="no choice", x=at, y=even),
        ),
        x_title="time of the keys",
        y_title="share of attention",
        kind="line",
        x_labels=tuple(f"time {step}" for step in at),
    )
