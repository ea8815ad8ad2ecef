"""Whose work a row is: planted heads whose answer is known, and the shipped model's figures."""

from functools import cache

import numpy as np
import pytest
import torch
from einops import rearrange
from hypothesis import given, settings
from hypothesis import strategies as st

from phenaki_viz import models
from phenaki_viz.analysis.ledger import position_share, term_shares, weights_of
from phenaki_viz.analysis.measures import applicable, head_statistics
from phenaki_viz.analysis.tallies import Tally
from phenaki_viz.checkpoints import open_checkpoint
from phenaki_viz.data import SHIPPED_MODEL
from phenaki_viz.data.digits import MovingDigits
from phenaki_viz.errors import ShapeError
from phenaki_viz.evaluation.judge import one_digit_clips, stacked
from phenaki_viz.numerics.offsets import OffsetBias
from phenaki_viz.recording import Alibi, HeadMap, record
from tests.analysis.records import planted
from tests.recording.models import SmallVideo, inputs

KEPT = (
    {"storage": "factored"},
    {"storage": "dense"},
    {"storage": "dense", "extras": ("queries", "keys")},
)


def attention_with(bias, *, content: float):
    """The terms of an attention whose content is scaled: 0 has none of it."""
    torch.manual_seed(1)
    attention = models.Attention(16, heads=2, dim_head=8, scale=content).eval()
    with torch.inference_mode(), record(attention, storage="factored") as recording:
        attention(torch.randn(1, 15, 16), attn_bias=bias)
    return HeadMap(recording.records[0], 0, 1).terms(range(15))


def table():
    return OffsetBias(torch.randn(2, 5, 9), (3, 5))


def test_a_head_of_content_alone_and_one_of_position_alone():
    for bias, content, wanted in ((None, 8, 0), (table(), 1e-9, 1), (table(), 8, None)):
        terms = attention_with(bias, content=content)
        share = position_share(terms)
        if wanted is None:
            assert 0.05 < share.mean() < 0.95
        else:
            np.testing.assert_allclose(share, wanted, atol=1e-6)


def test_a_term_that_works_against_the_row_has_a_share_below_0():
    attn = np.array([0.1, 0.2, 0.7])
    one = planted(attn[None, None, None], alibi=Alibi(slopes=np.float32([5]), max_abs_error=0))
    shares = term_shares(HeadMap(one, 0, 0).terms([0]))
    logit, alibi = np.log(attn), -5 * np.array([2, 1, 0.0])
    wanted = np.cov(alibi, logit)[0, 1] / np.var(logit, ddof=1)
    assert shares["alibi"][0] == pytest.approx(wanted, rel=1e-4) and wanted > 1
    assert shares["content"][0] == pytest.approx(1 - wanted, rel=1e-4)
    assert shares["content"][0] < 0


@settings(max_examples=15, deadline=None)
@given(causal=st.booleans(), seed=st.integers(0, 30), how=st.sampled_from(KEPT))
def test_shares_sum_to_1_and_all_terms_together_are_the_map(causal, seed, how):
    torch.manual_seed(seed)
    model = SmallVideo(models, causal=causal).eval()
    with torch.inference_mode(), record(model, **how) as recording:
        model(*inputs())
    for recorded in recording:
        terms = HeadMap(recorded, 1, 2).terms(range(30))
        shares = term_shares(terms)
        known = ~np.isnan(shares["content"])
        assert known.sum() == 30 - causal * (recorded.kind == "self")  # the first sees one key
        np.testing.assert_allclose(sum(shares.values())[known], 1, atol=1e-6)
        exact = recorded.map.full(1, 2)
        every = weights_of(terms, ("content", "position", "alibi", "dense"))
        np.testing.assert_allclose(every, exact, rtol=0, atol=1e-5)


def test_a_share_is_the_same_however_the_map_is_held():
    model = SmallVideo(models, causal=True).eval()
    found = []
    for how in KEPT:
        with torch.inference_mode(), record(model, **how) as recording:
            model(*inputs())
        terms = HeadMap(recording.records[0], 0, 1).terms(range(1, 30))
        found.append({**term_shares(terms), "places": position_share(terms)})
    for other in found[1:]:
        for name, share in found[0].items():
            np.testing.assert_allclose(other[name], share, rtol=0, atol=1e-4, err_msg=name)


def test_counterfactual_weights_are_those_of_a_model_without_the_term():
    bias = table()
    terms, without = attention_with(bias, content=8), attention_with(None, content=8)
    np.testing.assert_allclose(weights_of(terms, ["content"]), without.weights, rtol=0, atol=1e-5)
    alone = bias.dense()[1].softmax(dim=-1)
    np.testing.assert_allclose(weights_of(terms, ["position"]), alone, rtol=0, atol=1e-5)
    np.testing.assert_allclose(weights_of(terms, []), 1 / 15, rtol=0, atol=1e-6)


def test_rows_that_nothing_decides_and_parts_of_rows():
    blind = planted(np.full((1, 1, 2, 3), 1 / 3), key_mask=np.zeros((1, 3), bool))
    terms = HeadMap(blind, 0, 0).terms([0, 1])
    assert np.isnan(term_shares(terms)["content"]).all() and np.isnan(weights_of(terms, [])).all()
    even = HeadMap(planted(np.full((1, 1, 2, 3), 1 / 3)), 0, 0).terms([0])
    assert np.isnan(position_share(even)).all()
    with pytest.raises(ShapeError, match="of 2 of 3 keys"):
        term_shares(HeadMap(blind, 0, 0).terms([0], (0, 2)))


@pytest.mark.parametrize("causal", [False, True])
def test_position_s_share_is_a_measure_where_there_is_position(causal):
    model = SmallVideo(models, causal=causal).eval()
    with torch.inference_mode(), record(model) as recording:
        model(*inputs())
    first = int(causal)  # the first query of a causal map has nothing to choose: it does not count
    own, cross = recording.records[0], recording.records[1]
    assert "position" in applicable(own) and "position" not in applicable(cross)
    found = head_statistics([own], [1], ["position"])
    each = [position_share(HeadMap(own, 1, head).terms(range(first, 30))) for head in range(3)]
    np.testing.assert_allclose(found.mean("position")[0], np.mean(each, axis=1), rtol=1e-5)
    np.testing.assert_allclose(found.spread("position")[0], np.std(each, axis=1), rtol=1e-4)


# Position share of every self head of the shipped model, layers × heads: measured before on ten
# one-digit clips, half masked, each ± .02 or less.
MEASURED = [
    [0.07, 0.08, 0.18, 0.79],
    [0.07, 0.10, 0.14, 0.77],
    [0.11, 0.22, 0.40, 0.93],
    [0.10, 0.13, 0.29, 0.81],
]


@cache
def of_the_shipped_model():
    """Position share by clip, a list of statistics of layers × heads."""
    opened = open_checkpoint(SHIPPED_MODEL).model
    clips = one_digit_clips(MovingDigits(seed=7, held_out=True), 10)
    with torch.inference_mode():
        codes = opened.cvivit.codes_of(stacked(clips))
        flat = rearrange(codes, "b t h w -> b (t h w)")
        masked = torch.rand(flat.shape, generator=torch.Generator().manual_seed(1)) < 0.5
        context, seen = opened.encode_texts([clip.caption for clip in clips])
        with record(opened.maskgit, storage="factored", verify_rows=1) as recording:
            opened.maskgit(
                torch.where(masked, opened.mask_id, flat),
                video_patch_shape=tuple(codes.shape[1:]),
                context=context,
                text_mask=seen,
            )
    layers = [one for one in recording if one.kind == "self"]
    return [
        head_statistics(layers, [clip] * len(layers), ["position"]) for clip in range(len(clips))
    ]


def test_the_shipped_model_s_position_shares_are_those_measured_before():
    clips = of_the_shipped_model()
    every = clips[0]
    for clip in clips[1:]:
        every = every.merge(clip)
    np.testing.assert_allclose(every.mean("position"), MEASURED, rtol=0, atol=0.025)
    of_clips = Tally.of(np.stack([clip.mean("position") for clip in clips]))
    np.testing.assert_allclose(of_clips.mean, every.mean("position"), rtol=1e-4)
    error = 1.96 * of_clips.spread / np.sqrt(len(clips) - 1)
    assert error.max() < 0.025


def test_terms_that_undo_each_other_have_no_shares_made_of_rounding():
    """A map that is even although ALiBi was added: its content is ALiBi's, the other way round."""
    away = abs(np.arange(60)[:, None] - np.arange(60))
    for left, share in ((0, np.nan), (0.001, 500), (0.5, 1)):  # of a slope of 0.5
        weights = np.exp(-left * away) / np.exp(-left * away).sum(axis=1, keepdims=True)
        alibi = Alibi(slopes=np.array([0.5], np.float32), max_abs_error=0)
        one = HeadMap(planted(weights[None, None], alibi=alibi), 0, 0)
        shares = term_shares(one.terms(range(60)))
        np.testing.assert_allclose(shares["alibi"], share, rtol=1e-3)
        np.testing.assert_allclose(shares["content"], 1 - np.array(share), rtol=1e-3, atol=1e-5)
