"""Two maps of one head: their difference, and how much weight was put elsewhere."""

import numpy as np
import pytest
import torch

from phenaki_viz.analysis.beside import beside, most_first, moved, rows_compared
from phenaki_viz.errors import ShapeError
from phenaki_viz.figures.beside_views import (
    difference_heatmap,
    difference_scale,
    moved_label,
    moved_sentence,
)
from phenaki_viz.figures.colour import DIVERGING
from phenaki_viz.figures.head import Head
from phenaki_viz.recording import AttentionRecord, Recording
from phenaki_viz.recording.interventions import DropText, to_json
from phenaki_viz.recording.maps import DenseMap
from phenaki_viz.recording.places import Places


def head(*rows, words=("a", "b", "c"), provenance=None):
    """A head of cross-attention with these rows, over one step of patches."""
    attn = torch.tensor(rows, dtype=torch.float32)[None, None]
    record = AttentionRecord(
        module="m.layers.2.2", stack="m", layer=2, kind="cross", call=0, map=DenseMap(attn),
        heads=(4,), batch_items=(0,), places=Places((1, 1, len(rows)), "video"), num_null_kv=0,
        causal=False, scale=1.0, words=words,
    )  # fmt: skip
    return Head(Recording([record], {}, provenance or {}), record, 0, 0)


BEFORE = head([1.0, 0.0, 0.0], [0.2, 0.3, 0.5])
NOW = head([0.0, 0.5, 0.5], [0.2, 0.3, 0.5])


def test_the_difference_is_now_less_before_and_its_scale_is_around_0():
    found = beside(BEFORE.map, NOW.map, 99)
    np.testing.assert_allclose(found.difference, [[-1, 0.5, 0.5], [0, 0, 0]], atol=1e-6)
    scale = difference_scale(found, DIVERGING["light"])
    assert (
        scale.low == -scale.high
        and 0.9 < scale.high <= found.most == 1.0
        and "largest 1" in scale.scope
    )
    assert scale.unit(np.zeros(1)) == 0.5
    picture = difference_heatmap(NOW, found.difference, scale)
    assert picture.unit == "weight now − before" and "· weight now − before" in picture.title


def test_what_is_put_elsewhere_is_half_the_sum_of_the_differences():
    other = head([0.0, 1.0, 0.0], [0.0, 0.0, 1.0])
    found = moved([(BEFORE.map, NOW.map), (BEFORE.map, BEFORE.map), (BEFORE.map, other.map)])
    np.testing.assert_allclose(found, [0.5, 0.0, 0.75], atol=1e-6)
    said = moved_sentence(["one", "two", "three"], found)
    assert said.startswith("Of their weight, most is put elsewhere by three (75 %), one (50 %).")
    assert "1 of 3 maps stay as they were" in said
    assert most_first(np.array([0.5, np.nan, 0.75, 0.5])) == [2, 0, 3, 1]
    assert moved_sentence(["two"], found[1:2]).startswith("No map changes: ")


def test_one_row_that_moves_is_not_said_to_stay():
    """As where one patch may not read one other: of many rows a single one, wherever it is."""
    rows = [[0.5, 0.3, 0.2]] * 1000
    one = head(*rows[:777], [0.1, 0.5, 0.4], *rows[778:])
    found = moved([(head(*rows).map, one.map), (head(*rows).map, head(*rows).map)])
    np.testing.assert_allclose(found, [0.4 / 1000, 0], atol=1e-8)
    assert moved_sentence(["self L3 H3", "self L3 H2"], found, 1000) == (
        "Of their weight, most is put elsewhere by self L3 H3 (less than 0.1 %). "
        "1 of 2 maps stay as they were."
    )
    said = moved_label("self L3 H3", found[0])
    assert said == "self L3 H3: less than 0.1 % of its weight elsewhere"
    assert moved_label("self L3 H2", found[1]) == "self L3 H2: 0 % of its weight elsewhere"


def test_of_a_long_map_it_is_said_of_which_rows():
    assert list(rows_compared(3)) == [0, 1, 2] and len(rows_compared(1024)) == 1024
    assert rows_compared(16384) == range(0, 16384, 32)
    assert moved_sentence(["a"], np.zeros(1), 16384) == (
        "No map changes in the 512 of 16,384 rows that were compared."
    )


def test_maps_of_other_words_cannot_be_laid_on_each_other():
    for other in (head([1.0, 0.0], [0.5, 0.5], words=("a", "b")),
                  head([1.0, 0, 0], [0, 1.0, 0], words=("a", "b", "x"))):  # fmt: skip
        with pytest.raises(ShapeError, match="the tokens are not the same"):
            beside(BEFORE.map, other.map, 99)


def test_a_title_says_what_was_changed_and_nothing_of_nonsense():
    import json

    changed = head([1.0, 0, 0], provenance={"interventions": json.loads(to_json([DropText()]))})
    assert changed.title == "L2 H4 · cross attention · with no text"
    for nonsense in (7, "x", [{"do": "x"}]):
        assert head([1.0, 0, 0], provenance={"interventions": nonsense}).title == (
            "L2 H4 · cross attention"
        )


def test_a_row_that_is_no_distribution_is_marked_and_counts_nowhere():
    nan = float("nan")
    broken, lost = head([nan, nan, nan], [0.5, 0.3, 0.2]), head([nan] * 3, [nan] * 3)
    found = beside(BEFORE.map, broken.map, 99)
    assert np.isinf(found.difference[0]).all() and np.isinf(found.now[0]).all()
    assert found.most == pytest.approx(0.3) and found.end <= found.most
    picture = difference_heatmap(broken, found.difference, difference_scale(found, "RdBu_r"))
    assert picture.wrong == (0,) and picture.hidden is None
    assert any("not a distribution" in note for note in picture.notes)
    far = moved([(BEFORE.map, broken.map), (BEFORE.map, lost.map)])
    assert far[0] == pytest.approx(0.3) and np.isnan(far[1])
    assert "no row" in moved_label("self L0 H0", far[1])
    assert "cannot be said" in moved_sentence(["self L0 H0"], far[1:])
    assert "self L0 H0 (30 %)" in moved_sentence(["self L0 H0", "self L0 H1"], far)
