"""What the server does before the first page is asked for never keeps it from starting."""

from dataclasses import replace

import pytest

from phenaki_viz.checkpoints import save_model
from phenaki_viz.runs import model
from phenaki_viz.ui import startup
from phenaki_viz.ui.work import open_models
from tests.checkpoints.files import OURS

SHORT = replace(OURS, maskgit=replace(OURS.maskgit, max_seq_len=8))  # of one time step of 2 × 2


@pytest.mark.parametrize("config", [OURS, SHORT], ids=["ours", "short"])
def test_the_opening_model_is_shown_as_many_frames_as_it_takes(config, tmp_path, monkeypatch):
    file, shown = tmp_path / "model.safetensors", []
    save_model(file, config.build(), config)
    monkeypatch.setattr(open_models, "SHIPPED_MODEL", file)

    def watched(*args, **kwargs):
        made = model.look(*args, **kwargs)
        shown.append(made)
        return made

    monkeypatch.setattr(startup, "look", watched)
    open_models.shipped.clear()
    try:
        startup.warm_up()
        assert len(shown) == 1 and len(shown[0].recording)
    finally:
        open_models.shipped.clear()


@pytest.mark.parametrize("content", [b"", b"no weights"])
def test_a_model_that_cannot_be_opened_is_left_to_the_page(content, tmp_path, monkeypatch):
    file = tmp_path / "model.safetensors"
    file.write_bytes(content)
    monkeypatch.setattr(open_models, "SHIPPED_MODEL", file)
    open_models.shipped.clear()
    try:
        startup.warm_up()
    finally:
        open_models.shipped.clear()


def test_a_widget_that_an_overtaken_run_adds_ends_nobodys_look():
    from streamlit.runtime.state.session_state import Value, WStates

    startup.mend_states()
    states = WStates()
    for name in "abc":
        states[name] = Value(name)
    seen = []
    for name in states:
        seen.append(name)
        states[f"{name} more"] = Value(0)  # as the other thread does
    assert seen == ["a", "b", "c"] and len(states) == 6
