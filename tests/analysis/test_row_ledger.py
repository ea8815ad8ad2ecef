"""The ledger of one weight: on every parity case its numbers make the published weight."""

import numpy as np
import pytest
import torch

from phenaki_viz import models
from phenaki_viz.analysis import cells
from phenaki_viz.analysis.ledger import row_ledger, term_shares, terms_apart, weights_of
from phenaki_viz.analysis.term_maps import counterfactual_map, shares_of_head, term_maps
from phenaki_viz.analysis.writing import weight_map
from phenaki_viz.errors import RecordingError
from phenaki_viz.numerics.offsets import OffsetBias
from phenaki_viz.recording import Alibi, HeadMap, record
from tests.analysis.records import planted
from tests.models.parity import FOLDER, Parity
from tests.recording.models import SmallVideo, inputs

CASES = sorted(
    path.stem
    for kind in ("attention", "transformer", "cvivit", "maskgit")
    for path in FOLDER.glob(f"{kind}*.safetensors")
)
HELD = {
    "dense": {"storage": "dense"},
    "with queries and keys": {"storage": "dense", "extras": ("queries", "keys")},
    "factored": {"storage": "factored"},
}
CLOSE = {"rtol": 0, "atol": 1e-5}


def run_parity(name, how):
    """A published case recorded, and the published maps of it."""
    parity = Parity.read(name)
    kwargs = {k: tuple(v) if isinstance(v, list) else v for k, v in parity.kwargs.items()}
    model = getattr(models, parity.kind)(**kwargs).eval()
    model.load_state_dict(parity.under("state"), strict=True)
    args, call = parity.arguments()
    if parity.kind == "CViViT":
        args, call = (parity.tensors["in.video"],), {"return_recons_only": True}
    with torch.inference_mode(), record(model, **how) as recording:
        model(*args, **call)
    return recording, parity.maps()


def ledgers(one):
    """Of every head: the first row, one in the middle, the last."""
    for item, head in np.ndindex(*one.map.shape[:2]):
        last = one.map.shape[2] - 1
        for query in {0, last // 2, last}:
            yield (item, head, query), row_ledger(HeadMap(one, item, head), query)


@pytest.mark.parametrize("how", HELD)
@pytest.mark.parametrize("name", CASES)
def test_the_numbers_of_a_weight_make_the_published_weight(name, how):
    recording, published = run_parity(name, HELD[how])
    assert len(recording)
    for one in recording:
        theirs = published[one.module][-1].numpy() if one.module in published else None
        for (item, head, query), row in ledgers(one):
            for key in {0, one.map.shape[3] - 1, int(row.weights.argmax())}:
                found = row.of(key)
                assert found.made == pytest.approx(found.weight, abs=1e-5)
                if theirs is not None:
                    assert found.made == pytest.approx(theirs[item, head, query, key], abs=1e-5)
                assert_the_sums(found, exact=how != "dense")


def assert_the_sums(found, *, exact):
    """Terms to the logit, logit and log-sum-exp to the weight, dimensions to the content."""
    if found.hidden:
        assert found.weight == 0 and found.logit == -np.inf
        return
    if found.weight > 1e-30:
        assert sum(found.apart.values()) - found.level == pytest.approx(
            np.log(found.weight), abs=1e-4
        )
    assert (found.dimensions is None) == (found.logsumexp is None) == (not exact)
    if exact:
        assert np.exp(found.logit - found.logsumexp) == pytest.approx(found.weight, abs=1e-5)
        assert found.dimensions.sum() == pytest.approx(found.apart["content"], abs=1e-5)


def test_a_row_is_the_same_however_the_map_is_held():
    model = SmallVideo(models, causal=True).eval()
    rows = []
    for how in HELD.values():
        with torch.inference_mode(), record(model, **how) as recording:
            model(*inputs())
        rows.append(row_ledger(HeadMap(recording.records[0], 1, 2), 17))
    first, *others = rows
    assert list(first.apart) == ["content", "position", "alibi"]
    for other in others:
        assert other.strongest(6).tolist() == first.strongest(6).tolist()
        assert other.level == pytest.approx(first.level, abs=1e-4)
        for name, values in first.apart.items():
            np.testing.assert_allclose(other.apart[name], values, rtol=0, atol=2e-4, err_msg=name)
            assert np.isnan(values[18:]).all() and abs(values[:18].mean()) < 1e-6
    assert sum(first.shares.values()) == pytest.approx(1, abs=1e-6)


def test_a_row_taken_apart_by_hand():
    """Three keys, one hidden, ALiBi of slope 2: every number known."""
    attn = np.array([[[[0.5, 0.5, 0.0], [0.25, 0.25, 0.5]]]])
    slopes = Alibi(slopes=np.float32([2]), max_abs_error=0)
    row = row_ledger(HeadMap(planted(attn, causal=True, alibi=slopes), 0, 0), 0)
    assert row.strongest(9).tolist() == [0, 1]
    found, hidden = row.of(1), row.of(2)
    assert (found.rank, found.of, found.weight) == (1, 2, 0.5)
    assert found.apart == pytest.approx({"content": -1, "alibi": 1}, abs=1e-6)
    assert found.level == pytest.approx(np.log(2)) and found.logsumexp is None
    assert found.is_known and not hidden.is_known and hidden.hidden and hidden.made == 0
    with pytest.raises(RecordingError, match="key 3 asked of a row with 3 keys"):
        row.of(3)


def test_a_query_that_sees_no_key_is_said_to_be_blind():
    one = planted(np.full((1, 1, 2, 3), 1 / 3), key_mask=np.zeros((1, 3), bool))
    row = row_ledger(HeadMap(one, 0, 0), 1)
    found = row.of(2)
    assert found.blind and not found.is_known and found.made == pytest.approx(1 / 3)
    assert row.strongest(3).size == 0 and found.of == 0


def head_of(*, bias, content, how):
    """Head 1 of 2 of an attention of 15 tokens; content: the scale of its products."""
    torch.manual_seed(1)
    attention = models.Attention(16, heads=2, dim_head=8, scale=content).eval()
    with torch.inference_mode(), record(attention, **how) as recording:
        attention(torch.randn(1, 15, 16), attn_bias=bias)
    return HeadMap(recording.records[0], 0, 1)


@pytest.mark.parametrize("how", HELD.values(), ids=HELD)
def test_maps_and_shares_are_those_of_the_rows(how):
    table = OffsetBias(torch.randn(2, 5, 9, generator=torch.Generator().manual_seed(2)), (3, 5))
    head = head_of(bias=table, content=8, how=how)
    terms = head.terms(range(15))
    name = "position" if how["storage"] == "factored" else "dense"  # a bare table is no module's
    shares = shares_of_head(head)
    for term, each in term_shares(terms).items():
        assert shares.means[term] == pytest.approx(each.mean(), abs=1e-6)
    assert (shares.queries, shares.read, shares.of) == (15, 15, 15)
    maps = term_maps(head, 15)
    assert list(maps.values) == ["content", name] and maps.cells.cell == (1, 1)
    for query in (0, 7):
        row = row_ledger(head, query)
        for term, values in maps.values.items():
            np.testing.assert_allclose(values[query], row.apart[term], **CLOSE)
    coarse = term_maps(head, 4)
    assert coarse.cells.cell == (4, 4)
    wanted = maps.values[name][:4, 4:8].mean()
    assert coarse.values[name][0, 1] == pytest.approx(wanted, abs=1e-5)
    assert coarse.most < maps.most
    without = counterfactual_map(head, ["content"], 15)
    np.testing.assert_allclose(without, weights_of(terms, ["content"]), **CLOSE)


def test_of_a_long_map_evenly_spaced_queries_are_measured():
    head = head_of(bias=None, content=8, how=HELD["factored"])
    some = shares_of_head(head, 4)
    assert (some.queries, some.read, some.of) == (4, 4, 15)
    assert some.means == {"content": pytest.approx(1)} and some.of_places == 0


def test_planted_heads_are_told_by_whose_work_they_are():
    """Position alone, content alone: whichever way they are held."""
    table = OffsetBias(torch.randn(2, 5, 9, generator=torch.Generator().manual_seed(2)), (3, 5))
    for how in (HELD["factored"],):
        assert shares_of_head(head_of(bias=table, content=1e-9, how=how)).of_places > 0.999
    for how in HELD.values():
        only = shares_of_head(head_of(bias=None, content=8, how=how))
        assert only.means["content"] == pytest.approx(1, abs=1e-6)


def test_cells_of_a_stored_weight_of_0_are_counted_as_unknown():
    attn = np.array([[[[0.5, 0.5, 0.0], [0.25, 0.25, 0.5], [0.0, 0.0, 1.0]]]])
    slopes = Alibi(slopes=np.float32([2]), max_abs_error=0)
    maps = term_maps(HeadMap(planted(attn, causal=True, alibi=slopes), 0, 0), 3)
    assert maps.unknown == 2  # the third of the first row is hidden
    assert np.isnan(maps.values["content"][2, :2]).all()
    assert np.isfinite(maps.values["alibi"][2]).all()


def test_hidden_cells_of_a_map_are_no_numbers():
    model = SmallVideo(models, causal=True).eval()
    with torch.inference_mode(), record(model, storage="factored") as recording:
        model(*inputs())
    head = HeadMap(recording.records[0], 0, 1)
    later = np.triu(np.ones((30, 30), bool), 1)
    for values in term_maps(head, 30).values.values():
        np.testing.assert_array_equal(np.isnan(values), later)
    only = counterfactual_map(head, ["position"], 30)
    np.testing.assert_array_equal(np.isnan(only), later)
    np.testing.assert_allclose(np.nansum(only, axis=1), 1, atol=1e-5)


def test_of_a_map_too_long_to_be_read_whole_one_query_stands_for_its_cell(monkeypatch):
    monkeypatch.setattr(cells, "EVERY", 100)
    head = head_of(bias=None, content=8, how=HELD["factored"])
    exact, some = head.terms(range(15)), term_maps(head, 4)
    assert some.cells.cell == (4, 4) and not some.cells.is_mean
    rows = terms_apart(exact)["content"][[2, 6, 10, 14]]
    wanted = np.stack([rows[:, at : at + 4].mean(axis=1) for at in range(0, 15, 4)], axis=1)
    np.testing.assert_allclose(some.values["content"], wanted, **CLOSE)
    weights = weight_map(head, 4)
    np.testing.assert_allclose(weights[1, 0], head.rows([6])[0, :4].mean(), rtol=1e-5)
    assert term_maps(head, 15).cells.is_mean  # every row is drawn: all of them are read
