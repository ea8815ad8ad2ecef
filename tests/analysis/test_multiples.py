import numpy as np
import pytest

from phenaki_viz.analysis.multiples import pooled_uniform, thumbnail_multiples, tile_multiples
from phenaki_viz.analysis.thumbnails import thumbnails
from phenaki_viz.analysis.tiles import map_tile
from phenaki_viz.analysis.weight_range import weight_range
from phenaki_viz.data import read_prompt, sample_clip
from phenaki_viz.recording import HeadMap
from phenaki_viz.runs.dialled import run_dialled
from phenaki_viz.ui.state.dial_settings import Settings
from tests.analysis.records import planted


@pytest.fixture(scope="module")
def record():
    config = Settings(causal=True, depth=1, heads=2, size=32, patch=8, frames=5).config
    run = run_dialled(config, sample_clip(), read_prompt("a b"))
    return next(one for one in run.recording if one.kind == "self")


def test_a_row_of_k_visible_keys_is_multiplied_by_k(record):
    _, _, i, j = record.map.shape
    exact = record.map.full(0, 1) * record.visible_keys(0)[:, None]
    seen = ~record.hidden(0, (0, i), (0, j))
    tile = map_tile(HeadMap(record, 0, 1), (3, i, 1, j), 500)
    found = tile_multiples(tile)
    here = seen[3:, 1:]
    np.testing.assert_allclose(found[here], exact[3:, 1:][here], rtol=1e-5)
    assert np.isnan(found[~here]).all()
    # Rows with one or two keys cannot be told from uniform by their weights alone; here they can.
    lasting = weight_range([HeadMap(record, 0, 1)], of_uniform=True)
    assert lasting.most == pytest.approx(exact[seen].max(), rel=1e-5)


def test_pooled_cells_are_divided_by_the_mean_of_their_queries(record):
    shown = thumbnails([record], [0], most=8)
    found = thumbnail_multiples(shown, [record], [0])
    tall = shown.cell[0]
    visible = record.visible_keys(0)
    uniform = (1 / visible[:tall]).mean()
    drawn = np.isfinite(shown.values[0, 1, 0])
    np.testing.assert_allclose(
        found.values[0, 1, 0][drawn], shown.values[0, 1, 0][drawn] / uniform, rtol=1e-5
    )
    assert found.cell == shown.cell


def test_queries_that_see_nothing_are_left_out_of_the_mean():
    uniform = np.array([0.5, np.nan, np.nan, np.nan, 0.25], np.float32)
    np.testing.assert_allclose(pooled_uniform(uniform, 2), [0.5, np.nan, 0.25])


def test_a_head_whose_edges_are_cut_is_measured_by_the_keys_that_are_left():
    cut = np.zeros((2, 4, 4), bool)
    cut[1, :, :2] = True
    attn = (~cut).astype(np.float64)
    attn /= attn.sum(axis=2, keepdims=True)
    one = planted(attn[None], cut_edges=cut)
    found = thumbnail_multiples(thumbnails([one], [0]), [one], [0]).values[0]
    assert (found[0] == 1).all() and (found[1, :, 2:] == 1).all()
