"""The table of heads: planted truths, laws of merging, and the shipped model's figures."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from phenaki_viz.analysis import head_table as tables
from phenaki_viz.analysis import heads
from phenaki_viz.analysis.following import following, moves_in_features, moves_with
from phenaki_viz.analysis.head_columns import (
    COLUMNS,
    NAMES,
    columns_of,
    half_width,
    names_of,
    value,
)
from phenaki_viz.analysis.head_table import HeadTable, head_table, stack_table
from phenaki_viz.analysis.regions import region_masses
from phenaki_viz.analysis.sinks import sink_keys
from phenaki_viz.analysis.truth import path_in_patches
from phenaki_viz.errors import RecordingError, ShapeError
from phenaki_viz.figures.head_sentences import taken_over
from phenaki_viz.recording import DenseMap, HeadMap, Places, Recording
from tests.analysis.planted_heads import (
    CROSS,
    GRID,
    NULLS,
    PATH,
    SELF,
    TRUTH,
    N,
    T,
    along,
    cross_record,
    recording,
    row_of,
    self_record,
)
from tests.analysis.records import planted, uniform

WANTED = {
    "step before": {"temporal", "step before"},
    "same patch": {"temporal"},
    "nulls": {"null keys"},
    "uniform": {"even"},
    "position": {"position"},
    "ALiBi": {"ALiBi"},
    "follows": {"global", "follows"},
    "content": {"global"},
    "one word": {"one word"},
}


@pytest.fixture(scope="module")
def table():
    return head_table(recording(), truth=TRUTH)


@pytest.mark.parametrize(
    ("kind", "name"), [("self", one) for one in SELF] + [("cross", one) for one in CROSS]
)
def test_the_table_names_every_planted_head_right(table, kind, name):
    found = set(names_of(row_of(table, kind, name)))
    where = {"global", "spatial", "temporal"} if name in ("position", "ALiBi") else set()
    assert WANTED[name] <= found <= WANTED[name] | where
    assert found <= set(NAMES)


def test_figures_of_planted_heads(table):
    before = row_of(table, "self", "step before")
    # The queries of step 0 have no step before: they look at the first token.
    assert value(before, "previous_step") == pytest.approx(2 / 3)
    assert value(before, "dt") == pytest.approx(-2 / 3)
    assert value(before, "space") == pytest.approx(np.hypot(*np.indices((4, 5))).mean() / 3)
    assert value(before, "equal_keys") == pytest.approx(1) and value(before, "keys_90") == 1
    same = row_of(table, "self", "same patch")
    assert value(same, "same_patch") == pytest.approx(1) and value(same, "space") == 0
    assert value(same, "time") == pytest.approx(4 / 3)
    even = row_of(table, "self", "uniform")
    assert value(even, "entropy_share") == pytest.approx(1)
    assert value(even, "own_step") == pytest.approx(20 / 62) == value(even, "own_step_uniform")
    assert value(even, "diversity") == pytest.approx(0, abs=1e-6)
    assert np.isnan(value(even, "position"))  # it has no logits that differ
    assert value(row_of(table, "self", "position"), "position_bias") == pytest.approx(1, abs=1e-4)
    assert value(row_of(table, "self", "ALiBi"), "alibi") == pytest.approx(1, abs=1e-4)
    assert value(row_of(table, "self", "content"), "content") == pytest.approx(1, abs=1e-4)
    assert value(row_of(table, "self", "nulls"), "null") == pytest.approx(1)
    assert np.isnan(value(row_of(table, "self", "nulls"), "dt"))  # nothing on a patch
    follows = row_of(table, "self", "follows")
    assert value(follows, "follows") == 1 and value(follows, "follows_mass") == pytest.approx(1 / 3)
    assert value(follows, "diversity") > 3
    nulls = row_of(table, "self", "nulls")
    assert value(nulls, "sinks") == NULLS and value(nulls, "sink_mass") == pytest.approx(1)
    assert value(nulls, "sink_values") == pytest.approx(0.1)  # what they carry was planted
    assert value(even, "sinks") == 0 and np.isnan(value(even, "sink_values"))
    word = row_of(table, "cross", "one word").facts.words
    assert word["two"].mass == pytest.approx(0.8) and word["null 1"].uniform == pytest.approx(0.2)
    assert value(row_of(table, "cross", "one word"), "text") == pytest.approx(0.9)


def test_rows_stand_in_the_order_of_the_model_and_say_whose_they_are(table):
    assert [(row.kind, row.layer, row.head) for row in table] == [
        *[("cross", 0, head) for head in range(3)],
        *[("self", 1, head) for head in range(8)],
    ]
    assert {row.module for row in table} == {
        "maskgit.transformer.layers.0.2",
        "maskgit.transformer.layers.1.1",
    }
    assert not any(row.sorts for row in table if row.kind == "cross")


def test_only_columns_with_numbers_are_shown(table):
    shown = columns_of(table)
    assert set(shown) == set(COLUMNS) and list(shown) == list(COLUMNS)
    without = head_table(recording(), kind="cross")
    assert {"own_step", "follows", "position", "dt"}.isdisjoint(columns_of(without))
    assert {"null", "text", "moves"} <= set(columns_of(without))


def test_an_object_that_is_looked_away_from_is_not_followed():
    attn = along(PATH)[None, None]
    record = planted(attn, Places(GRID, "video"))
    there = following(HeadMap(record, 0, 0), [PATH])
    assert there["follows"].tolist() == [1] * 6 and there["follows_mass"].mean() > 0.3
    away = (PATH + 2) % (4, 5)
    assert following(HeadMap(record, 0, 0), [away])["follows"].mean() < 1
    chance = following(HeadMap(record, 0, 0), [np.array([[0, 0]] * 3)])["follows_chance"]
    assert chance.tolist() == [4 / 20] * 6
    over_time = planted(uniform(20, 1, 3, 3), Places(GRID, "patch"))
    assert len(following(HeadMap(over_time, 0, 0), [PATH])["follows"]) == 0


def test_a_word_whose_place_moves_is_told_from_one_that_stands():
    moving, still = np.zeros((3, 4, 5)), np.zeros((3, 4, 5))
    for step, (row, column) in enumerate(PATH):
        moving[step, row, column] = still[step, 1, 2] = 0.5 + step
    assert moves_with(still) == 0
    assert moves_with(moving) > 100
    assert moves_with(np.ones((3, 4, 5))) == pytest.approx(0)
    assert np.isnan(moves_with(np.ones((1, 4, 5)))) and np.isnan(moves_with(np.zeros((3, 4, 5))))


def test_moving_is_calinski_and_harabasz_of_places_by_weight():
    weights = np.random.default_rng(0).random((3, 4, 5)) * [[[1]], [[2]], [[5]]]
    places = np.argwhere(np.ones((4, 5))).astype(float)
    means = [np.average(places, axis=0, weights=step.ravel()) for step in weights]
    between = sum(20 * np.sum((mean - np.mean(means, axis=0)) ** 2) for mean in means)
    within = sum(
        20 * (np.average(((places - mean) ** 2).sum(axis=1), weights=step.ravel()) + 1 / 6)
        for step, mean in zip(weights, means, strict=True)
    )
    assert moves_with(weights) == pytest.approx((between / 2) / (within / (60 - 3)))


def test_moving_in_features_is_that_of_places_where_features_are_places():
    chance = np.random.default_rng(3)
    weights = chance.random(GRID)
    spread = np.indices(GRID)[1:].reshape(2, -1).T + 0.0
    by_hand = moves_in_features(weights, spread)
    share = (weights / weights.sum(axis=(1, 2), keepdims=True)).reshape(3, 20)
    middles = share @ np.indices(GRID[1:]).reshape(2, -1).T
    within = (share @ (np.indices(GRID[1:]) ** 2).sum(axis=0).ravel()).sum() - (middles**2).sum()
    between = ((middles - middles.mean(axis=0)) ** 2).sum()
    assert by_hand == pytest.approx((between / 2) / (within / (60 - 3)))
    assert moves_in_features(weights, 1000 * spread + 7) == pytest.approx(by_hand)  # no units
    # Steps that lie apart in features, whatever the map: apart by 10 with a spread of 1.
    apart = chance.normal(size=(3, 20, 4)) + 10 * np.arange(3)[:, None, None]
    assert moves_in_features(weights, apart.reshape(60, 4)) > 100
    assert moves_in_features(weights, chance.normal(size=(60, 4))) < 10
    assert np.isnan(moves_in_features(weights, np.ones((60, 4))))
    assert np.isnan(moves_in_features(np.zeros(GRID), spread))


def test_features_are_queries_of_maps_by_parts_and_of_stored_ones_that_kept_them():
    """The same number whichever way the map is held; none where no queries were kept."""
    from phenaki_viz import models, record
    from tests.recording.models import SmallVideo, inputs

    torch.manual_seed(0)
    model = SmallVideo(models).eval()
    found = []
    for how in (
        {"storage": "factored"},
        {"storage": "dense", "extras": ("queries",)},
        {"storage": "dense"},
    ):
        with torch.no_grad(), record(model, words=("a", "left", "b", "c"), **how) as run:
            model(*inputs())
        table = head_table(run, kind="cross")
        found.append([value(row, "moves_features") for row in table])
        assert not np.isnan([value(row, "moves") for row in table]).any()
    np.testing.assert_allclose(found[0], found[1], rtol=1e-4)
    assert np.isfinite(found[0]).all() and np.isnan(found[2]).all()


def test_the_path_of_an_object_in_patches():
    centres = np.array([[5, 70], [10, 40], [20, 44], [29, 10.0], [31, -4]])
    steps = ((0,), (1, 2), (3, 4))
    found = path_in_patches(centres, (32, 80), (3, 4, 5), steps)
    assert found.tolist() == [[0, 4], [1, 2], [3, 0]]


@pytest.mark.parametrize("run", [400, 10**6])
def test_numbers_of_runs_of_rows_are_those_of_the_whole_map(run, table, monkeypatch):
    monkeypatch.setattr(tables, "RUN", run)
    parted = head_table(recording(), truth=TRUTH)
    for one, other in zip(table, parted, strict=True):
        for name in COLUMNS:
            assert value(other, name) == pytest.approx(value(one, name), abs=1e-5, nan_ok=True)


def test_masses_are_those_of_the_sentence_and_entropy_that_of_the_grid(table):
    record = self_record()
    for row in (row for row in table if row.kind == "self"):
        one = HeadMap(record, 0, row.head)
        wanted = region_masses(one)
        found = row.facts.regions
        assert found.keys() == wanted.keys()
        for name, mass in wanted.items():
            assert found[name].mass == pytest.approx(mass.mass, abs=1e-6)
            assert found[name].uniform == pytest.approx(mass.uniform, abs=1e-6)
        bits = heads.entropy(one.rows(range(N))).mean()
        assert value(row, "entropy") == pytest.approx(bits, abs=1e-5)


def test_sinks_are_those_of_the_maps_themselves(table):
    record = self_record()
    for row in (row for row in table if row.kind == "self"):
        keys = sink_keys(HeadMap(record, 0, row.head)).keys
        held = HeadMap(record, 0, row.head).columns(keys).sum(axis=1).mean() if keys else 0
        assert value(row, "sinks") == len(keys)
        assert value(row, "sink_mass") == pytest.approx(held, abs=1e-5)


def test_permuting_heads_permutes_rows(table):
    record = self_record()
    order = [3, 0, 7, 6, 2, 1, 4, 5]
    attn = record.map.attn[:, order]
    mixed = replace(
        record, map=DenseMap(attn), alibi=replace(record.alibi, slopes=record.alibi.slopes[order]),
        position=replace(record.position, surface=record.position.surface[order]),
    )  # fmt: skip
    found = stack_table([mixed], truth=TRUTH)
    mine = [row for row in table if row.kind == "self"]
    for at, was in enumerate(order):
        for name in COLUMNS:
            wanted = value(mine[was], name)
            assert value(found.rows[at], name) == pytest.approx(wanted, abs=1e-6, nan_ok=True)


def test_tables_of_clips_join_and_have_an_interval(table):
    shifted = self_record()
    attn = shifted.map.attn.clone()
    attn[0, 3] = torch.eye(N, N + NULLS)
    other = stack_table([replace(shifted, map=DenseMap(attn))], truth=TRUTH)
    mine = HeadTable(rows=tuple(row for row in table if row.kind == "self"))
    both = mine.join(other)
    assert both.clips == 2 and len(both) == len(mine)
    even = both.rows[SELF.index("uniform")]
    assert value(even, "entropy") == pytest.approx(np.log2(62) / 2)
    # Student's t of two clips: 12.706 × |a − b| / 2.
    assert half_width(even, "entropy") == pytest.approx(12.706 * np.log2(62) / 2, rel=1e-4)
    assert half_width(both.rows[0], "previous_step") == pytest.approx(0)
    assert np.isnan(half_width(mine.rows[0], "entropy"))  # of one clip there is none
    assert even.facts.queries == 2 * N
    with pytest.raises(ShapeError, match="8 and 3 heads cannot be joined"):
        mine.join(stack_table([cross_record()]))


def test_rows_that_are_wrong_or_see_nothing_do_not_count():
    record = self_record()
    attn = record.map.attn.clone()
    attn[0, 1, 7] = torch.nan
    attn[0, 1, 9] *= 3
    row = stack_table([replace(record, map=DenseMap(attn))]).rows[1]
    assert (row.facts.wrong, row.facts.queries) == (2, N - 2)
    assert value(row, "same_patch") == pytest.approx(1) and names_of(row) == ("temporal",)
    mask = np.array([[False, True, True, True, True]])
    blind = planted(uniform(1, 1, 5, 5), Places((5, 1, 1), "sequence"), causal=True, key_mask=mask)
    facts = stack_table([blind]).rows[0].facts
    assert (facts.unseeing, facts.queries) == (1, 4)
    nothing = planted(np.full((1, 1, 5, 5), np.nan), Places((5, 1, 1), "sequence"))
    gone = stack_table([nothing]).rows[0]
    assert names_of(gone) == () and np.isnan(value(gone, "entropy")) and gone.facts.wrong == 5


def test_where_the_bias_is_not_at_hand_its_share_is_not_known(table):
    bare = stack_table([replace(self_record(), position=None)], truth=TRUTH)
    row = bare.rows[SELF.index("position")]
    assert np.isnan(value(row, "position")) and np.isnan(value(row, "alibi"))
    assert value(row, "entropy") == value(row_of(table, "self", "position"), "entropy")


def test_maps_over_space_or_time_alone_are_taken_over_all_their_batch_items():
    attn = np.stack([np.eye(3), np.full((3, 3), 1 / 3)] * 10)[:, None]
    row = stack_table([planted(attn, Places(GRID, "patch"))]).rows[0]
    assert row.facts.queries == 60 and row.sort is None
    assert value(row, "entropy") == pytest.approx(np.log2(3) / 2)
    two = planted(np.concatenate([attn, 0 * attn + np.eye(3)]), Places(GRID, "patch"))
    assert value(stack_table([two], video=1).rows[0], "itself") == pytest.approx(1)
    with pytest.raises(RecordingError, match="no batch item of video 2"):
        stack_table([two], video=2)


def test_a_long_map_is_read_at_evenly_spaced_queries(monkeypatch):
    monkeypatch.setattr(tables, "LONG", 50)
    monkeypatch.setattr(tables, "MOST_QUERIES", 12)
    row = stack_table([self_record()], truth=TRUTH).rows[SELF.index("same patch")]
    assert row.facts.queries == 12 and value(row, "same_patch") == pytest.approx(1)
    assert row.queries == (N,)
    assert taken_over(HeadTable(rows=(row,))) == "Mean over 12 evenly spaced of 60 queries."


def test_rows_of_long_maps_are_there_head_by_head_and_are_those_of_the_whole(table, monkeypatch):
    done, seen = [], []
    for _ in stack_table.steps([self_record()], truth=TRUTH, done=done):
        seen.append(len(done))
    assert set(seen) == {0}  # of a short map all heads at once, at the end
    monkeypatch.setattr(tables, "LONG", 59)
    monkeypatch.setattr(tables, "MOST_QUERIES", N)
    monkeypatch.setattr(tables, "RUN", 1000)
    done, shares, seen = [], [], []
    for share in stack_table.steps([self_record()], truth=TRUTH, done=done):
        shares.append(share)
        seen.append(len(done))
    assert shares == sorted(shares) and shares[-1] == pytest.approx(1)
    assert sorted(set(seen)) == list(range(8)) and len(done) == 8
    mine = [row for row in table if row.kind == "self"]
    for row, wanted in zip(done, mine, strict=True):
        assert row.identity == wanted.identity
        for name in COLUMNS:
            assert value(row, name) == pytest.approx(value(wanted, name), abs=1e-5, nan_ok=True)


def test_the_work_is_done_in_steps_and_what_is_not_there_is_refused():
    shares = list(head_table.steps(recording(), truth=TRUTH))
    assert shares == sorted(shares) and 0 < shares[0] < 0.3 and shares[-1] == pytest.approx(1)
    with pytest.raises(RecordingError, match="no attention of this kind"):
        head_table(recording(), stack="encoder")


def test_a_head_whose_edges_are_cut_is_measured_by_the_keys_it_may_see():
    """Even over what it may see, it does not choose what is left; the other head sees all."""
    cut = np.zeros((2, 60, 60), bool)
    cut[1] = T[:, None] == T[None]  # head 1 may not look at its own time step
    attn = (~cut).astype(np.float64)
    attn /= attn.sum(axis=2, keepdims=True)
    record = planted(attn[None], Places(GRID, "video"), cut_edges=cut)
    whole, left = head_table(Recording([record])).rows
    assert [row.facts.mean("keys") for row in (whole, left)] == [60, 40]
    assert value(whole, "own_step_uniform") == pytest.approx(1 / 3)
    assert np.isnan(value(left, "own_step_uniform")), "it may not look there"
    assert [value(row, "entropy_share") for row in (whole, left)] == [pytest.approx(1)] * 2
    assert [names_of(row) for row in (whole, left)] == [("even",)] * 2
