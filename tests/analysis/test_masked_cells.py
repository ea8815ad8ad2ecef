"""A cell of a picture is masked where every weight in it is, whatever mask hides them."""

import numpy as np
import pytest

from phenaki_viz.analysis.survey import survey
from phenaki_viz.analysis.thumbnails import thumbnails
from phenaki_viz.analysis.tiles import map_tile
from phenaki_viz.recording import HeadMap
from tests.analysis.records import planted

QUERIES, KEYS, MOST = 7, 5, 3


def masked_record(in_single_heads):
    """Two heads; of some queries, anywhere, edges are cut. Rows are even over what is left."""
    cut = np.zeros((2, QUERIES, KEYS), bool)
    cut[:, 2, :4] = True  # the last query of its cell, whose neighbours see all
    cut[1, 3:6, 3:] = True  # a whole cell, in one head
    cut = cut if in_single_heads else cut.all(axis=0)
    attn = np.broadcast_to(~cut, (1, 2, QUERIES, KEYS)).astype(np.float64)
    attn /= attn.sum(axis=3, keepdims=True)
    words = tuple("abcde")
    record = planted(attn, kind="cross", words=words, cut_edges=cut)
    return record, np.broadcast_to(cut, (2, QUERIES, KEYS))


def all_hidden(cut):
    """'y x' bool: cells of 3 queries and 2 keys of which every weight is hidden."""
    starts = np.arange(0, QUERIES, 3), np.arange(0, KEYS, 2)
    return np.logical_and.reduceat(np.logical_and.reduceat(cut, starts[0], 0), starts[1], 1)


@pytest.mark.parametrize("in_single_heads", [False, True])
def test_a_map_masks_the_cells_that_its_head_may_not_look_at(in_single_heads):
    record, cut = masked_record(in_single_heads)
    for head in range(2):
        one = HeadMap(record, 0, head)
        exact = map_tile(one, (0, QUERIES, 0, KEYS), KEYS + QUERIES).values
        np.testing.assert_array_equal(np.isnan(exact), cut[head])
        pooled = map_tile(one, (0, QUERIES, 0, KEYS), MOST).values
        np.testing.assert_array_equal(np.isnan(pooled), all_hidden(cut[head]))


@pytest.mark.parametrize("in_single_heads", [False, True])
def test_a_thumbnail_masks_the_cells_that_its_head_may_not_look_at(in_single_heads):
    record, cut = masked_record(in_single_heads)
    small = thumbnails([record], [0], MOST).values[0]
    read = survey([record], [0]).thumbnails.values[0]
    for head in range(2):
        np.testing.assert_array_equal(np.isnan(small[head]), all_hidden(cut[head]))
        np.testing.assert_array_equal(np.isnan(read[head]), cut[head])
