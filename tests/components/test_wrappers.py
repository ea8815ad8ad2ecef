"""What the Python side sends, without a browser."""

import numpy as np
import pytest

from phenaki_viz import browser
from phenaki_viz.browser.axes import as_map_axis
from phenaki_viz.browser.film import small_frames
from phenaki_viz.browser.map_message import MapPicture
from phenaki_viz.browser.word_message import WordPicture
from phenaki_viz.errors import ShapeError
from phenaki_viz.figures.colour import ColourScale, lut
from phenaki_viz.figures.film_strip import FilmStrip
from phenaki_viz.figures.head_grid import HeadGrid
from phenaki_viz.figures.picture import Axis
from phenaki_viz.figures.weight_colours import Colours
from phenaki_viz.ui.components import (
    MapAxis,
    asset_routes,
    attention_map,
)
from phenaki_viz.ui.components.head_grid import MASKED, WRONG, GridPicture, tile_codes
from tests.components import planted
from tests.components.test_weight_codes import read_back
from tests.sent import sent

SCALE = ColourScale(low=0, high=1)
TOKENS = MapAxis(title="query")


def test_a_grid_names_its_cells_after_the_nulls():
    axis = MapAxis(title="key", nulls=2, grid=(2, 3, 5), origin=(4, 0, 0))
    assert axis.count == 32
    assert [axis.name(at) for at in (0, 1, 2, 31)] == [
        "null 1",
        "null 2",
        "time 4, row 0, column 0",
        "time 5, row 2, column 4",
    ]


def test_words_and_plain_tokens_are_named():
    assert MapAxis(title="key", nulls=1, words=("a", "seven")).name(2) == "seven"
    assert MapAxis(title="key", nulls=1).name(3) == "token 2"


def test_a_picture_axis_becomes_a_map_axis_with_its_names():
    axis = Axis(title="key", names=("x", "y", "z"), breaks=(1,), groups=("a", "b"))
    found = as_map_axis(axis, 3)
    assert [found.name(at) for at in range(3)] == ["x", "y", "z"]
    assert (found.breaks, found.groups) == ((1,), ("a", "b"))


def test_an_axis_of_another_length_is_refused():
    with pytest.raises(ShapeError, match="names 30 cells, the map has 31"):
        as_map_axis(MapAxis(title="key", grid=(2, 3, 5)), 31)


def test_codes_run_along_the_palette_and_flags_are_apart():
    thumbs = np.array([[[[0, 0.5, 1, 2], [np.nan, np.inf, -np.inf, -1]]]], np.float32)
    assert tile_codes(thumbs, SCALE).tolist() == [[[[0, 126, 253, 253], [MASKED, WRONG, WRONG, 0]]]]


def test_a_scale_for_each_head_is_its_own():
    thumbs = np.full((2, 3, 1, 1), 0.5, np.float32)
    scales = [[ColourScale(low=0, high=1 + at + h) for h in range(3)] for at in range(2)]
    codes = tile_codes(thumbs, scales)[:, :, 0, 0]
    assert codes.tolist() == [[126, 63, 42], [63, 42, 32]]


def test_frames_that_are_grey_are_sent_as_one_channel():
    assert small_frames(planted.frames()).shape == (9, 48, 48, 1)
    coloured = planted.frames().copy()
    coloured[3, 5, 7, 0] += 1
    assert small_frames(coloured).shape == (9, 48, 48, 3)


def test_large_frames_are_made_small_and_keep_their_shape():
    flat = np.full((3, 480, 320, 3), (9, 120, 77), np.uint8)
    small = small_frames(flat)
    assert small.shape == (3, 160, 107, 3)
    assert np.unique(small.reshape(-1, 3), axis=0).tolist() == [[9, 120, 77]]


@pytest.mark.parametrize(
    "wrong",
    [
        {"values": np.zeros((5, 6))},
        {"window": (0, 9, 0, 7)},
        {"cell": (2, 2)},
        {"uniform": np.zeros(7, np.float32)},
        {"key": MapAxis(title="key", grid=(1, 2, 4))},
    ],
)
def test_a_map_that_does_not_fit_is_refused(wrong):
    right = {"values": np.zeros((5, 7), np.float32), "query": TOKENS, "key": TOKENS}
    with pytest.raises(ShapeError):
        attention_map(MapPicture(**right | wrong, total=(5, 7), scale=SCALE), key="m")


def test_a_grid_of_numbers_and_one_with_nothing_on_it_yet():
    names = {"layers": ["L0", "L1"], "heads": ["H0", "H1", "H2"]}
    values = np.arange(6.0).reshape(2, 3)
    numbers = GridPicture.of_numbers(values, SCALE, **names, label="nats")
    np.testing.assert_array_equal(numbers.thumbs[..., 0, 0], values)
    assert numbers.filled and numbers.values is values
    blank = GridPicture.blank(SCALE, **names, slim=True)
    assert blank.values is None and not blank.thumbs.any() and blank.thumbs.shape == (2, 3, 1, 1)


def test_the_means_stand_behind_the_heads_with_a_scale_of_their_own():
    tiles = np.random.default_rng(0).random((2, 3, 5, 7), np.float32)
    told = {"name": "heads", "title": "heads", "notes": (), "provenance": {}}
    names = {"layers": ("L0", "L1"), "heads": ("H0", "H1", "H2")}
    each = Colours().of_each(tiles)
    maps = HeadGrid(thumbnails=tiles, scales=each, **names, **told)
    drawn = GridPicture.with_means(maps, Colours(), notes=("a note",))
    np.testing.assert_allclose(drawn.thumbs[2, 3], tiles.mean(axis=(0, 1)), atol=1e-6)
    assert drawn.scale[1][2] == each[1][2] and len(drawn.scale) == 3 and drawn.notes == ("a note",)
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    numbers = HeadGrid(thumbnails=tiles, scales=SCALE, values=values, unit="bits", **names, **told)
    drawn = GridPicture.with_means(numbers, Colours())
    assert drawn.values[2].tolist() == [1.5, 2.5, 3.5, 2.5] and drawn.label == "bits"
    assert drawn.thumbs.shape == (3, 4, 1, 1) and drawn.filled and drawn.scale is SCALE


@pytest.mark.parametrize("wrong", [{"layers": ["L0"]}, {"values": np.zeros((3, 2))}])
def test_a_grid_that_does_not_fit_is_refused(wrong):
    right = {"layers": ["L0", "L1"], "heads": ["H0", "H1", "H2"]}
    thumbs = np.zeros((2, 3, 5, 7), np.float32)
    with pytest.raises(ShapeError):
        GridPicture(thumbs=thumbs, **right | wrong, scale=SCALE)


@pytest.mark.parametrize(
    "wrong",
    [
        {"masked": np.zeros((2, 5, 3), bool)},
        {"uniforms": np.zeros((2, 3, 4), np.float32)},
        {"steps": [(0,), (1, 3)]},
        {"steps": [(0,)]},
        {"frames": np.zeros((3, 12, 20, 3), np.float32)},
        {"frames": np.zeros((3, 12, 20, 1), np.uint8)},
    ],
)
def test_a_strip_that_does_not_fit_is_refused(wrong):
    told = {"name": "strip", "title": "strip", "notes": (), "provenance": {}, "unit": "weight"}
    right = {"steps": [(0,), (1, 2)], "weights": np.zeros((2, 3, 5), np.float32)}
    frames = {"frames": np.zeros((3, 12, 20, 3), np.uint8)}
    assert FilmStrip(**told | right | frames, scale=SCALE).weights.shape == (2, 3, 5)
    with pytest.raises(ShapeError):
        FilmStrip(**told | right | frames | wrong, scale=SCALE)


@pytest.mark.parametrize("wrong", [{"words": ["a"]}, {"layers": ["L0"]}, {"heads": (0, 1)}])
def test_a_word_table_that_does_not_fit_is_refused(wrong):
    right = {"words": ["null 1", "two"], "layers": ["L0", "L1", "L2"], "heads": (0,)}
    with pytest.raises(ShapeError):
        WordPicture(auc=np.zeros((2, 3, 1)), **right | wrong, least=0.6)


@pytest.mark.parametrize("base, path", [("", "/"), ("deep/app", "/deep/app/")])
def test_plotly_and_modules_are_served_under_the_base_path(monkeypatch, base, path):
    monkeypatch.setattr("streamlit.get_option", {"server.baseUrlPath": base}.get)
    scripts = f"{browser.digest()}/{{path:path}}"
    files = ("plotly.min.js", "content/{name}", scripts, "lines/{secret}", "painted/{secret}")
    assert [route.path for route in asset_routes()] == [
        f"{path}phenaki-viz/{name}" for name in files
    ]


def test_the_map_is_sent_raw(script):
    _, parts = sent(script(show="map"))
    np.testing.assert_allclose(read_back(parts), planted.attention(0, 1).ravel(), atol=1e-6)
    np.testing.assert_array_equal(parts["table"], lut("magma").ravel())


def test_what_the_browser_picked_is_returned_once_and_not_sent_back(script):
    at = script(show="map")
    before = at.get("bidi_component")[0].proto.bytes
    at.session_state["map"] = {"pick": {"query": 5, "key": 9, "seq": 1}}
    at.session_state["cell"] = (5, 9)
    at.run()
    assert any("event {'query': 5, 'key': 9}" in text.value for text in at.text)
    assert at.get("bidi_component")[0].proto.bytes == before
    at.run()
    assert any("event None" in text.value for text in at.text)


def test_a_key_that_is_left_to_the_browser_stays_when_python_moves_the_query(script):
    at = script(show="map", kept="1")
    at.session_state["map"] = {"pick": {"query": 5, "key": 9, "seq": 1}}
    at.run()
    assert sent(at)[0]["push"]["value"] == [150, 9]
    assert not at.exception


def test_a_selection_that_python_moves_is_pushed_and_knows_what_it_answers(script):
    at = script(show="map")
    first = sent(at)[0]["push"]
    assert first["value"] == [150, None]
    at.session_state["map"] = {"pick": {"query": 5, "key": 9, "seq": 42}}
    at.run()
    push = sent(at)[0]["push"]
    assert push["value"] == [150, None]
    assert push["seen"] == 42
    assert push["rev"] != first["rev"]
    assert not at.exception


def test_content_that_comes_back_is_never_the_same_bytes(script):
    at = script(show="map")
    seen = []
    for head in (1, 2, 1, 1):
        at.slider(key="map_head").set_value(head).run()
        seen.append(at.get("bidi_component")[0].proto.bytes)
    assert seen[0][:-8] == seen[2][:-8] and seen[0] != seen[2]
    assert seen[2] == seen[3]


def test_every_component_runs_without_a_browser(script):
    at = script()
    assert not at.exception
    assert len(at.get("bidi_component")) == 5  # the strip's frames go apart
