"""What lies around some queries: which keys they see, how far each is, and in which regions.

Alike for all heads and layers of a stack, but where an intervention cut the edges of single heads:
worked out once, then every head is weighed by it.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from einops import einsum, rearrange

from phenaki_viz.analysis.regions import REGIONS
from phenaki_viz.recording import HeadMap

OFFSETS = ("dt", "drow", "dcol", "time", "space")


@dataclass(frozen=True, eq=False, kw_only=True)
class Surroundings:
    """Of some queries of one map.

    queries: 'q' int. seen: 'q j' bool. offsets: 'o q j' float32 in the order of `OFFSETS`: key −
    query in time steps, rows and columns, and the distances; 0 where either is no patch. patches:
    'q j' bool, pairs of which both are patches. regions: 'r q j' bool in the order of `REGIONS`.
    """

    queries: np.ndarray
    seen: np.ndarray
    offsets: np.ndarray
    patches: np.ndarray
    regions: np.ndarray

    @cached_property
    def telling(self) -> np.ndarray:
        """Which regions say something here: 'r' bool.

        Not those that no query sees, nor all that they see, nor the same keys as one before.
        """
        kept: list[int] = []
        flat = rearrange(self.regions, "r q j -> r (q j)")
        seen = self.seen.ravel()
        for at, one in enumerate(flat):
            same = any(np.array_equal(one, flat[other]) for other in kept)
            if one.any() and not np.array_equal(one, seen) and not same:
                kept.append(at)
        return np.isin(np.arange(len(flat)), kept)

    @cached_property
    def even(self) -> np.ndarray:
        """The share of uniform attention in every region: 'r q' float64.

        NaN of queries that are no patch themselves.
        """
        even = self.regions.sum(axis=2) / np.maximum(self.seen.sum(axis=1), 1)
        return np.where(self._of_patch, even, np.nan)

    @cached_property
    def even_displacement(self) -> np.ndarray:
        """`displacement` of uniform attention: 'o q'."""
        return self.displacement(self.seen.astype(np.float32))

    @cached_property
    def _inside(self) -> np.ndarray:
        return self.regions.astype(np.float32)

    def masses(self, attn: np.ndarray) -> np.ndarray:
        """Weight on every region: 'r q', of rows 'q j'; NaN as `even`."""
        return np.where(self._of_patch, einsum(attn, self._inside, "q j, r q j -> r q"), np.nan)

    @cached_property
    def even_off(self) -> np.ndarray | None:
        """The share of uniform attention of patches on keys that are none: 'q'.

        NaN of queries that are no patch themselves; None where all keys are patches.
        """
        if self.patches[self._of_patch].all():
            return None
        even = (self.seen & ~self.patches).sum(axis=1) / np.maximum(self.seen.sum(axis=1), 1)
        return np.where(self._of_patch, even, np.nan)

    def off_video(self, attn: np.ndarray) -> np.ndarray:
        """Weight of patches on keys that are none, 'q'; NaN as `even_off`."""
        off = np.where(self.patches, 0, attn).sum(axis=1)
        return np.where(self._of_patch, off, np.nan)

    @cached_property
    def _of_patch(self) -> np.ndarray:
        """Which queries are patches, of a map with patches among its keys: 'q' bool."""
        return np.asarray(self.patches.any(axis=1))

    def displacement(self, attn: np.ndarray) -> np.ndarray:
        """Mean of every offset, weighted by the attention on patches: 'o q'.

        NaN without any, and of an axis along which the map does not run.
        """
        on = np.where(self.patches, attn, 0).sum(axis=1)
        total = einsum(attn, self.offsets, "q j, o q j -> o q")
        where = (on > 1e-6)[None] & self._runs[:, None]
        return np.divide(total, on, out=np.full(total.shape, np.nan, total.dtype), where=where)

    @cached_property
    def _runs(self) -> np.ndarray:
        """Along which offsets some key is apart from its query: 'o' bool."""
        apart = (self.offsets != 0).any(axis=(1, 2))
        in_space = apart[OFFSETS.index("space")]
        return np.where([name in ("drow", "dcol") for name in OFFSETS], in_space, apart)


def surroundings(head: HeadMap, queries: np.ndarray) -> Surroundings:
    """What lies around some queries of a map."""
    record, item = head.record, head.item
    query_axis, key_axis = record.query_axis(item), record.key_axis(item)
    seen = head.visible(queries)
    pairs = query_axis.is_patch[queries][:, None] & key_axis.is_patch[None]
    apart = key_axis.places[None] - query_axis.places[queries][:, None]
    t, r, c = np.where(pairs, rearrange(apart, "q j a -> a q j"), 0)
    at = np.broadcast_to(key_axis.places[None, :, 0], t.shape)
    return Surroundings(
        queries=queries,
        seen=seen,
        offsets=np.stack([t, r, c, np.abs(t), np.hypot(r, c)]).astype(np.float32),
        patches=pairs,
        regions=np.stack([inside(t, r, c, at) & pairs & seen for inside in REGIONS.values()]),
    )


@dataclass
class Kept:
    """The last surroundings that were worked out: the layers of a stack have the same ones."""

    key: object = None
    found: list[tuple[np.ndarray, Surroundings]] = field(default_factory=list)

    def __call__(self, head: HeadMap, queries: np.ndarray) -> Surroundings:
        """See `surroundings`."""
        record, item = head.record, head.item
        mask = None if record.key_mask is None else record.key_mask[item].tobytes()
        axes = record.query_axis(item), record.key_axis(item)
        cut = None if record.cut_edges is None else record.cut_edges.tobytes()
        alone = head.head if record.heads_differ else None
        key = (axes, record.causal, record.num_null_kv, mask, cut, alone, head.shape)
        if self.key != key:
            self.key, self.found = key, []
        for known, around in self.found:
            if np.array_equal(known, queries):
                return around
        self.found = [*self.found[-1:], (queries, surroundings(head, queries))]
        return self.found[-1][1]
