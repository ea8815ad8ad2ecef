"""Whose work a head's weights are: how much of a row's logits each of its terms decides.

The terms are those of `recording.terms`: content, position, ALiBi and dense bias. `row_ledger`
takes one row apart, `RowLedger.of` one weight of it; the shares say whose work whole rows are.

Softmax takes away whatever all keys of a row have in common. So beside each term as it was added
stands how far it is from its mean over the keys that the query may see ("apart"):

    log weight(i, j) = Σ apart(i, j) − level(i),   level = log-sum-exp over j of Σ apart(i, j)
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from phenaki_viz.errors import RecordingError, ShapeError
from phenaki_viz.recording import HeadMap, Product, Terms
from phenaki_viz.recording.streams import RowSums

ROUNDED = 64  # squared: a sum of terms may be off by eight steps of a float32 of the largest
OF_PLACES = ("position", "alibi")  # terms that know nothing but where query and key are


@dataclass(frozen=True, eq=False, kw_only=True)
class WeightLedger:
    """What one weight is made of; numbers are logits unless said.

    terms: as they were added. apart: the same, each less its mean over the row's visible keys.
    level: log-sum-exp of the row's sums of `apart`; logsumexp: of its logits, None where the
    content is a `Remainder`, whose constant is not known. weight: as recorded. made: as the terms
    make it. rank: 1 for the row's strongest key; of: keys that the query may see. hidden: a mask
    hides the key. blind: the query sees no key at all, and no term decides its weights.
    dimensions: 'd', what each of the head's dimensions gives to the content, less its mean over the
    row; None where queries and keys were not kept. weights of 0 have terms of −inf or NaN where
    the content is a `Remainder`.
    """

    query: int
    key: int
    terms: Mapping[str, float]
    apart: Mapping[str, float]
    level: float
    logsumexp: float | None
    weight: float
    made: float
    rank: int
    of: int
    hidden: bool
    blind: bool
    dimensions: np.ndarray | None

    @property
    def logit(self) -> float:
        """The sum of the terms as they were added; −inf of a hidden key."""
        return -np.inf if self.hidden else sum(self.terms.values())

    @property
    def is_known(self) -> bool:
        """Whether the terms decide this weight and every one of them is a number."""
        decided = not (self.hidden or self.blind)
        return decided and all(np.isfinite(value) for value in self.apart.values())


@dataclass(frozen=True, eq=False, kw_only=True)
class RowLedger:
    """One row taken apart. terms: of this row alone, over all keys. weights: 'j', as recorded."""

    query: int
    terms: Terms
    weights: np.ndarray

    @property
    def visible(self) -> np.ndarray:
        """Which keys the query may see: 'j' bool."""
        return ~self.terms.hidden[0]

    @cached_property
    def apart(self) -> dict[str, np.ndarray]:
        """Every term, less its mean over the row's visible keys: 'j' float64; see `terms_apart`."""
        return {name: values[0] for name, values in terms_apart(self.terms).items()}

    @cached_property
    def level(self) -> float:
        """Log-sum-exp of the row's sums of `apart`: what is taken from each of them."""
        total = sum(self.apart.values(), np.zeros(self.terms.keys))[self._known[0]]
        if not total.size:
            return 0.0
        return float(total.max() + np.log(np.exp(total - total.max()).sum()))

    @cached_property
    def shares(self) -> dict[str, float]:
        """Share of each term in this row; see `term_shares`."""
        return {name: float(share[0]) for name, share in term_shares(self.terms).items()}

    def strongest(self, most: int) -> np.ndarray:
        """The visible keys with the largest weights, the first ones first: at most `most`, int."""
        order = np.argsort(-np.where(self.visible, self.weights, -1), kind="stable")
        return order[: min(most, int(self.visible.sum()))]

    def of(self, key: int) -> WeightLedger:
        """One weight of the row. Raises RecordingError when there is no such key."""
        if not 0 <= key < self.terms.keys:
            raise RecordingError(f"key {key} asked of a row with {self.terms.keys} keys, from 0")
        content, at = self.terms.content, float(self.weights[key])
        apart = {name: float(values[key]) for name, values in self.apart.items()}
        exact, hidden, blind = isinstance(content, Product), self.terms.hidden[0], self.terms.blind
        made = 0.0 if hidden[key] else float(np.exp(sum(apart.values()) - self.level))
        return WeightLedger(
            query=self.query,
            key=key,
            terms={name: float(values[0, key]) for name, values in self.terms},
            apart=apart,
            level=self.level,
            logsumexp=float(self.terms.logsumexp[0]) if exact and not blind[0] else None,
            weight=at,
            made=1 / self.terms.keys if blind[0] else made,
            rank=1 + int((self.weights[self.visible] > at).sum()),
            of=int(self.visible.sum()),
            hidden=bool(hidden[key]),
            blind=bool(blind[0]),
            dimensions=self._dimensions(key),
        )

    @property
    def _known(self) -> np.ndarray:
        """'1 j' bool."""
        return _known(self.terms)

    def _dimensions(self, key: int) -> np.ndarray | None:
        content = self.terms.content
        if not isinstance(content, Product):
            return None
        each = content.dimensions(0).astype(np.float64)
        known = self._known[0]
        mean = each[known].mean(axis=0) if known.any() else np.zeros(each.shape[1])
        apart: np.ndarray = each[key] - mean
        return apart


def row_ledger(head: HeadMap, query: int) -> RowLedger:
    """Take one row of one head apart. Raises RecordingError when there is no such query."""
    one = range(query, query + 1)  # a run of rows is read without gathering it
    terms = head.terms(one)
    return RowLedger(query=query, terms=terms, weights=head.tile((query, query + 1))[0])


def term_shares(terms: Terms) -> dict[str, np.ndarray]:
    """Share of every term in each row: cov(term, logit) / var(logit) over visible keys.

    terms: of whole rows. Returns 'q' float64 a term. The shares of a row sum to 1. A share below 0
    works against the row, and then others are above 1. NaN where the logits do not differ between
    keys, or by no more than their terms are rounded (a row with one visible key; terms that undo
    each other). Of a dense map whose content is a `Remainder`, keys with a
    weight of 0 are left out: their logit is not known.
    Raises ShapeError when the terms are of a part of the keys.
    """
    _check_whole(terms)
    logit, known = terms.logit.astype(np.float64), _known(terms)
    apart = _apart(logit, known)
    each = {name: _apart(values, known) for name, values in terms}
    variance = (apart**2).sum(axis=1)
    largest = np.max([(term**2).sum(axis=1) for term in each.values()], axis=0)
    rounded = np.finfo(np.float32).eps ** 2 * np.maximum(known.sum(axis=1), ROUNDED * largest)
    nothing = np.full(len(logit), np.nan)
    return {
        name: np.divide(
            (term * apart).sum(axis=1), variance, out=nothing.copy(), where=variance > rounded
        )
        for name, term in each.items()
    }


def position_share(terms: Terms) -> np.ndarray:
    """How much of each row position and ALiBi decide together, 'q' float64; see `term_shares`.

    0 where the call had neither.
    """
    shares = term_shares(terms)
    of_places = [shares[name] for name in OF_PLACES if name in shares]
    return np.sum(of_places, axis=0) if of_places else 0 * shares["content"]


def position_share_by_sums(sums: RowSums, keys: int) -> np.ndarray:
    """`position_share` of rows where position is all that is added and nothing hidden: 'q' float64.

    To some 1e-6: the sums were taken of numbers in 32 bits.
    """
    vary = sums.spread > (np.finfo(np.float32).eps / np.log(2)) ** 2 * keys
    nothing = np.full(len(sums.spread), np.nan)
    return np.divide(sums.together, sums.spread, out=nothing, where=vary)


def weights_of(terms: Terms, names: Collection[str]) -> np.ndarray:
    """Counterfactual weights: softmax of some of the terms alone, masks as they are: 'q j' float32.

    names: of the terms that count, as "content", "position"; those that the call has not got add
    nothing. The head's own map is that of all of them. A row without a visible key is all NaN: no
    term decides it. Raises ShapeError when the terms are of a part of the keys.
    """
    _check_whole(terms)
    chosen = [values for name, values in terms if name in names]
    total = np.sum([np.zeros(terms.hidden.shape), *chosen], axis=0)
    total = np.where(terms.hidden, -np.inf, total)
    with np.errstate(invalid="ignore"):
        made = np.exp(total - total.max(axis=1, keepdims=True))
        return (made / made.sum(axis=1, keepdims=True)).astype(np.float32)


def terms_apart(terms: Terms) -> dict[str, np.ndarray]:
    """Every term, less its mean over the row's visible keys: 'q j' float64, NaN where hidden.

    Of a `Remainder`, keys with a weight of 0 do not count: their logit is not known, it is −inf.
    Raises ShapeError when the terms are of a part of the keys.
    """
    _check_whole(terms)
    known = _known(terms)
    return {name: np.where(terms.hidden, np.nan, _less_mean(at, known)) for name, at in terms}


def _known(terms: Terms) -> np.ndarray:
    """Which logits count in their row: visible, and a number; 'q j' bool."""
    return ~terms.hidden & np.isfinite(terms.logit)


def _less_mean(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Each number, known or not, less the mean of those of its row that are known: 'q j'."""
    kept = np.where(known, values, 0).astype(np.float64)
    less: np.ndarray = values - kept.sum(axis=1, keepdims=True) / np.maximum(
        known.sum(axis=1, keepdims=True), 1
    )
    return less


def _apart(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """How far each known number is from the mean of its row: 'q j' float64, 0 elsewhere."""
    return np.where(known, _less_mean(values, known), 0)


def _check_whole(terms: Terms) -> None:
    _, keys = terms.hidden.shape
    if keys != terms.keys:
        raise ShapeError(f"shares are of whole rows, not of {keys} of {terms.keys} keys")
