"""The page Inside a head: said, drawn and chosen; what was not recorded is said, not drawn."""

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from phenaki_viz.analysis.head_table import head_row
from phenaki_viz.analysis.ledger import row_ledger
from phenaki_viz.analysis.term_maps import shares_of_head
from phenaki_viz.figures.head_sentences import row_sentence
from phenaki_viz.figures.ledger_sentences import decides, shares_sentence
from phenaki_viz.recording import HeadMap
from phenaki_viz.ui.components.stamps import LENGTH
from phenaki_viz.ui.state import patches
from phenaki_viz.ui.work import computed
from tests.sent import sent, unpack, words_on


def dialled(storage="dense", **dials):
    from phenaki_viz.data import read_prompt, sample_clip
    from phenaki_viz.models.dial import DialConfig
    from phenaki_viz.runs.dialled import run_dialled

    usual = {"layout": "joint", "heads": 3, "depth": 2, "dim": 32, "dim_head": 8, "frames": 5}
    config = DialConfig(height=32, width=48, patch=8, temporal_patch=2, **usual | dials)
    return run_dialled(config, sample_clip(), read_prompt("a b"), storage=storage)


def drawn(storage="dense", written=True, empty=False, twice=False, **dials):
    from dataclasses import replace

    from phenaki_viz.recording import Recording
    from phenaki_viz.ui.views.inside import inside_page
    from tests.ui.test_inside import dialled

    run = replace(dialled(storage, **dials), seconds=0.01)  # quick, whatever else the machine does
    if not written:
        for one in run.recording:
            object.__setattr__(one, "written", None)
    if twice:  # the same maps under the names of another transformer
        also = [replace(one, stack="mine", module=f"mine.{one.layer}") for one in run.recording]
        run = replace(run, recording=Recording((*run.recording, *also)))
    inside_page(replace(run, recording=Recording()) if empty else run)


def page(**how):
    at = AppTest.from_function(drawn, default_timeout=120, kwargs=how)
    at.session_state["layer"], at.session_state["head"] = 1, 2
    return at


def parts_of(at, key):
    """Header and arrays of one component of the page."""
    for which, component in enumerate(at.get("bidi_component")):
        header, _ = unpack(component.proto.bytes[:-LENGTH])
        if header.get("id") == key:
            return sent(at, which)
    raise AssertionError(f"no {key} on the page")


def ids(at):
    found = [unpack(one.proto.bytes[:-LENGTH])[0].get("id") for one in at.get("bidi_component")]
    return [one for one in found if one and one.startswith("inside.")]


@pytest.mark.parametrize("storage", ["dense", "factored"])
def test_the_page_says_and_draws_the_selected_head_s_ledger(storage):
    at = page(storage=storage).run()
    assert not at.exception
    record = _self_layer(storage, 1)
    head = HeadMap(record, 0, 2)
    assert f"L1 H2 {decides(shares_of_head(head))}" in words_on(at)
    assert row_sentence(head_row(head)) in words_on(at), "what the head does, as on every page"
    assert shares_sentence(shares_of_head(head)) in words_on(at)
    query = record.places.locate((2, 1, 2))[1]
    row = row_ledger(head, query)
    key = int(row.strongest(1)[0])
    _, parts = parts_of(at, "inside.one")
    bars = json.loads(bytes(parts["figure"]))
    found = row.of(key)
    ends = [trace["x"] for trace in bars["data"]]
    assert len(ends) == len(found.apart) + 2
    _, content = parts_of(at, "inside.content")
    shape = record.map.shape[2:]
    np.testing.assert_allclose(
        content["values"].reshape(shape)[query], row.apart["content"], atol=1e-4
    )
    header, weight = parts_of(at, "inside.weight")
    np.testing.assert_allclose(weight["values"].reshape(shape), head.tile((0, shape[0])), atol=1e-6)
    assert header["unit"] == "weight"
    kept = "inside.dimensions" in ids(at)
    assert kept == (storage == "factored")
    offered = [one for one in at.toggle if one.key == "inside_dims"]
    assert bool(offered) != kept and not any("are not kept" in one for one in words_on(at))
    if offered:  # a dense map: the model runs once more
        offered[0].set_value(True).run()
        assert not at.exception and "inside.dimensions" in ids(at)


def _self_layer(storage, layer):
    recording = dialled(storage).recording
    return next(one for one in recording if one.kind == "self" and one.layer == layer)


def test_weight_times_norm_and_the_counterfactual_are_named_and_drawn():
    at = page()
    at.session_state["inside_of"] = "written"
    at.run()
    record = _self_layer("dense", 1)
    header, parts = parts_of(at, "inside.weight")
    assert header["unit"] == "weight × ‖v W_O‖"
    exact = record.map.full(0, 2) * record.written.values[0, 2]
    np.testing.assert_allclose(parts["values"].reshape(exact.shape), exact, rtol=1e-3, atol=1e-6)
    box = at.selectbox(key="inside_if")
    assert box.options == ["If only position counted", "If only content counted"]
    header, only = parts_of(at, "inside.only")
    assert header["unit"] == "weight it would be"
    box.set_value("If only content counted").run()
    assert not at.exception
    _, other = parts_of(at, "inside.only")
    assert not np.allclose(only["values"], other["values"])
    assert any("If only content counted" in line for line in words_on(at))


def test_a_picked_key_is_taken_apart_until_the_strongest_is_asked_for_again():
    at = page().run()
    assert at.button(key="inside.strongest").disabled
    at.session_state[patches.KEY] = 5
    at.run()
    assert any(line.startswith("Why time 0, row 0, column 5 gets") for line in words_on(at))
    at.button(key="inside.strongest").click().run()
    assert not at.exception
    assert not any("column 5 gets" in line for line in words_on(at))


def test_what_older_files_do_not_know_is_said_and_not_offered():
    at = page(written=False).run()
    assert not at.exception
    assert any("How much is written was not recorded" in line for line in words_on(at))
    assert not any(one.key == "inside_of" for one in at.get("button_group"))


def test_cross_attention_and_a_causal_map():
    at = page(causal=True)
    at.session_state["maps"] = "cross"
    at.run()
    assert not at.exception
    assert ids(at)[:3] != [] and "inside.only" not in ids(at)
    assert any("decides by content alone" in line for line in words_on(at))
    at.session_state["maps"] = "self"
    at.run()
    assert not at.exception
    assert {"inside.content", "inside.position", "inside.alibi"} <= {*ids(at)}
    assert len(at.selectbox(key="inside_if").options) == 6


def test_a_model_without_attention_is_told_so():
    at = page(empty=True).run()
    assert not at.exception
    assert [one.value for one in at.info] == ["Depth 0: there is no attention to show."]


def files(kinds):
    import streamlit as st

    from phenaki_viz.export import render
    from phenaki_viz.ui.state.selection import Selection
    from phenaki_viz.ui.views.inside_maps import Look, whole_map
    from phenaki_viz.ui.work import fragment_jobs
    from tests.ui.test_inside import dialled

    recording = dialled().recording
    records = tuple(one for one in recording if one.kind == "self")
    fragment_jobs.draw_place()
    run_model = Look("weight", 0, ("content", "position"), ("position",))
    for kind in kinds:
        picture = whole_map(Selection(recording, records, 1, 2, (1, 0, 0)), run_model, kind)
        st.text(f"{picture.name} | {picture.unit} | {picture.title}")
        assert render(picture, "npz") and picture.values.shape == records[1].map.shape[2:]


def test_every_map_can_be_taken_away_and_says_what_it_is():
    kinds = ("content", "position", "weight", "written", "only")
    at = AppTest.from_function(files, default_timeout=120, args=(kinds,)).run()
    assert not at.exception
    names, units, titles = zip(*(line.value.split(" | ") for line in at.text), strict=True)
    assert names == tuple(
        f"self_L01_H02{end}" for end in ("_content", "_position", "", "_written", "_only_position")
    )
    assert units[3] == "weight × ‖v W_O‖" and "not this head's" in units[4]
    assert "If only position counted" in titles[4]


def test_where_only_content_is_added_a_button_leads_to_where_position_is():
    at = page()
    at.session_state["maps"] = "cross"
    at.run()
    at.button(key="inside.on").click().run()
    assert at.session_state["maps"] == "self" and ids(at)[1] == "inside.position"
    assert not any(button.key == "inside.on" for button in at.button) and not at.exception


def test_the_button_leads_there_in_a_model_of_several_transformers_too():
    at = page(twice=True)
    at.session_state["source"], at.session_state["maps"] = "trained", "cross (mine)"
    at.run()
    at.button(key="inside.on").click().run()
    assert at.session_state["maps"] == "self (transformer)" and ids(at)[1] == "inside.position"


MODULE = "maskgit.transformer.layers.0.1"


def looked_at(is_swept=False, put_in=False):
    """The page of a trained model's run: after a sweep, or with another run's map in head 1."""
    import numpy as np

    from phenaki_viz.data import read_prompt
    from phenaki_viz.evaluation.effects import HeadEffect, heads_of
    from phenaki_viz.evaluation.transfers import with_maps
    from phenaki_viz.recording.interventions import TransferMap
    from phenaki_viz.recording.switches import Switches
    from phenaki_viz.runs.model import RunOptions, run_model
    from phenaki_viz.ui.views.inside import inside_page
    from phenaki_viz.ui.work import computed
    from phenaki_viz.ui.work.swept import SweepSettings
    from tests.runs.trained import clip, phenaki
    from tests.ui.test_inside import MODULE

    model, also = phenaki(), ()
    if put_in:
        transfer = TransferMap(module=MODULE, head=1, clip="seven moving right")
        also = with_maps(model, [transfer])
    if is_swept:
        found = tuple(
            HeadEffect(module=module, head=head, rises=np.full(3, 0.25 - head))
            for module, head in heads_of(model)
        )
        computed.kept.put(SweepSettings(10, 2, 90).key(model), (found,))
    options = RunOptions(switches=Switches(also=also))
    inside_page(run_model(model, clip(), read_prompt("left right"), options))


def at_trained(head=1, **how):
    at = AppTest.from_function(looked_at, default_timeout=120, kwargs=how)
    at.session_state["maps"], at.session_state["layer"], at.session_state["head"] = "self", 0, head
    at.run()
    assert not at.exception
    return at


def test_the_line_of_heads_can_show_what_each_is_worth_once_that_was_measured():
    plain = at_trained()
    assert "slim" not in {one.key for one in plain.segmented_control}
    maps = parts_of(plain, "grid.inside")[0]
    at = at_trained(is_swept=True)
    assert not (parts_of(at, "grid.inside")[0]["filled"] or maps["filled"])
    at.segmented_control(key="slim").set_value("effect").run()
    header, parts = parts_of(at, "grid.inside")
    assert header["filled"] and header["label"] == "Loss when off, nats:"
    np.testing.assert_allclose(parts["values"], [0.25, -0.75])
    assert header["layers"] == maps["layers"]
    computed.kept.things.clear()  # what no other test has measured


def test_the_line_of_heads_that_read_a_text_is_over_the_frame():
    at = page(cross=True)
    at.session_state["maps"] = "cross"
    at.session_state["word"] = 1
    at.run()
    assert not at.exception
    header, parts = parts_of(at, "grid.inside")
    assert header["framed"] and header["slim"] and header["cell"] == [4, 6]
    codes = parts["codes"].reshape(2, 3, 24)
    crossed = [one for one in dialled(cross=True).recording.records if one.kind == "cross"]
    for layer, head in np.ndindex(2, 3):
        read = crossed[layer].map.full(0, head)[:, 1].reshape(-1, 24)[at.session_state["step"]]
        below = np.argsort(read)
        assert (np.diff(codes[layer, head][below].astype(int)) >= 0).all(), "brighter, more read"


def test_of_a_head_with_the_map_of_another_run_there_is_no_ledger_and_it_is_said_why():
    at = at_trained(put_in=True)
    assert any("the map of another run" in one.value for one in at.info)
    assert ids(at) == [] and parts_of(at, "grid.inside")
    at = at_trained(head=0, put_in=True)  # beside it, as ever
    assert not at.info and ids(at)
