"""What changed between two maps, in sentences made of numbers."""

from collections.abc import Mapping, Sequence

import numpy as np

from phenaki_viz.analysis.difference import HeadDistance, HeadDistances
from phenaki_viz.analysis.laid import STILL, Laid
from phenaki_viz.figures.clauses import joined
from phenaki_viz.figures.naming import head_label, listed_head
from phenaki_viz.nouns import counted

NONE = 5e-4  # a distance that would be written 0.000
LEAST = 5e-4  # and a weight
MUCH = 0.1  # a distance that no weights below `LEAST` make


def moved_heading(found: HeadDistances) -> str:
    """Which head changes most, beside the others: the page's sentence."""
    most = found.moved_most
    if most is None:
        return "No head has rows that can be compared"
    if most.mean < NONE:
        farthest = max(found.rows, key=lambda row: np.nan_to_num(row.most))
        if farthest.most < NONE:
            which = "row" if found.read == found.of else "row that was compared"
            return f"No head changes: every {which} is the same in A and B"
        return (
            "No head changes by a mean JS distance of 0.001; the row that moves farthest, of "
            f"{head_label(farthest.layer, farthest.head)}, does by {_far(farthest.most)}"
        )
    said = f"{head_label(most.layer, most.head)} changes most: JS distance {_far(most.mean)}"
    if len(found.rows) < 2:
        return said
    return f"{said}; the median of {len(found.rows)} heads is {_far(found.median)}"


def head_moved(row: HeadDistance, names: Sequence[str], sampled: str) -> str:
    """How far one head's rows moved. names: of its queries. sampled: over which, in words."""
    label = head_label(row.layer, row.head)
    if not row.queries:
        return f"{label}: no row is a distribution over visible keys in both: there is no distance."
    if row.most < NONE:
        return f"{label}: every row is the same in A and B ({sampled})."
    said = f"{label}: mean JS distance {_far(row.mean)}, spread {_far(row.spread)}, over {sampled}"
    if row.farthest is None:
        return f"{said}."
    return f"{said}; farthest apart at {names[row.farthest[1]]} ({_far(row.most)})."


def row_moved(difference: np.ndarray, distance: float, names: Sequence[str]) -> str:
    """What stands behind the name of a patch: which key gains most from A to B, which loses most.

    difference: B − A of its row, 'j'; NaN where hidden. distance: of its two rows. names: of keys.
    """
    known = np.nan_to_num(difference)
    if not np.isfinite(distance):
        return "has a row that is no distribution, or sees no key: nothing to compare"
    gains, loses = int(known.argmax()), int(known.argmin())
    said = []
    if known[gains] > LEAST:
        said.append(f"gives {known[gains]:.3f} more to {_named(names[gains])}")
    if known[loses] < -LEAST:
        said.append(f"{-known[loses]:.3f} less to {_named(names[loses])}")
    if not said and np.isnan(difference).any() and distance >= MUCH:
        return f"looks where only one of A and B may look (JS distance {_far(distance)})"
    if not said:
        return f"looks where it did: no weight changes by 0.001 (JS distance {_far(distance)})"
    if len(said) == 1 and said[0][0].isdigit():
        said[0] = f"gives {said[0]}"
    return f"{joined(said)} (JS distance {_far(distance)})"


def laid_note(laid: Laid) -> str:
    """What a reader has to know of how two stacks lie on each other; nothing where all is alike."""
    said = [*laid.missing]
    if laid.by_place:
        pairs = joined([f"“{b}” lies on “{a}”" for a, b in laid.by_place[:4]])
        said.append(f"Texts are laid word for word, by their place: {pairs}")
    return ". ".join(said) + ("." if said else "")


def apart_heading(laid: Laid) -> str:
    """Why two cannot be laid on each other, as a page's sentence."""
    return f"These maps cannot be subtracted: {_lower('; '.join(laid.reasons))}"


def own_numbers(label: str, one: Mapping[str, float], other: Mapping[str, float]) -> str:
    """What a head is like by itself in A and in B. Numbers by measure: "entropy" (bits), "null"."""
    said = {"entropy": ("an entropy of", "bits"), "null": ("null keys hold", "of its weight")}
    parts = [
        f"{said[name][0]} {one[name]:.2f} {said[name][1]} in A, {other[name]:.2f} in B"
        for name in said
        if name in one and name in other
    ]
    return f"{label} by itself: {'; '.join(parts)}."


def still(laid: Laid) -> str:
    """What can be compared all the same."""
    said = f"{STILL}."
    if laid.only_words:
        return f"Laid by their place in the text, they could be subtracted. {said}"
    return said


def row_line(row: HeadDistance) -> str:
    """One head on a line, for a terminal."""
    name = listed_head(row.module, row.stack, row.kind, row.layer, row.head)
    if not row.queries:
        return f"{name:24} no row that can be compared"
    rows = counted(row.queries, "query")
    return f"{name:24} {row.mean:.4f} ± {row.spread:.4f}  most {row.most:.4f}  {rows}"


def _far(distance: float) -> str:
    return f"{distance:.2f}" if distance >= 0.095 else f"{distance:.3f}"


def _named(key: str) -> str:
    return key if key.startswith(("time ", "null ", "token ")) else f"“{key}”"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
