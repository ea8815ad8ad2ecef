"""The page What if: asked for, worked on in slices, said with its figures, and led on from."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from phenaki_viz.data import DIGIT_CLIPS, digit_clip, read_prompt
from phenaki_viz.evaluation.changes import change_of
from phenaki_viz.evaluation.effects import sweep
from phenaki_viz.evaluation.trials import trials
from phenaki_viz.figures.change_sentences import tried_heading, tried_sentence
from phenaki_viz.figures.effect_views import by_worth, effects_heading, head_name
from phenaki_viz.figures.outcome_views import filled_title
from phenaki_viz.recording.interventions import ZeroHead
from phenaki_viz.recording.switches import Switches
from phenaki_viz.runs.model import RunOptions, run_model
from tests.runs.trained import clip, phenaki
from tests.sent import sent, words_on


def drawn(kind):
    from phenaki_viz.data import read_prompt
    from phenaki_viz.runs.files import open_recording, recording_bytes
    from phenaki_viz.runs.model import run_model
    from phenaki_viz.ui.views.what_if import what_if_page
    from tests.runs.trained import clip, phenaki

    model = phenaki()
    run = run_model(
        model.maskgit if kind == "maskgit" else model, clip(), read_prompt("left right")
    )
    what_if_page(open_recording(("x", recording_bytes(run))) if kind == "file" else run)


def page(kind="whole", **link):
    at = AppTest.from_function(drawn, default_timeout=120, args=(kind,))
    for name, said in link.items():
        at.query_params[name] = said
    return at.run()


def clips_of(count):
    captions = list(DIGIT_CLIPS.values())[:count]
    return [(digit_clip(one), read_prompt(one)) for one in captions]


def measured(clips, masks, share):
    return sweep(phenaki(), trials(phenaki(), clips_of(clips), masks=masks, share=share))


def off(head):
    """What the page weighs by itself: a head of the only self-attention."""
    made = trials(phenaki(), clips_of(10), masks=2)
    module = "maskgit.transformer.layers.0.1"
    return change_of(phenaki(), made, [ZeroHead(module=module, head=head)]), made


def test_one_head_is_weighed_at_once_and_nothing_is_changed_by_it():
    at = page()
    assert not at.exception and not at.dataframe
    change, made = off(1)
    said = words_on(at)
    assert tried_heading("self L0 H1", change) in said
    assert tried_sentence(change, made) in said
    assert f"{change.before.mean():.3f} nats" in tried_sentence(change, made)
    assert "10 clips × 2 masks, 90 % of the tokens masked" in tried_sentence(change, made)
    assert [one.value for one in at.header] == [
        "What it fills in", "What happens to the maps", "What it generates",
    ]  # fmt: skip


def test_a_link_says_which_head_is_weighed_and_the_clip_is_filled_in_without_it():
    at = page(weighed="self L0 H0")
    change, _ = off(0)
    assert tried_heading("self L0 H0", change) in words_on(at)
    switches = Switches(off=frozenset({("maskgit.transformer.layers.0.1", 0)}))
    options = RunOptions(switches=switches, frames=5)
    without = run_model(phenaki(), clip(), read_prompt("left right"), options).outcome
    titles = [sent(at, which)[0].get("direction") for which in range(len(at.get("bidi_component")))]
    assert filled_title("Self L0 H0 off", without) in titles


def test_the_head_chosen_on_another_page_is_weighed_from_then_on():
    at = page()
    at.session_state["wishes"] = {"head": 1}
    at.run()
    at.session_state["wishes"] = {"head": 0}
    at.run()
    assert tried_heading("self L0 H0", off(0)[0]) in words_on(at)
    assert at.query_params["weighed"] in ("self L0 H0", ["self L0 H0"])


def drawn_with_picks():
    import streamlit as st

    from phenaki_viz.data import read_prompt
    from phenaki_viz.runs.model import run_model
    from phenaki_viz.ui.views import what_if, what_if_head
    from phenaki_viz.ui.work import fragment_jobs
    from tests.runs.trained import clip, phenaki

    run = run_model(phenaki(), clip(), read_prompt("left right"))
    fragment_jobs.draw_place()
    grid = what_if_head._grid(run, ())
    for row, column in ((1, 0), (1, 9)):
        st.button(
            "Pick", key=f"{row}.{column}", on_click=what_if_head._pick,
            args=(run, grid, row, column),
        )  # fmt: skip
    what_if.what_if_page(run)


def test_a_tile_that_is_picked_is_weighed_and_looked_at_on_the_other_pages():
    at = AppTest.from_function(drawn_with_picks, default_timeout=120).run()
    at.button(key="1.0").click().run()
    assert not at.exception
    cross = ZeroHead(module="maskgit.transformer.layers.0.2", head=0)
    change = change_of(phenaki(), trials(phenaki(), clips_of(10), masks=2), [cross])
    assert tried_heading("cross L0 H0", change) in words_on(at)
    assert at.session_state["maps"] == "cross" and at.session_state["wishes"]["head"] == 0
    at.button(key="1.9").click().run()  # no head is there
    assert not at.exception and tried_heading("cross L0 H0", change) in words_on(at)


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
    grids = [sent(at, which) for which in range(len(at.get("bidi_component")))]
    header, parts = next(one for one in grids if one[0].get("id") == "grid.whatif")
    rows = [f"{head_name(one)}" for one in effects]
    assert [f"{layer} {head}" for layer in header["layers"] for head in header["heads"]] == rows
    np.testing.assert_allclose(parts["values"], [one.mean for one in effects], atol=1e-6)


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
    assert not at.exception and at.header[-1].value == "What predicts it?"
    said = [text.value for text in at.text]
    assert any("predicts what these heads are worth" in one or "goes" in one for one in said)
