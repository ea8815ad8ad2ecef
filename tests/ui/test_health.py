"""Numbers that cannot be trusted: every page says so and goes on."""

import copy
from functools import cache

import pytest
import torch
from streamlit.testing.v1 import AppTest

from phenaki_viz.checkpoints import open_checkpoint
from phenaki_viz.data import SHIPPED_MODEL, digit_clip, read_prompt
from phenaki_viz.runs.model import RunOptions, run_model
from phenaki_viz.ui.markup import inert
from phenaki_viz.ui.source.trained import CAPTIONS

PLACES = {
    "cross": ("maskgit.transformer.layers.1.2.to_q.weight", float("nan")),
    "self": ("maskgit.transformer.layers.0.1.to_q.weight", float("inf")),
    "values": ("maskgit.transformer.layers.1.1.to_kv.weight", float("nan")),
    "first": ("cvivit.enc_spatial_transformer.layers.0.1.to_kv.weight", float("nan")),
    "bias": ("maskgit.continuous_pos_bias.net.2.bias", float("nan")),
}


@cache
def spoilt(where, storage="auto"):
    """A look at the trained model with one weight that is not finite."""
    model = copy.deepcopy(open_checkpoint(SHIPPED_MODEL).model)
    name, value = PLACES[where]
    with torch.no_grad():
        model.get_parameter(name).view(-1)[-1] = value  # of the last head
    prompt = read_prompt(CAPTIONS[0])
    return run_model(model, digit_clip(CAPTIONS[0]), prompt, RunOptions(frames=9, storage=storage))


def drawn(page, where, storage, maps):
    import streamlit as st

    from phenaki_viz.ui.sections.health import draw_health
    from phenaki_viz.ui.views import attention, masks, position, sampling, text
    from phenaki_viz.ui.work.page_jobs import run_waiting
    from tests.ui.test_health import spoilt

    st.session_state.setdefault("source", "trained")
    st.session_state.setdefault("maps", maps)
    st.session_state.setdefault("head", 3)  # the last one, as the spoilt weight
    st.session_state.setdefault("layer", 1)
    pages = {
        "attention": attention.attention_page,
        "text": text.text_page,
        "sampling": sampling.sampling_page,
        "position": position.position_page,
        "masks": masks.masks_page,
    }
    run_waiting()
    run = spoilt(where, storage)
    draw_health(run.recording)
    pages[page](run)


def page_of(page, where="cross", storage="auto", maps="self"):
    at = AppTest.from_function(drawn, args=(page, where, storage, maps), default_timeout=120)
    return at.run()


def said(at):
    return " ".join(warning.value for warning in at.warning)


BEGAN = {
    "cross": "maskgit.transformer.layers.1.2 on: what came in was finite",
    "self": "maskgit.transformer.layers.0.1 on: what came in was finite",
    "values": "maskgit.transformer.layers.1.1 on: what came in was finite",
    "first": "cvivit.enc_spatial_transformer.layers.0.1 on: what came in was finite",
    "bias": "maskgit.transformer.layers.0.1 on: what came in was finite",
}


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("storage", ["dense", "factored"])
def test_weights_that_are_not_finite_are_told_from_the_first_call_on(where, storage):
    recording = spoilt(where, storage).recording
    assert not recording.failed
    assert recording.first_non_finite.module in BEGAN[where]
    began = recording.records.index(recording.first_non_finite)
    spoiled = [len(record.map.wrong_rows(0, len(record.heads) - 1)) for record in recording]
    assert not any(spoiled[:began])
    assert any(spoiled[began:])  # of values alone, the next map


@pytest.mark.parametrize(
    ("page", "where", "storage", "maps"),
    [
        ("attention", "cross", "dense", "cross"),
        ("attention", "self", "factored", "self"),
        ("attention", "values", "auto", "encoder spatial"),
        ("text", "cross", "factored", "self"),
        ("text", "first", "auto", "self"),
        ("sampling", "cross", "auto", "cross"),
        ("position", "bias", "auto", "self"),
        ("position", "first", "auto", "self"),
        ("masks", "self", "auto", "self"),
    ],
)
def test_every_page_goes_on_and_says_where_it_began(page, where, storage, maps):
    at = page_of(page, where, storage, maps)
    assert not at.exception and not at.error
    assert inert(f"NaN or infinity from {BEGAN[where]}") in said(at)
    if page == "attention":
        assert ("rows are not a distribution" in said(at)) == ("enc" not in maps)
