"""The edge behind one cell of a map, as the cut that takes it away."""

from typing import Any

from phenaki_viz.recording.head import HeadMap
from phenaki_viz.recording.interventions.cut_edges import CutEdges
from phenaki_viz.recording.segments import Null, Words


def cut_at(head: HeadMap, query: int, key: int) -> CutEdges | None:
    """That this query cannot read this key in this head; of a null key, none of them.

    None where the query is no patch of a video, or the key is neither patch, word nor null key.
    Raises RecordingError when there is no such query or key.
    """
    record = head.record
    place, keys = record.query_axis(head.item).place(query), record.key_axis(head.item)
    if place is None:
        return None
    step, *patch = place
    by: dict[str, Any] = {
        "module": record.module, "head": record.heads[head.head], "step": step, "patch": patch,
    }  # fmt: skip
    at = keys.place(key)
    if at is not None:
        return CutEdges(reads="one patch", key_step=at[0], key_patch=at[1:], **by)
    for first, segment in keys.parts:
        if first <= key < first + len(segment):
            if isinstance(segment, Words):
                return CutEdges(reads="one word", word=key - first, **by)
            return CutEdges(reads="null keys", **by) if isinstance(segment, Null) else None
    return None
