"""The causality probe on the page Masks: found at once where it is quick, asked for where not."""

import pytest
from streamlit.testing.v1 import AppTest

from phenaki_viz.ui.sections import probe, rolled_out
from tests.sent import sent, word_tables, words_on

DIALLED = {"layout": "factorised", "cross": False, "causal": True, "peg_causal": True,
           "heads": 3, "depth": 2, "dim": 24, "dim_head": 8, "frames": 7, "height": 16,
           "width": 24}  # fmt: skip


def page(as_file, dials):
    import streamlit as st

    from phenaki_viz.data import read_prompt, sample_clip
    from phenaki_viz.models.dial import DialConfig
    from phenaki_viz.runs.dialled import run_dialled
    from phenaki_viz.runs.files import open_recording, recording_bytes
    from phenaki_viz.ui.views.masks import masks_page

    if "run" not in st.session_state:  # one run: the page goes on with what it has begun of it
        config = DialConfig(**dials)
        st.session_state["run"] = run_dialled(config, sample_clip(), read_prompt(""))
    run = st.session_state["run"]
    masks_page(open_recording(("x", recording_bytes(run))) if as_file else run)


def drawn(as_file=False, **dials):
    settings = DIALLED | dials
    at = AppTest.from_function(page, default_timeout=120, args=(as_file, settings)).run()
    assert not at.exception
    return at


def keys(at):
    headers = [sent(at, which)[0] for which in range(len(at.get("bidi_component")))]
    return [header.get("id", "") for header in headers]


def test_the_published_peg_is_measured_and_named():
    at = drawn()
    said = " ".join(words_on(at))
    assert "The mask lets no query see a later time step; the PEG of L0 and L1 does" in said
    (table,) = word_tables(at)
    modules, alone = table.columns["Module"], table.columns["Lets later through"]
    assert modules[:3] == ["L0 PEG", "L0 attention, its norm", "L0 attention"]
    assert alone[0].startswith("time ") and alone[2] == "no"
    assert list(table.columns) == ["Module", "Lets later through", "Is reached by later", "Sure by"]
    assert modules[table.marked] == modules[-1] == "whole transformer"
    assert "probe" in keys(at) and "visible" in keys(at)


def test_the_module_that_is_picked_is_drawn_and_marked():
    at = drawn()
    picked = at.selectbox(key="probe.module.enc_temporal_transformer")
    assert picked.options == word_tables(at)[0].columns["Module"]
    picked.set_value(2).run()
    assert not at.exception
    assert word_tables(at)[0].marked == 2
    titles = [sent(at, which)[0].get("title", "") for which in range(len(keys(at)))]
    notes = [line for line in words_on(at) if line.startswith("Reach of time steps")]
    assert any(line.endswith("L0 attention") for line in (*titles, *notes))


@pytest.mark.parametrize("mended", [{"peg": False}, {"peg_layout": "rearranged"}])
def test_without_peg_or_with_its_layout_mended_nothing_leaks(mended):
    at = drawn(**mended)
    assert any("No later time step reaches an earlier one" in line for line in words_on(at))
    assert set(word_tables(at)[0].columns["Lets later through"]) == {"no"}


def test_what_takes_long_is_asked_for(monkeypatch):
    monkeypatch.setattr(probe, "QUICK", 0)
    at = drawn()
    assert not word_tables(at) and "probe" not in keys(at)
    assert "visible" in keys(at)
    at.button(key="probe.start").click().run()
    assert not at.exception and len(word_tables(at)) == 1 and "probe" in keys(at)


def test_a_recording_says_what_it_knows_instead():
    at = drawn(as_file=True)
    assert not word_tables(at) and "probe" not in keys(at)
    said = " ".join(caption.value for caption in at.caption)
    assert "holds no model" in said and "the published layout, padded in front" in said


def test_a_stack_without_a_causal_mask_is_not_probed():
    at = drawn(causal=False)
    assert not word_tables(at) and "Through the model" not in [head.value for head in at.header]


def test_rollout_is_made_when_its_box_is_opened_and_named_approximate(monkeypatch):
    at = drawn()
    assert "rollout.map" not in keys(at)
    at.session_state["rollout"] = True
    at.run()
    assert not at.exception and "rollout.map" in keys(at)
    assert any(line.startswith("Approximately: after L0, time 2") for line in words_on(at))
    assert any(caption.value.startswith("Approximate: each layer") for caption in at.caption)
    at.number_input(key="layer").set_value(1).run()
    assert any("after L0 to L1, time 2" in line for line in words_on(at))
    monkeypatch.setattr(rolled_out, "MOST", 3)
    at.run()
    assert "rollout.map" not in keys(at)
    assert any("gives the rows that are asked for" in caption.value for caption in at.caption)
