"""Merging what was taken of parts equals what is taken of the whole; long work has two faces."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phenaki_viz.analysis import measures
from phenaki_viz.analysis.character import key_masses, spread
from phenaki_viz.analysis.incremental import Incremental, incremental
from phenaki_viz.analysis.measures import MEASURES, HeadStatistics, head_statistics
from phenaki_viz.analysis.regions import region_masses
from phenaki_viz.analysis.rows import Rows
from phenaki_viz.analysis.sinks import Sinks, sink_keys
from phenaki_viz.analysis.tallies import Tally
from phenaki_viz.analysis.words import words_share
from phenaki_viz.errors import ShapeError
from phenaki_viz.recording import HeadMap, Places
from tests.analysis.records import planted

GRID = (3, 2, 5)
N = 30
chance = np.random.default_rng(7)
numbers = st.lists(st.floats(-1e3, 1e3), max_size=12)


def clips(*, nulls=0, **changes):
    """Two clips and their maps side by side as one clip of twice the queries' worth of numbers."""
    return [
        planted(
            chance.dirichlet(np.full(N + nulls, 0.3), (1, 2, N)).astype(np.float32),
            Places(GRID, "video"),
            num_null_kv=nulls,
            **changes,
        )
        for _ in range(3)
    ]


@given(parts=st.lists(numbers, min_size=1, max_size=4))
def test_tallies_of_parts_merge_to_that_of_the_whole(parts):
    merged = Tally.empty()
    for part in parts:
        merged = merged.merge(Tally.of(np.array(part, np.float64)))
    whole = np.concatenate([np.array(part, np.float64) for part in parts])
    assert merged.count == len(whole)
    if len(whole):
        assert merged.mean == pytest.approx(whole.mean(), abs=1e-9)
        assert merged.spread == pytest.approx(whole.std(), abs=1e-6)
    else:
        assert np.isnan(merged.mean) and np.isnan(merged.spread)


def test_a_tally_leaves_out_what_does_not_count_and_lets_nan_through():
    counted = Tally.of(np.array([[1.0, 5], [3, 5], [9, np.nan]]), np.array([True, True, False]))
    assert counted.mean.tolist() == [2, 5] and counted.spread.tolist() == [1, 0]
    spoilt = counted.merge(Tally.of(np.array([[np.nan, 5.0]])))
    assert np.isnan(spoilt.mean[0]) and spoilt.mean[1] == 5
    assert Tally.empty(2).merge(counted).mean.tolist() == [2, 5]


@pytest.mark.parametrize("causal", [False, True])
def test_statistics_of_clips_are_means_over_all_their_queries(causal):
    records = clips(causal=causal)
    names = ["entropy", "space", "time", "self", "top"]
    each = [head_statistics([record], [0], names) for record in records]
    merged = each[0].merge(each[1]).merge(each[2])
    for name in names:
        every = np.stack([
            np.concatenate([MEASURES[name].of(whole(record, head)) for record in records])
            for head in range(2)
        ])  # fmt: skip
        np.testing.assert_allclose(merged.mean(name), [every.mean(axis=1)], rtol=1e-6)
        np.testing.assert_allclose(merged.spread(name), [every.std(axis=1)], rtol=1e-5)
    other = each[0].merge(each[2].merge(each[1]))
    np.testing.assert_allclose(other.mean("top"), merged.mean("top"), rtol=1e-6)


def whole(record, head):
    return Rows(HeadMap(record, 0, head), 0, record.map.full(0, head))


def test_clips_of_different_lengths_weigh_by_their_queries():
    short = planted(np.eye(2)[None, None])
    long = planted(np.full((1, 1, 6, 6), 1 / 6))
    names = ["entropy"]
    merged = head_statistics([short], [0], names).merge(head_statistics([long], [0], names))
    assert merged.mean("entropy")[0, 0] == pytest.approx(6 * np.log2(6) / 8)
    with pytest.raises(ShapeError, match="statistics of other heads do not merge"):
        merged.merge(HeadStatistics({"top": merged.tallies["entropy"]}))


def test_a_wrong_row_of_one_clip_spoils_the_mean_of_that_head_alone():
    good, bad = (np.full((1, 2, 4, 4), 0.25) for _ in range(2))
    bad[0, 1, 2] = np.nan
    first, second = (head_statistics([planted(attn)], [0], ["entropy"]) for attn in (good, bad))
    for merged in (first.merge(second), second.merge(first)):
        assert merged.mean("entropy")[0, 0] == 2 and np.isnan(merged.mean("entropy")[0, 1])


def test_masses_and_spread_of_some_queries_merge_to_those_of_all():
    head = HeadMap(clips()[0], 0, 1)
    halves = range(0, N, 2), range(1, N, 2)
    every, (one, two) = region_masses(head), (region_masses(head, half) for half in halves)
    assert set(every) == set(one) & set(two) and len(every) > 5
    for name, mass in every.items():
        merged = one[name].merge(two[name])
        assert merged.queries == mass.queries == N
        assert (merged.mass, merged.uniform) == pytest.approx((mass.mass, mass.uniform))
    merged = spread(head, halves[0]).merge(spread(head, halves[1]))
    wanted = spread(head)
    for name in ("entropy", "share", "equal_keys", "of", "queries"):
        assert getattr(merged, name) == pytest.approx(getattr(wanted, name)), name
    for key, mass in enumerate(key_masses(head)):
        parts = (key_masses(head, half)[key] for half in halves)
        assert next(parts).merge(next(parts)).mass == pytest.approx(mass.mass)


def test_sinks_and_words_of_clips_merge():
    records = clips(nulls=2)
    for head in range(2):
        maps = [HeadMap(record, 0, head) for record in records]
        together = np.concatenate([one.tile((0, N)) for one in maps]).mean(axis=0)
        found = sink_keys(maps[0]).merge(sink_keys(maps[1])).merge(sink_keys(maps[2]))
        np.testing.assert_allclose(found.score, together, atol=1e-6)
        assert found.threshold == pytest.approx(0.3)  # between 3 and 10 times 1 / 32
        shares = words_share(maps[0]).merge(words_share(maps[1])).merge(words_share(maps[2]))
        np.testing.assert_allclose(shares.mean, together, atol=1e-6)


def test_a_sink_of_one_clip_alone_is_none_of_both():
    attn = np.full((2, 1, 8, 8), 1 / 8)
    attn[0, 0] = np.eye(8)[3]
    both = planted(attn)
    one, other = (sink_keys(HeadMap(both, item, 0)) for item in range(2))
    assert one.keys == (3,) and other.keys == ()
    assert one.merge(other).score[3] == pytest.approx((1 + 1 / 8) / 2)
    assert isinstance(one.merge(other), Sinks) and one.merge(other).queries == 16


@incremental
def counted(to: int, *, by: int = 1) -> Incremental[list[int]]:
    """Count."""
    found = []
    for at in range(0, to, by):
        found.append(at)
        yield (at + 1) / to
    return found


def test_one_generator_gives_both_faces_and_goes_to_other_processes():
    assert counted(5, by=2) == [0, 2, 4]
    steps = counted.steps(4)
    assert [next(steps) for _ in range(4)] == [0.25, 0.5, 0.75, 1]
    with pytest.raises(StopIteration) as end:
        next(steps)
    assert end.value.value == [0, 1, 2, 3]
    assert counted.__name__ == "counted" and counted.__doc__ == "Count."
    assert pickle.loads(pickle.dumps(counted)) is counted
    assert pickle.loads(pickle.dumps(sink_keys)) is sink_keys


def test_pieces_of_rows_know_which_queries_they_are(monkeypatch):
    head = HeadMap(clips()[0], 0, 0)
    rows = Rows(head, 4, head.tile((4, 15)))
    pieces = rows.pieces(3)
    assert [(one.first, one.end) for one in pieces] == [(4, 8), (8, 12), (12, 15)]
    np.testing.assert_array_equal(np.concatenate([one.attn for one in pieces]), rows.attn)
    np.testing.assert_allclose(pieces[1].terms.weights, head.rows([8, 9, 10, 11]), atol=1e-6)
    monkeypatch.setattr(measures, "PIECE", 31)
    in_pieces = head_statistics([head.record], [0], ["self", "space"])
    monkeypatch.undo()
    at_once = head_statistics([head.record], [0], ["self", "space"])
    for name in ("self", "space"):
        np.testing.assert_allclose(in_pieces.mean(name), at_once.mean(name), rtol=1e-6)
