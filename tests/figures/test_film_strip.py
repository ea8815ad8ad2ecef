import io
from base64 import b64decode

import numpy as np
import pytest
from PIL import Image

from phenaki_viz.errors import ShapeError
from phenaki_viz.figures import film_strip_figure
from phenaki_viz.figures.colour import QUERY_COLOUR, lut
from phenaki_viz.figures.film_strip import (
    OPACITY,
    overlaid_image,
    query_boxes,
    strip_layout,
)
from tests.figures.samples import strip


def overlays(figure) -> dict:
    return {t.name: t for t in figure.data if t.type == "heatmap"}


def test_every_frame_carries_the_raw_weights_of_its_step():
    picture = strip()
    drawn = overlays(film_strip_figure(picture))
    for name, step in (("frame 0", 0), ("frame 1", 1), ("frame 2", 1)):
        np.testing.assert_array_equal(drawn[name].z, picture.weights[step])


def test_a_step_that_is_no_key_has_no_overlay_at_all():
    drawn = overlays(film_strip_figure(strip()))
    assert set(drawn) == {"frame 0", "frame 1", "frame 2"}
    assert np.isnan(drawn["frame 0"].z[0, 1])
    assert not drawn["frame 0"].hoverongaps


def test_one_common_scale():
    drawn = overlays(film_strip_figure(strip())).values()
    assert {(trace.zmin, trace.zmax, trace.opacity) for trace in drawn} == {(0, 0.5, OPACITY)}


def test_hover_says_patch_frame_weight_and_multiple():
    drawn = overlays(film_strip_figure(strip()))["frame 2"]
    assert drawn.text[2][1] == "time 1, row 2, column 1 · frame 2"
    assert "attention weight %{z:.4~g}" in drawn.hovertemplate
    np.testing.assert_allclose(drawn.customdata, drawn.z * 9, rtol=1e-6)


def test_frames_lie_where_the_overlays_lie():
    picture = strip()
    figure, layout = film_strip_figure(picture), strip_layout(picture)
    source = next(trace for trace in figure.data if trace.type == "image").source
    image = np.asarray(Image.open(io.BytesIO(b64decode(source.partition(",")[2]))))
    for spot in layout.spots:
        place = image[spot.top : spot.top + 6, spot.left : spot.left + 9]
        np.testing.assert_array_equal(place[..., :3], picture.frames[spot.frame])
        if drawn := overlays(figure).get(f"frame {spot.frame}"):
            assert (drawn.x0 - drawn.dx / 2, drawn.y0 - drawn.dy / 2) == (spot.left, spot.top)
            assert (drawn.dx, drawn.dy) == (3, 2)
    assert (image[..., 3] == 0).any()


def test_steps_are_never_broken_and_rows_are_even():
    steps = ((0,), *((at, at + 1) for at in range(1, 17, 2)))
    frames = np.zeros((17, 6, 9, 3), np.uint8)
    layout = strip_layout(
        strip(frames=frames, steps=steps, weights=np.zeros((9, 3, 3)), query=None)
    )
    tops = [{spot.top for spot in layout.of_step(step)} for step in range(9)]
    assert all(len(top) == 1 for top in tops)
    counts = np.unique([spot.top for spot in layout.spots], return_counts=True)[1]
    assert counts.sum() == 17 and counts.max() - counts.min() <= 2


def test_the_query_s_patch_is_outlined_in_each_frame_of_its_step():
    picture = strip()
    layout = strip_layout(picture)
    lefts = [spot.left for spot in layout.of_step(1)]
    boxes = query_boxes(picture, layout)
    assert boxes == [(left + 0, layout.of_step(1)[0].top + 4, 3, 2) for left in lefts]
    shapes = film_strip_figure(picture).layout.shapes
    assert [(s.x0, s.y0, s.line.color) for s in shapes] == [
        (box[0], box[1], QUERY_COLOUR) for box in boxes
    ]
    assert not film_strip_figure(strip(query=None)).layout.shapes


def test_captions_name_step_and_frames():
    notes = film_strip_figure(strip()).layout.annotations
    captions = [note.text for note in notes if note.name == "caption"]
    assert [text.partition("<br>")[0] for text in captions] == ["time 0", "time 1", "time 2"]
    assert "frame 0" in captions[0] and "frames 3–4" in captions[2]


def test_print_mixes_weights_into_pixels_and_leaves_others_alone():
    picture = strip()
    layout = strip_layout(picture)
    image = overlaid_image(picture, layout)
    spot = layout.of_step(1)[0]
    frame = picture.frames[1].astype(float)
    unit = float(picture.scale.unit(picture.weights[1, 2, 1]))
    wanted = frame[5, 4] * (1 - OPACITY) + lut("magma")[round(unit * 255)] * OPACITY
    assert np.abs(image[spot.top + 5, spot.left + 4, :3] - wanted).max() <= 1
    last = layout.of_step(2)[0]
    place = image[last.top : last.top + 6, last.left : last.left + 9, :3]
    np.testing.assert_array_equal(place, picture.frames[3])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"frames": np.zeros((5, 6, 9, 1), np.uint8)}, "c=3"),
        ({"weights": np.zeros((3, 3))}, "(t, h, w)"),
        ({"steps": ((0,), (1, 2))}, "names 2, the array has 3 time steps"),
        ({"steps": ((0,), (1, 2), (3, 5))}, "(5,) is not inside shape (5,)"),
        ({"query": (1, 3, 0)}, "(1, 3, 0) is not inside shape (3, 3, 3)"),
    ],
)
def test_shapes_that_disagree_are_said(changes, said):
    with pytest.raises(ShapeError) as error:
        strip(**changes)
    assert said in str(error.value)
