"""What a row of a map is measured against, and whether it is a distribution at all."""

from collections.abc import Sequence

import numpy as np

from phenaki_viz.recording import AttentionRecord

SUMMED = 2**22  # weights of a whole map by parts that are recomputed to sum its rows


def uniform_weight(visible_keys: np.ndarray) -> np.ndarray:
    """The weight of a query that does not choose: 1 / visible keys, 'i' float32; NaN for none."""
    keys = np.asarray(visible_keys, np.float32)
    return np.divide(1, keys, out=np.full_like(keys, np.nan), where=keys > 0)


def wrong_among(
    record: AttentionRecord, item: int, head: int, queries: Sequence[int] | None = None
) -> tuple[int, ...]:
    """Those of some queries, or of all, whose rows are not a distribution.

    Of all the rows of a very long map by parts, only those that were read whole before are known.
    """
    held, (_, _, i, j) = record.map, record.map.shape
    if queries is not None:
        asked = sorted(set(queries))
        found = [held.wrong_rows(item, head, (query, query + 1)) for query in asked]
        return tuple(q for q, wrong in zip(asked, found, strict=True) if q in wrong)
    known = held.held == "by parts" and i * j > SUMMED
    return tuple(int(q) for q in held.wrong_rows(item, head, (0, 1) if known else None))


def blanked(rows: np.ndarray, wrong: Sequence[int], queries: Sequence[int]) -> np.ndarray:
    """Rows 'q …' of these queries, NaN where a query is among the wrong ones."""
    if not len(wrong):
        return rows
    gone = np.isin(np.asarray(queries), wrong).reshape(-1, *[1] * (rows.ndim - 1))
    return np.where(gone, np.nan, rows).astype(np.float32)
