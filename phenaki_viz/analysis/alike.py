"""How alike heads are: the distance between their rows, and an order that puts like beside like."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from phenaki_viz.analysis.head_table import items_of
from phenaki_viz.analysis.incremental import Incremental, incremental
from phenaki_viz.analysis.regions import MOST_QUERIES
from phenaki_viz.recording import AttentionRecord, HeadMap

RUN = 2**21  # weights of all heads that are held at a time
MOST_ITEMS = 8  # batch items of one video, evenly spaced ones
DISTANCE = (
    "Jensen–Shannon distance between two heads' rows, mean over queries: the square root of the "
    "divergence in bits, 0 where they are alike, 1 where they share no key"
)


@dataclass(frozen=True, eq=False, kw_only=True)
class Alike:
    """distances: 'n n' float64, heads counted layer by layer; NaN of one without a sound row.

    order: of the heads, by hierarchical clustering (average linkage, optimal order of leaves).
    queries: over how many.
    """

    distances: np.ndarray
    order: tuple[int, ...]
    queries: int


@incremental
def heads_alike(records: Sequence[AttentionRecord], *, video: int = 0) -> Incremental[Alike]:
    """The distance of every two heads of one stack. records: its layers. A step is a run of rows.

    Queries count that see a key, and where the rows of both heads are distributions; of a large
    map evenly spaced ones.
    Source: Clark et al. 2019, What Does BERT Look At?, section 6 (Jensen-Shannon divergence between
    the rows of heads, and its clusters).
    """
    rows = [(record, head) for record in records for head in range(len(record.heads))]
    items = [items_of(record, video, MOST_ITEMS) for record in records]
    at = {id(record): items[layer] for layer, record in enumerate(records)}
    total, count = np.zeros((2, len(rows), len(rows)))
    runs = _runs(len(rows), *records[0].map.shape[2:])
    queries = 0
    for number in range(len(items[0])):
        each = [HeadMap(record, at[id(record)][number], head) for record, head in rows]
        sees = np.stack([head.visible_keys > 0 for head in each])
        for done, run in enumerate(runs):
            attn = np.stack([head.rows(run) for head in each])
            distance, known = _distances(attn, sees[:, run])
            total, count = total + distance, count + known
            queries += len(run)
            yield (number + (done + 1) / len(runs)) / len(items[0])
    found = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return Alike(distances=found, order=_ordered(found), queries=queries)


def _runs(heads: int, queries: int, keys: int) -> list[list[int]]:
    spaced = np.unique(np.linspace(0, queries - 1, min(queries, MOST_QUERIES)).round().astype(int))
    pieces = min(len(spaced), max(1, -(-len(spaced) * keys * heads // RUN)))
    return [run.tolist() for run in np.array_split(spaced, pieces)]


def _distances(attn: np.ndarray, sees: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sum over queries of the distances 'n n', and how many count, of rows 'n q j'.

    sees: 'n q' bool, which queries see a key; the weights of others mean nothing.
    """
    n = len(attn)
    with np.errstate(invalid="ignore"):
        sound = sees & np.isfinite(attn).all(axis=2) & (np.abs(attn.sum(axis=2) - 1) < 0.01)
    attn = np.where(sound[..., None], attn, 0)
    bits = _bits(attn)
    total, count = np.zeros((2, n, n))
    for one in range(n):
        both = sound[one] & sound[one:]
        mixed = _bits((attn[one] + attn[one:]) / 2)
        divergence = np.clip(mixed - (bits[one] + bits[one:]) / 2, 0, 1)
        total[one, one:] = np.where(both, np.sqrt(divergence), 0).sum(axis=1)
        count[one, one:] = both.sum(axis=1)
    lower = np.tril_indices(n, -1)
    total[lower], count[lower] = total.T[lower], count.T[lower]
    np.fill_diagonal(total, 0)
    return total, count


def _bits(attn: np.ndarray) -> np.ndarray:
    """Entropy of the rows of '… j' in bits: '…' float64."""
    tiny = np.finfo(attn.dtype).tiny
    bits: np.ndarray = -(attn * np.log2(np.maximum(attn, tiny))).sum(axis=-1, dtype=np.float64)
    return bits


def _ordered(distances: np.ndarray) -> tuple[int, ...]:
    """Leaves of the tree that joins the nearest heads first; unknown distances are the largest."""
    from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering

    n = len(distances)
    if n < 3:
        return tuple(range(n))
    upper = np.nan_to_num(distances, nan=1)[np.triu_indices(n, 1)]
    tree = optimal_leaf_ordering(linkage(upper, "average"), upper)
    return tuple(int(leaf) for leaf in leaves_list(tree))
