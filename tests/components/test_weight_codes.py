"""Two bytes a weight: how far from the truth, and which digits of it are shown."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from phenaki_viz.browser import weight_codes as codes


def read_back(parts):
    """What numbers/weight_codes.js makes of it."""
    code = parts["codes"].astype(np.float64)
    decade, digits = np.divmod(code - 1, codes.SMALL)
    small = codes.LEAST * 10.0 ** decade.clip(0, 9) * (100 + digits) / 100
    fine = (code - codes.FINE + 1000) / 1e7
    middle = (code - codes.MIDDLE + 1000) / 1e6
    line = (code - codes.LINE + 10_000.5) / 1e6
    values = np.where(code < codes.FINE, small, np.where(code < codes.MIDDLE, fine, middle))
    values = np.where(code < codes.LINE, values, line).astype(np.float32).astype(np.float64)
    values[code == 0] = 0
    values[code == codes.WRONG] = math.inf
    values[code == codes.MASKED] = math.nan
    for at, value in parts["listed"].reshape(-1, 2):
        values[int(at)] = value
    return values


def shown(value):
    """The digits that a page says of a weight: `weightSaid` of numbers/words.js."""
    return f"{value:.3e}" if value >= 1e-4 else f"{value:.2e}"


every_size = st.builds(
    lambda digits, decade: digits * 10.0**-decade, st.floats(1, 10), st.integers(1, 12)
)


@given(arrays(np.float32, 40, elements=st.floats(0, 1, width=32)))
def test_a_weight_comes_back_to_a_millionth(values):
    assert np.abs(read_back(codes.coded(values)) - values).max() <= 1e-6


@given(st.lists(every_size, min_size=1, max_size=40))
def test_every_digit_that_is_shown_is_right(sizes):
    values = np.minimum(np.array(sizes, np.float32), 1)
    for told, true in zip(read_back(codes.coded(values)), values, strict=True):
        expected = shown(float(true)) if float(true) >= codes.LEAST else shown(0)
        assert shown(told) == expected


def test_flags_and_ends_are_kept():
    values = np.array([0, 1e-13, np.nan, np.inf, 1, codes.TOP, 1e-2, 1e-3, 1e-4, 1e-7, 1e-11])
    found = read_back(codes.coded(values))
    assert found[0] == found[1] == 0
    assert np.isnan(found[2]) and np.isinf(found[3])
    assert np.allclose(found[4:], values[4:], rtol=1e-4, atol=0)


def test_a_heavier_weight_never_reads_lighter():
    values = np.sort(np.random.default_rng(0).uniform(0, 0.2, 5000)) ** 3
    assert (np.diff(read_back(codes.coded(values))) >= 0).all()


def test_only_weights_can_be_coded():
    assert codes.can_code(np.array([np.nan, 0, 1]))
    assert not codes.can_code(np.array([-0.1, 0.5]))
    assert not codes.can_code(np.array([0.5, 7]))
