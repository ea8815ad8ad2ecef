"""Which measured number of a head goes with what switching it off costs, by rank."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from phenaki_viz.analysis.head_columns import columns_of, value
from phenaki_viz.analysis.head_rows import HeadRow
from phenaki_viz.analysis.head_table import HeadTable
from phenaki_viz.analysis.intervals import SURE
from phenaki_viz.errors import ShapeError
from phenaki_viz.evaluation.effects import HeadEffect

FIELLER = (
    1.06  # of the variance of Fisher's z of a rank correlation: Fieller, Hartley, Pearson 1957
)
FEWEST = 5  # heads


@dataclass(frozen=True)
class Correlation:
    """Spearman's ρ of so many pairs, and its interval; NaN of fewer than 5, or without a spread."""

    rho: float
    low: float
    high: float
    count: int

    @property
    def is_sure(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, eq=False)
class Predictor:
    """A column of the table of heads beside the rise of the loss.

    x: 'n' float64, the column; y: 'n' nats; rows and effects: of the heads in that order.
    """

    column: str
    x: np.ndarray
    y: np.ndarray
    rows: tuple[HeadRow, ...]
    effects: tuple[HeadEffect, ...]
    correlation: Correlation


def spearman(x: np.ndarray, y: np.ndarray, looks: int = 1) -> Correlation:
    """Rank correlation of pairs, 'n' each, with its 95 % interval by Fisher's z.

    Ties share their mean rank. looks: how many correlations are looked at together; each interval
    is widened so that all of them hold at once in 95 % (Bonferroni). Raises ShapeError.
    """
    from scipy.stats import spearmanr

    if np.shape(x) != np.shape(y) or np.ndim(x) != 1:
        raise ShapeError(f"pairs are two rows of one length, not {np.shape(x)} and {np.shape(y)}")
    n = len(x)
    if n < FEWEST or np.ptp(x) == 0 or np.ptp(y) == 0:
        return Correlation(math.nan, math.nan, math.nan, n)
    rho = float(spearmanr(x, y).statistic)
    half = NormalDist().inv_cdf(1 - (1 - SURE) / 2 / looks) * math.sqrt(FIELLER / (n - 3))
    middle = math.atanh(min(max(rho, -1 + 1e-12), 1 - 1e-12))
    return Correlation(rho, math.tanh(middle - half), math.tanh(middle + half), n)


def predictors(table: HeadTable, effects: Sequence[HeadEffect]) -> tuple[Predictor, ...]:
    """Every column of the table against the heads' effects, the strongest correlation first.

    Heads that have no number in a column are left out of it, columns of fewer than 5 heads, or of
    one number alone, altogether.
    """
    worth = {(one.module, one.head): one for one in effects}
    pairs = [(row, worth[row.module, row.head]) for row in table if (row.module, row.head) in worth]
    found = {}
    for column in columns_of(table):
        known = [(row, one) for row, one in pairs if not math.isnan(value(row, column))]
        x = np.array([value(row, column) for row, _ in known], np.float64)
        if len(known) >= FEWEST and np.ptp(x) > 0:
            found[column] = known, x
    made = [_predictor(name, known, x, len(found)) for name, (known, x) in found.items()]
    return tuple(sorted(made, key=lambda one: -abs(np.nan_to_num(one.correlation.rho))))


def _predictor(
    column: str, known: Sequence[tuple[HeadRow, HeadEffect]], x: np.ndarray, looks: int
) -> Predictor:
    rows, effects = (tuple(side) for side in zip(*known, strict=True))
    y = np.array([one.mean for one in effects])
    return Predictor(column, x, y, rows, effects, spearman(x, y, looks))
