import json

import numpy as np
import pytest

from phenaki_viz.export.panel_pages import strip_page
from phenaki_viz.figures import ColourScale
from phenaki_viz.figures.colour import lut
from phenaki_viz.figures.film_layout import strip_layout
from phenaki_viz.figures.film_strip import overlaid_image
from phenaki_viz.figures.laid_over import HIDDEN, Drawn, hatched
from tests.export.test_map_page import inflated
from tests.export.test_page import Page
from tests.figures.samples import strip
from tests.sent import unpack


def image(**changes):
    picture = strip(**changes)
    return overlaid_image(picture, strip_layout(picture)).astype(int)


def test_the_largest_weight_covers_most_and_no_weight_is_grey():
    drawn = Drawn(opacity=0.5)
    over = drawn.patches(np.array([[0, 1, 2, np.nan]]), ColourScale(low=0, high=1))
    np.testing.assert_array_equal(over[0, 1], over[0, 2])
    np.testing.assert_array_equal(over[0, 1], [*lut("magma")[255], 0.5])
    assert over[0, 0, 3] == 0 and over[0, 3, 3] == pytest.approx(HIDDEN * 0.5)


def test_contrast_lowers_the_end_and_apart_uses_the_whole_palette():
    scale = ColourScale(low=0, high=0.8)
    assert Drawn(contrast=4).stretched(scale).high == pytest.approx(0.2)
    assert Drawn(contrast=4).stretched(ColourScale(low=-1, high=1)).low == -0.25
    table = Drawn(beside=True, opacity=0.1).table(scale)
    np.testing.assert_array_equal(table[:, :3], lut("magma"))
    assert (table[:, 3] == 1).all()


@pytest.mark.parametrize(
    "change",
    [{"opacity": 0.3}, {"contrast": 3.0}, {"lines": True}, {"beside": True}, {"hatched": False}],
)
def test_every_control_of_the_strip_changes_its_files(change):
    masked = np.zeros(strip().weights.shape, bool)
    masked[0, 0, 0] = True
    before = image(drawn=Drawn(), masked=masked)
    after = image(drawn=Drawn(**change), masked=masked)
    assert before.shape != after.shape or (before != after).any()


def test_hatching_lies_on_masked_patches_alone():
    frame = np.full((8, 12, 3), 10, np.uint8)
    masked = np.array([[True, False, False], [False, False, True]])
    found = hatched(frame, masked) != frame
    assert found[:4, :4].any() and found[4:, 8:].any()
    assert not found[:4, 4:].any() and not found[4:, :8].any()


@pytest.mark.parametrize("lines", [False, True])
def test_lines_between_patches_are_in_the_interactive_file_too(lines):
    page = strip_page(strip(drawn=Drawn(lines=lines)))
    scripts = Page(page.decode()).scripts
    panels = next(json.loads(one) for one in scripts if one.startswith('[{"panel"'))
    header, _ = unpack(inflated(panels[-1]["data"]))
    assert header["look"]["lines"] is lines
