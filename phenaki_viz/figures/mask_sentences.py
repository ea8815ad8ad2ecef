"""Who may see whom, in sentences made of the masks."""

from phenaki_viz.analysis.masks import BOTH, CAUSAL, CUT, PADDING, visibility
from phenaki_viz.figures.clauses import joined, span
from phenaki_viz.figures.naming import family, query_axis
from phenaki_viz.nouns import counted
from phenaki_viz.recording import AttentionRecord


def mask_heading(record: AttentionRecord, item: int) -> str:
    """What the masks leave: 'L0 · encoder temporal: causal, a query sees 1 to 5 of 5 keys'."""
    seen = visibility(record, item)
    keys = record.map.shape[3]
    named = f"L{record.layer} · {family(record)}"
    low, high = int(seen.visible_keys.min()), int(seen.visible_keys.max())
    if low == keys and record.heads_differ:
        return f"{named}: no mask, but edges that are cut in single heads"
    if low == keys:
        return f"{named}: nothing is masked, every query may look at all {counted(keys, 'key')}"
    there = {
        "causal": record.causal,
        "padded": _padding(seen),
        "edges cut": record.cut_edges is not None,
    }
    kinds = [kind for kind, is_there in there.items() if is_there]
    return (
        f"{named}: {joined(kinds)}, a query may look at {span(low, high)} of {counted(keys, 'key')}"
    )


def query_masks(record: AttentionRecord, item: int, query: int) -> str:
    """What one query may look at, and why not at the rest."""
    seen = visibility(record, item)
    codes = seen.codes[query]
    name = query_axis(record, item).names[query]
    visible, keys = int(seen.visible_keys[query]), len(codes)
    said = f"{name[:1].upper()}{name[1:]} may look at {visible:,} of {counted(keys, 'key')}"
    why = [
        f"{count:,} {one if count == 1 else several}"
        for code, one, several in (
            (CAUSAL, "comes later", "come later"),
            (PADDING, "is padding", "are padding"),
            (BOTH, "comes later and is padding", "come later and are padding"),
            (CUT, "is cut by an intervention", "are cut by an intervention"),
        )
        if (count := int((codes == code).sum()))
    ]
    if visible == 0:
        return f"{name[:1].upper()}{name[1:]} may look at no key: its weights mean nothing."
    nulls = 0 if record.cut_edges is not None else record.key_axis(0).nulls
    kept = f"; the {counted(nulls, 'null key')} no mask hides" if nulls else ""
    return f"{said}{': ' + joined(why) if why else ''}{kept}."


def _padding(seen: object) -> bool:
    codes = seen.codes  # type: ignore[attr-defined]
    return bool(((codes == PADDING) | (codes == BOTH)).any())
