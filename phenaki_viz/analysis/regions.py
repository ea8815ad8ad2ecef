"""Where a head's weight lies, seen from its query: on itself, around it, in other time steps.

A region is a set of keys by their offset from the query. Its mass is the weight on
it; beside it stands what a query that does not choose would put there, so that a head that looks
at the largest region is not taken for one that chose it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from phenaki_viz.recording import HeadMap

MOST_QUERIES = 256  # read of one map for a mean; more change the mean's third digit

# (Δt, Δrow, Δcolumn) from query to key and the key's time step, each 'q j' → 'q j' bool.
Inside = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]

REGIONS: dict[str, Inside] = {
    "itself": lambda t, r, c, at: (t == 0) & (r == 0) & (c == 0),
    "own step": lambda t, r, c, at: t == 0,
    "around": lambda t, r, c, at: (t == 0) & (np.maximum(abs(r), abs(c)) <= 1),
    "own place": lambda t, r, c, at: (t != 0) & (np.maximum(abs(r), abs(c)) <= 1),
    "step before": lambda t, r, c, at: t == -1,
    "step after": lambda t, r, c, at: t == 1,
    "first step": lambda t, r, c, at: (at == 0) & (t != 0),
    "earlier": lambda t, r, c, at: t < 0,
    "later": lambda t, r, c, at: t > 0,
}


@dataclass(frozen=True, kw_only=True)
class Mass:
    """Weight on a region, summed over queries: sums of several merge, means are for showing.

    weight: what the queries put there, `queries` in all if they put all of it. even: what they
    would put there if they did not choose.
    """

    weight: float
    even: float
    queries: int

    def merge(self, other: "Mass") -> "Mass":
        """The mass of the queries of both."""
        return Mass(
            weight=self.weight + other.weight,
            even=self.even + other.even,
            queries=self.queries + other.queries,
        )

    @property
    def mass(self) -> float:
        """Share of a query's weight, 0 to 1: mean over the queries."""
        return self.weight / self.queries

    @property
    def uniform(self) -> float:
        """The share that uniform attention would put there, 0 to 1: mean over the queries."""
        return self.even / self.queries

    @property
    def ratio(self) -> float:
        """Multiples of uniform; 0 where no key of the region may be seen."""
        return self.mass / self.uniform if self.uniform else 0.0


def region_masses(head: HeadMap, queries: Sequence[int] | None = None) -> dict[str, Mass]:
    """Mass of every region that these queries may look at and that is not all they may see.

    Of regions that are the same keys here (within one patch over time, "itself" is "own step"), the
    first is kept.

    queries: rows of the map; None takes all of a small map and evenly spaced ones of a large one.
    Rows that are not a distribution, and queries without a visible key, do not count. Keys that
    are no patch (words, null keys) are in no region. Empty where no query or no key is a patch, and
    where no row is left.
    Source: own-step and same-patch mass as in Sparse VideoGen 2025 (arXiv 2502.01776), section 3.
    """
    rows = sound_rows(head, queries)
    rows = rows[head.record.query_axis(head.item).is_patch[rows]]
    patches = head.record.key_axis(head.item).is_patch
    if not len(rows) or not patches.any():
        return {}
    attn = head.rows(rows.tolist()).astype(np.float64)
    return masses_in_regions(attn, head.visible(rows), _offsets(head, rows), patches)


def masses_in_regions(
    attn: np.ndarray,
    seen: np.ndarray,
    offsets: tuple[np.ndarray, ...],
    patches: np.ndarray | None = None,
) -> dict[str, Mass]:
    """Mass of every region of these rows, as `region_masses` says.

    attn: 'q j', each row a distribution. seen: 'q j' bool, which keys a query may look at.
    offsets: (Δt, Δrow, Δcolumn) from query to key and the key's time step, each 'q j'. patches: 'j'
    bool, which keys are patches of the video; None is all of them.
    """
    in_video = seen if patches is None else seen & patches
    found: dict[str, Mass] = {}
    taken: list[np.ndarray] = []
    for name, inside in REGIONS.items():
        there = inside(*offsets) & in_video
        if not there.any() or (there == seen).all() or any((there == t).all() for t in taken):
            continue
        taken.append(there)
        found[name] = Mass(
            weight=float(np.where(there, attn, 0).sum()),
            even=float((there.sum(axis=1) / seen.sum(axis=1)).sum()),
            queries=len(attn),
        )
    return found


def off_video(head: HeadMap, queries: Sequence[int] | None = None) -> Mass | None:
    """Weight of patches on keys that are none: null keys, words, registers. None without such keys.

    Of the queries that `region_masses` counts, of these or of all.
    """
    patches = head.record.key_axis(head.item).is_patch
    rows = sound_rows(head, queries)
    rows = rows[head.record.query_axis(head.item).is_patch[rows]]
    if patches.all() or not len(rows):
        return None
    seen = head.visible(rows)
    return Mass(
        weight=float(head.rows(rows.tolist())[:, ~patches].sum(dtype=np.float64)),
        even=float((seen[:, ~patches].sum(axis=1) / seen.sum(axis=1)).sum()),
        queries=len(rows),
    )


def sound_rows(head: HeadMap, queries: Sequence[int] | None = None) -> np.ndarray:
    """The queries of these, or evenly spaced ones of all, whose weights are a distribution.

    Returns 'q' int, in order; without those that see no key.
    """
    total, _ = head.shape
    spaced = np.unique(np.linspace(0, total - 1, min(total, MOST_QUERIES)).round())
    rows = np.asarray(spaced if queries is None else queries, np.int64)
    sighted = head.visible_keys[rows] > 0
    return np.setdiff1d(rows[sighted], head.wrong_rows())


def visible_to(head: HeadMap, rows: np.ndarray, key: int) -> np.ndarray:
    """Which of these queries may look at a key: 'q' bool."""
    seen: np.ndarray = ~head.hidden((0, head.shape[0]), (key, key + 1))[rows, 0]
    return seen


def _offsets(head: HeadMap, rows: np.ndarray) -> tuple[np.ndarray, ...]:
    """(Δt, Δrow, Δcolumn) from query to key and the key's time step: each 'q j'."""
    query = head.record.query_axis(head.item).places[rows]
    key = head.record.key_axis(head.item).places
    t, r, c = np.moveaxis(key[None] - query[:, None], -1, 0)
    return t, r, c, np.broadcast_to(key[None, :, 0], t.shape)
