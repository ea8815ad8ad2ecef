import numpy as np
import pytest
import torch

from phenaki_viz import models
from phenaki_viz.analysis import measures
from phenaki_viz.analysis import rows as runs
from phenaki_viz.analysis.masks import BOTH, CAUSAL, NULL, PADDING, VISIBLE, hides_some, visibility
from phenaki_viz.analysis.measures import applicable, head_statistics
from phenaki_viz.analysis.overlay import on_grid
from phenaki_viz.analysis.position import offsets, plane, reach
from phenaki_viz.analysis.sinks import sink_keys
from phenaki_viz.analysis.thumbnails import coarser, hidden_cells, thumbnails
from phenaki_viz.analysis.tiles import map_tile, pooled
from phenaki_viz.analysis.weight_range import weight_range
from phenaki_viz.errors import ShapeError
from phenaki_viz.recording import HeadMap, Places, PositionBias, record
from phenaki_viz.recording.axes import Layout
from tests.analysis.records import planted, uniform
from tests.recording.models import SmallVideo, inputs

GRID = (3, 2, 5)


def test_masks_are_told_apart_and_together():
    mask = np.array([[True, True, False, True, True]])
    record = planted(uniform(1, 1, 5, 5), causal=True, key_mask=mask)
    codes = visibility(record).codes
    assert codes[1].tolist() == [VISIBLE, VISIBLE, BOTH, CAUSAL, CAUSAL]
    assert codes[4].tolist() == [VISIBLE, VISIBLE, PADDING, VISIBLE, VISIBLE]
    assert visibility(record).visible_keys.tolist() == [1, 2, 2, 3, 4]
    hidden = np.isin(codes, (CAUSAL, PADDING, BOTH))
    np.testing.assert_array_equal(hidden, record.hidden(0, (0, 5), (0, 5)))


def test_left_padding_under_a_causal_mask_leaves_blind_queries():
    mask = np.array([[False, False, True, True]])
    seen = visibility(planted(uniform(1, 1, 4, 4), causal=True, key_mask=mask))
    assert seen.blind.tolist() == [0, 1]
    assert seen.visible_keys.tolist() == [0, 0, 1, 2]


def test_null_keys_come_first_and_are_never_masked():
    record = planted(
        uniform(1, 1, 3, 6), kind="cross", num_null_kv=2, key_mask=np.zeros((1, 4), bool)
    )
    seen = visibility(record)
    assert seen.codes[0].tolist() == [NULL, NULL, PADDING, PADDING, PADDING, PADDING]
    assert seen.visible_keys.tolist() == [2, 2, 2]
    assert len(seen.blind) == 0


@pytest.mark.parametrize(("counts", "shape"), [("video", 30), ("frame", 10), ("patch", 3)])
def test_weights_land_on_the_patches_they_came_from(counts, shape):
    places = Places(GRID, counts)
    item, _ = places.locate((2, 1, 3))
    axis = Layout((places,)).axis(item)
    grid = on_grid(axis, np.arange(shape, dtype=np.float32))
    for token in range(shape):
        assert grid[places.place(item, token)] == token
    assert np.isfinite(grid).sum() == shape
    with pytest.raises(ShapeError, match=f"{shape} tokens"):
        on_grid(axis, np.zeros(shape + 1))


def test_thumbnails_keep_masked_and_wrong_cells_apart():
    attn = np.tril(np.ones((8, 8)))
    attn /= attn.sum(1, keepdims=True)
    maps = np.stack([attn, attn])[None]
    maps[0, 1, 7] = np.nan
    shown = thumbnails([planted(maps, causal=True)], [0], most=4)
    assert shown.cell == (2, 2)
    assert np.isnan(shown.values[0, 0]).tolist() == np.triu(np.ones((4, 4), bool), 1).tolist()
    assert shown.values[0, 0, 1, 0] == pytest.approx((1 / 3 * 2 + 1 / 4 * 2) / 4)
    assert np.isinf(shown.values[0, 1, 3]).all()
    assert shown.values[0, 0, 0, 0] == pytest.approx((1 + 0 + 0.5 + 0.5) / 4)


def test_coarser_tiles_are_means_of_what_can_be_seen():
    tiles = np.arange(2 * 5 * 7, dtype=np.float32).reshape(2, 5, 7)
    tiles[0, :2, :4], tiles[1, 4, 6] = np.nan, np.inf
    tiles[1, 0, 0] = np.nan
    small = coarser(tiles, 3)
    assert small.shape == (2, 3, 3) and np.isnan(small[0, 0, 0]) and np.isinf(small[1, 2, 2])
    assert small[0, 2, 2] == tiles[0, 4, 6]
    assert small[0, 1, 0] == tiles[0, 2:4, :3].mean()
    assert small[1, 0, 0] == np.nanmean(tiles[1, :2, :3])
    assert np.array_equal(coarser(tiles, 7), tiles, equal_nan=True)


def test_a_tile_names_the_rows_that_are_wrong_and_hides_what_is_masked():
    attn = uniform(1, 1, 6, 6)
    attn[0, 0, 2] = np.inf
    tile = map_tile(HeadMap(planted(attn, causal=True), 0, 0), (1, 5, 0, 6), most=6)
    assert tile.wrong == (2,)
    assert tile.cell == (1, 1)
    assert np.isinf(tile.values[1, :3]).all()
    assert np.isnan(tile.values[0]).tolist() == [False, False, True, True, True, True]
    np.testing.assert_allclose(tile.uniform, 1 / np.arange(1, 7))


@pytest.mark.parametrize("nulls", [0, 2])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("padded", [False, True])
def test_a_cell_is_hidden_when_all_its_weights_are(nulls, causal, padded):
    mask = np.array([[False, True, False, False, True, True, False]]) if padded else None
    record = planted(uniform(1, 1, 7, 7 + nulls), causal=causal, key_mask=mask, num_null_kv=nulls)
    for rows, columns, shape in (((1, 7), (0, 7), (3, 3)), ((0, 5), (2, 7), (2, 5))):
        cells = hidden_cells(record.head(0), rows, columns, shape)
        if not causal and not padded:
            assert cells is None
            continue
        whole = record.hidden(0, rows, columns)
        y, x = -(-whole.shape[0] // shape[0]), -(-whole.shape[1] // shape[1])
        for at, hidden in np.ndenumerate(cells):
            block = whole[at[0] * y : (at[0] + 1) * y, at[1] * x : (at[1] + 1) * x]
            assert hidden == block.all()


def test_a_mask_that_hides_nothing_is_none():
    maps = uniform(2, 1, 5, 7)
    assert not hides_some(planted(maps))
    mask = np.ones((2, 7), bool)
    assert not hides_some(planted(maps, key_mask=mask))
    mask[1, 6] = False  # of the second item alone
    assert hides_some(planted(maps, key_mask=mask))
    assert hides_some(planted(uniform(1, 1, 5, 5), causal=True))


def test_pooling_a_picture_leaves_hidden_cells_out_of_the_mean():
    values = np.arange(15, dtype=np.float32).reshape(3, 5)
    hidden = np.zeros((3, 5), bool)
    hidden[0, 0] = hidden[2, 4] = True
    shown, cell = pooled(values, hidden, 3)
    assert cell == (1, 2)
    assert shown[0, 0] == 1 and shown[1, 0] == 5.5
    assert np.isnan(shown[2, 2])


def test_head_tables_are_means_over_queries():
    one_key = np.zeros((1, 2, 4, 4), np.float32)
    one_key[0, 0] = np.eye(4)
    one_key[0, 1] = 0.25
    record = planted(one_key, Places((1, 2, 2), "video"))
    np.testing.assert_allclose(
        head_statistics([record], [0], ["entropy"]).mean("entropy"), [[0, 2]]
    )
    np.testing.assert_allclose(head_statistics([record], [0], ["self"]).mean("self"), [[1, 0.25]])
    assert "null" not in applicable(record) and "time" not in applicable(record)
    cross = planted(uniform(1, 1, 4, 6), kind="cross", num_null_kv=3)
    np.testing.assert_allclose(head_statistics([cross], [0], ["null"]).mean("null"), [[0.5]])
    assert set(applicable(cross)) == {"entropy", "null", "top"}


def test_planes_and_offsets_of_a_position_bias():
    surface = np.arange(2 * 3 * 5 * 7, dtype=np.float32).reshape(2, 3, 5, 7)
    bias = PositionBias(module="cpb", dimensions=(2, 3, 4), surface=surface)
    assert next(o.tolist() for o in offsets(bias)) == [-1, 0, 1]
    np.testing.assert_array_equal(plane(bias, 1, dt=-1), surface[1, 0])
    with pytest.raises(ShapeError, match="reach from -1 to 1"):
        plane(bias, 0, dt=2)


def test_alibi_halves_a_weight_after_its_reach():
    slopes = np.array([0.5, 0.0625])
    np.testing.assert_allclose(np.exp(-slopes * reach(slopes)), 0.5)


@pytest.mark.parametrize("run", [40, 10**6])
@pytest.mark.parametrize("causal", [False, True])
def test_metrics_of_maps_by_parts_are_those_of_stored_maps(run, causal, monkeypatch):
    """Every metric of self and cross attention, streamed, and what else reads maps in runs."""
    torch.manual_seed(0)
    model = SmallVideo(models, causal=causal).eval()
    found = {}
    for storage in ("dense", "factored"):
        with torch.no_grad(), record(model, storage=storage) as recording:
            model(*inputs())
        if storage == "factored":
            monkeypatch.setattr(runs, "RUN", run)
            monkeypatch.setattr(measures, "PIECE", 35)  # of a row or of several threads
        for (_, kind), records in recording.stacks().items():
            items, names = [1] * len(records), list(applicable(records[0]))
            measured = head_statistics(records, items, names)
            found[storage, kind] = {name: measured.mean(name) for name in names}
            found[storage, kind]["largest"] = np.array(
                [[weight_range([HeadMap(one, 1, h)]).most for h in range(3)] for one in records]
            )
            found[storage, kind]["thumbs"] = thumbnails(records, items, most=4).values
            score = [sink_keys(HeadMap(one, 1, 2)).score for one in records]
            found[storage, kind]["sinks"] = np.array(score)
    assert {len(found["factored", kind]) for kind in ("self", "cross")} == {9, 6}
    for kind in ("self", "cross"):
        for name, exact in found["dense", kind].items():
            np.testing.assert_allclose(
                found["factored", kind][name], exact, rtol=1e-5, atol=1e-5, err_msg=name
            )


def test_steps_say_how_far_they_are_and_may_be_left_at_any_of_them(monkeypatch):
    maps = np.full((1, 2, 30, 30), 1 / 30, np.float32)
    record = planted(maps, places=Places(GRID, "video"))
    monkeypatch.setattr(runs, "RUN", 300)
    steps = head_statistics.steps([record], [0], ["entropy"])
    shares = list(steps)
    assert shares == pytest.approx([1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1])
    for begun in (
        head_statistics.steps([record], [0], ["entropy"]),
        thumbnails.steps([record], [0]),
        map_tile.steps(HeadMap(record, 0, 1), (0, 30, 0, 30), 8),
    ):
        assert 0 < next(begun) <= 1
        begun.close()
        with pytest.raises(StopIteration):
            next(begun)


@pytest.mark.parametrize("run", [1, 60, 200])
def test_metrics_of_runs_of_rows_are_those_of_the_whole_map(run, monkeypatch):
    generator = np.random.default_rng(0)
    maps = generator.dirichlet(np.ones(30), (1, 2, 30)).astype(np.float32)
    record = planted(maps, places=Places(GRID, "video"))
    names = list(applicable(record))
    whole = head_statistics([record], [0], names)
    monkeypatch.setattr(runs, "RUN", run)
    parted = head_statistics([record], [0], names)
    assert len(names) == 5
    for name in names:
        np.testing.assert_allclose(parted.mean(name), whole.mean(name), rtol=1e-6)
        np.testing.assert_allclose(parted.spread(name), whole.spread(name), rtol=1e-4)
