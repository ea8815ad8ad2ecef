"""Whose work a head's weights are: how much of a row's logits each of its terms decides.

The terms are those of `recording.terms`: content, position, ALiBi and dense bias.
"""

from collections.abc import Collection

import numpy as np

from phenaki_viz.errors import ShapeError
from phenaki_viz.recording import Terms

OF_PLACES = ("position", "alibi")  # terms that know nothing but where query and key are


def term_shares(terms: Terms) -> dict[str, np.ndarray]:
    """Share of every term in each row: cov(term, logit) / var(logit) over visible keys.

    terms: of whole rows. Returns 'q' float64 a term. The shares of a row sum to 1. A share below 0
    works against the row, and then others are above 1. NaN where the logits do not differ between
    keys (a row with one visible key). Of a stored map whose content is a `Remainder`, keys with a
    weight of 0 are left out: their logit is not known.
    Raises ShapeError when the terms are of a part of the keys.
    """
    _check_whole(terms)
    logit = terms.logit.astype(np.float64)
    known = ~terms.hidden & np.isfinite(logit)
    apart = _apart(logit, known)
    variance = (apart**2).sum(axis=1)
    vary = variance > np.finfo(np.float32).eps ** 2 * np.maximum(known.sum(axis=1), 1)
    return {
        name: np.divide(
            (_apart(values, known) * apart).sum(axis=1),
            variance,
            out=np.full(len(logit), np.nan),
            where=vary,
        )
        for name, values in terms
    }


def position_share(terms: Terms) -> np.ndarray:
    """How much of each row position and ALiBi decide together, 'q' float64; see `term_shares`.

    0 where the call had neither.
    """
    shares = term_shares(terms)
    of_places = [shares[name] for name in OF_PLACES if name in shares]
    return np.sum(of_places, axis=0) if of_places else 0 * shares["content"]


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


def _apart(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """How far each known number is from the mean of its row: 'q j' float64, 0 elsewhere."""
    kept = np.where(known, values, 0).astype(np.float64)
    mean = kept.sum(axis=1, keepdims=True) / np.maximum(known.sum(axis=1, keepdims=True), 1)
    return np.where(known, kept - mean, 0)


def _check_whole(terms: Terms) -> None:
    _, keys = terms.hidden.shape
    if keys != terms.keys:
        raise ShapeError(f"shares are of whole rows, not of {keys} of {terms.keys} keys")
