import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from phenaki_viz.errors import RecordingError
from phenaki_viz.recording import DenseMap, cell_size, record
from tests.recording.calls import TOKENS, transformer

MAP = torch.rand(2, 3, 7, 11, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def stored():
    return DenseMap(MAP)


def test_rows_columns_and_full_are_the_tensor(stored):
    np.testing.assert_array_equal(stored.full(1, 2), MAP[1, 2])
    np.testing.assert_array_equal(stored.rows(1, 2, [6, 0]), MAP[1, 2, [6, 0]])
    np.testing.assert_array_equal(stored.columns(0, 1, [10, 3]), MAP[0, 1][:, [10, 3]])
    assert stored.nbytes == MAP.numel() * 4


def test_a_tile_without_a_shape_is_exact(stored):
    np.testing.assert_array_equal(stored.tile(0, 0, (2, 5), (1, 11)), MAP[0, 0, 2:5, 1:11])


@settings(max_examples=60, deadline=None)
@given(
    rows=st.tuples(st.integers(0, 6), st.integers(1, 7)).filter(lambda s: s[0] < s[1]),
    columns=st.tuples(st.integers(0, 10), st.integers(1, 11)).filter(lambda s: s[0] < s[1]),
    shape=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    reduce=st.sampled_from(["mean", "max", "sum"]),
)
def test_a_pooled_tile_is_the_block_by_block_reduction(rows, columns, shape, reduce):
    stored = DenseMap(MAP)
    tile = stored.tile(1, 1, rows, columns, shape, reduce)
    exact = MAP[1, 1].numpy()[slice(*rows), slice(*columns)]
    y, x = cell_size(exact.shape[0], shape[0]), cell_size(exact.shape[1], shape[1])
    assert tile.shape[0] <= shape[0] and tile.shape[1] <= shape[1]
    for row in range(tile.shape[0]):
        for column in range(tile.shape[1]):
            block = exact[row * y : (row + 1) * y, column * x : (column + 1) * x]
            assert tile[row, column] == pytest.approx(getattr(block, reduce)(), abs=1e-5)


def test_what_is_not_there_is_refused_in_words(stored):
    with pytest.raises(RecordingError, match="2 items and 3 heads were recorded"):
        stored.full(2, 0)
    with pytest.raises(RecordingError, match="rows 3 to 9 asked of a map with 7 rows"):
        stored.tile(0, 0, (3, 9), (0, 1))
    with pytest.raises(RecordingError, match="'mean', 'max' or 'sum', got 'median'"):
        stored.tile(0, 0, (0, 7), (0, 11), (2, 2), "median")
    with pytest.raises(RecordingError, match="at least 1 cell"):
        stored.tile(0, 0, (0, 7), (0, 11), (0, 2))


def test_masks_of_what_is_not_there_are_refused_like_weights():
    model = transformer(causal=True)
    with torch.no_grad(), record(model) as recording:
        model(TOKENS)
    found = recording[0]
    assert found.hidden(1, (0, 12), (0, 12)).sum() == 66
    for asked, why in (
        (lambda: found.hidden(0, (3, 20), (0, 12)), "rows 3 to 20 asked of a map with 12 rows"),
        (lambda: found.hidden(0, (0, 12), (-1, 2)), "columns -1 to 2 asked of a map with 12"),
        (lambda: found.hidden_by(0, (0, 12), (5, 13)), "columns 5 to 13 asked of a map with 12"),
        (lambda: found.hidden(2, (0, 1), (0, 1)), "2 items and 3 heads were recorded"),
        (lambda: found.visible(0, [0], 3), "2 items and 3 heads were recorded"),
        (lambda: found.visible_keys(-1), "2 items and 3 heads were recorded"),
    ):
        with pytest.raises(RecordingError, match=why):
            asked()
