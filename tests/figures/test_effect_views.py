"""What heads are worth, drawn and said: costliest first, each figure with its interval."""

import numpy as np
import torch

from phenaki_viz.evaluation.changes import Change
from phenaki_viz.evaluation.effects import HeadEffect, Trials
from phenaki_viz.figures.change_sentences import (
    change_heading,
    change_sentence,
    divergence_words,
    error_words,
    moved_words,
    rise_words,
    tried_heading,
    tried_sentence,
    verdict,
)
from phenaki_viz.figures.effect_views import (
    effect_words,
    effects_heading,
    effects_on_grid,
    effects_picture,
    effects_sentence,
    head_name,
)
from phenaki_viz.recording.interventions import ScalePosition, ZeroHead

LAYERS = "maskgit.transformer.layers"


def effect(module: str, head: int | None, *rises: float) -> HeadEffect:
    return HeadEffect(module=f"{LAYERS}.{module}", head=head, rises=np.array(rises))


EFFECTS = [
    effect("0.1", 0, 0.1, -0.1, 0.02),
    effect("0.2", 1, 0.3, 0.31, 0.32),
    effect("1.1", 2, 0.2, 0.21, 0.22),
]
ASKED = Trials(
    codes=torch.zeros(3, 1, 1, 1), masked=torch.ones(3, 1, 1, 1, dtype=torch.bool), context=None,
    seen=None, clips=("two",), masks=3, share=0.9, seed=5,
)  # fmt: skip


def test_the_costliest_head_comes_first_and_kinds_are_told_apart():
    picture = effects_picture(EFFECTS, ASKED, {"weights_digest": "abc"})
    assert picture.x_labels == ("cross L0 H1", "self L1 H2", "self L0 H0")
    own, cross = picture.curves
    assert (own.name, own.x.tolist(), cross.name, cross.x.tolist()) == (
        "self",
        [1, 2],
        "cross",
        [0],
    )
    np.testing.assert_allclose(cross.y, [0.31])
    np.testing.assert_allclose(cross.spread, [4.3027 * 0.01 / np.sqrt(3)], rtol=1e-4)
    assert cross.hover == ("cross L0 H1: +0.310 ± 0.025 nats",)
    assert "an interval that holds 0" in own.hover[1]
    assert (
        picture.provenance["mask_seeds"] == [5, 6, 7]
        and picture.provenance["weights_digest"] == "abc"
    )
    assert "1 clip × 3 masks, 90 % of the tokens masked" in picture.notes[0]


def test_the_sentence_has_its_figures():
    said = "Without cross L0 H1 the loss rises most: +0.310 ± 0.025 nats"
    assert effects_heading(EFFECTS) == said
    over = "Mean and 95 % interval over 1 clip × 3 masks, 90 % of the tokens masked, the same for"
    assert effects_sentence(EFFECTS, ASKED) == (
        f"{over} every head. For 1 of 3 heads it holds 0: of those nothing can be said."
    )
    assert effects_sentence(EFFECTS[1:], ASKED) == f"{over} every head."
    alone = effects_heading([effect("0.1", 0, 0.25)])
    assert "+0.250 nats in one trial, so with no interval" in alone
    assert effects_heading([]) == "No head was switched off"
    better = [effect("0.1", 0, -0.01, -0.012), effect("0.1", 1, -0.2, -0.21)]
    said = "Switching a head off never makes the loss rise: at most, without self L0 H0, by −0.011"
    assert effects_heading(better).startswith(said)


def test_layers_are_not_called_heads():
    layers = [effect("0.1", None, 0.1, -0.1, 0.02), effect("0.2", None, 0.3, 0.31, 0.32)]
    said = effects_sentence(layers, ASKED)
    assert "the same for every layer. For 1 of 2 layers it holds 0" in said
    picture = effects_picture(layers, ASKED, {})
    assert picture.title == "Each layer switched off: how much the loss rises"
    assert (picture.x_title, picture.y_title) == (
        "layer",
        "rise of the loss with the layer off (nats)",
    )


def test_one_trial_is_not_said_to_have_an_interval():
    one = Trials(
        codes=ASKED.codes[:1], masked=ASKED.masked[:1], context=None, seen=None, clips=("two",),
        masks=1, share=0.9, seed=5,
    )  # fmt: skip
    over = "ne trial without an interval, 1 clip × 1 mask, 90 % of the tokens masked"
    effects = [effect("0.1", 0, 0.25), effect("0.1", 1, 0.1)]
    assert effects_sentence(effects, one) == f"O{over}, the same for every head."
    assert effects_picture(effects, one, {}).notes[0].startswith(f"o{over}")
    assert f"hidden tokens, o{over}, each paired" in change_sentence(one)
    alone = Change(rises=np.array([0.25]))
    assert f"would do. O{over}, each paired" in tried_sentence(alone, one)


def test_no_rise_is_written_as_minus_zero():
    assert rise_words(Change(rises=np.array([-0.0002, -0.0003]))) == "0.000 nats (−0.001 to 0.000)"
    assert effect_words(effect("0.1", 0, -0.0001)).startswith("0.000 nats")


def test_effects_lie_on_the_grid_of_their_stack_and_a_layer_has_a_name_of_its_own():
    class Record:
        def __init__(self, module, heads):
            self.module, self.heads = f"{LAYERS}.{module}", heads

    grid = effects_on_grid(EFFECTS, [Record("0.1", (1, 0)), Record("1.1", (2, 0))])
    np.testing.assert_allclose(grid, [[np.nan, 0.02 / 3], [0.21, np.nan]], atol=1e-9)
    assert effects_on_grid(EFFECTS, [Record("3.1", (0,))]) is None
    assert head_name(effect("2.2", None, 0.1)) == "cross L2"


def test_a_change_is_said_with_its_interval_and_what_that_means():
    rises = np.array([0.10, 0.11, 0.12])
    given = [ZeroHead(module=f"{LAYERS}.3.1", head=3), ScalePosition(factor=0.5, module="maskgit")]
    change = Change(rises=rises, moved=np.array([0.3, 0.3, 0.3]), divergence=rises)
    assert change_heading(given, change) == (
        "Self L3 H3 off and position bias × 0.5: +0.110 nats (0.085 to 0.135), the model does worse"
    )
    assert (
        moved_words(change) == "30 % (30 to 30)" and divergence_words(change)[:10] == "0.110 nats"
    )
    assert verdict(Change(rises=-rises)) == "the model does better"
    assert tried_heading("self L3 H3", change) == (
        "Switching self L3 H3 off changes the loss by +0.110 nats (0.085 to 0.135): "
        "the model does worse without it"
    )
    assert "holds 0" in verdict(Change(rises=rises - 0.11))
    assert verdict(Change(rises=np.zeros(3))) == "nothing changes"
    assert rise_words(Change(rises=rises[:1])) == "+0.100 nats in one trial"
    assert error_words(0.061, 0.047) == "0.061 (+0.014 against 0.047)"
    assert error_words(0.047, 0.047) == "0.047 (as it was)" and error_words(None, 0.1) == ""
