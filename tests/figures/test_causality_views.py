"""The causality probe drawn and said: every figure is the probe's own."""

import numpy as np
import pytest

from phenaki_viz.evaluation.reach import Causality, ModuleReach, Reach
from phenaki_viz.export import FORMATS, read_provenance, render
from phenaki_viz.figures.causality_sentences import (
    known_without_model,
    margin_words,
    module_rows,
    probe_definition,
    probe_sentence,
    share,
)
from phenaki_viz.figures.causality_views import modules_picture, reach_picture
from phenaki_viz.recording.facts import FACTS

STACK = "cvivit.enc_temporal_transformer"
CLEAN = np.tril(np.full((3, 3), 0.5))
LEAKY = CLEAN + np.triu([[0, 0.125, 0.25], [0, 0, 0.0015], [0, 0, 0]], 1)


def module(place, kind, layer, through=CLEAN, alone=CLEAN):
    made = (Reach(relative=one, largest=one * 3, tolerance=1e-6) for one in (through, alone))
    reach, own = made
    return ModuleReach(name=f"{STACK}{place}", kind=kind, layer=layer, through=reach, alone=own)


def found(*modules):
    return Causality(stack=STACK, steps=3, tolerance=1e-6, modules=modules)


PEG = module(".layers.0.0", "PEG", 0, LEAKY, LEAKY)
NORM = module(".layers.0.1.norm", "norm", 0, LEAKY)
ATTENTION = module(".layers.0.1", "attention", 0, LEAKY / 2)
LAYER = module(".layers.0", "layer", 0, LEAKY, LEAKY)
WHOLE = module("", "stack", None, LEAKY / 5, LEAKY / 5)
LEAKING = found(PEG, NORM, ATTENTION, LAYER, WHOLE)
SOUND = found(ATTENTION.__class__(**vars(ATTENTION) | {"through": ATTENTION.alone}),
              module("", "stack", None))  # fmt: skip


def test_the_sentence_names_the_module_and_its_largest_leak():
    assert probe_sentence(LEAKING, masked=True) == (
        "The mask lets no query see a later time step; the PEG of L0 does: replacing time 2 "
        "changes time 0 by 25 % in L0 PEG. At the end, replacing time 2 changes time 0 by 5.0 %."
    )
    assert probe_sentence(LEAKING, masked=False).startswith("The PEG of L0 lets later steps thr")
    assert probe_sentence(SOUND, masked=True) == (
        "No later time step reaches an earlier one: with any step replaced, what 2 modules give "
        "before it stays equal to the last bit."
    )
    rounded = CLEAN + np.triu(np.full((3, 3), 2e-7), 1)
    near = found(module("", "stack", None, rounded, rounded))
    assert "stays equal within rounding" in probe_sentence(near, masked=True)
    assert "the nearest is 5 × away" in probe_definition(near)
    assert "nearest" not in probe_definition(LEAKING)


def test_attention_that_leaks_is_never_said_to_be_masked():
    leak = module(".layers.0.1", "attention", 0, LEAKY, LEAKY)
    later = module(".layers.2.0", "PEG", 2, LEAKY, LEAKY / 2)
    said = probe_sentence(found(leak, later, WHOLE), masked=True)
    assert said.startswith("The attention of L0 and the PEG of L2 lets later steps through")
    four = [module(f".layers.{at}.0", "PEG", at, LEAKY, LEAKY) for at in range(4)]
    assert "the PEG of L0 to L3 does" in probe_sentence(found(*four, WHOLE), masked=True)


def test_the_table_has_every_module_in_order():
    rows = module_rows(LEAKING)
    assert [row["module"] for row in rows] == [
        "L0 PEG", "L0 attention, its norm", "L0 attention", "L0 whole layer", "whole transformer",
    ]  # fmt: skip
    assert rows[0]["alone"] == "time 2 → 0, 25 %" and rows[1]["alone"] == "no"
    assert rows[1]["margin"] == "to the last bit" and rows[0]["margin"] == "1,500 ×"


@pytest.mark.parametrize(
    ("change", "said"), [(1.05, "105 %"), (0.12, "12 %"), (0.004, "0.4 %"), (2e-6, "2e−6")]
)
def test_changes_are_said_shortly(change, said):
    assert share(change) == said


def test_margins_are_said_in_two_figures():
    assert margin_words(123_456.0) == "120,000 ×" and margin_words(float("inf")).endswith("bit")


def test_pictures_hold_the_numbers_of_the_probe():
    picture = reach_picture(LEAKING, PEG, "alone", {"weights_digest": "abc"})
    np.testing.assert_array_equal(picture.values, LEAKY.astype(np.float32))
    assert picture.query.names == ("time 0", "time 1", "time 2") and picture.hidden is None
    assert picture.provenance["module"] == f"{STACK}.layers.0.0"
    assert picture.values[0, 2] == pytest.approx(0.25)
    every = modules_picture(LEAKING, "through", {})
    assert every.heads == ("PEG", "attention", "layer") and every.layers == ("L0",)
    np.testing.assert_array_equal(every.thumbnails[0, 1], (LEAKY / 2).astype(np.float32))


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_holds_what_made_it(kind):
    for picture in (
        reach_picture(LEAKING, WHOLE, "through", {}),
        modules_picture(LEAKING, "alone", {}),
    ):
        assert read_provenance(render(picture, kind))["shows"] == "causality probe"


def test_a_recording_says_what_its_convolutions_were():
    entry = {"stack": STACK, "causal": True, "layout": "published"}
    told = {FACTS: {"convolutions": [entry, entry | {"stack": "other", "causal": False}]}}
    assert known_without_model(told, STACK) == ("its PEG had the published layout, padded in front")
    assert "no convolution" in known_without_model(told, "third")
    assert "does not say" in known_without_model({}, STACK)
