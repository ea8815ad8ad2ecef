"""Tracks: planted paths, laws, dense and factored, along time alone, marked by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from phenaki_viz.analysis.following import UNKNOWN, following
from phenaki_viz.analysis.overlay import on_grid
from phenaki_viz.analysis.tracks import accuracies, judged, on_path, path_of, track, track_of_key
from phenaki_viz.errors import RecordingError, ShapeError
from phenaki_viz.recording import DenseMap, HeadMap, Places, record
from tests.analysis.planted_heads import (
    CROSS,
    GRID,
    NULLS,
    PATH,
    SELF,
    N,
    cross_record,
    self_record,
)
from tests.analysis.records import planted, uniform

STARTS = [(step, *map(int, PATH[step])) for step in range(3)]


@pytest.fixture(scope="module")
def heads():
    return self_record()


@pytest.mark.parametrize("start", STARTS)
def test_a_head_that_follows_the_object_gives_its_true_path(heads, start):
    found = track(heads, SELF.index("follows"), start)
    assert found.places.tolist() == PATH.tolist()
    judgement = judged(found, PATH)
    assert (judgement.right, judgement.of, judgement.accuracy) == (2, 2, 1)
    others = np.arange(3) != start[0]
    np.testing.assert_allclose(found.shares[others], 1, atol=1e-6)
    np.testing.assert_allclose(found.weights[others], 1 / 3, atol=1e-6)
    assert np.isnan(found.shares[start[0]]) and found.confidence == pytest.approx(1)


def test_a_head_of_the_same_patch_stands_still_and_one_of_the_step_before_finds_that_alone(heads):
    still = track(heads, SELF.index("same patch"), (0, 2, 3))
    assert still.places.tolist() == [[2, 3]] * 3 and still.confidence == pytest.approx(1)
    before = track(heads, SELF.index("step before"), (1, 2, 3))
    assert before.places.tolist() == [[2, 3], [2, 3], [UNKNOWN] * 2]
    assert before.shares[0] == 1 and np.isnan(before.shares[2]) and before.found.tolist() == [
        True, False, False,
    ]  # fmt: skip
    nowhere = track(heads, SELF.index("nulls"), (1, 1, 2))
    judgement = judged(nowhere, PATH)
    assert not nowhere.found.any() and (judgement.right, judgement.of) == (0, 2)
    assert np.isnan(nowhere.confidence)


def test_a_head_that_does_not_choose_is_not_sure(heads):
    even = track(heads, SELF.index("uniform"), (1, 1, 2))
    assert even.confidence == pytest.approx(1 / 20) == even.even
    judgement = judged(even, PATH)
    # Within one patch of a corner lie 4 of the 20 patches, of [3, 4] too.
    assert judgement.chance == pytest.approx(np.mean([6 / 20, 4 / 20]))


def test_a_head_whose_patches_are_all_alike_finds_nothing_wherever_the_object_is(heads):
    """The first of the patches that tie would be found where the object is in that corner."""
    corner, even = np.zeros((3, 2), int), SELF.index("uniform")
    judgement = judged(track(heads, even, (1, 0, 0)), corner)
    assert (judgement.right, judgement.of, judgement.chance) == (0, 2, 0.2)
    assert accuracies([heads], corner)["follows"][0, even] == 0
    mine = planted(uniform(1, 1, N, 3), Places(GRID, "video"), kind="cross", words=tuple("abc"))
    assert accuracies([mine], corner, key=1)["follows"][0, 0] == 0
    assert accuracies([heads], corner)["follows"][0, SELF.index("same patch")] == 1


def test_the_last_digits_of_an_even_row_choose_nothing():
    attn = uniform(1, 1, N, N).copy()
    attn[..., 0] *= 1 + 3e-7  # what rounding leaves of equal logits
    mine = planted(attn, Places(GRID, "video"))
    corner = np.zeros((3, 2), int)
    assert accuracies([mine], corner)["follows"][0, 0] == 0
    one = following(HeadMap(mine, 0, 0), [corner])
    assert len(one["follows"]) and not one["follows"].any()


def test_who_looks_at_a_patch_is_the_track_of_the_turned_map(heads):
    attn = heads.map.attn[:, :, :, NULLS:]
    plain = replace(
        heads, map=DenseMap(attn), num_null_kv=0, alibi=None, position=None, position_bias=None
    )
    turned = replace(plain, map=DenseMap(attn.mT.contiguous()))
    for head in (SELF.index("follows"), SELF.index("same patch")):
        for start in STARTS:
            to = track(plain, head, start, direction="column")
            # The turned map's rows are no distributions; of these two they are.
            sums = turned.map.attn[0, head].sum(dim=1)
            if torch.allclose(sums, torch.ones(N), atol=1e-3):
                of = track(turned, head, start)
                assert to.places.tolist() == of.places.tolist()
                np.testing.assert_allclose(to.shares, of.shares, atol=1e-6)
    readers = track(heads, SELF.index("content"), (2, 3, 1), direction="column")
    column = HeadMap(heads, 0, SELF.index("content")).columns([NULLS + 2 * 20 + 3 * 5 + 1])[:, 0]
    grid = on_grid(heads.query_axis(0), column)
    for step in (0, 1):
        best = np.unravel_index(grid[step].argmax(), grid[step].shape)
        assert readers.places[step].tolist() == list(best)
        assert readers.weights[step] == grid[step].max()
        assert readers.shares[step] == pytest.approx(grid[step].max() / grid[step].sum())


def test_single_tracks_and_the_heads_figure_agree_over_all_steps(heads):
    found = accuracies([heads], PATH)
    for head in range(len(SELF)):
        each = [judged(track(heads, head, start), PATH) for start in STARTS]
        assert found["pairs"][0, head] == sum(one.of for one in each) == 6
        assert found["follows"][0, head] == pytest.approx(np.mean([one.accuracy for one in each]))
        assert found["chance"][0, head] == pytest.approx(np.mean([one.chance for one in each]))
    assert found["follows"][0, SELF.index("follows")] == 1


def test_a_word_has_the_track_of_its_readers():
    attn = np.full((1, 3, N, NULLS + 3), 0.1)
    for step, (row, column) in enumerate(PATH):
        attn[0, 1, np.ravel_multi_index((step, row, column), GRID), 2] = 0.6
    mine = planted(
        attn / attn.sum(axis=-1, keepdims=True), Places(GRID, "video"), kind="cross",
        num_null_kv=NULLS, words=("two", "moving", "right"),
    )  # fmt: skip
    found = track_of_key(mine, 1, 2)
    assert found.places.tolist() == PATH.tolist() and found.start is None
    judgement = judged(found, PATH)
    assert (judgement.right, judgement.of) == (3, 3) and found.choices.tolist() == [20] * 3
    table = accuracies([mine], PATH, key=2)
    assert table["follows"][0, 1] == 1 and table["pairs"].tolist() == [[3, 3, 3]]
    with pytest.raises(RecordingError, match="key 5 asked of a map with 5 keys"):
        track_of_key(mine, 0, 5)
    assert track_of_key(cross_record(), CROSS.index("nulls"), 0).shares == pytest.approx(
        np.full(3, 1 / 20)
    )


def test_causal_maps_have_no_later_steps_and_wrong_rows_no_track():
    attn = uniform(1, 2, N, N)
    attn[0, 1, 25] = np.nan
    mine = planted(attn, Places(GRID, "video"), causal=True)
    found = track(mine, 0, (1, 1, 0))
    assert found.choices.tolist() == [20, 0, 0] and found.places[2].tolist() == [UNKNOWN] * 2
    assert judged(found, PATH).counted.tolist() == [True, False, False]
    readers = track(mine, 0, (1, 1, 0), direction="column")
    assert readers.choices.tolist() == [0, 0, 20]
    wrong = track(mine, 1, (1, 1, 0))  # patch 25
    assert not wrong.found.any() and judged(wrong, PATH).of == 0


def test_over_time_alone_a_track_stands_still_and_in_space_alone_there_is_none():
    over_time = planted(uniform(20, 2, 3, 3), Places(GRID, "patch"))
    found = track(over_time, 1, (1, 2, 4))
    assert found.places.tolist() == [[2, 4]] * 3 and not found.chose.any()
    assert found.head.item == 14 and np.isnan(found.confidence)
    assert found.weights[[0, 2]] == pytest.approx([1 / 3] * 2)
    assert judged(found, PATH).of == 0 and np.isnan(judged(found, PATH).accuracy)
    assert np.isnan(accuracies([over_time], PATH)["follows"]).all()
    in_space = planted(uniform(3, 2, 20, 20), Places(GRID, "frame"))
    assert not track(in_space, 0, (1, 2, 4)).found.any()
    part = planted(uniform(1, 2, 3, 3), Places(GRID, "patch"), batch_items=(14,))
    assert track(part, 0, (0, 2, 4)).found.any()
    with pytest.raises(RecordingError, match="batch item 13 was not recorded"):
        track(part, 0, (0, 2, 3))
    with pytest.raises(RecordingError, match="outside the grid"):
        track(in_space, 0, (3, 0, 0))


def test_a_later_video_of_a_batch_has_its_own_track(heads):
    two = torch.cat([heads.map.attn, heads.map.attn[:, [6, 0, 1, 2, 3, 4, 5, 7]]])
    both = replace(heads, map=DenseMap(two), batch_items=(0, 1))
    assert track(both, 0, STARTS[1], video=1).places.tolist() == PATH.tolist()
    assert accuracies([both], PATH, video=1)["follows"][0, 0] == 1


def test_a_path_marked_by_hand_may_leave_steps_out(heads):
    path = path_of([(2, 3, 4), (0, 3, 3), (0, 0, 1), (7, 1, 1)], 3)
    assert path.tolist() == [[0, 1], [UNKNOWN] * 2, [3, 4]]
    assert on_path(path, 1) in ((0, 0, 1), (2, 3, 4)) and on_path(path, 2) == (2, 3, 4)
    assert on_path(path_of([], 3), 1) is None
    judgement = judged(track(heads, SELF.index("follows"), (1, 1, 2)), path)
    assert (judgement.right, judgement.of) == (2, 2)
    pairs = following(HeadMap(heads, 0, SELF.index("follows")), [path])
    assert pairs["follows"].tolist() == [1, 1]
    assert len(following(HeadMap(heads, 0, 0), [path_of([(1, 1, 2)], 3)])["follows"]) == 0
    assert len(following(HeadMap(heads, 0, 0), [path_of([], 3)])["follows"]) == 0
    with pytest.raises(ShapeError, match="a path is of 3 time steps"):
        judged(track(heads, 0, (1, 1, 2)), path[:2])


def test_stored_and_factored_maps_have_the_same_tracks():
    from phenaki_viz.models import Transformer

    torch.manual_seed(0)
    model = Transformer(dim=12, depth=2, heads=3, dim_head=5, attn_num_null_kv=2, peg=False)
    x = torch.randn(1, N, 12)
    found = []
    for storage in ("dense", "factored"):
        with torch.inference_mode(), record(model, storage=storage, grid=GRID) as recording:
            model(x)
        found.append(recording.records)
    for stored, factored in zip(*found, strict=True):
        assert (stored.map.storage, factored.map.storage) == ("dense", "factored")
        for head in range(3):
            for direction in ("row", "column"):
                one = track(stored, head, (1, 2, 3), direction=direction)
                other = track(factored, head, (1, 2, 3), direction=direction)
                assert one.places.tolist() == other.places.tolist()
                np.testing.assert_allclose(one.shares, other.shares, atol=1e-5)


def test_one_row_is_read_of_a_map_by_parts_and_never_the_whole(monkeypatch, heads):
    def whole(*_):
        raise AssertionError("the whole map was read")

    read = []
    rows = DenseMap.rows
    monkeypatch.setattr(DenseMap, "full", whole)
    monkeypatch.setattr(DenseMap, "tile", whole)
    monkeypatch.setattr(
        DenseMap, "rows", lambda *given: read.append(list(given[3])) or rows(*given)
    )
    track(heads, 6, (1, 1, 2))
    assert read == [[20 + 5 + 2]]
