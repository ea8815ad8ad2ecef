"""Sentences of the pages: planted numbers in, each clause with its figure out."""

from dataclasses import replace

import numpy as np
import pytest

from phenaki_viz.analysis.position import masses_alone
from phenaki_viz.analysis.reading import Reading
from phenaki_viz.analysis.words import keys_seen
from phenaki_viz.evaluation.effects import HeadEffect
from phenaki_viz.figures.colour import ColourScale
from phenaki_viz.figures.effect_views import effect_words
from phenaki_viz.figures.head import Head
from phenaki_viz.figures.mask_sentences import mask_heading, query_masks
from phenaki_viz.figures.position_sentences import alibi_sentence, bias_heading, bias_sentence
from phenaki_viz.figures.read_views import keys_read
from phenaki_viz.figures.sampling_sentences import half_settled, sampling_heading, step_sentence
from phenaki_viz.figures.training_sentences import entropy_note, fallen, loss_sentence
from phenaki_viz.figures.word_sentences import (
    best_said,
    key_said,
    routing_sentence,
    word_heading,
    word_sentence,
)
from phenaki_viz.recording import HeadMap, Places, PositionBias, Recording
from phenaki_viz.runs.sampled import DecodingStep
from tests.analysis.planted_heads import cross_record as planted_cross
from tests.analysis.records import planted, uniform

# ---- Text


@pytest.mark.parametrize(
    ("auc", "said"),
    [
        (0.99, "L1 H3 reads “two” more where there is something (AUC 0.99)"),
        (0.56, "L1 H3 reads “two” about alike everywhere (AUC 0.56)"),
        (0.2, "L1 H3 reads “two” more where there is nothing (AUC 0.20)"),
        (float("nan"), "L1 H3 · tokens that read “two”"),
    ],
)
def test_a_word_is_said_to_be_read_where_it_is(auc, said):
    assert word_heading("L1 H3", key_said("two", 2, 2), auc) == said


def test_words_that_cannot_be_correlated_are_not():
    said = routing_sentence("L1 H3", ("two", "seven"), 0.254)
    assert said.startswith("L1 H3 over all tokens: the weights on “two” and on “seven” have a ")
    assert "correlation of 0.25. A map says where" in said
    assert routing_sentence("L1 H3", ("two", "two"), float("nan")).startswith("A map says where")


def test_bars_say_how_much_each_key_is_read():
    one = planted_cross()
    picture = keys_read(Head(Recording([one], {}), one, 0, 0))
    (bars,) = picture.curves
    np.testing.assert_allclose(bars.y, [0.05, 0.05, 0.8, 0.05, 0.05], atol=1e-6)
    assert bars.hover[2] == "two: 0.8" and list(picture.x_labels)[:3] == ["null 1", "null 2", "two"]
    assert picture.title == "How much each key is read: mean weight over all tokens, L0 H0"
    assert keys_seen(HeadMap(one, 0, 0)) == 5


def test_nulls_are_no_words():
    assert [key_said(name, 2, at) for at, name in enumerate(("null 1", "null 2", "two"))] == [
        "null key 1", "null key 2", "“two”",
    ]  # fmt: skip


def reading(*auc):
    return Reading(
        auc=np.array([[auc]]), there=np.full((1, 1, 2), 0.55), elsewhere=np.full((1, 1, 2), 0.039)
    )


def test_tokens_with_something_on_them_are_set_against_the_others():
    assert word_sentence(reading(0.9, 0.5), 0, 0, 0, mean=0.13, keys=6) == (
        "13 % of all weight goes to it (0.8 × uniform): tokens with something on them give it "
        "55 %, the others 3.9 %."
    )


def test_below_an_auc_of_six_tenths_no_head_is_said_to_read_it_more():
    layers = (4,)
    said = best_said(reading(0.56, 0.5), 0, "“moving”", layers)
    assert said == "No head reads “moving” more there (the best, L4 H0, has an AUC of 0.56)."
    said = best_said(reading(0.56, 0.61), 0, "“two”", layers)
    assert said == "L4 H1 reads “two” most where there is something (AUC 0.61)."
    assert "cannot be told" in best_said(reading(np.nan, np.nan), 0, "“two”", layers)


# ---- Position

GRID = (3, 4, 5)


def bias(of):
    """A position bias of one head, by its offsets query − key."""
    offsets = np.meshgrid(*(np.arange(1 - n, n) for n in GRID), indexing="ij")
    surface = np.asarray(of(*offsets), np.float32)[None]
    return PositionBias(module="bias", dimensions=GRID, surface=surface)


def test_a_bias_for_the_own_time_step_is_said_to_keep_it():
    own = bias(lambda t, r, c: np.where(t == 0, 0.0, -np.log(9.0)))
    mass = masses_alone(own, 0)["own step"]
    assert mass.mass == pytest.approx(20 / (20 + 40 / 9)) and mass.uniform == pytest.approx(1 / 3)
    assert bias_heading(own, 0, "MaskGit") == (
        "MaskGit H0: by position alone, 82 % of its weight in its own time step (2.5 × uniform)"
    )
    assert bias_sentence(own, 0, 1) == (
        "It adds −2.20 to 0.00 to the score, so that the best-placed patch outweighs the "
        "worst-placed 9.0 times; at Δt +1 it adds −2.20 to all."
    )


@pytest.mark.parametrize(("value", "said"), [(-0.13, "−0.13"), (0.0, "0.00"), (3e4, "+30000.00")])
def test_a_bias_that_is_the_same_everywhere_is_said_once_and_chooses_nothing(value, said):
    flat = PositionBias(
        module="bias", dimensions=(1, 1, 1), surface=np.full((1, 1, 1, 1), value, np.float32)
    )
    wanted = f"It adds {said} to the score wherever a patch is: position alone chooses nothing."
    assert (
        bias_sentence(flat, 0, 0)
        == wanted
        == bias_sentence(bias(lambda *at: value + 0 * at[0]), 0, 1)
    )


def test_a_bias_looks_back_where_it_says_so():
    back = bias(lambda t, r, c: np.where(t == 1, 9.0, 0.0))  # query − key: the key is earlier
    masses = masses_alone(back, 0)
    assert masses["step before"].ratio > masses["step after"].ratio
    assert "one time step back" in bias_heading(back, 0, "MaskGit")


def test_a_flat_bias_chooses_nothing_and_a_broken_one_is_named():
    flat = bias(lambda t, r, c: 0 * t)
    assert "position alone chooses nothing" in bias_heading(flat, 0, "MaskGit")
    broken = bias(lambda t, r, c: np.where(t == 2, np.nan, 0.0))
    assert masses_alone(broken, 0) == {}
    assert "not finite" in bias_heading(broken, 0, "MaskGit")


def test_alibi_is_said_beside_how_far_a_query_can_look():
    record = alibi_record()
    assert alibi_sentence(record, 0).startswith("H0 halves a weight every 2.77 tokens of distance")
    assert "(4 tokens), 37 % of it is left" in alibi_sentence(record, 0)


def alibi_record():
    from phenaki_viz.recording.records import Alibi

    record = planted(uniform(1, 2, 5, 5), causal=True)
    return replace(
        record, alibi=Alibi(slopes=np.array([0.25, 0.0625], np.float32), max_abs_error=0)
    )


# ---- Masks


def test_masks_are_said_by_what_they_leave():
    places = Places((1, 1, 5), "video")
    free = planted(uniform(1, 1, 5, 5), places)
    assert mask_heading(free, 0).endswith("nothing is masked, every query may look at all 5 keys")
    cut = np.zeros((1, 5, 5), bool)
    cut[0, 1, 2] = True
    edges = np.concatenate([cut, np.zeros_like(cut)])
    one = planted(uniform(1, 2, 5, 5), places, cut_edges=edges)
    assert mask_heading(one, 0).endswith("no mask, but edges that are cut in single heads")
    causal = planted(np.tril(np.ones((1, 1, 5, 5))), places, causal=True)
    assert mask_heading(causal, 0) == "L0 · self: causal, a query may look at 1 to 5 of 5 keys"
    assert query_masks(causal, 0, 2) == (
        "Time 0, row 0, column 2 may look at 3 of 5 keys: 2 come later."
    )
    padded = replace(causal, key_mask=np.array([[False, True, True, True, False]]))
    assert mask_heading(padded, 0) == (
        "L0 · self: causal and padded, a query may look at 0 to 3 of 5 keys"
    )
    assert query_masks(padded, 0, 0).endswith("may look at no key: its weights mean nothing.")
    assert "1 comes later, 1 is padding and 1 comes later and is padding" in query_masks(
        padded, 0, 2
    )
    assert query_masks(causal, 0, 3).endswith("4 of 5 keys: 1 comes later.")


# ---- Sampling


def step(masked, again, confidence=0.5):
    masked, again = (np.array(one, bool).reshape(1, 2, 2) for one in (masked, again))
    return DecodingStep(
        masked=masked, again=again, changed=masked & again, codes=np.zeros((1, 2, 2), int),
        confidence=np.full((1, 2, 2), confidence, np.float32),
    )  # fmt: skip


STEPS = (
    step([1, 1, 1, 1], [0, 1, 1, 1]),
    step([0, 1, 1, 1], [0, 0, 0, 1]),
    step([0, 0, 0, 1], [0] * 4),
)


def test_half_of_the_tokens_stand_by_the_step_that_filled_them_in_last():
    assert half_settled(np.stack([one.masked for one in STEPS])) == 2  # 1, 2, 2, 3
    assert sampling_heading("two", STEPS) == (
        "“two”: half of 4 tokens stand for good by decoding step 2 of 3"
    )
    assert sampling_heading("", STEPS).startswith("Without a text: ")


def test_a_decoding_step_is_said_with_its_figures():
    assert step_sentence(STEPS[1], 2, 3) == (
        "Decoding step 2 of 3 fills in 3 tokens (mean confidence 0.50), 1 of them with another "
        "code than before, and masks 1 of them again."
    )
    assert step_sentence(STEPS[2], 3, 3).endswith(
        "fills in 1 token (mean confidence 0.50), and masks none again."
    )


# ---- Train


def test_a_loss_is_said_by_where_it_began_and_ended():
    assert fallen([5.0, 4.0, 3.0], "nats a token", 1200) == (
        "the loss went from 5 to 3 nats a token in 1,200 training steps"
    )
    means = [5.3, 4.1, *[3.4] * 97, 3.1]  # of 65 steps each, as a file's record keeps them
    assert fallen(means, "nats a token", 6500).startswith("the loss went from 5.3 to 3.1 nats")
    assert fallen(means, "nats a token", 100).startswith("the loss went from 4.7 to 3.37 nats")
    assert fallen([], "nats", 0) == "" and fallen([float("nan")], "nats", 1) == ""
    assert loss_sentence([], 0) == "No training step is done yet."
    assert loss_sentence([1.0], 1).startswith("The loss went from 1 to 1 times")


def test_what_is_below_zero_is_said_with_a_minus_and_not_with_a_hyphen():
    ends = ColourScale(low=-5.47, high=5.47, palette="RdBu_r", scope="all heads").describe()
    assert ends == "colour linear from −5.47 to 5.47, ends from all heads"
    small = ColourScale(low=-2e-5, high=1e-4, most=2e-4).describe()
    assert "from −2e−5 to 0.0001 and above (largest 0.0002)" in small
    less = HeadEffect(module="maskgit", head=0, rises=np.array([-0.001, -0.003]))
    assert effect_words(less).startswith("−0.002 ± ")


def test_a_head_that_does_not_choose_has_the_entropy_of_the_keys_that_it_sees():
    blind_at_first = planted(
        uniform(1, 1, 4, 4), causal=True, key_mask=np.array([[0, 1, 1, 1]]) > 0
    )
    assert entropy_note(HeadMap(blind_at_first, 0, 0)).startswith(
        "A head that does not choose has 0.86 bits"  # of 1, 2 and 3 keys
    )
