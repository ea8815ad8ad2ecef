"""A head's terms as maps, and how much of its rows each decides: read in runs of rows."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from phenaki_viz.analysis.cells import RUN, Cells
from phenaki_viz.analysis.incremental import Incremental, incremental
from phenaki_viz.analysis.ledger import OF_PLACES, term_shares, terms_apart, weights_of
from phenaki_viz.analysis.tallies import Tally
from phenaki_viz.recording import HeadMap, cell_size

MOST_QUERIES = 512  # whose shares are measured; of a longer map evenly spaced ones


@dataclass(frozen=True, eq=False, kw_only=True)
class TermShares:
    """How much of a head's rows each term decides, over its queries; see `ledger.term_shares`.

    tallies: a share a query, by term. read: queries looked at, of so many (`of`); those whose
    logits do not differ between keys are not in the tallies.
    """

    tallies: Mapping[str, Tally]
    read: int
    of: int

    @property
    def means(self) -> dict[str, float]:
        """Mean over the queries, which sums to 1 over the terms; NaN where no query chooses."""
        return {name: float(tally.mean) for name, tally in self.tallies.items()}

    @property
    def spreads(self) -> dict[str, float]:
        """Standard deviation over the queries."""
        return {name: float(tally.spread) for name, tally in self.tallies.items()}

    @property
    def queries(self) -> int:
        """How many queries the means are over."""
        return int(self.tallies["content"].count)

    @property
    def of_places(self) -> float:
        """What position and ALiBi decide together; 0 where the call had neither."""
        return sum(share for name, share in self.means.items() if name in OF_PLACES)


@dataclass(frozen=True, eq=False, kw_only=True)
class TermMaps:
    """Terms as 'y x' float32, each less its row's mean over visible keys; NaN where hidden.

    cells: what one value stands for. unknown: visible cells of the rows read whose content is not
    known, as their stored weight is 0; they are NaN in the content.
    """

    values: Mapping[str, np.ndarray]
    cells: Cells
    unknown: int = 0

    @property
    def most(self) -> float:
        """The largest magnitude of all terms, which one scale for them ends at."""
        known = [np.abs(one[np.isfinite(one)]).max(initial=0) for one in self.values.values()]
        return float(max(known, default=0))


@incremental
def shares_of_head(head: HeadMap, most: int = MOST_QUERIES) -> Incremental[TermShares]:
    """Whose work a head's rows are, over all its queries or over `most` evenly spaced ones."""
    queries, keys = head.shape
    spaced = range(0, queries, cell_size(queries, most))
    step = max(1, RUN // keys)
    tallies: dict[str, Tally] = {}
    for first in range(0, len(spaced), step):
        shares = term_shares(head.terms(spaced[first : first + step]))
        for name, each in shares.items():
            tally = Tally.of(each, np.isfinite(each))
            tallies[name] = tallies[name].merge(tally) if name in tallies else tally
        yield min(1.0, (first + step) / len(spaced))
    return TermShares(tallies=tallies, read=len(spaced), of=queries)


@incremental
def term_maps(head: HeadMap, most: int) -> Incremental[TermMaps]:
    """Every term of a head as a map of at most `most` × `most` values; see `Cells`."""
    cells, runs, lost = Cells.of(head, most), dict[str, list[np.ndarray]](), 0
    for share, queries in cells.runs():
        terms = head.terms(queries)
        for name, values in terms_apart(terms).items():
            unknown = ~np.isfinite(values)
            runs.setdefault(name, []).append(cells.pooled(values, unknown))
            lost += int((unknown & ~terms.hidden).sum()) if name == "content" else 0
        yield share
    whole = {name: np.concatenate(each) for name, each in runs.items()}
    return TermMaps(values=whole, cells=cells, unknown=lost)


@incremental
def counterfactual_map(head: HeadMap, names: Collection[str], most: int) -> Incremental[np.ndarray]:
    """The weights if only these terms counted, 'y x' float32: never the head's own map.

    At most `most` × `most` values, see `Cells`; NaN where hidden. See `ledger.weights_of`.
    """
    cells, runs = Cells.of(head, most), []
    for share, queries in cells.runs():
        terms = head.terms(queries)
        unknown = terms.hidden | terms.blind[:, None]
        runs.append(cells.pooled(weights_of(terms, names), unknown))
        yield share
    return np.concatenate(runs)
