"""What a few rows of a long map tell of all of it: means over strata, and how sure they are.

A stratum is the queries of one row of the head's thumbnail: neighbours, that look at much the same.
Of each, the same number of queries is drawn at random, without repetition; so the mean over all
queries is estimated without bias, and its variance as well.
Source: Cochran 1977, Sampling Techniques, sections 5.3 to 5.6 (stratified random sampling).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from phenaki_viz.analysis.measures import MEASURES
from phenaki_viz.analysis.rows import SIDE, Rows
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
    attn = head.rows(queries.tolist())
    told = _told(head, queries, attn, names)
    known = head.wrong_rows((int(queries[0]), int(queries[0]) + 1))  # all of these were read now
    wrong = queries[np.isin(queries, known)]
    counts = ~np.isin(queries, wrong) & (head.visible_keys[queries] > 0)
    sizes, ends = [len(one) for one in strata], np.cumsum([len(one) for one in drawn])[:-1]
    found = {
        name: stratified(sizes, np.split(np.where(counts, of, np.nan), ends))
        for name, of in told.items()
    }
    across = np.add.reduceat(attn, np.arange(0, j, wide), axis=1)
    across /= np.diff(np.append(np.arange(0, j, wide), j))
    picture = np.stack([rows.mean(axis=0) for rows in np.split(across, ends)])
    return Sampled(
        picture=picture.astype(np.float32), rows=len(queries), wrong=wrong,
        means={name: mean for name, (mean, _) in found.items()},
        errors={name: error for name, (_, error) in found.items()},
    )  # fmt: skip


def draw(strata: Sequence[range], seed: int) -> list[np.ndarray]:
    """The queries that are read of each stratum, in their order."""
    chance = np.random.default_rng(seed)
    return [
        one.start + np.sort(chance.choice(len(one), min(EACH, len(one)), replace=False))
        for one in strata
    ]


def stratified(sizes: Sequence[int], drawn: Sequence[np.ndarray]) -> tuple[float, float]:
    """The mean over all that were not read too, and its standard error.

    sizes: of each stratum. drawn: the numbers that were read of it; NaN says nothing, and neither
    do those that it stands for. NaN and NaN of none.
    """
    shares = np.array([np.mean(~np.isnan(one)) for one in drawn]) * np.asarray(sizes, float)
    total = shares.sum()
    if not total:
        return float("nan"), float("nan")
    means = np.array(
        [np.nanmean(one) if share else 0.0 for one, share in zip(drawn, shares, strict=True)]
    )
    variance = 0.0
    for size, share, one in zip(sizes, shares, drawn, strict=True):
        known = one[~np.isnan(one)]
        if 1 < len(known) < size:
            variance += share**2 * (1 - len(one) / size) * known.var(ddof=1) / len(known)
    return float((shares * means).sum() / total), float(np.sqrt(variance) / total)


def _told(
    head: HeadMap, queries: np.ndarray, attn: np.ndarray, names: Sequence[str]
) -> dict[str, np.ndarray]:
    """The metrics of scattered queries, each 'q' float64."""
    terms = head.terms(queries.tolist()) if "position" in names else None
    rows = Rows(head, 0, attn, made_of=terms, queries=queries)
    with np.errstate(invalid="ignore"):  # rows that are no distribution are left out later
        return {name: MEASURES[name].of(rows) for name in names}
