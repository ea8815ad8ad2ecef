import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from phenaki_viz.browser.packing import pack
from tests.sent import unpack

floats = arrays(np.float32, st.integers(0, 9), elements=st.floats(width=32))
codes = arrays(np.uint8, st.integers(0, 9))


@given(floats, codes, st.text(max_size=20))
def test_what_is_packed_is_unpacked(values, table, words):
    header, parts = unpack(pack({"words": words}, table=table, values=values))
    assert header["words"] == words
    np.testing.assert_array_equal(parts["values"], values)
    np.testing.assert_array_equal(parts["table"], table)


@given(codes, st.text(max_size=20))
def test_floats_start_on_a_boundary_of_four(table, words):
    sent = pack({"words": words}, table=table, values=np.array([7.5], np.float32))
    assert len(sent) % 4 == 0
    assert sent[-4:] == np.array([7.5], np.float32).tobytes()


def test_arrays_of_several_axes_are_sent_flat_in_order():
    values = np.arange(30, dtype=np.float32).reshape(2, 3, 5)
    _, parts = unpack(pack({}, values=values[:, ::-1]))
    np.testing.assert_array_equal(parts["values"].reshape(2, 3, 5), values[:, ::-1])


def test_a_type_the_browser_does_not_read_is_named():
    with pytest.raises(TypeError, match="'values' is float64"):
        pack({}, values=np.zeros(3))


def test_bytes_arrive_as_they_are():
    _, parts = unpack(pack({}, text="wäré".encode(), after=np.ones(1, np.float32)))
    assert parts["text"].tobytes().decode() == "wäré" and parts["after"].tolist() == [1]


def test_a_number_json_does_not_know_is_refused():
    with pytest.raises(ValueError, match="not JSON compliant"):
        pack({"low": float("nan")})
