"""The page What if: asked for, worked on in slices, said with its figures, and led on from."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from phenaki_viz.data import DIGIT_CLIPS, digit_clip, read_prompt
from phenaki_viz.evaluation.effects import sweep, trials
from phenaki_viz.figures.effect_views import by_worth, effects_heading, head_name
from tests.runs.trained import phenaki
from tests.sent import words_on


def drawn(kind):
    from phenaki_viz.data import read_prompt
    from phenaki_viz.runs.files import open_recording, recording_bytes
    from phenaki_viz.runs.model import look
    from phenaki_viz.ui.views.what_if import what_if_page
    from tests.runs.trained import clip, phenaki

    model = phenaki()
    run = look(model.maskgit if kind == "maskgit" else model, clip(), read_prompt("left right"))
    what_if_page(open_recording(("x", recording_bytes(run))) if kind == "file" else run)


def page(kind="whole"):
    return AppTest.from_function(drawn, default_timeout=120, args=(kind,)).run()


def measured(clips, masks, share):
    captions = list(DIGIT_CLIPS.values())[:clips]
    made = trials(
        phenaki(), [(digit_clip(one), read_prompt(one)) for one in captions],
        masks=masks, share=share,
    )  # fmt: skip
    return sweep(phenaki(), made)


def test_nothing_is_switched_off_before_it_is_asked_for():
    at = page()
    assert not at.exception and not at.dataframe
    assert "What if a head were switched off?" in words_on(at)
    assert "10 clips × 2 masks, 90 % of the tokens masked" in at.text[0].value


def test_what_is_measured_is_said_drawn_and_listed():
    at = page()
    at.number_input(key="effect_clips").set_value(2).run()
    at.number_input(key="effect_masks").set_value(3).run()
    at.slider(key="effect_hidden").set_value(50).run()
    at.button(key="whatif.start").click().run()
    assert not at.exception
    effects = measured(2, 3, 0.5)
    assert effects_heading(effects) in words_on(at)
    table = at.dataframe[0].value
    assert list(table["head"]) == [head_name(one) for one in by_worth(effects)]
    np.testing.assert_allclose(table["rise"], [one.mean for one in by_worth(effects)], atol=1e-6)
    assert list(table["sure"]) == [one.is_sure for one in by_worth(effects)]


def test_other_settings_are_asked_for_again():
    at = page()
    at.number_input(key="effect_clips").set_value(1).run()
    at.button(key="whatif.start").click().run()
    assert len(at.dataframe) == 1
    at.number_input(key="effect_masks").set_value(5).run()
    assert not at.dataframe and not at.exception
    at.number_input(key="effect_masks").set_value(2).run()
    assert len(at.dataframe) == 1  # kept: it is not measured anew


@pytest.mark.parametrize(
    ("kind", "why"), [("maskgit", "MaskGit is no whole Phenaki"), ("file", "not the model")]
)
def test_a_model_that_cannot_be_asked_is_told_so(kind, why):
    at = page(kind)
    assert not at.exception and not at.button
    assert why in " ".join([*(one.value for one in at.info), *(one.value for one in at.text)])


def test_what_predicts_the_worth_is_said_and_drawn_once_it_is_known():
    at = page()
    assert not [one for one in at.selectbox if one.key == "worth_by"]
    at.number_input(key="effect_clips").set_value(2).run()
    at.button(key="whatif.start").click().run()
    assert not at.exception and [one.value for one in at.header] == ["What predicts it?"]
    said = [text.value for text in at.text]
    assert any("predicts what these heads are worth" in one or "goes" in one for one in said)
