"""What changed, as pictures and in sentences: centred scales, both names, no bare numbers."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from phenaki_viz.analysis.difference import head_distances, laid_maps
from phenaki_viz.analysis.laid import lay
from phenaki_viz.export import render
from phenaki_viz.figures.difference_sentences import (
    apart_heading,
    head_moved,
    laid_note,
    moved_heading,
    own_numbers,
    row_line,
    row_moved,
    still,
)
from phenaki_viz.figures.difference_views import (
    centred_scale,
    changes_overlay,
    difference_heatmap,
    difference_overlay,
    distances_grid,
    distances_table,
    entropy_grid,
    laid_keys,
)
from phenaki_viz.figures.head import Head
from phenaki_viz.recording import DenseMap, Recording
from tests.analysis.planted_heads import GRID, NULLS, SELF, cross_record, recording, self_record

UNIFORM, TOLD = SELF.index("uniform"), ("a text", "another text")
FRAMES = np.zeros((5, 32, 40, 3), np.uint8)


@pytest.fixture(scope="module")
def two():
    """The planted self heads, and the same with the uniform one on one key."""
    mine = self_record()
    attn = mine.map.attn.clone()
    attn[0, UNIFORM] = torch.eye(62)[NULLS + 7]
    return mine, replace(mine, map=DenseMap(attn))


def heads(two, head=UNIFORM):
    return tuple(Head(Recording([one], provenance={"seed": 3}), one, 0, head) for one in two)


def texts():
    one = cross_record()
    return one, replace(one, words=("seven", "moving", "left"))


@pytest.mark.parametrize("values", [[-3.0, 1, 0, np.nan], [0.25, 0.5, np.inf], [0.0, 0], [np.nan]])
def test_a_centred_scale_has_equal_ends_and_zero_in_its_middle(values):
    scale = centred_scale(np.array(values, np.float32))
    assert scale.low == -scale.high < 0
    assert scale.unit(np.zeros(1, np.float32))[0] == pytest.approx(0.5)
    assert not scale.cut_off


def test_the_difference_is_a_map_that_says_what_a_and_b_are(two):
    one, other = heads(two)
    maps = laid_maps(one.map, other.map, 62)
    picture = difference_heatmap(one, other, maps, centred_scale(maps.difference), TOLD)
    assert picture.values[3, NULLS + 7] == pytest.approx(1 - 1 / 62)
    assert picture.notes[:2] == ("A: a text", "B: another text")
    assert picture.provenance["shows"] == "difference B − A" and picture.unit == "weight, B − A"
    assert picture.provenance["b_provenance"]["seed"] == 3
    assert "B − A" in picture.title and picture.key.names[0] == "null 1"
    for kind in ("svg", "csv"):
        assert render(picture, kind), kind


def test_words_that_differ_are_both_named():
    one, other = (Head(Recording([record]), record, 0, 0) for record in texts())
    assert laid_keys(one, other).names == (
        "null 1", "null 2", "two | seven", "moving", "right | left",
    )  # fmt: skip


def test_changes_lie_where_their_patches_are(two):
    changes = changes_overlay(*heads(two), (1, 2, 3))
    assert changes.shape == GRID and np.unravel_index(changes.argmax(), GRID) == (0, 1, 2)
    picture = difference_overlay(
        heads(two), changes, FRAMES, 2, centred_scale(changes), TOLD, (1, 2, 3)
    )
    assert picture.places == ((1, 2, 3),) and picture.notes[0] == "A: a text"
    one, other = (Head(Recording([record]), record, 0, 0) for record in texts())
    assert not changes_overlay(one, other, None, 2).any()
    with pytest.raises(ValueError, match="which patch"):
        changes_overlay(one, other, None)


def test_grid_and_table_have_every_head(two):
    found = head_distances(lay(two[:1], two[1:]))
    values = found.grid(two[:1], two[0].heads)
    picture = distances_grid(two[:1], values, {"seed": 3}, selected=(0, 1))
    assert picture.scales.low == 0 and picture.scales.high == pytest.approx(values.max())
    assert picture.heads[UNIFORM] == f"H{UNIFORM}" and picture.layers == ("L1",)
    table = distances_table(found.rows, {"seed": 3}, TOLD, sampled=found.sampled)
    assert table.column("distance").values.argmax() == UNIFORM
    assert table.column("queries").values.tolist() == [60] * len(SELF)
    assert any("60 queries" in note for note in table.notes)
    spread = entropy_grid(two[:1], values - 0.5, {}, "dark")
    np.testing.assert_array_equal(spread.values, np.round(values - 0.5, 3))
    assert spread.scales.low == -spread.scales.high and spread.scales.palette == "berlin"
    for kind in ("svg", "csv", "npz"):
        assert render(picture, kind) and (kind == "svg" or render(table, kind))


def test_the_heading_names_the_head_or_says_that_none_changed(two):
    found = head_distances(lay(two[:1], two[1:]))
    assert moved_heading(found) == (
        f"L1 H{UNIFORM} changes most: JS distance {found.moved_most.mean:.2f}; the median of 8 "
        "heads is 0.000"
    )
    same = head_distances(lay(two[:1], two[:1]))
    assert moved_heading(same) == "No head changes: every row is the same in A and B"
    attn = two[0].map.attn.clone()
    attn[0, UNIFORM, 3, :2] += torch.tensor([1e-3, -1e-3])
    little = head_distances(lay(two[:1], [replace(two[0], map=DenseMap(attn))]))
    said = moved_heading(little)
    assert said.startswith("No head changes by a mean JS distance of 0.001; the row that moves far")
    assert said.endswith(f"of L1 H{UNIFORM}, does by {little.moved_most.most:.3f}")
    attn = torch.full_like(two[0].map.attn, float("nan"))
    gone = head_distances(lay(two[:1], [replace(two[0], map=DenseMap(attn))]))
    assert moved_heading(gone) == "No head has rows that can be compared"
    names = [f"patch {at}" for at in range(60)]
    assert "no distance" in head_moved(gone.rows[0], names, "60 queries")
    assert "no row that can be compared" in row_line(gone.rows[0])
    said = head_moved(found.moved_most, names, "60 queries")
    assert said.startswith(f"L1 H{UNIFORM}: mean JS distance 0.9") and "patch 0" in said
    assert head_moved(same.rows[0], names, "60 queries").endswith("in A and B (60 queries).")


@pytest.mark.parametrize(
    ("difference", "distance", "said"),
    [
        ([0.2, -0.1, np.nan], 0.3, "gives 0.200 more to null 1 and 0.100 less to “two” (JS "),
        ([0.2, 0.0, np.nan], 0.05, "gives 0.200 more to null 1 (JS distance 0.050)"),
        ([0.0, -0.1, 0.0], 0.3, "gives 0.100 less to “two” (JS distance 0.30)"),
        ([1e-5, -1e-5, 0.0], 1e-4, "looks where it did: no weight changes by 0.001"),
        ([np.nan, 0.0, np.nan], 1.0, "looks where only one of A and B may look (JS distance 1.00)"),
        (
            [np.nan] * 3,
            np.nan,
            "has a row that is no distribution, or sees no key: nothing to compare",
        ),
    ],
)
def test_a_row_says_what_gained_and_what_lost(difference, distance, said):
    names = ("null 1", "two", "time 0, row 1, column 2")
    assert row_moved(np.array(difference), distance, names).startswith(said)


def test_what_a_head_is_like_by_itself_is_said_of_both():
    one, other = {"entropy": 1.234, "null": 0.5}, {"entropy": 2, "null": 0.25}
    assert own_numbers("L1 H2", one, other) == (
        "L1 H2 by itself: an entropy of 1.23 bits in A, 2.00 in B; null keys hold 0.50 of its "
        "weight in A, 0.25 in B."
    )
    assert "null" not in own_numbers("L1 H2", {"entropy": 1}, other)


def test_notes_say_what_is_missing_and_what_lies_on_what():
    one, other = texts()
    assert laid_note(lay([one], [other], by_place=True)) == (
        "Texts are laid word for word, by their place: “seven” lies on “two” and “left” lies on "
        "“right”."
    )
    strict = lay([one], [other])
    assert apart_heading(strict) == (
        "These maps cannot be subtracted: their keys are other words: “two” and “seven”, “right” "
        "and “left”"
    )
    assert still(strict).startswith("Laid by their place in the text, they could be subtracted.")
    layers = [one, replace(one, layer=1, module="maskgit.transformer.layers.1.2")]
    assert laid_note(lay(layers, [one])) == "B has no layer 1."
    assert laid_note(lay(recording().records[:1], [one])) == ""
