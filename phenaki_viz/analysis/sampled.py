"""What a few rows of a long map tell of all of it: means over strata, and how sure they are.

A stratum is the queries of one row of the head's thumbnail: neighbours, that look at much the same.
Of each, the same number of queries is drawn at random, without repetition; so the mean over all
queries is estimated without bias, and its variance as well.
Source: Cochran 1977, Sampling Techniques, sections 5.3 to 5.6 (stratified random sampling).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from phenaki_viz.analysis.measures import SUMMED, measured
from phenaki_viz.analysis.rows import SIDE, RowReader
from phenaki_viz.recording import HeadMap, cell_size

EACH = 2  # queries of a stratum: the fewest that tell how much they differ


@dataclass(frozen=True, eq=False, kw_only=True)
class Sampled:
    """picture: 'y x' float32, means over the rows that were drawn. means, errors: of each metric
    the estimate and its standard error. rows: how many were drawn. wrong: which of them are no
    distribution.
    """

    picture: np.ndarray
    means: Mapping[str, float]
    errors: Mapping[str, float]
    rows: int
    wrong: np.ndarray


def sampled_head(head: HeadMap, names: Sequence[str], seed: int) -> Sampled:
    """Estimates of one head. names: of `MEASURES`. seed: of which queries are drawn."""
    i, j = head.shape
    size, wide = cell_size(i, SIDE), cell_size(j, SIDE)
    strata = [range(first, min(first + size, i)) for first in range(0, i, size)]
    drawn = draw(strata, seed)
    queries = np.concatenate(drawn)
    rows = RowReader(head, sums=not SUMMED.isdisjoint(names)).read_some(queries)
    numbers = dict(zip(names, measured(rows, names), strict=True))
    known = head.wrong_rows((int(queries[0]), int(queries[0]) + 1))  # all of these were read now
    wrong = queries[np.isin(queries, known)]
    counts = ~np.isin(queries, wrong) & (head.visible_keys[queries] > 0)
    sizes, drawn_of = np.array([len(one) for one in strata]), [len(one) for one in drawn]
    of = np.repeat(np.arange(len(strata)), drawn_of)
    found = {
        name: stratified(sizes, of, np.where(counts, each, np.nan))
        for name, each in numbers.items()
    }
    across = np.add.reduceat(rows.attn, np.arange(0, j, wide), axis=1)
    across /= np.diff(np.append(np.arange(0, j, wide), j))
    starts = np.cumsum([0, *drawn_of[:-1]])
    picture = np.add.reduceat(across, starts, axis=0) / np.array(drawn_of)[:, None]
    return Sampled(
        picture=picture.astype(np.float32), rows=len(queries), wrong=wrong,
        means={name: mean for name, (mean, _) in found.items()},
        errors={name: error for name, (_, error) in found.items()},
    )  # fmt: skip


def draw(strata: Sequence[range], seed: int) -> list[np.ndarray]:
    """The queries that are read of each stratum: 'q' int, in their order."""
    chance = np.random.default_rng(seed)
    return [
        one.start + np.sort(chance.choice(len(one), min(EACH, len(one)), replace=False))
        for one in strata
    ]


def stratified(sizes: np.ndarray, of: np.ndarray, numbers: np.ndarray) -> tuple[float, float]:
    """The mean over all that were not read too, and its standard error.

    sizes: of each stratum. of: the stratum of each of the numbers that were read, 'q' both. NaN
    says nothing, and neither do those that it stands for. NaN and NaN of none.
    """
    known, strata = ~np.isnan(numbers), len(sizes)
    drawn = np.bincount(of, minlength=strata)
    count = np.bincount(of, known, minlength=strata)
    share = sizes * count / drawn
    if not share.any():
        return float("nan"), float("nan")
    kept = np.where(known, numbers, 0)
    means = np.bincount(of, kept, minlength=strata) / np.maximum(count, 1)
    squares = np.bincount(of, np.where(known, (kept - means[of]) ** 2, 0), minlength=strata)
    of_mean = squares / np.maximum(count - 1, 1) / np.maximum(count, 1) * (1 - drawn / sizes)
    error = np.sqrt((share**2 * of_mean).sum()) / share.sum()
    return float((share * means).sum() / share.sum()), float(error)
