"""The causality probe: planted leaks are found where they are, by module, and nothing else is.

Odd sizes throughout: layers ≠ heads, rectangular frames, more steps than rows.
"""

from itertools import product

import numpy as np
import pytest
import torch
from einops import rearrange
from torch import nn

from phenaki_viz.data import read_prompt
from phenaki_viz.errors import ConfigError, RecordingError
from phenaki_viz.evaluation.causality import expected_seconds, probe, probe_run
from phenaki_viz.evaluation.reach import Reach
from phenaki_viz.evaluation.transformer_input import transformer_input, work_of
from phenaki_viz.models import CViViT, Transformer
from phenaki_viz.models.dial import DialConfig
from phenaki_viz.recording.switches import Switches
from phenaki_viz.runs.again import forward_of
from phenaki_viz.runs.dialled import run_dialled
from phenaki_viz.runs.live import model_of
from phenaki_viz.runs.model import run_model
from phenaki_viz.runs.run import Run
from tests.published import published_attention, published_phenaki
from tests.runs.trained import clip, phenaki

T, H, W = 5, 2, 3
ENCODER = "enc_temporal_transformer"
SIZES = {"dim": 24, "codebook_size": 16, "patch_size": 8, "temporal_patch_size": 2,
         "spatial_depth": 1, "temporal_depth": 2, "dim_head": 8, "heads": 3}  # fmt: skip


class Temporal(nn.Module):
    """One temporal transformer over tokens '(b h w) t d', ours or the published one."""

    def __init__(self, classes=None, **options):
        super().__init__()
        torch.manual_seed(1)
        made = Transformer if classes is None else classes.Transformer
        self.stack = made(12, depth=2, dim_head=4, heads=3, **options).eval()

    def forward(self, x, videos=1):
        return self.stack(x, video_shape=(videos, T, H, W))


def probed(model, videos=1, **how):
    torch.manual_seed(2)
    x = torch.randn(videos * H * W, T, 12)
    return probe(transformer_input(model, "stack", lambda: model(x, videos), counts="patch", **how))


def of_kind(found, kind):
    return [one for one in found.modules if one.kind == kind]


def reached(causal: bool) -> np.ndarray:
    """Which steps a 3 × 3 × 3 kernel joins when tokens 'h w t' are read as if they lay 't h w'."""
    before, after = (2, 0) if causal else (1, 1)
    found = np.zeros((T, T), bool)
    grid = np.arange(T * H * W).reshape(T, H, W)
    for t, h, w in product(range(T), range(H), range(W)):
        near = grid[
            max(0, t - before) : t + after + 1, max(0, h - 1) : h + 2, max(0, w - 1) : w + 2
        ]
        for token in near.ravel():
            found[grid[t, h, w] % T, token % T] = True
    return found


CAUSAL = {"causal": True}
PUBLISHED = {"causal": True, "peg": True, "peg_causal": True}
CLEAN = {
    "no PEG": CAUSAL,
    "PEG mended": PUBLISHED | {"peg_layout": "rearranged"},
}


@pytest.mark.parametrize("options", CLEAN.values(), ids=CLEAN)
def test_a_causal_model_has_no_leak_to_the_last_bit(options):
    found = probed(Temporal(**options), videos=2)
    assert found.steps == T and not found.leaking
    for one in found.modules:
        for reach in (one.through, one.alone):
            assert not reach.leaks and reach.margin == float("inf") and reach.worst is None
            assert (reach.largest[np.triu_indices(T, 1)] == 0).all()
            assert reach.moved.diagonal().all()
    assert found.whole.moved[np.tril_indices(T)].all()


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("whose", ["ours", "published"])
def test_the_published_layout_leaks_exactly_where_the_convolution_reaches(whose, causal):
    classes = published_attention() if whose == "published" else None
    found = probed(Temporal(classes, causal=True, peg=True, peg_causal=causal))
    assert [one.kind for one in found.leaking] == ["PEG", "PEG"]
    first, second = of_kind(found, "PEG")
    assert (first.name, second.name) == ("stack.layers.0.0", "stack.layers.1.0")
    for one in (first, second):
        np.testing.assert_array_equal(one.alone.moved, reached(causal))
        assert one.alone.leaks and one.alone.margin > 1e3
    np.testing.assert_array_equal(first.through.moved, first.alone.moved)
    for kind in ("attention", "feed-forward", "norm"):
        assert all(one.through.leaks and not one.alone.leaks for one in of_kind(found, kind))
    assert all(one.alone.leaks for one in of_kind(found, "layer"))
    assert found.whole.leaks


def test_a_mended_layout_that_looks_ahead_reaches_one_step():
    found = probed(Temporal(causal=True, peg=True, peg_layout="rearranged"))
    (peg, _), ahead = of_kind(found, "PEG"), np.eye(T, k=1, dtype=bool)
    np.testing.assert_array_equal(peg.alone.later, ahead)
    assert [one.kind for one in found.leaking] == ["PEG", "PEG"]


@pytest.mark.parametrize("whose", ["ours", "published"])
def test_a_mask_that_was_taken_away_is_named_by_its_module(whose):
    model = Temporal(published_attention() if whose == "published" else None, causal=True)
    model.stack.layers[1][1].causal = False
    found = probed(model)
    assert [one.name for one in found.leaking] == ["stack.layers.1.1"]
    (leak,) = found.leaking
    assert leak.kind == "attention" and leak.layer == 1
    assert leak.alone.later[np.triu_indices(T, 1)].all()
    first, second = of_kind(found, "layer")
    assert not first.through.leaks and second.through.leaks and second.alone.leaks
    assert not of_kind(found, "attention")[0].through.leaks


def test_modules_come_in_the_order_in_which_they_run():
    found = probed(Temporal(**PUBLISHED))
    one = ["PEG", "norm", "attention", "norm", "feed-forward", "layer"]
    assert [module.kind for module in found.modules] == [*one, *one, "norm", "stack"]
    assert [module.layer for module in found.modules] == [*[0] * 6, *[1] * 6, None, None]
    assert found.whole is found.modules[-1].through
    last, whole = found.modules[-2:]  # the last norm gives what the stack gives
    np.testing.assert_array_equal(last.through.relative, whole.through.relative)
    np.testing.assert_array_equal(whole.alone.relative, whole.through.relative)


def test_a_layer_alone_is_the_stack_of_that_layer():
    """Whole layers are put together from their parts: a stack of one layer says the same."""
    model = Temporal(**PUBLISHED)
    model.stack.layers = model.stack.layers[:1]
    model.stack.norm_out = nn.Identity()
    layer, _, whole = probed(model).modules[-3:]
    assert layer.kind == "layer"
    np.testing.assert_allclose(layer.alone.relative, whole.through.relative, rtol=1e-6)
    np.testing.assert_allclose(layer.through.relative, whole.through.relative, rtol=1e-6)


@pytest.mark.parametrize(("options", "leaks"), [({}, True), ({"peg_layout": "rearranged"}, False)])
def test_all_transformers_of_our_c_vivit(options, leaks):
    torch.manual_seed(0)
    model, video = (
        CViViT(image_size=(16, 24), **SIZES, **options).eval(),
        torch.rand(1, 3, 9, 16, 24),
    )
    for stack in (ENCODER, "dec_temporal_transformer"):
        found = probe(transformer_input(model, stack, lambda: model(video)))
        assert found.whole.leaks is leaks
        assert {one.kind for one in found.leaking} == ({"PEG"} if leaks else set())
    spatial = probe(transformer_input(model, "enc_spatial_transformer", lambda: model(video)))
    np.testing.assert_array_equal(spatial.whole.moved, np.eye(5, dtype=bool))


def test_the_published_c_vivit_says_the_same_as_ours():
    torch.manual_seed(0)
    ours = CViViT(image_size=(16, 24), **SIZES).eval()
    theirs = published_phenaki().CViViT(image_size=(16, 24), use_vgg_and_gan=False, **SIZES).eval()
    theirs.load_state_dict(ours.state_dict(), strict=False)
    video = torch.rand(1, 3, 9, 16, 24)
    mine, published = (
        probe(transformer_input(model, ENCODER, lambda model=model: model(video)))
        for model in (ours, theirs)
    )
    assert [one.name for one in mine.modules] == [one.name for one in published.modules]
    for one, other in zip(mine.modules, published.modules, strict=True):
        np.testing.assert_array_equal(one.through.later, other.through.later)
        np.testing.assert_array_equal(one.alone.later, other.alone.later)
        np.testing.assert_allclose(one.through.relative, other.through.relative, atol=1e-4)


def test_joint_tokens_and_cross_attention_with_the_text_as_it_was():
    config = DialConfig(
        heads=3, depth=2, dim=24, dim_head=8, frames=5, height=16, width=24, causal=True,
        peg_causal=False,
    )  # fmt: skip
    run = run_dialled(config, clip(5), read_prompt("a b"))
    model = model_of(run)
    found = probe(transformer_input(model, "transformer", forward_of(run, model)))
    assert {one.kind for one in found.leaking} == {"PEG"}
    assert not any(one.alone.leaks for one in of_kind(found, "cross-attention"))
    assert len(of_kind(found, "cross-attention")) == 2
    np.testing.assert_array_equal(of_kind(found, "PEG")[0].alone.later, np.eye(3, k=1, dtype=bool))


def test_a_look_is_probed_as_it_was_had():
    """What was given is what the recorded run gave; a head that is off stays off."""
    model = phenaki()
    run = run_model(model, clip(5), read_prompt("a b"))
    stack = f"cvivit.{ENCODER}"
    given = transformer_input(model, stack, forward_of(run, model))
    tokens = rearrange(given.tokens, "(h w) t d -> t (h w) d", h=given.places.grid[1])
    assert given.places == run.recording.select(stack=stack)[0].places
    torch.testing.assert_close(given.by_step(given.tokens), tokens)
    module = f"{stack}.layers.0.1"
    heads = model.get_submodule(module).heads
    off = Switches(off=frozenset((module, head) for head in range(heads)))
    silent = probe(transformer_input(model, stack, forward_of(run, model), switches=off))
    (attention,) = [one for one in silent.modules if one.name == module]
    assert (attention.through.largest == 0).all() and (attention.alone.largest == 0).all()
    whole = probe(given)
    assert any(one.name == module and one.through.largest.any() for one in whole.modules)


def test_half_precision_has_its_own_tolerance_and_the_same_verdict():
    exact = probed(Temporal(**PUBLISHED))
    model = Temporal(**PUBLISHED).to(torch.bfloat16)
    x = torch.randn(H * W, T, 12, dtype=torch.bfloat16)
    half = probe(transformer_input(model, "stack", lambda: model(x), counts="patch"))
    assert half.tolerance == 8 * torch.finfo(torch.bfloat16).eps > exact.tolerance
    assert [one.name for one in half.leaking] == [one.name for one in exact.leaking]
    clean = Temporal(**CAUSAL).to(torch.bfloat16)
    assert not probe(transformer_input(clean, "stack", lambda: clean(x), counts="patch")).leaking


def test_margin_and_worst_of_a_planted_reach():
    relative = np.array([[1.0, 1e-7, 0.5], [0.2, 1.0, 1e-3], [0, 0, 1.0]])
    reach = Reach(relative=relative, largest=relative * 2, tolerance=1e-6)
    assert reach.leaks and reach.worst == (0, 2, 0.5)
    np.testing.assert_array_equal(np.argwhere(reach.later), [[0, 2], [1, 2]])
    assert reach.margin == pytest.approx(10)  # 1e-7 is ten times below
    still = Reach(relative=relative, largest=np.tril(relative), tolerance=1e-6)
    assert not still.leaks and still.margin == float("inf")


def test_nothing_is_left_on_the_model_and_steps_say_how_far():
    model = Temporal(**PUBLISHED)
    x = torch.randn(H * W, T, 12)
    before = model(x)
    steps = probe.steps(transformer_input(model, "stack", lambda: model(x), counts="patch"))
    shares = [next(steps) for _ in range(4)]
    steps.close()
    assert shares == sorted(shares) and 0 < shares[0] and shares[-1] < 1
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
    torch.testing.assert_close(model(x), before, rtol=0, atol=0)


def test_what_cannot_be_probed_says_why():
    model, x = Temporal(**PUBLISHED), torch.randn(H * W, T, 12)
    with pytest.raises(RecordingError, match=r"no transformer 'other'.*there are: stack"):
        transformer_input(model, "other", lambda: model(x))
    with pytest.raises(RecordingError, match="did not run"):
        transformer_input(model, "stack", lambda: None)
    with pytest.raises(RecordingError, match="not finite"):
        transformer_input(model, "stack", lambda: model(x * float("nan")))
    with pytest.raises(RecordingError, match="are no frame maps of a grid"):
        transformer_input(model, "stack", lambda: model(x), counts="frame")
    dropped = Temporal(**CAUSAL, ff_dropout=0.5).train()
    with pytest.raises(RecordingError, match=r"other numbers for the same input.*model\.eval"):
        probed(dropped)
    run = run_model(phenaki(), clip(5), read_prompt("a b"))
    named = {"clip": run.clip, "prompt": run.prompt, "recording": run.recording}
    with pytest.raises(ConfigError, match="only one look"):
        forward_of(Run(**named, temporal_patch=2, seconds=0), phenaki())


def test_work_is_counted_from_what_was_recorded():
    model, stack = phenaki(), f"cvivit.{ENCODER}"
    records = run_model(model, clip(5), read_prompt("a b")).recording.select(stack=stack).records
    parameters = sum(one.numel() for one in model.get_submodule(stack).parameters())
    items, steps = records[0].batch, records[0].map.shape[2]
    width = model.get_submodule(records[0].module).to_q.out_features
    cells = 2 * len(records) * items * steps * steps * width
    assert work_of(model, records) == items * steps * parameters + cells
    assert 0 < expected_seconds(model, records) < 1 and expected_seconds(model, []) == 0


def test_a_run_is_probed_by_its_stack():
    run = run_model(phenaki(), clip(5), read_prompt("a b"))
    stack = "cvivit.dec_temporal_transformer"
    found = probe_run(run, phenaki(), stack)
    given = transformer_input(phenaki(), stack, forward_of(run, phenaki()))
    assert found.stack == stack
    np.testing.assert_array_equal(found.whole.relative, probe(given).whole.relative)
