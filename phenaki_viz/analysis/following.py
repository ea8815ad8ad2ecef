"""Whether a head goes along with what moves: with an object over time, with a word of motion.

Both are of maps alone: a head that follows an object has its weight where the object is; whether
the model needs that is another question.
"""

from collections.abc import Sequence

import numpy as np
from einops import einsum

from phenaki_viz.recording import HeadMap

ALIKE = 1e-6  # of an even share: by no more than that is no patch ahead of the others of its step
NEAR = 1  # patches from the object's own in which a hit counts, diagonals too
UNKNOWN = -1  # row and column of a path at a time step where it is not known


def following(head: HeadMap, paths: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """Of every pair of time steps t ≠ u: whether the patch on the object at t finds it at u.

    paths: of each object, 't 2' int, row and column of its patch at each time step, `UNKNOWN` where
    that is not known: such steps do not count. The query is
    the object's patch at t; a hit is that its strongest key within step u lies within one patch of
    the object's patch at u; where all of the step get the same, none is strongest. Returns arrays
    'pair' float64: follows (1 for a hit, else 0), follows_chance (share of the step's visible keys
    that would be one), follows_mass (weight on the true patch) and follows_mass_even (what uniform
    attention would put there). Empty where tokens do not lie over time and space.
    Source: temporal correspondence as in DiffTrack 2025 (arXiv 2506.17220): the argmax of the
    match between frames, and the share of points within a threshold.
    """
    found = [pair for path in paths for pair in _pairs(head, path)]
    names = ("follows", "follows_chance", "follows_mass", "follows_mass_even")
    return dict(zip(names, np.array(found, np.float64).reshape(-1, 4).T, strict=True))


def _pairs(head: HeadMap, path: np.ndarray) -> list[tuple[float, float, float, float]]:
    keys = head.record.key_axis(head.item).places
    axis = head.record.query_axis(head.item)
    known = (np.asarray(path) != UNKNOWN).all(axis=1)
    places = [
        (step, int(row), int(column))
        for step, (row, column) in enumerate(path) if known[step]
    ]  # fmt: skip
    if axis.whole is None or axis.whole[0] != len(path):
        return []
    queries = [axis.index(place) for place in places]
    if None in queries or len(set(queries)) < max(len(places), 2):
        return []
    rows = head.rows([query for query in queries if query is not None])
    seen = head.visible(np.array(queries))
    found = []
    for row, visible, (step, _, _) in zip(rows, seen, places, strict=True):
        if not np.isfinite(row).all():
            continue
        for other, r, c in places:
            there = visible & (keys[:, 0] == other)
            if other == step or there.sum() < 2:  # one key is no choice
                continue
            away = np.abs(keys[:, 1:] - (r, c)).max(axis=1)
            best = np.flatnonzero(there)[np.argmax(row[there])]
            true = there & (away == 0)
            chose = is_ahead(row[best], row[there].sum(dtype=np.float64), there.sum())
            found.append((
                float(away[best] <= NEAR and chose),
                float((away[there] <= NEAR).mean()),
                float(row[true].sum()),
                float(true.sum() / visible.sum()),
            ))  # fmt: skip
    return found


def is_ahead(
    most: np.ndarray | float, total: np.ndarray | float, choices: np.ndarray | int
) -> np.ndarray | bool:
    """Whether the strongest patch of a step has more than each would have if all were alike.

    most, total: its weight and that of all patches of the step. choices: how many they are. What
    has no weight is ahead of nothing.
    """
    return most * choices > total * (1 + ALIKE)


def moves_with(weights: np.ndarray) -> float:
    """How separable the map of a word is between time steps: 0 is a map that stands still.

    weights: 't h w', the weight of one key in every patch. Each step is a cluster of its patches'
    places (row, column), by their weights, every step as much in all as it has patches. Calinski
    and Harabasz' ratio: the variance of the steps' middles over that within the steps, each by its
    degrees of freedom; a patch is a square of side 1, so its own variance is never 0. NaN where a
    step has no weight, or there are fewer than two steps or patches.
    Source: Calinski & Harabasz 1974, A Dendrite Method for Cluster Analysis; as the score of a
    motion word's head in IMAP (CVPR 2026, arXiv 2603.02919), there of features, here of places.
    """
    steps, rows, columns = weights.shape
    each = np.asarray(weights, np.float64).reshape(steps, -1)
    total = each.sum(axis=1, keepdims=True)
    if steps < 2 or rows * columns < 2 or not (np.isfinite(total) & (total > 0)).all():
        return float("nan")
    share = each / total
    places = np.indices((rows, columns)).reshape(2, -1).T.astype(np.float64)
    middles = share @ places
    size = rows * columns
    between = size * ((middles - middles.mean(axis=0)) ** 2).sum()
    spread = share @ (places**2).sum(axis=1) - (middles**2).sum(axis=1)
    within = size * (spread + 2 / 12).sum()
    return float((between / (steps - 1)) / (within / (steps * size - steps)))


def moves_in_features(weights: np.ndarray, features: np.ndarray) -> float:
    """How separable the time steps are in a head's features where a word is read.

    weights: 't h w', the weight of one key in every patch. features: '(t h w) d', of every patch,
    what the head compares with the keys: its queries. Each step is a cluster of its patches'
    features by their weights, every step as much in all as it has patches; the ratio is that of
    `moves_with`, and the units of features do not matter. NaN where a step has no weight, or there
    are fewer than two steps or patches, or the features of each step are all the same.
    Source: IMAP (CVPR 2026, arXiv 2603.02919), Calinski & Harabasz 1974.
    """
    steps, rows, columns = weights.shape
    size = rows * columns
    each = np.asarray(weights, np.float64).reshape(steps, size)
    total = each.sum(axis=1, keepdims=True)
    if steps < 2 or size < 2 or not (np.isfinite(total) & (total > 0)).all():
        return float("nan")
    share = each / total
    there = np.asarray(features, np.float64).reshape(steps, size, -1)
    middles = einsum(share, there, "t p, t p d -> t d")
    between = size * ((middles - middles.mean(axis=0)) ** 2).sum()
    within = size * (share * ((there - middles[:, None]) ** 2).sum(axis=2)).sum()
    if not within > 1e-12 * (there**2).sum():  # what rounding leaves of features that are alike
        return float("nan")
    return float((between / (steps - 1)) / (within / (steps * size - steps)))
