"""Two bytes a weight: how far from the truth."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from phenaki_viz.ui.components import weight_codes as codes


def read_back(parts):
    """What weight_codes.js makes of it."""
    code = parts["codes"].astype(np.float64)
    log = codes.LEAST * np.exp(code * codes.RATIO)
    line = codes.KNEE + (code - codes.LOG_CODES) * codes.STEP
    values = np.where(code <= codes.LOG_CODES, log, line)
    values[code == 0] = 0
    values[code == codes.WRONG] = math.inf
    values[code == codes.MASKED] = math.nan
    for at, value in parts["listed"].reshape(-1, 2):
        values[int(at)] = value
    return values


@given(arrays(np.float32, 40, elements=st.floats(0, 1, width=32)))
def test_a_weight_comes_back_to_a_millionth_and_to_a_thousandth_of_itself(values):
    found = read_back(codes.coded(values))
    assert np.abs(found - values).max() <= 1e-6
    told = values > codes.LEAST
    assert (np.abs(found - values)[told] <= 1e-3 * values[told]).all()


def test_flags_and_ends_are_kept():
    values = np.array([0, 1e-13, np.nan, np.inf, 1, codes.TOP, codes.KNEE, 1e-7])
    found = read_back(codes.coded(values))
    assert found[0] == found[1] == 0
    assert np.isnan(found[2]) and np.isinf(found[3])
    assert np.allclose(found[4:], values[4:], rtol=1e-3, atol=1e-15)


def test_a_heavier_weight_never_reads_lighter():
    values = np.sort(np.random.default_rng(0).uniform(0, 0.2, 5000)) ** 3
    assert (np.diff(read_back(codes.coded(values))) >= 0).all()


def test_only_weights_can_be_coded():
    assert codes.can_code(np.array([np.nan, 0, 1]))
    assert not codes.can_code(np.array([-0.1, 0.5]))
    assert not codes.can_code(np.array([0.5, 7]))
