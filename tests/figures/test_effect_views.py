"""What heads are worth, drawn and said: costliest first, each figure with its interval."""

import numpy as np
import torch

from phenaki_viz.evaluation.effects import HeadEffect, Trials
from phenaki_viz.figures.effect_views import effects_heading, effects_picture, effects_sentence

LAYERS = "maskgit.transformer.layers"


def effect(module: str, head: int, *rises: float) -> HeadEffect:
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
    assert picture.made_by["mask_seeds"] == [5, 6, 7] and picture.made_by["weights_digest"] == "abc"
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
