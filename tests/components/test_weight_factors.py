"""Weights by queries and keys: the codes of all of them, in less than the codes take."""

import numpy as np
import pytest

from phenaki_viz.browser.weight_codes import coded
from phenaki_viz.browser.weight_factors import Added, Guess, Offsets, exp, factored, planes

GRID, NULLS = (3, 4, 5), 2
N = 60


def planted(*, width=7, nulls=NULLS, sharp=1.0, seed=0):
    """A map of a head so wide with a bias by offset, and the table of that."""
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(5, 7, 9)).astype(np.float32)
    added = Added.of(Offsets(table=table, dimensions=GRID, nulls=nulls), 1e-9)
    query, key = rng.normal(size=(N, width)), rng.normal(size=(width, nulls + N))
    scores = sharp * query @ key / np.sqrt(width) + added.pairs()
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return weights.astype(np.float32), Offsets(table=table, dimensions=GRID, nulls=nulls)


def numbers(part, count):
    """What `planes` was given."""
    folded = sum(one.astype(np.int64) << 8 * at for at, one in enumerate(part.reshape(-1, count)))
    return np.where(folded % 2, -(folded + 1) // 2, folded // 2)


def read_back(found, shape, offsets):
    """Codes, as numbers/weight_factors.js makes them of what is sent."""
    told, parts = found.header, found.parts
    width, (i, j) = told["width"], shape
    added = None
    if told["bias"]:
        steps = numbers(parts["offsets"], offsets.table.size)
        unit, dimensions, nulls = (told["bias"][name] for name in ("unit", "dimensions", "nulls"))
        added = Added(table=np.cumsum(steps), unit=unit, dimensions=dimensions, nulls=nulls)
    codes = Guess(
        left=numbers(parts["left"], width * i).reshape(width, i).T,
        right=numbers(parts["right"], width * j).reshape(width, j),
        unit=told["unit"],
        rows=parts["rows"],
        hidden=np.isin(np.arange(j), told["hidden"]),
        added=added,
    ).codes().ravel()  # fmt: skip
    there = np.cumsum(numbers(parts["gaps"], told["away"])) - 1
    codes[there] += numbers(parts["away"], told["away"])
    return codes


@pytest.mark.parametrize("sharp", [0.2, 1, 4])
@pytest.mark.parametrize("hidden", [(), (3, 40)])
def test_every_code_comes_back(sharp, hidden):
    weights, offsets = planted(sharp=sharp)
    weights[:, list(hidden)] = np.nan
    found = factored(weights, offsets)
    sent = coded(weights)
    np.testing.assert_array_equal(read_back(found, weights.shape, offsets), sent["codes"])
    np.testing.assert_array_equal(found.parts["large"], sent["listed"][:, 1])
    assert found.header["width"] <= 8 and found.nbytes < sent["codes"].nbytes


def test_most_codes_need_no_correction():
    found = factored(*planted(sharp=0.2))
    assert found.header["away"] < 0.25 * N * (N + NULLS)


def test_without_its_bias_a_map_is_no_product():
    weights, _ = planted()
    assert factored(weights) is None


def test_without_a_bias_there_is_none_to_know():
    bare = np.exp(np.outer(np.arange(N), np.linspace(0, 0.05, N + 3)))
    bare /= bare.sum(axis=1, keepdims=True)
    found = factored(bare.astype(np.float32))
    assert found.header["bias"] is None and found.header["width"] <= 2
    np.testing.assert_array_equal(
        read_back(found, bare.shape, None), coded(bare.astype(np.float32))["codes"]
    )


@pytest.mark.parametrize(
    "spoil",
    [
        lambda weights: np.where(np.triu(np.ones(weights.shape), 1), np.nan, weights),
        lambda weights: np.where(np.arange(len(weights))[:, None] == 5, np.inf, weights),
        lambda weights: np.where(weights < weights[4, 4], 0, weights),
        lambda weights: weights.astype(np.float16).astype(np.float32),
        lambda weights: weights[:40],
        lambda weights: np.full_like(weights, np.nan),
    ],
    ids=["causal", "wrong row", "zeros", "half precision", "few queries", "all hidden"],
)
def test_other_maps_are_sent_by_their_codes(spoil):
    bare = np.exp(np.outer(np.arange(N), np.linspace(0, 0.2, N)))
    bare /= bare.sum(axis=1, keepdims=True)
    assert factored(bare.astype(np.float32)) is not None
    assert factored(spoil(bare.astype(np.float32))) is None


def test_the_power_is_right_to_a_billionth():
    x = np.linspace(-29.9, 1, 5000)
    np.testing.assert_allclose(exp(x), np.exp(x), rtol=1e-9)
    assert exp(np.array([-1e9]))[0] < 1e-11


def test_planes_hold_whole_numbers_small_ones_in_few_bytes():
    some = np.array([[0, -1, 5], [70_000, -70_000, 127]])
    np.testing.assert_array_equal(numbers(planes(some), 6), some.ravel())
    assert planes(some).nbytes == 18 and planes(some[0]).nbytes == 3
    assert planes(np.zeros(0)).nbytes == 0
