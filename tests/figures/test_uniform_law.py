"""Colours by multiples of uniform end where the multiples do, in every picture that has them."""

import numpy as np
import pytest

from phenaki_viz.analysis.weight_range import drawn_range
from phenaki_viz.browser.linked import Linked
from phenaki_viz.data import read_prompt, sample_clip
from phenaki_viz.figures.composed import compose
from phenaki_viz.figures.head_grid import HeadGrid
from phenaki_viz.figures.picked import Picked, pictures_of
from phenaki_viz.figures.recipe import Recipe, panel_said
from phenaki_viz.figures.weight_colours import LEAST_MULTIPLE, MULTIPLE, Colours
from phenaki_viz.models.dial import DialConfig
from phenaki_viz.runs.dialled import run_dialled

CONFIG = DialConfig(heads=3, depth=2, dim_head=8, dim=32, height=32, width=48)
COLOURS = Colours("uniform")


@pytest.fixture(scope="module")
def run():
    return run_dialled(CONFIG, sample_clip(), read_prompt("a b c"))


def end_of(measured):
    """Where colours end that follow these multiples."""
    return max(drawn_range(measured)[0], LEAST_MULTIPLE)


def measured(picture):
    return picture.shown if isinstance(picture, HeadGrid) else picture.coloured


@pytest.mark.parametrize("page", ["heads", "grid"])
@pytest.mark.parametrize("kind", ["self", "cross"])
def test_pictures_of_a_run_with_one_scale_or_their_own(run, page, kind):
    for shared in (True, False):
        picked = Picked(pages=(page,), kinds=(kind,), colours=COLOURS, shared=shared)
        pictures = list(pictures_of(run, picked))
        whole = np.concatenate([measured(one).ravel() for one in pictures])
        assert np.nanmax(whole) > 1  # multiples, not weights
        if page == "grid":
            (picture,) = pictures
            scales = [[picture.scales]] if shared else picture.scales
            assert picture.unit == MULTIPLE
            tiles = [[picture.shown]] if shared else picture.shown
            pairs = [pair for row in zip(scales, tiles, strict=True) for pair in zip(*row)]  # noqa: B905
        else:
            pairs = [(one.scale, whole if shared else one.coloured) for one in pictures]
        for scale, values in pairs:
            assert scale.high == pytest.approx(end_of(values), rel=1e-4)
            assert scale.most == pytest.approx(np.nanmax(values), rel=1e-4)


def test_words_over_the_video(run):
    picked = Picked(pages=("words",), layers=(1,), heads=(2,), colours=COLOURS)
    pictures = list(pictures_of(run, picked))
    whole = np.stack([one.coloured for one in pictures])
    assert pictures[0].scale.high == pytest.approx(end_of(whole), rel=1e-4)


@pytest.mark.parametrize("panel", ["self L1 H2", "cross grid", "cross L1 H0 word 3"])
def test_figures_for_papers(run, panel):
    (picture,) = compose(run, Recipe(panels=(panel_said(panel),), colours="uniform")).panels
    scale = picture.bar_scale if isinstance(picture, HeadGrid) else picture.scale
    assert scale.most > 1 and scale.most >= 0.999 * np.nanmax(measured(picture))


def test_the_linked_view(run):
    linked = Linked(run, kind="self", colours=COLOURS)
    at = linked.first(1, 2)
    weights, keys = (
        linked.head(at).map.rows(range(linked.head(at).map.shape[0])),
        linked.head(at).map.visible_keys,
    )
    assert linked.scale(at).high == pytest.approx(end_of(weights * keys[:, None]), rel=1e-4)
