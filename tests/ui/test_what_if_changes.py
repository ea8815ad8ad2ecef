"""What is in force on the page What if: one list, in the link, taken back one by one, measured."""

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from phenaki_viz.evaluation.changes import change_of
from phenaki_viz.evaluation.trials import trials
from phenaki_viz.figures.change_sentences import (
    change_heading,
    divergence_words,
    moved_words,
    tried_heading,
)
from phenaki_viz.recording.interventions import (
    CutEdges,
    DropText,
    ScalePosition,
    SwapText,
    TransferMap,
    ZeroHead,
    from_json,
    to_json,
)
from tests.runs.trained import clip, phenaki
from tests.sent import sent, words_on

LAST = ZeroHead(module="maskgit.transformer.layers.0.1", head=1)


def drawn():
    import streamlit as st

    from phenaki_viz.data import read_prompt
    from phenaki_viz.runs.model import RunOptions
    from phenaki_viz.ui.source import ablation
    from phenaki_viz.ui.views.what_if import what_if_page
    from phenaki_viz.ui.work import page_jobs, run_cache
    from phenaki_viz.ui.work.requests import LookRequest
    from phenaki_viz.ui.work.run_cache import RunRequest
    from tests.runs.trained import clip, phenaki

    model = phenaki()
    options = RunOptions(switches=ablation.draw(model))
    request = LookRequest(
        model=model, clip=clip(), prompt=read_prompt("left right"), options=options
    )
    wanted = RunRequest(request, ablation.all_on)
    st.session_state[run_cache.GOOD] = wanted
    page_jobs.run_waiting()
    what_if_page(run_cache.get_run(wanted))


def page(link=""):
    at = AppTest.from_function(drawn, default_timeout=120)
    if link:
        at.query_params["changes"] = link
    at.session_state["effect_clips"] = 2
    at.run()
    assert not at.exception
    return at


def press(at, name):
    (button,) = (one for one in at.button if one.label == name)
    button.click().run()
    at.run()
    assert not at.exception
    return at


def listed(at):
    return [one.label for one in at.button if (one.key or "").startswith("whatif.back.")]


def link_of(at):
    kept = at.query_params["changes"]
    return kept if isinstance(kept, str) else kept[0]


def in_link(at):
    return from_json(link_of(at))


def measured(*given):
    from phenaki_viz.data import DIGIT_CLIPS, digit_clip, read_prompt

    captions = list(DIGIT_CLIPS.values())[:2]
    made = trials(phenaki(), [(digit_clip(one), read_prompt(one)) for one in captions])
    return change_of(phenaki(), made, given)


def test_what_is_offered_is_in_force_with_one_click_and_measured():
    at = press(page(), "self L0 H1 off")
    change = measured(LAST)
    assert change_heading([LAST], change) in words_on(at)
    shown = {one.label: one.value for one in at.metric}
    assert shown["Tokens that change"] == moved_words(change).partition(" (")[0]
    assert shown["Divergence of the output"] == divergence_words(change).partition(" (")[0]
    assert listed(at) == ["self L0 H1 off"] and at.multiselect(key="off").value == ["self L0 H1"]
    press(at, "self L0 H1 off")  # takes it back
    assert not listed(at) and at.multiselect(key="off").value == []
    assert tried_heading("self L0 H1", change) in words_on(
        at
    )  # weighed still, and in force nowhere
    assert change_heading([LAST], change) not in words_on(at)


def test_changes_add_up_stand_in_the_link_and_go_one_by_one():
    at = press(page(), "position bias × 0")
    at.selectbox(key="whatif.kind").set_value("swap").run()
    at.text_input(key="whatif.text").set_value("a <b>b</b>").run()
    press(at, "Change it")
    given = (ScalePosition(factor=0.0, module="maskgit"), SwapText(text="a <b>b</b>"))
    assert in_link(at) == given
    assert len(listed(at)) == 2 and listed(at)[0] == "position bias × 0"
    assert change_heading(given, measured(*given)) in words_on(at)
    at = press(page(to_json(given)), "position bias × 0")  # the same link in another window
    assert len(listed(at)) == 1 and in_link(at) == given[1:]
    at = page(to_json([DropText(), CutEdges(reads="other steps", module="maskgit")]))
    press(at, "Take all back")
    assert not listed(at) and "changes" not in at.query_params


def test_one_word_is_cut_for_one_head_and_named_by_the_text_at_hand():
    at = page()
    at.selectbox(key="whatif.kind").set_value("cut").run()
    at.selectbox(key="whatif.reads").set_value("one word").run()
    at.selectbox(key="whatif.word").set_value(1).run()
    at.selectbox(key="whatif.head.True").set_value(1).run()
    at.selectbox(key="whatif.by").set_value("patches of time 2").run()
    press(at, "Change it")
    cut = CutEdges(reads="one word", word=1, module="maskgit", head=1, step=2)
    assert in_link(at) == (cut,)
    assert listed(at) == ["nothing read from word 2 “right” by time 2, H1"]
    assert change_heading([cut], measured(cut)) in words_on(at)


def test_one_patch_is_cut_by_numbers_and_by_pointing_at_a_cell():
    at = page()
    at.selectbox(key="whatif.kind").set_value("cut").run()
    at.selectbox(key="whatif.reads").set_value("one patch").run()
    at.number_input(key="whatif.key.time").set_value(1).run()
    at.number_input(key="whatif.key.column").set_value(0).run()
    at.selectbox(key="whatif.by").set_value("a patch by its numbers").run()
    at.number_input(key="whatif.query.time").set_value(0).run()
    row = at.number_input(key="whatif.key.row").value
    press(at, "Change it")
    (cut,) = in_link(at)
    assert (cut.reads, cut.key_step, cut.key_patch) == ("one patch", 1, (row, 0))
    assert cut.step == 0 and cut.patch is not None
    assert listed(at)[0].startswith(f"nothing read from time 1, row {row}, column 0 by time 0, row")
    name = at.selectbox(key="whatif.map").value
    at.session_state["whatif.pointed"] = (name, 9, 2)  # as a click on the map's cell says it
    at.run()
    assert any(one.value.startswith(f"{name}: time ") for one in at.text)
    press(at, "Cut this edge")
    assert len(in_link(at)) == 2 and in_link(at)[1].step is not None


SOURCE = TransferMap(
    module=LAST.module, head=1, clip="seven moving right", prompt="left left", seed=3
)


def test_the_map_of_another_run_is_put_in_named_by_what_it_is_of_and_measured():
    from phenaki_viz.evaluation.transfers import with_maps

    at = page()
    at.selectbox(key="whatif.kind").set_value("map").run()
    assert at.selectbox(key="whatif.where.map").value == LAST.module  # the head at hand
    assert at.selectbox(key="whatif.head.first").value == LAST.head
    at.selectbox(key="whatif.map.clip").set_value(SOURCE.clip).run()
    at.text_input(key=f"whatif.map.text.{SOURCE.clip}").set_value(SOURCE.prompt).run()
    at.number_input(key="whatif.map.seed").set_value(SOURCE.seed).run()
    press(at, "Change it")
    label = "self L0 H1 with the map of “seven moving right” with “left left”, seed 3"
    assert listed(at) == [label] and in_link(at) == (SOURCE,)
    (made,) = with_maps(phenaki(), [SOURCE])
    assert change_heading([made], measured(made)) in words_on(at)
    again = page(link_of(at))  # the link makes the same run, and the same map
    assert listed(again) == [label] and change_heading([made], measured(made)) in words_on(again)
    press(again, label)
    assert not listed(again) and "changes" not in again.query_params


def test_the_map_of_a_recording_is_named_by_its_digest_and_missed_in_words(tmp_path):
    from phenaki_viz.data import read_prompt
    from phenaki_viz.runs.files import save_recording
    from phenaki_viz.runs.model import run_model
    from phenaki_viz.ui.work import run_cache

    run = run_model(phenaki(), clip(), read_prompt("right right"))
    save_recording(tmp_path / "run.safetensors", run)
    at = page()
    at.selectbox(key="whatif.kind").set_value("map").run()
    at.segmented_control(key="whatif.map.of").set_value("recording").run()
    at.text_input(key="whatif.map.path").set_value(str(tmp_path / "run.safetensors")).run()
    press(at, "Change it")
    ((one,), link) = in_link(at), link_of(at)
    assert one.recording and not one.clip and str(tmp_path) not in link
    assert listed(at) == [f"self L0 H1 with the map of recording {one.recording}"]
    run_cache.shelf().things.clear()
    gone = page(link.replace(one.recording, "0123456789ab"))
    assert not listed(gone)
    assert any("recording 0123456789ab is not here" in text.value for text in gone.text)


def test_maps_before_now_and_their_difference_are_those_of_the_two_runs():
    from phenaki_viz.data import read_prompt
    from phenaki_viz.recording.switches import Switches
    from phenaki_viz.runs.model import RunOptions, run_model

    cut = CutEdges(reads="other steps", module="maskgit")
    at = page(to_json([cut]))
    name = at.selectbox(key="whatif.map").value
    number = {f"self L0 H{head}": head for head in range(2)}[name]
    runs = [
        run_model(
            phenaki(), clip(), read_prompt("left right"), RunOptions(switches=Switches(also=also))
        )
        for also in ((), (cut,))
    ]
    whole, now = (
        next(one for one in run.recording if one.module == LAST.module).map.full(0, number)
        for run in runs
    )
    step = np.arange(len(now)) // (len(now) // 3)  # 5 frames are 3 steps
    cut_away = np.where(step[:, None] != step, np.nan, now)
    assert (now[np.isnan(cut_away)] == 0).all()
    wanted = {"before": whole, "now": cut_away, "difference": now - whole}
    maps = {}
    for which in range(len(at.get("bidi_component"))):
        header, parts = sent(at, which)
        maps[header.get("id")] = header, parts
    for key, values in wanted.items():
        header, parts = maps[f"whatif.{key}"]
        np.testing.assert_allclose(parts["values"].reshape(header["shape"]), values, atol=1e-6)
    scale = maps["whatif.difference"][0]["scale"]
    assert scale["low"] == -scale["high"] != 0


@pytest.mark.parametrize(
    "link",
    [
        "x", "[1]", "{}", "[" * 5000, '[{"do": "mean head"}]', '[{"do": []}]',
        '[{"do": "scale position", "factor": 1e999}]', "null", '["do"]',
    ],
)  # fmt: skip
def test_a_link_that_cannot_be_read_changes_nothing(link):
    at = page(link)
    assert not listed(at) and not at.error


def test_a_change_that_does_not_fit_the_model_is_said_and_left_out():
    at = page(json.dumps([{"do": "drop text"}, {"do": "cut depth", "module": "x", "kept": 1}]))
    assert listed(at) == ["no text"]
    assert any("cannot be cut after 1 layers" in one.value for one in at.text)


def test_a_cut_that_leaves_nothing_to_read_is_a_sentence():
    at = AppTest.from_function(drawn, default_timeout=120)
    both = [CutEdges(reads=one, module="maskgit") for one in ("words", "null keys")]
    at.query_params["changes"] = to_json(both)
    at.run()
    assert "would be left with no key to read" in at.exception[0].value


def test_the_clip_is_generated_twice_from_one_seed():
    from phenaki_viz.ui.views.what_if_clip import STEPS

    at = page(to_json([DropText()]))
    press(at, "Generate both")
    assert len(at.get("imgs")) == 2 or len(at.get("image")) == 2
    assert any(f"seed 15, {STEPS} decoding steps" in one.value for one in at.text)


def test_a_head_at_its_mean_is_measured_where_it_is_used():
    at = page()
    at.selectbox(key="whatif.kind").set_value("mean").run()
    at.selectbox(key="whatif.where.mean").set_value(LAST.module).run()
    at.selectbox(key="whatif.head.False").set_value(LAST.head).run()
    press(at, "Change it")
    assert listed(at) == ["self L0 H1 at its mean"]
    assert json.loads(link_of(at)) == [{"do": "mean head", "module": LAST.module, "head": 1}]
    assert listed(page(link_of(at))) == listed(at)
    press(at, "self L0 H1 at its mean")
    assert not listed(at)
