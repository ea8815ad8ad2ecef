import numpy as np
import pytest

from phenaki_viz.errors import ShapeError
from phenaki_viz.figures.colour import QUERY_COLOUR, lut
from phenaki_viz.figures.film_layout import query_boxes, step_caption, strip_layout
from phenaki_viz.figures.film_strip import OPACITY, overlaid_image
from tests.figures.samples import strip


def placed(image, spot):
    return image[spot.top : spot.top + 6, spot.left : spot.left + 9]


def test_every_frame_carries_the_weights_of_its_step():
    picture = strip()
    image = overlaid_image(picture, strip_layout(picture)).astype(float)
    for spot in strip_layout(picture).spots:
        frame = picture.frames[spot.frame].astype(float)
        weights = picture.weights[spot.step].repeat(2, axis=0).repeat(3, axis=1)
        colours = lut("magma")[
            np.rint(255 * np.nan_to_num(picture.scale.unit(weights))).astype(int)
        ]
        mixed = np.where(
            np.isnan(weights)[..., None], frame, frame + (colours - frame) * OPACITY
        )  # a patch that is no key has no colour at all
        assert np.abs(placed(image, spot)[..., :3] - mixed).max() <= 1


def test_between_frames_the_strip_is_clear():
    picture = strip()
    image = overlaid_image(picture, strip_layout(picture))
    for spot in strip_layout(picture).spots:
        assert (placed(image, spot)[..., 3] == 255).all()
    assert (image[..., 3] == 255).sum() == len(picture.frames) * 6 * 9 < image[..., 3].size


def test_steps_are_never_broken_and_rows_are_even():
    steps = ((0,), *((at, at + 1) for at in range(1, 17, 2)))
    frames = np.zeros((17, 6, 9, 3), np.uint8)
    layout = strip_layout(strip(frames=frames, steps=steps, weights=np.zeros((9, 3, 3)), places=()))
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
    assert picture.outline == QUERY_COLOUR
    assert not query_boxes(strip(places=()), layout)


def test_captions_name_step_and_frames():
    captions = [step_caption(strip(), step) for step in range(3)]
    assert [name for name, _ in captions] == ["time 0", "time 1", "time 2"]
    assert captions[0][1] == "frame 0" and captions[2][1] == "frames 3–4"


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
        ({"places": ((1, 3, 0),)}, "(1, 3, 0) is not inside shape (3, 3, 3)"),
    ],
)
def test_shapes_that_disagree_are_said(changes, said):
    with pytest.raises(ShapeError) as error:
        strip(**changes)
    assert said in str(error.value)
