"""What tokens are: every family's sequence can be said, and what is above asks the axis."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phenaki_viz.analysis.measures import applicable, head_statistics
from phenaki_viz.analysis.overlay import Overlay, on_grid
from phenaki_viz.analysis.regions import region_masses
from phenaki_viz.errors import RecordingError
from phenaki_viz.figures.head import Head
from phenaki_viz.figures.naming import family, key_axis, query_axis
from phenaki_viz.recording import HeadMap, Places, Recording
from phenaki_viz.recording.axes import Layout, TokenAxis
from phenaki_viz.recording.segments import Grid, Null, Plain, Scattered, Special, Words
from tests.analysis.records import planted, uniform

VIDEO = (3, 4, 5)
N = 60
TEXT = Words(("a", "cat", "a"))
sizes = st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4))


def axis(*segments):
    return TokenAxis(segments)


def assert_there_and_back(one):
    """Every patch is found at its place, and its name says that place."""
    for at in range(len(one)):
        place = one.place(at)
        if place is not None:
            assert one.index(place) == at
            assert one.name(at) == "time {}, row {}, column {}".format(*place)
            assert one.places[at].tolist() == list(place)
    assert one.is_patch.tolist() == [one.place(at) is not None for at in range(len(one))]
    assert tuple(one.names) == tuple(one.name(at) for at in range(len(one)))


@given(grid=sizes, counts=st.sampled_from(["video", "frame", "patch"]), video=st.integers(0, 1))
def test_an_axis_of_patches_says_what_places_say(grid, counts, video):
    places = Places(grid, counts)
    for item in range(places.items_per_video):
        one = Layout((places,)).axis(item + video * places.items_per_video)
        assert len(one) == places.tokens and one.lattice == places.token_grid
        np.testing.assert_array_equal(one.places.T, places.coordinates(item))
        assert_there_and_back(one)
    for place in product(*map(range, grid)):
        item, token = places.locate(place, video)
        assert Layout((places,)).axis(item).index(place) == token


@pytest.mark.parametrize(
    "one",
    [
        axis(Plain(5)),
        axis(Null(2), Plain(5)),
        axis(Special("cls"), Plain(5)),
        axis(Null(1), TEXT, Grid(whole=VIDEO, shape=VIDEO)),
        axis(Plain(3), Grid(whole=VIDEO, shape=(1, 4, 5))),
    ],
)
def test_a_token_is_found_again_by_the_place_it_stands_at(one):
    for at in range(len(one)):
        place = one.stands_at(at)
        assert place is None or one.index(place) == at
    found = [one.stands_at(at) is not None for at in range(len(one))]
    counted = [isinstance(kind, Grid) or (one.whole is None and isinstance(kind, Plain))
               for _, kind in one.parts for _ in range(len(kind))]  # fmt: skip
    assert found == counted
    with pytest.raises(RecordingError, match=f"token {len(one)} of {len(one)}"):
        one.stands_at(len(one))


def test_a_joint_sequence_of_text_and_video():
    """CogVideoX: text first; HunyuanVideo and Mochi: behind."""
    video = Grid(whole=VIDEO, shape=VIDEO)
    before, behind = axis(TEXT, video), axis(video, TEXT)
    for one, first in ((before, 3), (behind, 0)):
        assert len(one) == 63 and one.whole == VIDEO and one.lattice is None
        assert one.index((1, 0, 2)) == first + 22
        assert one.is_patch.sum() == 60 and not one.reads_words
        assert_there_and_back(one)
    assert before.groups == ("text", "time 0", "time 1", "time 2")
    assert before.breaks == (3, 23, 43)
    assert behind.groups == ("time 0", "time 1", "time 2", "text") and behind.breaks == (20, 40, 60)
    assert before.names[:4] == ("a", "cat", "a", "time 0, row 0, column 0")
    assert behind.spans(Words) == [(60, 63)] and behind.spans(Grid) == [(0, 60)]


def test_a_class_token_and_registers():
    """ViViT, timm; DINOv2 with registers; TimeSformer's spatial '(b t) (cls h w)'."""
    layout = Layout((Special("cls"), Special("register", 4), Places(VIDEO, "frame")))
    one = layout.axis(2)
    assert len(one) == 25 and one.place(0) is None and one.place(5) == (2, 0, 0)
    assert one.names[:6] == (
        "cls", "register 1", "register 2", "register 3", "register 4", "time 2, row 0, column 0",
    )  # fmt: skip
    assert one.groups == ("cls", "register", "time 2") and one.breaks == (1, 5)
    assert one.index((2, 3, 4)) == 24 and one.index((1, 3, 4)) is None
    assert_there_and_back(one)


def test_tokens_whose_time_runs_fastest():
    """TimeSformer's joint attention: 'cls + h w t'."""
    one = axis(Special("cls"), Grid(whole=VIDEO, shape=VIDEO, order="hwt"))
    assert [one.place(at) for at in (1, 2, 4)] == [(0, 0, 0), (1, 0, 0), (0, 0, 1)]
    assert one.lattice is None and one.breaks == (1,)
    assert_there_and_back(one)
    with pytest.raises(RecordingError, match="order of a grid's axes"):
        Grid(whole=VIDEO, shape=VIDEO, order="hht")


def test_windows_and_windows_that_were_rolled_over_the_border():
    """Swin3D: '(b windows) (t h w of a window)', rolled in every second block."""
    whole = (4, 4, 6)
    one = axis(Grid(whole=whole, shape=(2, 2, 3), origin=(2, 2, 3)))
    assert one.place(0) == (2, 2, 3) and one.index((1, 2, 3)) is None
    rolled = axis(Grid(whole=whole, shape=(2, 2, 3), origin=(3, 3, 4)))
    assert [rolled.place(at) for at in (0, 1, 2, 11)] == [
        (3, 3, 4),
        (3, 3, 5),
        (3, 3, 0),
        (0, 0, 0),
    ]
    for window in (one, rolled):
        assert_there_and_back(window)
    every = {
        rolled.place(at)
        for origin in product((1, 3), (1, 3), (1, 4))
        for rolled in [axis(Grid(whole=whole, shape=(2, 2, 3), origin=origin))]
        for at in range(12)
    }
    assert len(every) == 96  # the windows of a block are the video, each place once


def test_keys_on_another_grid_than_the_queries():
    """MViT: keys pooled over rows and columns; each stands for several places."""
    keys = axis(Special("cls"), Grid(whole=(2, 4, 6), shape=(2, 2, 2), stride=(1, 2, 3)))
    assert [keys.place(at) for at in (1, 2, 3, 5)] == [(0, 0, 0), (0, 0, 3), (0, 2, 0), (1, 0, 0)]
    assert keys.index((1, 3, 5)) == 8 and keys.index((0, 1, 2)) == 1
    assert keys.lattice is None
    laid = on_grid(keys, np.arange(9))
    assert laid.shape == (2, 4, 6)
    for place in product(range(2), range(4), range(6)):
        assert laid[place] == keys.index(place)
    with pytest.raises(RecordingError, match="more than the grid"):
        Grid(whole=(2, 4, 6), shape=(2, 2, 4), stride=(1, 2, 3))


def test_only_some_patches_in_any_order():
    """VideoMAE's visible tokens, V-JEPA 2's mask tokens."""
    one = axis(Scattered(whole=VIDEO, at=((2, 0, 1), (0, 3, 3))), Null(0), Special("mask", 2))
    assert one.index((0, 3, 3)) == 1 and one.index((0, 0, 0)) is None
    assert one.groups == ("patches", "mask") and len(one) == 4
    laid = on_grid(one, np.float32([1, 2, 3, 4]))
    assert np.isfinite(laid).sum() == 2 and laid[2, 0, 1] == 1 and laid[0, 3, 3] == 2
    assert_there_and_back(one)


def test_null_keys_words_and_plain_tokens():
    text = axis(Null(2), TEXT)
    assert text.nulls == 2 and text.reads_words and text.whole is None
    assert tuple(text.names) == ("null 1", "null 2", "a", "cat", "a")
    assert text.groups == ("null", "text") and text.breaks == (2,)
    empty = axis(Null(2), Words(()))
    assert empty.reads_words and empty.groups == ("null",) and empty.breaks == ()
    plain = axis(Plain(4))
    assert plain.lattice == (4, 1, 1) and plain.groups == () and plain.names[-1] == "token 3"
    assert plain.index((2, 0, 0)) == 2 and plain.index((4, 0, 0)) is None
    with pytest.raises(RecordingError, match="token 4 of 4"):
        plain.name(4)
    with pytest.raises(RecordingError, match=r"place \(3, 0, 0\) is outside the grid"):
        axis(Grid(whole=VIDEO, shape=VIDEO)).index((3, 0, 0))


def joint(attn):
    """A record of a joint sequence: three words, then the whole video."""
    layout = Layout((TEXT, Places(VIDEO, "video")))
    return planted(attn[None, None], Places(VIDEO, "video"), query_layout=layout, key_layout=layout)


def test_a_joint_record_is_measured_named_and_laid_over_its_video():
    """Each patch reads the word “cat” with a half, and the patch one step back with the rest."""
    attn = np.zeros((63, 63))
    attn[:, 1] = 0.5
    for token in range(63):
        attn[token, token - 20 if token >= 23 else 2] += 0.5
    record = joint(attn)
    head = Head(Recording([record]), record, 0, 0)
    assert family(record) == "self" and record.reads_itself and not record.is_cross
    names = key_axis(record, 0).names
    assert names[:3] == ("a (1st)", "cat", "a (2nd)") and len(names) == 63
    assert query_axis(record, 0).groups == ("text", "time 0", "time 1", "time 2")
    assert set(applicable(record)) == {"entropy", "self", "top"}  # no lattice: no mean distance
    assert head_statistics([record], [0], ["entropy"]).mean("entropy")[0, 0] > 0
    masses = region_masses(HeadMap(record, 0, 0))
    assert masses["step before"].mass == pytest.approx(0.5 * 40 / 60)
    assert masses["step before"].queries == 60  # words are no patches
    (row,) = Overlay(head.map, [(2, 3, 1)]).weights
    assert row[1, 3, 1] == 0.5 and np.nansum(row) == 0.5
    (column,) = Overlay(head.map, [(1, 3, 1)], "column").weights
    assert column[2, 3, 1] == 0.5 and np.nansum(column) == 0.5


def test_pooled_keys_are_laid_over_all_the_places_that_they_stand_for():
    queries, keys = (
        Layout((Places((2, 2, 4), "video"),)),
        Layout((Special("cls"), Grid(whole=(2, 2, 4), shape=(2, 1, 2), stride=(1, 2, 2)))),
    )
    attn = np.random.default_rng(0).dirichlet(np.ones(5), (1, 1, 16))
    record = planted(attn, Places((2, 2, 4), "video"), query_layout=queries, key_layout=keys)
    assert not record.is_cross and not record.reads_itself and family(record) == "self"
    (row,) = Overlay(record.head(0), [(1, 0, 2)]).weights
    wanted = np.repeat(np.repeat(attn[0, 0, 10, 1:].reshape(2, 1, 2), 2, axis=1), 2, axis=2)
    np.testing.assert_allclose(row, wanted, atol=1e-6)
    assert set(applicable(record)) == {"entropy", "top"}


def test_frames_of_their_own_and_images_are_cross():
    image = Layout((Grid(whole=(1, 2, 2), shape=(1, 2, 2)),))
    record = planted(uniform(1, 1, N, 4), Places(VIDEO, "video"), kind="cross", key_layout=image)
    assert record.is_cross and not record.reads_words and family(record) == "cross"


def test_a_record_of_today_says_what_it_always_said():
    words = planted(
        uniform(1, 1, N, 5), Places(VIDEO, "video"),
        kind="cross", num_null_kv=2, words=("a", "cat", "a"),
    )  # fmt: skip
    assert words.is_cross and words.reads_words
    assert key_axis(words, 0).names == ("null 1", "null 2", "a (1st)", "cat", "a (2nd)")
    own = planted(
        uniform(1, 1, 12, 14), Places((3, 3, 4), "frame"), num_null_kv=2, batch_items=(1,)
    )
    assert not own.is_cross and not own.reads_itself
    assert own.key_axis(0).names[2] == "time 1, row 0, column 0"
    assert key_axis(own, 0).groups == ("null", "time 1")


def test_a_file_of_format_1_does_not_lose_a_layout_in_silence(tmp_path):
    recording = Recording([joint(np.full((63, 63), 1 / 63))])
    with pytest.raises(RecordingError, match="has no room for the layout"):
        recording.save(tmp_path / "joint.safetensors")
    assert not list(tmp_path.iterdir())


def test_a_layout_has_as_many_tokens_as_the_map():
    layout = Layout((TEXT, Places(VIDEO, "video")))
    with pytest.raises(RecordingError, match="a key layout of 63 tokens for a map of 60 queries"):
        planted(uniform(1, 1, N, N), Places(VIDEO, "video"), key_layout=layout)
