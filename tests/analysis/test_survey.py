"""One reading of each head tells what separate readings tell; estimates tell how sure they are."""

import numpy as np
import pytest
import torch

from phenaki_viz import models
from phenaki_viz.analysis import heads, lightest, rows
from phenaki_viz.analysis.ledger import position_share_by_sums, term_shares
from phenaki_viz.analysis.measures import applicable, head_statistics
from phenaki_viz.analysis.sampled import draw, sampled_head, stratified
from phenaki_viz.analysis.sinks import sink_keys
from phenaki_viz.analysis.survey import Survey, survey
from phenaki_viz.analysis.thumbnails import thumbnails
from phenaki_viz.recording import FactoredMap, HeadMap, record, streams
from phenaki_viz.recording.maps import pool
from phenaki_viz.recording.streams import RowStream, stream_of

GRID = (4, 10, 10)
HEADS = 3


class Video(torch.nn.Module):
    """Two layers over a grid of tokens, with a position bias or causal."""

    def __init__(self, causal):
        super().__init__()
        self.bias = (
            None if causal else models.ContinuousPositionBias(dim=16, heads=HEADS, num_dims=3)
        )
        self.layers = models.Transformer(
            32, depth=2, heads=HEADS, dim_head=16, causal=causal, peg=True
        )

    def forward(self, x):
        bias = None if self.bias is None else self.bias(*GRID, dense=False)
        return self.layers(x, video_shape=(1, *GRID), attn_bias=bias)


@pytest.fixture(scope="module")
def records():
    """Layers of a recording, by how maps are held and whether they are causal."""
    made = {}
    for storage, causal in (("factored", False), ("factored", True), ("dense", False)):
        torch.manual_seed(0)
        model = Video(causal).eval()
        with torch.no_grad(), record(model, storage=storage) as recording:
            model(torch.randn(1, 400, 32))
        made[storage, causal] = recording.records
    return made


@pytest.fixture
def in_runs(monkeypatch):
    """Maps are read in runs of a few rows, as those of thousands of tokens are."""
    monkeypatch.setattr(rows, "RUN", 400 * 100)


@pytest.mark.parametrize("of", [("factored", False), ("factored", True), ("dense", False)])
def test_one_reading_tells_what_separate_ones_tell(records, in_runs, of):
    layers, items = records[of], [0, 0]
    found = survey(layers, items)
    assert found.is_exact and found.exact == 2 * HEADS and found.rows == 0
    alone = thumbnails(layers, items)
    np.testing.assert_allclose(found.thumbnails.values, alone.values, rtol=2e-6)
    assert found.thumbnails.cell == alone.cell == (7, 7)
    names = list(applicable(layers[0]))
    statistics = head_statistics(layers, items, names)
    for name in names:
        np.testing.assert_array_equal(found.mean(name), statistics.mean(name))
        assert not found.error(name).any()
    for (layer, head), one in found.heads.items():
        sinks = sink_keys(HeadMap(layers[layer], 0, head))
        for part in ("weight", "even", "seen_by"):
            np.testing.assert_array_equal(getattr(one.sinks, part), getattr(sinks, part))
        assert one.sinks.keys == sinks.keys and one.sinks.queries == 400


def test_every_row_is_made_once(records, in_runs, monkeypatch):
    made, read = [], RowStream.read
    monkeypatch.setattr(
        RowStream, "read", lambda self, some, **how: made.append(some) or read(self, some, **how)
    )
    monkeypatch.delattr(FactoredMap, "_weights")  # nor any other way
    layers = records["factored", False]
    for one in layers:
        one.map.__dict__.pop("_sums", None)  # nothing of it was read before
    survey(layers, [0, 0])
    runs = [one for one in made if isinstance(one, slice)]
    sampled = [one for one in made if isinstance(one, np.ndarray)]
    assert sum(run.stop - run.start for run in runs) == 2 * HEADS * 400
    assert len(sampled) == 2 * HEADS  # the estimates' rows
    assert {len(one) for one in sampled} == {115}  # two of each seven, and the last one


def test_estimates_come_first_and_exact_heads_take_their_place(records):
    layers, done = records["factored", False], []
    steps = survey.steps(layers, [0, 0], done)
    shares = []
    while not done:
        shares.append(next(steps))
    first = Survey.of(layers, done)
    assert len(done) == 2 * HEADS and not first.exact and max(shares) <= 0.02
    assert first.rows == 115 and first.of_rows == 400
    assert (first.error("entropy") > 0).all()
    exact = survey(layers, [0, 0])
    while len(done) == 2 * HEADS:
        next(steps)
    some = Survey.of(layers, done)
    assert some.exact == 1 and some.error("entropy")[0, 0] == 0 < some.error("entropy")[1, 2]
    assert some.mean("entropy")[0, 0] == exact.mean("entropy")[0, 0]
    steps.close()


def test_estimates_are_unbiased_and_their_errors_true(records):
    layers = records["factored", False]
    head, names = HeadMap(layers[1], 0, 2), ["entropy", "space", "top", "position"]
    exact = head_statistics(layers, [0, 0], names)
    picture = thumbnails(layers, [0, 0]).values[1, 2]
    seeds = range(60)
    every = [sampled_head(head, names, seed) for seed in seeds]
    one, of_all = every[0].picture, np.mean([one.picture for one in every], axis=0)
    assert np.abs(of_all - picture).mean() < np.abs(one - picture).mean() / 4
    for name in names:
        means = np.array([one.means[name] for one in every])
        errors = np.array([one.errors[name] for one in every])
        true = exact.tallies[name].mean[1, 2]
        spread = means.std(ddof=1)
        assert abs(means.mean() - true) < 3.5 * spread / np.sqrt(len(seeds))
        assert np.sqrt((errors**2).mean()) == pytest.approx(spread, rel=0.35)
        within = np.abs(means - true) < 2 * errors
        assert within.mean() > 0.85


def test_strata_have_the_textbook_error():
    sizes, of = np.array([10, 30]), np.array([0, 0, 1, 1])
    mean, error = stratified(sizes, of, np.array([1.0, 3.0, 10.0, 16.0]))
    assert mean == pytest.approx((10 * 2 + 30 * 13) / 40)
    by_hand = (10 / 40) ** 2 * (1 - 2 / 10) * 2 / 2 + (30 / 40) ** 2 * (1 - 2 / 30) * 18 / 2
    assert error == pytest.approx(np.sqrt(by_hand))
    assert stratified(np.array([2, 2]), of, np.arange(4.0))[1] == 0  # all were read
    halved = stratified(sizes, of, np.array([1.0, 3.0, 10.0, np.nan]))[0]
    assert halved == pytest.approx((10 * 2 + 15 * 10) / 25)
    assert np.isnan(stratified(sizes, of, np.full(4, np.nan))[0])


def test_queries_are_drawn_without_repetition_from_every_stratum():
    drawn = draw([range(0, 7), range(7, 14), range(14, 15)], seed=3)
    assert [len(one) for one in drawn] == [2, 2, 1]
    for one, stratum in zip(drawn, [range(0, 7), range(7, 14), range(14, 15)], strict=True):
        assert len(set(one)) == len(one) and set(one) <= set(stratum)
    assert {tuple(draw([range(5)], seed)[0]) for seed in range(200)} == {
        (a, b) for a in range(5) for b in range(a + 1, 5)
    }


SHAPES = {
    "even": lambda chance, keys: np.ones((6, keys)),
    "peaked": lambda chance, keys: chance.exponential(size=(6, keys)) ** 3,
    "sharp": lambda chance, keys: np.exp(8 * chance.standard_normal((6, keys))),
    "one key": lambda chance, keys: np.eye(6, keys, k=keys // 2) + 1e-30,
    "few weights": lambda chance, keys: chance.integers(0, 4, (6, keys)) + (np.arange(keys) == 0),
    "in order": lambda chance, keys: np.tile(np.arange(1.0, keys + 1), (6, 1)),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("keys", [1, 5, 1024, 1025, 3000, 9001])
def test_keys_of_the_mass_are_counted_as_by_sorting(keys, shape):
    chance = np.random.default_rng(keys)
    attn = SHAPES[shape](chance, keys).astype(np.float32)
    attn /= attn.sum(axis=1, keepdims=True)
    for mass in (0.1, 0.9, 0.999):
        sums = np.cumsum(np.sort(attn, axis=1), axis=1, dtype=np.float64)
        spared = (sums <= (1 - mass) * sums[:, -1:] + 1e-9).sum(axis=1)
        np.testing.assert_array_equal(heads.top_mass(attn, mass), np.maximum(keys - spared, 1))


def test_hardly_any_long_row_is_sorted_whole(monkeypatch):
    by_sorting, whole = lightest._by_sorting, []
    monkeypatch.setattr(
        lightest, "_by_sorting", lambda attn, share: whole.extend(attn) or by_sorting(attn, share)
    )
    chance = np.random.default_rng(1)
    for shape in ("peaked", "sharp"):
        for _ in range(20):
            attn = SHAPES[shape](chance, 4096).astype(np.float32)
            heads.top_mass(attn / attn.sum(axis=1, keepdims=True))
    assert len(whole) <= 0.05 * 40 * 6


def test_long_rows_that_are_no_numbers_have_no_count_and_leave_the_others_theirs():
    attn = np.random.default_rng(0).exponential(size=(5, 2000)).astype(np.float32)
    alone = heads.top_mass(attn)
    attn[1, 7], attn[3, 1999] = np.nan, np.inf
    found = heads.top_mass(attn)
    assert np.isnan(found[[1, 3]]).all()
    np.testing.assert_array_equal(found[[0, 2, 4]], alone[[0, 2, 4]])


def test_streamed_rows_are_those_of_the_map(records, monkeypatch):
    layers = records["factored", False]
    stream, head = stream_of(layers[0].map, 0, 1), HeadMap(layers[0], 0, 1)
    monkeypatch.setattr(streams, "KEYS", 100)  # a plane of the grid each
    scattered = np.array([3, 399, 17, 18, 100])
    for chosen in (slice(0, 30), slice(30, 90), slice(90, 91), slice(5, 237), scattered):
        attn, sums = stream.read(chosen)
        queries = np.arange(400)[chosen].tolist()
        whole, exact = head.rows(queries), head.terms(queries)
        np.testing.assert_allclose(attn, whole, rtol=0, atol=1e-6)
        np.testing.assert_allclose(-sums.weighted_logs, heads.entropy(whole), rtol=1e-6)
        np.testing.assert_allclose(
            sums.spread * np.log(2) ** 2, exact.logit.var(1) * 400, rtol=1e-5
        )
        expected, shares = term_shares(exact)["position"], position_share_by_sums(sums, 400)
        np.testing.assert_allclose(shares, expected, rtol=0, atol=2e-6)
        for cell in ((7, 7), (30, 401), (1, 3)) if isinstance(chosen, slice) else ():
            means = stream.pooled(chosen.start, chosen.stop, cell)
            np.testing.assert_allclose(
                means, pool(torch.from_numpy(whole), cell, "mean"), rtol=4e-6
            )
    assert stream_of(records["factored", True][0].map, 0, 1) is None
    assert stream_of(records["dense", False][0].map, 0, 1) is None
