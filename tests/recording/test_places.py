import itertools

import pytest

from phenaki_viz.errors import RecordingError
from phenaki_viz.recording import Places
from phenaki_viz.recording.places import infer_places
from tests.analysis.records import planted, uniform

GRID = (3, 2, 5)


@pytest.mark.parametrize("counts", ["video", "frame", "patch"])
def test_locate_and_place_are_inverses(counts):
    places = Places(GRID, counts)
    seen = set()
    for at in itertools.product(*map(range, GRID)):
        item, token = places.locate(at)
        assert places.place(item, token) == at
        assert item < places.items_per_video and token < places.tokens
        seen.add((item, token))
    assert len(seen) == 30


def test_the_second_video_of_a_batch_starts_after_the_first():
    assert Places(GRID, "frame").locate((1, 1, 2), video=1) == (3 + 1, 7)
    assert Places(GRID, "patch").place(10 + 7, 2) == (2, 1, 2)


def test_a_place_outside_is_refused():
    with pytest.raises(RecordingError, match=r"\(3, 0, 0\) is outside the grid"):
        Places(GRID, "video").locate((3, 0, 0))


def infer(batch, tokens, shape=(2, *GRID), causal=False, dims=None, stack=""):
    return infer_places(
        batch, tokens, shape, causal=causal, bias_dimensions=dims, stack=stack
    ).batch_counts


def test_the_batch_axis_is_told_by_its_size():
    assert infer(2, 30) == "video"
    assert infer(6, 10) == "frame"
    assert infer(20, 3) == "patch"
    assert infer(4, 13) == "sequence"
    assert infer(2, 30, shape=None) == "sequence"
    assert infer(2, 30, shape=None, dims=GRID) == "video"


def test_as_many_steps_as_patches_are_told_apart_by_bias_causality_or_name():
    square = (2, 4, 2, 2)
    assert infer(8, 4, square, dims=(2, 2)) == "frame"
    assert infer(8, 4, square, causal=True) == "patch"
    assert infer(8, 4, square, stack="dec_temporal_transformer") == "patch"
    assert infer(8, 4, square, stack="enc_spatial_transformer") == "frame"


def test_a_place_that_was_not_recorded_has_a_nearest_one_in_its_own_video():
    frames = planted(uniform(3, 1, 10, 10), Places((3, 2, 5), "frame"), batch_items=(0, 3, 4))
    assert frames.nearest((0, 1, 2)) == (0, 1, 2)
    assert frames.nearest((2, 1, 2)) == (0, 1, 2)
    assert frames.nearest((2, 1, 2), video=1) == (1, 1, 2)
    with pytest.raises(RecordingError, match="outside the grid"):
        frames.nearest((3, 0, 0))
