from functools import partial

import numpy as np
import pytest

from phenaki_viz.analysis.overlay import Overlay, looks, over_video, step_tiles
from phenaki_viz.figures.colour import ColourScale
from phenaki_viz.figures.film_layout import query_boxes, strip_layout
from phenaki_viz.figures.head import Head
from phenaki_viz.figures.overlays import HeadOverFrames, OverFrames
from phenaki_viz.recording import Places, Recording
from tests.analysis.records import planted
from tests.figures.samples import rows

GRID = (3, 2, 5)
FRAMES = np.zeros((5, 4, 10, 3), np.uint8)  # 1 + 2 × 2 frames, patches of 2 × 2


def head(attn: np.ndarray, counts: str, **changes: object) -> Head:
    record = planted(attn, Places(GRID, counts), **changes)
    return Head(Recording([record]), record, 0, 0)


@pytest.fixture
def video() -> Head:
    return head(rows(30, 30)[None, None], "video")


SCALE = ColourScale(low=0, high=0.2, law="sqrt", most=0.5)


def over(one: Head) -> HeadOverFrames:
    return HeadOverFrames(head=one, frames=FRAMES, temporal_patch=2, scale=SCALE)


def token(t: int, h: int, w: int) -> int:
    return (t * 2 + h) * 5 + w


def test_rows_of_several_patches_are_put_together(video):
    places, attn = [(1, 0, 3), (2, 1, 4)], video.record.map.full(0, 0)
    for combine, wanted in [
        ("mean", attn[[13, 29]].mean(axis=0)),
        ("sum", attn[[13, 29]].sum(axis=0)),
    ]:
        picture = over(video).of_patches(places, combine=combine)
        np.testing.assert_allclose(picture.weights.ravel(), wanted, atol=1e-7)
        assert picture.scale == SCALE
        assert picture.places == ((1, 0, 3), (2, 1, 4))
        assert picture.provenance["queries"] == places
        assert picture.title.endswith(f" · and 1 more patch, {combine} of where they look")
    boxes = query_boxes(picture, strip_layout(picture))
    assert len(boxes) == 4  # both steps have two frames


def test_columns_are_keys_and_outlined_as_such(video):
    picture = over(video).of_patches([(1, 0, 3)], direction="column")
    wanted = video.record.map.full(0, 0)[:, token(1, 0, 3)]
    np.testing.assert_allclose(picture.weights.ravel(), wanted, atol=1e-7)
    assert picture.side == "column" and picture.provenance["keys"] == [(1, 0, 3)]


def test_patches_of_different_frames_are_read_from_their_own_spatial_maps():
    attn = np.stack([rows(10, 10, seed=at)[None] for at in range(3)])
    spatial = head(attn, "frame")
    found = Overlay(spatial.map, [(0, 1, 2), (2, 0, 4)]).weights
    assert np.isnan(found[0, 1:]).all() and np.isnan(found[1, :2]).all()
    np.testing.assert_array_equal(found[0, 0].ravel(), attn[0, 0, 7].astype(np.float32))
    np.testing.assert_array_equal(found[1, 2].ravel(), attn[2, 0, 4].astype(np.float32))
    both = over(spatial).of_patches([(0, 1, 2), (2, 0, 4)]).weights
    np.testing.assert_allclose(both[2].ravel(), attn[2, 0, 4] / 2, atol=1e-7)
    assert np.isnan(both[1]).all()


def test_what_the_causal_mask_hides_has_no_weight_in_rows_and_columns():
    attn = np.tril(np.ones((3, 3)))
    attn /= attn.sum(axis=1, keepdims=True)
    temporal = head(np.broadcast_to(attn, (10, 1, 3, 3)), "patch", causal=True)
    (row,) = Overlay(temporal.map, [(1, 0, 2)]).weights
    np.testing.assert_array_equal(row[:, 0, 2], np.array([0.5, 0.5, np.nan], np.float32))
    (column,) = Overlay(temporal.map, [(1, 0, 2)], "column").weights
    np.testing.assert_array_equal(column[:, 0, 2], np.array([np.nan, 0.5, 1 / 3], np.float32))


def test_null_keys_stand_before_the_patches_and_are_left_out():
    attn = rows(30, 32)[None, None]
    found = Overlay(head(attn, "video", num_null_kv=2).map, [(0, 0, 1)]).weights
    np.testing.assert_array_equal(found[0].ravel(), attn[0, 0, 1, 2:])
    column = Overlay(head(attn, "video", num_null_kv=2).map, [(0, 0, 1)], "column").weights
    np.testing.assert_array_equal(column[0].ravel(), attn[0, 0, :, 3])


def test_all_pictures_of_a_walk_have_one_scale(video):
    places = [(0, 1, 1), (1, 1, 1), (2, 1, 1)]
    walk = [over(video).of_patches([place]) for place in places]
    assert {picture.scale for picture in walk} == {SCALE}
    assert [picture.places for picture in walk] == [(at,) for at in places]


def test_multiples_of_uniform_are_said_only_where_all_queries_shown_see_as_many_keys():
    attn = np.tril(np.ones((3, 3)))
    attn /= attn.sum(axis=1, keepdims=True)
    temporal = head(np.broadcast_to(attn, (10, 1, 3, 3)), "patch", causal=True)

    def uniform(*places, **how):
        return over(temporal).of_patches(places, **how).uniform

    assert uniform((1, 0, 2)) == pytest.approx(1 / 2)
    assert uniform((2, 0, 2), (2, 1, 4)) == pytest.approx(1 / 3)
    assert uniform((1, 0, 2), (2, 0, 2)) is None
    assert uniform((1, 0, 2), direction="column") is None
    assert uniform((2, 0, 2), (2, 1, 4), combine="sum") is None


@pytest.mark.parametrize("law", ["sqrt", "uniform"])
def test_every_head_over_the_video_is_what_its_film_strip_shows(law):
    causal = np.tril(rows(30, 30) + 0.01)
    attn = np.stack([causal / causal.sum(1, keepdims=True), rows(30, 30, seed=1)])[None]
    attn[0, 1] = attn[0, 0]
    attn[0, 1, token(1, 0, 3)] *= 2  # no distribution
    record = planted(attn, Places(GRID, "video"), causal=True)
    scale = ColourScale(low=0.5, high=2, law=law)
    heads = [
        HeadOverFrames(
            head=Head(Recording([record]), record, 0, at), frames=FRAMES, temporal_patch=2,
            scale=scale,
        )
        for at in range(2)
    ]  # fmt: skip
    one, other = (1, 0, 3), (2, 1, 4)
    for asked in (
        {"places": [one]},
        {"places": [one, other], "direction": "column", "combine": "sum"},
    ):
        of = partial(looks, **asked, of_uniform=law == "uniform")
        shown = over_video([record, record], [0, 0], of)
        assert shown.shape == (2, 2, *GRID)
        np.testing.assert_array_equal(shown[0], shown[1])
        for at, head in enumerate(heads):
            wanted = head.of_patches(**asked).coloured
            there = np.isfinite(shown[0, at])
            np.testing.assert_allclose(shown[0, at][there], wanted[there], rtol=1e-6)
            assert np.isnan(wanted[~there]).all()
    sound, wrong = step_tiles(over_video([record], [0], partial(looks, places=[one])), 1).values[0]
    np.testing.assert_allclose(sound.ravel()[:4], attn[0, 0, 13, 10:14], rtol=1e-5)
    assert np.isnan(sound.ravel()[4:]).all(), "hidden by the mask"
    assert np.isinf(wrong.ravel()[:4]).all() and np.isnan(wrong.ravel()[4:]).all()
    (column,) = over_video([record], [0], partial(looks, places=[one], direction="column"))[:, 1]
    assert np.argwhere(np.isinf(column)).tolist() == [list(one)], "read by its own wrong row"


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ((((2, 1, 3),), "row", "mean", 2), "time 2: who reads “two”"),
        ((((2, 1, 3),), "row", "mean"), "time 2: where its row 1, column 3 looks"),
        ((((2, 1, 3),), "column", "sum"), "time 2: who looks at its row 1, column 3"),
        ((((2, 1, 3), (0, 0, 0)), "row", "sum"), "time 2: where 2 patches look, sum"),
        ((((2, 1, 3), (0, 0, 0)), "column", "mean"), "time 2: who looks at 2 patches, mean"),
    ],
)
def test_tiles_over_the_frames_say_what_they_are_of(asked, wanted):
    attn = np.full((1, 1, 30, 3), 1 / 3)
    record = planted(attn, Places(GRID, "video"), kind="cross", words=("a", "b", "two"))
    said = OverFrames(*asked).said(record, 0)
    assert said == wanted and OverFrames(*asked).step == 2
