"""A whole map under a cut, as a picture: what it says, draws and hands on."""

import numpy as np

from phenaki_viz.analysis.row_filter import RowFilter
from phenaki_viz.figures.attention_views import attention_heatmap
from phenaki_viz.figures.colour import LEFT_OUT_COLOUR
from phenaki_viz.figures.filter_notes import filter_notes, filtered_heatmap
from phenaki_viz.figures.head import Head
from phenaki_viz.figures.heatmap import map_image, swatches
from phenaki_viz.figures.paint import rgb
from phenaki_viz.figures.weight_colours import scale_for
from phenaki_viz.recording import Recording
from tests.analysis.records import planted

ATTN = np.array(
    [[0.5, 0.3, 0.15, 0.05], [0.5, 0.05, 0.05, 0.4], [0.7, 0.1, 0.1, 0.1], [np.nan] * 4], np.float32
)


def pictured(row_filter):
    record = planted(ATTN[None, None])
    head = Head(Recording([record]), record, 0, 0)
    scale = scale_for(1, scope="this head")
    return head, filtered_heatmap(attention_heatmap(head, scale), head, row_filter)


def test_top_mass_leaves_raw_weights_and_flags_the_rest():
    _, picture = pictured(RowFilter(mass=0.8))
    assert np.array_equal(picture.values[:3], ATTN[:3])
    assert picture.left_out.tolist() == [
        [False, False, True, True],
        [False, True, True, False],
        [False, False, True, True],
        [False] * 4,  # a wrong row is wrong, not left out
    ]
    assert tuple(map_image(picture)[0, 3]) == rgb(LEFT_OUT_COLOUR)
    assert picture.provenance["top_mass"] == 0.8 and not picture.provenance["renormalised"]
    assert any("Top 80%" in note for note in picture.notes)


def test_keys_taken_away_are_named_and_the_rest_is_renormalised():
    head, picture = pictured(RowFilter(without=(0,)))
    assert np.allclose(picture.values[0], [0, 0.6, 0.3, 0.1], atol=1e-6)
    assert picture.left_out[:3, 0].all() and not picture.left_out[:, 1:].any()
    assert "renormalised" in picture.unit
    assert picture.provenance["keys_taken_away"] == ["token 0"]
    assert "Gu et al. 2024" in picture.provenance["sink_definition"]
    assert filter_notes(head, RowFilter(without=(0,)))[0].endswith(
        "renormalised to sum to 1: token 0"
    )
    drawn = [one.label for one in swatches(picture)]
    assert drawn == ["left out", "not a distribution: rows 3"]


def test_a_head_without_sinks_says_so():
    head, _ = pictured(RowFilter(mass=0.9))
    assert filter_notes(head, RowFilter()) == ("This head has no sinks: nothing is left out",)
