"""What a head is worth: paired over clips and masks, as one look at a time and known values say."""

import math

import numpy as np
import pytest
import torch

from phenaki_viz.checkpoints import open_checkpoint
from phenaki_viz.data import DIGIT_CLIPS, SHIPPED_MODEL, digit_clip, read_prompt
from phenaki_viz.errors import ConfigError, RecordingError
from phenaki_viz.evaluation.changes import answers, change_of, mean_of_head
from phenaki_viz.evaluation.effects import (
    HeadEffect,
    heads_of,
    layers_of,
    masked_losses,
    sweep,
)
from phenaki_viz.evaluation.trials import trials
from phenaki_viz.figures.change_sentences import verdict
from phenaki_viz.figures.effect_files import change_values
from phenaki_viz.recording.digests import weights_digest
from phenaki_viz.recording.interventions import DropText, ZeroHead
from phenaki_viz.recording.switches import Switches
from phenaki_viz.runs.model import RunOptions, run_model
from tests.runs.trained import clip, phenaki

ASKED = [(clip(5), read_prompt("a b")), (clip(9), read_prompt("c"))]


def test_a_trial_is_one_look_at_the_model():
    model = phenaki()
    tried = trials(model, ASKED, masks=3, share=0.7, seed=4)
    assert len(tried) == 6 and tried.spoken == "2 clips × 3 masks, 70 % of the tokens masked"
    found = masked_losses(model, tried)
    for at, loss in enumerate(found):
        which, mask = divmod(at, 3)
        ask = RunOptions(share=0.7, seed=4 + mask, frames=5)  # as many as the shortest clip has
        one = run_model(model, *ASKED[which], ask).outcome
        assert one.masked is not None and (tried.masked[at].numpy() == one.masked).all()
        assert loss == pytest.approx(one.masked_loss, abs=2e-5)


def test_a_head_that_gives_nothing_is_worth_nothing_and_the_others_something():
    model = phenaki()
    module, head = heads_of(model)[1]
    attention = model.get_submodule(module)
    width = attention.to_out.in_features // attention.heads
    kept = attention.to_out.weight.detach().clone()
    try:
        with torch.no_grad():
            attention.to_out.weight[:, head * width : (head + 1) * width] = 0
        before = weights_digest(model)
        effects = sweep(model, trials(model, ASKED))
        assert weights_digest(model) == before
    finally:
        with torch.no_grad():
            attention.to_out.weight.copy_(kept)
    assert [(one.module, one.head) for one in effects] == list(heads_of(model))
    for one in effects:
        mute = (one.module, one.head) == (module, head)
        assert (np.abs(one.rises).max() < 1e-9) == mute


def test_layers_kept_from_before_change_no_number():
    """The sweep runs the layers before a head once: the same bits as each head by itself."""
    model = phenaki()
    tried = trials(model, ASKED)
    before = answers(model, tried)
    units = [*heads_of(model)[::-1], *layers_of(model)]
    for found in sweep(model, tried, units):
        off = [found.head] if found.head is not None else range(2)
        zeros = [ZeroHead(module=found.module, head=head) for head in off]
        alone = answers(model, tried, zeros).change(before, tried)
        np.testing.assert_array_equal(found.rises, alone.rises)
        np.testing.assert_array_equal(found.divergence, alone.divergence)
        np.testing.assert_array_equal(found.moved, alone.moved)


def test_a_change_is_counted_over_hidden_tokens():
    model = phenaki()
    tried = trials(model, ASKED, masks=1, share=0.5)
    none = change_of(model, tried, ())
    assert none.rises.tolist() == [0, 0] and none.moved.tolist() == none.divergence.tolist() == [
        0,
        0,
    ]
    with torch.inference_mode():
        codes = torch.where(tried.masked, model.maskgit.mask_id, tried.codes)
        logits = model.maskgit(codes, context=tried.context, text_mask=tried.seen)
        dropped = torch.zeros_like(tried.seen)
        other = model.maskgit(codes, context=tried.context, text_mask=dropped)
    found = change_of(model, tried, [DropText()])
    for trial in range(2):
        hidden = tried.masked[trial].flatten()
        p, q = (one[trial, hidden].double().log_softmax(-1) for one in (logits, other))
        true = tried.codes[trial].flatten()[hidden]
        rise = (p - q)[range(len(true)), true].mean()
        assert found.rises[trial] == pytest.approx(float(rise), abs=1e-5)
        assert found.divergence[trial] == pytest.approx(
            float((p.exp() * (p - q)).sum(-1).mean()), abs=1e-5
        )
        assert found.moved[trial] == pytest.approx(
            float((p.argmax(-1) != q.argmax(-1)).double().mean())
        )


def test_the_mean_of_a_head_is_taken_over_all_tokens_of_all_trials():
    model = phenaki()
    tried = trials(model, ASKED)
    module, head = heads_of(model)[-1]
    heard = []
    hook = model.get_submodule(module).to_out.register_forward_pre_hook(
        lambda _, args: heard.append(args[0])
    )
    answers(model, tried)
    hook.remove()
    found = mean_of_head(model, tried, module, head)
    width = len(found.mean)
    wanted = heard[0][..., head * width : (head + 1) * width].mean(dim=(0, 1))
    np.testing.assert_allclose(found.mean, wanted, atol=1e-6)
    assert found.over == tried.spoken and not model.get_submodule(module).to_out._forward_pre_hooks
    assert change_of(model, tried, [found]).divergence.max() > 0
    with pytest.raises(RecordingError, match="there is no head 9"):
        mean_of_head(model, tried, module, 9)


def test_some_heads_alone_and_one_that_is_not_there():
    model = phenaki()
    tried, heads = trials(model, ASKED, masks=1), heads_of(model)
    (one,) = sweep(model, tried, heads[2:3])
    every = sweep(model, tried)
    np.testing.assert_array_equal(one.rises, every[2].rises)
    with pytest.raises(RecordingError, match="there is no head 99"):
        sweep(model, tried, [(heads[0][0], 99)])


def test_the_interval_is_students():
    effect = HeadEffect(module="m", head=0, rises=np.array([0.0, 0.1, 0.2, 0.3]))
    # 3.1824 standard errors at 3 degrees of freedom, from a table of t
    half = 3.18245 * np.std([0.0, 0.1, 0.2, 0.3], ddof=1) / 2
    assert effect.mean == pytest.approx(0.15) and effect.half_width == pytest.approx(half, 1e-5)
    assert not effect.is_sure
    assert HeadEffect(module="m", head=0, rises=np.array([0.2, 0.21, 0.22])).is_sure
    alone = HeadEffect(module="m", head=0, rises=np.array([0.2]))
    assert math.isnan(alone.half_width) and not alone.is_sure


def test_masks_of_one_clip_are_no_clips_more():
    """Two clips whose masks are alike: forty trials tell as much of other clips as two."""
    few = HeadEffect(module="m", head=0, rises=np.array([0.1, 0.3]))
    many = HeadEffect(module="m", head=0, rises=np.repeat([0.1, 0.3], 20), masks=20)
    assert many.mean == pytest.approx(few.mean)
    assert many.half_width == pytest.approx(few.half_width) and not many.is_sure
    one_clip = HeadEffect(module="m", head=0, rises=np.array([0.2, 0.21, 0.22]), masks=3)
    assert one_clip.is_sure and one_clip.by_clip(one_clip.rises).tolist() == [0.2, 0.21, 0.22]
    values = change_values([], many, _tried(masks=20), {})
    assert values["rise"]["high"] - values["rise"]["mean"] == pytest.approx(few.half_width)
    assert "over clips" in values["interval"]


def test_a_mask_that_hides_every_token_is_tried_once():
    """Of one clip, the same trial twice would have an interval of no width."""
    tried = _tried(masks=3, share=1.0)
    assert len(tried) == 1 and tried.spoken == "1 clip × 1 mask, 100 % of the tokens masked"
    (found,) = sweep(phenaki(), tried, heads_of(phenaki())[:1])
    assert math.isnan(found.half_width) and found.masks == 1
    assert verdict(found) == "one trial has no interval"


def _tried(masks, share=0.7):
    return trials(phenaki(), ASKED[:1], masks=masks, share=share)


@pytest.mark.parametrize(
    ("clips", "options", "why"),
    [
        ([], {}, "no clip is given"),
        (ASKED, {"masks": 0}, "at least one mask"),
        (ASKED, {"masks": 2000}, "up to 2,000 together"),
        (ASKED, {"share": 0.0}, "use more than 0"),
        (ASKED, {"share": math.nan}, "use more than 0"),
    ],
)
def test_what_cannot_be_asked_is_a_sentence(clips, options, why):
    with pytest.raises(ConfigError, match=why):
        trials(phenaki(), clips, **options)


def test_a_model_without_codes_or_words_is_refused():
    model = phenaki()
    with pytest.raises(ConfigError, match="MaskGit is no whole Phenaki"):
        trials(model.maskgit, ASKED)
    words = model.encode_texts
    model.encode_texts = None
    try:
        with pytest.raises(ConfigError, match="no text encoder"):
            trials(model, ASKED)
    finally:
        model.encode_texts = words


def test_the_trained_models_heads_are_worth_what_was_measured():
    """10 one-digit clips × 2 masks, 90 % masked: mean ± standard error of an earlier experiment."""
    model = open_checkpoint(SHIPPED_MODEL).model
    captions = list(DIGIT_CLIPS.values())[:10]
    clips = [(digit_clip(caption), read_prompt(caption)) for caption in captions]
    tried = trials(model, clips)
    assert masked_losses(model, tried).mean() == pytest.approx(2.571, abs=0.001)
    layers = "maskgit.transformer.layers"
    heads = [(f"{layers}.3.1", 3), (f"{layers}.1.1", 3), (f"{layers}.0.2", 3)]
    heads += [(f"{layers}.2.2", 3)]
    known = [(0.114, 0.014), (0.042, 0.011), (0.039, 0.010), (0.029, 0.007)]
    for effect, (mean, error) in zip(sweep(model, tried, heads), known, strict=True):
        assert effect.is_sure and effect.mean == pytest.approx(mean, abs=0.001)
        assert np.std(effect.rises, ddof=1) / math.sqrt(20) == pytest.approx(error, abs=0.001)
    # self, then cross, L0 to L3
    rises = [0.064, 0.075, 0.075, 0.184, 0.065, 0.081, 0.110, 0.083]
    every = [(f"{layers}.{layer}.{part}", None) for part in (1, 2) for layer in range(4)]
    for effect, known_rise in zip(sweep(model, tried, every), rises, strict=True):
        assert effect.mean == pytest.approx(known_rise, abs=0.001)
        # Of the first layer's self heads three clips in ten do better without: not sure of others.
        assert effect.is_sure == (known_rise != 0.064), (effect.module, effect.interval)
    whole = masked_losses(model, tried)
    off = {(f"{layers}.{layer}.2", head) for layer in range(4) for head in range(4)}
    cross = masked_losses(model, tried, Switches(off=frozenset(off))) - whole
    assert cross.mean() == pytest.approx(0.801, abs=0.001)
