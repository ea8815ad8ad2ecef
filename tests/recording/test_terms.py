"""The ledger of a weight: its terms sum to the logit, and softmax of that is the recorded map."""

import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import phenaki_viz
from phenaki_viz import models
from phenaki_viz.errors import RecordingError
from phenaki_viz.numerics.offsets import OffsetBias, gather_pairs
from phenaki_viz.recording import Alibi, HeadMap, Product, Remainder, Terms, record
from phenaki_viz.recording.families.phenaki import null_keys
from tests.analysis.records import planted
from tests.published import published_attention
from tests.recording.calls import cross_calls
from tests.recording.models import SmallVideo, inputs

CLOSE = {"rtol": 0, "atol": 1e-5}
KEPT = ("queries", "keys")
sizes = st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4))


def recordings(model, *args, **kwargs):
    """One forward as parts, stored with its queries and keys, and stored alone."""
    for how in (
        {"storage": "factored"},
        {"storage": "dense", "extras": KEPT},
        {"storage": "dense"},
    ):
        with torch.inference_mode(), record(model, **how) as recording:
            model(*args, **kwargs)
        yield recording


def assert_laws(recorded):
    """Of every head and rectangle: the terms give the logit, the logit gives the map."""
    for item, head in np.ndindex(*recorded.map.shape[:2]):
        one = HeadMap(recorded, item, head)
        i, j = one.shape
        whole = one.terms(range(i))
        exact = recorded.map.full(item, head)
        np.testing.assert_allclose(whole.weights, exact, **CLOSE)
        total = sum(values for _, values in whole)
        seen = ~whole.hidden & np.isfinite(total)
        np.testing.assert_allclose(whole.logit[seen], total[seen], **CLOSE)
        assert (whole.logit[whole.hidden] == -np.inf).all()
        sighted = ~whole.blind
        if isinstance(whole.content, Product):
            made = torch.tensor(whole.logit[sighted]).softmax(dim=-1).numpy()
            np.testing.assert_allclose(made, exact[sighted], **CLOSE)
            for row in (0, i - 1):
                np.testing.assert_allclose(
                    whole.content.dimensions(row).sum(axis=-1), whole.content.values[row], **CLOSE
                )
        assert_rectangle(one, whole, [i - 1, 0, i // 2], (j // 3, j))
    return whole


def assert_rectangle(one, whole, rows, keys):
    part = one.terms(rows, keys)
    for (name, values), (other, wanted) in zip(part, whole, strict=True):
        assert name == other
        np.testing.assert_allclose(values, wanted[rows, slice(*keys)], **CLOSE)
    np.testing.assert_array_equal(part.hidden, whole.hidden[rows, slice(*keys)])
    np.testing.assert_allclose(part.weights, whole.weights[rows, slice(*keys)], **CLOSE)


@settings(max_examples=40, deadline=None)
@given(
    grid=sizes, heads=st.integers(1, 3), dim_head=st.sampled_from([3, 8]), causal=st.booleans(),
    nulls=st.integers(0, 2), bias=st.sampled_from(["none", "offsets", "dense", "per item"]),
    masked=st.booleans(), published=st.booleans(), seed=st.integers(0, 99),
)  # fmt: skip
def test_self_attention_of_any_kind(
    grid, heads, dim_head, causal, nulls, bias, masked, published, seed
):
    torch.manual_seed(seed)
    n = int(np.prod(grid))
    published = published and not (causal and nulls)  # its cached ALiBi is of no formula there
    code = published_attention() if published else models
    attention = code.Attention(16, heads=heads, dim_head=dim_head, causal=causal, num_null_kv=nulls)
    surface = torch.randn(heads, *(2 * d - 1 for d in grid))
    added = {
        "none": None,
        "offsets": gather_pairs(surface, grid) if published else OffsetBias(surface, grid),
        "dense": torch.randn(heads, n, n),
        "per item": torch.randn(2, heads, n, n),
    }[bias]
    mask = (torch.rand(2, n) < 0.6) if masked else None
    parted, kept, alone = recordings(
        attention, 3 * torch.randn(2, n, 16), mask=mask, attn_bias=added
    )
    exact = [assert_laws(one.records[0]) for one in (parted, kept)]
    left = assert_laws(alone.records[0])
    assert [type(terms.content) for terms in (*exact, left)] == [Product, Product, Remainder]
    np.testing.assert_allclose(exact[0].content.values, exact[1].content.values, **CLOSE)
    assert_left_over(left, exact[0])


def assert_left_over(left: Terms, exact: Terms):
    """What is left is the content, up to one constant a row."""
    for row in range(len(exact.hidden)):
        seen = ~exact.hidden[row]
        off = (left.content.values - exact.content.values)[row, seen]
        sure = exact.weights[row, seen] > 1e-3  # a logarithm of less is not that exact
        if sure.any():
            np.testing.assert_allclose(off[sure], off[sure][0], rtol=0, atol=2e-4)
        assert np.isnan(left.content.values[row, ~seen]).all()


@settings(max_examples=20, deadline=None)
@given(asked=cross_calls(words=0, nulls=1))
def test_cross_attention_with_nulls_and_hidden_words(asked):
    attention, x, told = asked
    for recording in recordings(attention, x, **told):
        terms = assert_laws(recording.records[0])
        assert [name for name, _ in terms] == ["content"]
        assert not terms.hidden[:, : null_keys(attention)].any()


@pytest.mark.parametrize("classes", [models, published_attention()], ids=["ours", "published"])
@pytest.mark.parametrize("causal", [False, True])
def test_whole_models_name_their_terms(classes, causal):
    torch.manual_seed(0)
    model = SmallVideo(classes, causal=causal).eval()
    for recording in recordings(model, *inputs()):
        for recorded in recording:
            terms = assert_laws(recorded)
            of_grid = ["position", *(["alibi"] if causal else [])] if recorded.position_bias else []
            assert [name for name, _ in terms] == ["content", *of_grid]
            assert bool(of_grid) == (recorded.kind == "self")


def test_of_chosen_heads_the_terms_are_theirs():
    model = SmallVideo(models, causal=True).eval()
    with torch.inference_mode(), record(model, storage="factored") as every:
        model(*inputs())
    for storage in ("factored", "dense"):
        chosen = {"heads": [2, 0], "batch_items": [1]}
        with torch.inference_mode(), record(model, storage=storage, **chosen) as some:
            model(*inputs())
        assert_laws(some.records[0])
        for at, head in enumerate([2, 0]):
            wanted = HeadMap(every.records[0], 1, head).terms(range(30))
            terms = HeadMap(some.records[0], 0, at).terms(range(30))
            np.testing.assert_allclose(terms.position, wanted.position, **CLOSE)
            np.testing.assert_allclose(terms.alibi, wanted.alibi, **CLOSE)


def test_a_planted_map_is_taken_apart():
    """Two queries behind three keys; every number by hand."""
    attn = np.array([[[[0.5, 0.5, 0.0], [0.25, 0.25, 0.5]]]])
    slopes = Alibi(slopes=np.float32([2]), max_abs_error=0)
    terms = HeadMap(planted(attn, causal=True, alibi=slopes), 0, 0).terms(range(2))
    assert terms.hidden.tolist() == [[False, False, True], [False, False, False]]
    assert terms.alibi.tolist() == [[-2, 0, -2], [-4, -2, 0]]
    left = terms.content.values
    np.testing.assert_allclose(left[1], np.log([0.25, 0.25, 0.5]) - terms.alibi[1], atol=1e-6)
    assert np.isnan(left[0, 2])
    np.testing.assert_allclose(terms.weights, attn[0, 0], atol=1e-6)


def test_rows_without_a_visible_key_are_blind_and_look_at_all_alike():
    attention = models.Attention(16, heads=2, dim_head=8)
    mask = torch.zeros(1, 5, dtype=torch.bool)
    for recording in recordings(attention, torch.randn(1, 5, 16), mask=mask):
        terms = HeadMap(recording.records[0], 0, 1).terms([3], (1, 3))
        assert terms.blind.all() and terms.hidden.all()
        np.testing.assert_allclose(terms.weights, 1 / 5, **CLOSE)


def test_what_is_not_there_is_refused_in_words():
    one = HeadMap(planted(np.full((1, 1, 3, 4), 0.25)), 0, 0)
    for rows in ([], [3], [-1]):
        with pytest.raises(RecordingError, match="rows asked of a map with 3 queries"):
            one.terms(rows)
    with pytest.raises(RecordingError, match="columns 2 to 5 asked of a map with 4"):
        one.terms([0], (2, 5))
    with pytest.raises(RecordingError, match="batch item 0 and head 1"):
        HeadMap(one.record, 0, 1).terms([0])
    lost = planted(np.full((1, 1, 4, 4), 0.25), position_bias="pos (4)")
    with pytest.raises(RecordingError, match=r"'pos \(4\)' is not in this record"):
        HeadMap(lost, 0, 0).terms([0])
    with pytest.raises(RecordingError, match="batch item 0 and head 1"):
        one.record.head(1)
    assert one.record.head(0) == one


def test_terms_come_out_of_a_file_and_another_process(tmp_path):
    model = SmallVideo(models, causal=True).eval()
    for at, recording in enumerate(recordings(model, *inputs())):
        path = recording.save(tmp_path / f"{at}.safetensors")
        opened = phenaki_viz.open(path)
        for one, other in zip(recording, opened, strict=True):
            sent = pickle.loads(pickle.dumps(HeadMap(other, 1, 2)))
            wanted, found = HeadMap(one, 1, 2).terms([4, 0]), sent.terms([4, 0])
            assert type(wanted.content) is type(found.content)
            for (name, values), (_, expected) in zip(found, wanted, strict=True):
                np.testing.assert_allclose(values, expected, err_msg=name, **CLOSE)


@pytest.mark.parametrize("storage", ["dense", "factored"])
@pytest.mark.parametrize("shape", [(1, 3, 12, 12), (1, 1, 1, 12), (2, 3, 12, 12), (12,)])
def test_a_bias_for_all_items_is_that_of_each(shape, storage):
    torch.manual_seed(0)
    attention, bias = models.Attention(24, heads=3, dim_head=8).eval(), torch.randn(shape)
    extras = ("queries", "keys")
    with torch.no_grad(), record(attention, storage=storage, extras=extras) as recording:
        attention(torch.randn(2, 12, 24), attn_bias=bias)
    (one,) = recording
    assert recording.missed == () and one.verification.verdict == "passed"
    whole = bias.expand(2, 3, 12, 12)
    for item in range(2):
        terms = one.head(2, item).terms([4])
        np.testing.assert_allclose(terms.dense, whole[item, 2, 4:5].numpy(), atol=1e-6)
