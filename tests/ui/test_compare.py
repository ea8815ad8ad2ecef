"""The page Compare: said, drawn and exported as the numbers are; why not where it cannot be."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from phenaki_viz.analysis.difference import head_distances
from phenaki_viz.analysis.laid import lay
from phenaki_viz.data import read_prompt, sample_clip
from phenaki_viz.data.digits import other_words
from phenaki_viz.errors import RecordingError
from phenaki_viz.export import render
from phenaki_viz.figures.difference_sentences import moved_heading
from phenaki_viz.models.configs import PhenakiConfig
from phenaki_viz.models.dial import DialConfig
from phenaki_viz.recording import HeadMap
from phenaki_viz.recording.interventions import ScalePosition
from phenaki_viz.recording.switches import Switches
from phenaki_viz.runs.dialled import run_dialled
from phenaki_viz.runs.files import recording_bytes
from phenaki_viz.runs.model import RunOptions, run_model
from phenaki_viz.runs.sampled import Sampling, sample
from phenaki_viz.runs.training_job import TrainSettings
from phenaki_viz.ui.work import page_jobs, trainings
from tests.checkpoints.files import CVIVIT, MASKGIT, WORDS
from tests.runs.trained import clip
from tests.sent import sent, words_on

TEXT = "left right"


@cache
def phenaki():
    """Untrained, of 3 layers with 2 heads."""
    torch.manual_seed(0)
    config = PhenakiConfig(cvivit=CVIVIT, maskgit=replace(MASKGIT, depth=3), text=WORDS)
    return config.build().eval()


def drawn(kind, text):
    import streamlit as st

    from phenaki_viz.ui.views.compare import compare_page
    from phenaki_viz.ui.work import page_jobs
    from tests.ui.test_compare import run_of

    place = st.container()
    with place:
        page_jobs.run_waiting()
    compare_page(run_of(kind, text))


@cache
def learning():
    """A dialled run of a model that learns in a moment."""
    config = DialConfig(
        heads=2, depth=2, dim=16, dim_head=8, height=16, width=16, frames=3, patch=4
    )
    return run_dialled(config, sample_clip(), read_prompt("two moving right"))


def run_of(kind, text=TEXT):
    """A look at a small Phenaki, a dialled run, or a file of a sampled video."""
    if kind == "learning":
        return learning()
    if kind == "dial":
        from tests.ui.test_inside import dialled

        return dialled()
    if kind == "file":
        from phenaki_viz.runs.files import open_recording

        made = sample(phenaki(), read_prompt(text), Sampling(frames=5, steps=3, guidance=2))
        return open_recording(("x", recording_bytes(made)))
    also = (ScalePosition(factor=0.0, module="maskgit"),) if kind == "changed" else ()
    ask = RunOptions(frames=5, switches=Switches(also=also))
    return run_model(phenaki(), clip(), read_prompt(text), ask)


def page(kind="run_model", text=TEXT, **link):
    at = AppTest.from_function(drawn, default_timeout=120, kwargs={"kind": kind, "text": text})
    for name, value in link.items():
        at.query_params[name] = value
    return at.run()


def panels(at):
    found = {}
    for which in range(len(at.get("bidi_component"))):
        header, parts = sent(at, which)
        found[header.get("id")] = header, parts
    return found


def stack(run, kind):
    return next(
        records for (name, one), records in run.recording.stacks().items()
        if one == kind and "maskgit" in name
    )  # fmt: skip


def expected(kind="self", **options):
    """The distances between the text and the one that the page thinks of."""
    one, other = (run_of("run_model", text) for text in (TEXT, other_words(TEXT)))
    laid = lay(stack(one, kind), stack(other, kind), by_place=True)
    return laid, head_distances(laid)


def values(panel):
    header, parts = panel
    return parts["values"].reshape(header["shape"])


def test_long_texts_are_named_from_where_they_differ():
    """Both began with the same words, and ended in an ellipsis before they differed."""
    text = f"a long prompt that goes on of {TEXT}"
    said = words_on(page(text=text))
    for name, one in zip("AB", (text, other_words(text)), strict=True):
        (shown,) = (line for line in said if line.startswith(f"**{name}** “"))
        assert shown.startswith(f"**{name}** “… ") and len(shown) < 44
        assert one.endswith(shown.split("… ")[1].removesuffix("”").removesuffix("…"))
        assert shown.split("… ")[1] != "”"


def test_it_opens_on_the_head_that_changes_most_beside_another_prompt():
    at = page()
    assert not at.exception
    laid, found = expected()
    said = words_on(at)
    assert moved_heading(found) in said
    assert any(f"**A** “{TEXT}”" in line for line in said)
    assert any(f"**B** “{other_words(TEXT)}”" in line for line in said)
    most = found.moved_most
    shown = panels(at)
    one, other = next(pair for pair in laid.pairs if pair[0].layer == most.layer)
    exact = [HeadMap(record, 0, record.heads.index(most.head)) for record in (one, other)]
    a, b = (head.tile((0, head.shape[0])) for head in exact)
    np.testing.assert_allclose(values(shown["compare.a"]), a, atol=1e-6)
    np.testing.assert_allclose(values(shown["compare.b"]), b, atol=1e-6)
    np.testing.assert_allclose(values(shown["compare.difference"]), b - a, atol=1e-6)
    assert shown["compare.a"][0]["scale"] == shown["compare.b"][0]["scale"]
    ends = shown["compare.difference"][0]["scale"]
    assert ends["low"] == -ends["high"] < 0
    grid, parts = shown["grid.compare"]
    np.testing.assert_allclose(parts["values"], [row.mean for row in found.rows], atol=1e-6)
    assert grid["push"]["value"] == [most.layer, most.head]
    assert at.query_params.get("follow") is None


def test_every_picture_is_of_one_selection_and_speaks_when_it_is_drawn():
    at = page(step="1", row="1", column="1")
    shown = panels(at)
    links = {shown[f"compare.{name}"][0]["link"] for name in ("a", "b", "difference")}
    links |= {shown[f"compare.{name}.strip"][0]["link"] for name in ("a", "b", "difference")}
    assert links == {shown["shared.selection"][0]["pick"]["link"]}
    assert shown["shared.selection"][0]["pick"]["places"] == [[1, 1, 1]]
    shows = {shown[f"compare.{name}"][0]["shows"] for name in ("a", "b", "difference")}
    assert shows == set(shown["sentence.patch"][0]["of"].values()) and len(shows) == 1
    assert set(shown["heading"][0]["of"]) == {"grid.compare"}
    assert shown["heading"][0]["of"]["grid.compare"] == shown["grid.compare"][0]["shows"]
    assert "JS distance" in shown["sentence.patch"][0]["tells"]


def test_a_head_that_was_chosen_stays_until_the_page_is_asked_to_follow_again():
    _, found = expected()
    most = found.moved_most
    other = (most.layer + 1) % 3, most.head
    at = page(follow="false", layer=str(other[0]), head=str(other[1]))
    assert panels(at)["grid.compare"][0]["push"]["value"] == list(other)
    at.button(key="compare.follow").click().run()
    assert not at.exception
    assert panels(at)["grid.compare"][0]["push"]["value"] == [most.layer, most.head]
    at.number_input(key="head").set_value(1 - at.number_input(key="head").value).run()
    pushed = panels(at)["grid.compare"][0]["push"]["value"]
    assert pushed == [at.number_input(key="layer").value, at.number_input(key="head").value]
    assert at.query_params["follow"] in ("false", ["false"])


@pytest.mark.parametrize("kind", ["With another clip", "With another seed", "With heads off"])
def test_one_thing_is_changed(kind):
    at = page()
    at.selectbox(key="with").set_value(kind).run()
    assert not at.exception
    said = words_on(at)
    assert any("changes most: JS distance" in line for line in said)
    descriptions = {
        "With another clip": ("clip “noise”", "clip “two moving right quickly”"),
        "With another seed": ("masked tokens of seed 0", "masked tokens of seed 1"),
        "With heads off": ("every head on", "self L0 H0 off"),
    }[kind]
    for name, one in zip("AB", descriptions, strict=True):
        assert any(f"**{name}** {one}" in line for line in said), said


def test_what_was_changed_under_what_if_is_compared_with_nothing_changed():
    at = page("changed", **{"with": "With heads off"})
    assert not at.exception
    said = words_on(at)
    for name, description in zip("AB", ("position bias × 0", "nothing changed"), strict=True):
        assert any(f"**{name}** {description}" in line for line in said), said
    assert any("changes most: JS distance" in line for line in said)


def test_two_decoding_steps_of_a_sampled_video():
    at = page()
    at.session_state["decoding"] = 3
    at.selectbox(key="with").set_value("Two decoding steps").run()
    assert not at.exception
    assert at.selectbox(key="with_to").options[-1] == "decoding step 3"
    said = words_on(at)
    assert any("**A** decoding step 1" in line for line in said)
    assert any("**B** decoding step 3" in line for line in said)
    a, b = (panels(at)[f"compare.{name}"] for name in "ab")
    assert not np.allclose(values(a), values(b))
    at.selectbox(key="with_to").set_value("decoding step 1").run()
    assert "No head changes: every row is the same in A and B" in words_on(at)


def test_other_words_lie_word_on_word_or_not_at_all():
    at = page(maps="cross")
    assert not at.exception
    said = words_on(at)
    assert any("laid word for word, by their place: “down” lies on “left”" in one for one in said)
    _, found = expected("cross")
    assert moved_heading(found) in said
    at.toggle(key="by_place").set_value(False).run()
    assert not at.exception
    heading = panels(at)["heading"][0]["text"]
    assert heading.startswith("These maps cannot be subtracted: their keys are other words: “left”")
    shown = panels(at)
    assert "compare.difference" not in shown and {"compare.a", "compare.b"} <= set(shown)
    assert shown["compare.a"][0]["scale"] == shown["compare.b"][0]["scale"]
    assert "spreads over" in shown["grid.compare"][0]["notes"][0]


def test_a_text_of_another_length_is_beside_without_a_difference():
    at = page(maps="cross", with_say="right")
    assert not at.exception
    shown = panels(at)
    assert "other words: A's text has 2, B's 1" in shown["heading"][0]["text"]
    assert "by itself: an entropy of" in shown["sentence.head"][0]["text"]
    assert shown["compare.a"][0]["link"] and not shown["compare.b"][0]["link"]
    places = shown["compare.b.strip"][0]["push"]["value"]
    assert places == shown["shared.selection"][0]["pick"]["places"]
    assert not at.toggle
    at.selectbox(key="with").set_value("With another seed").run()
    assert "compare.difference" in panels(at)


def test_passes_of_a_recording(tmp_path):
    at = page("file")
    assert not at.exception
    assert at.selectbox(key="with").options == ["With another step or pass", "With a file"]
    options = at.selectbox(key="with_pass").options
    assert "decoding step 1, without the text" in options and len(options) == 5
    at.selectbox(key="with_pass").set_value("decoding step 3, without the text").run()
    said = words_on(at)
    assert not at.exception and any("**A** decoding step" in line for line in said)
    assert any("**B** decoding step 3, without the text" in line for line in said)


def test_a_file_is_compared_or_says_why_not(tmp_path):
    same = tmp_path / "same.safetensors"
    same.write_bytes(recording_bytes(run_of("run_model")))
    other = tmp_path / "other.safetensors"
    other.write_bytes(recording_bytes(run_of("dial")))
    at = page(**{"with": "With a file"})
    assert not at.exception
    assert "Choose a recording or a checkpoint to compare with." in [one.value for one in at.info]
    at.text_input(key="with_path").set_value(str(same)).run()
    assert not at.exception
    assert "No head changes: every row is the same in A and B" in words_on(at)
    at.text_input(key="with_path").set_value(str(other)).run()
    assert not at.exception
    text = panels(at)["heading"][0]["text"]
    assert "These maps cannot be subtracted: they are of other grids: A has 3 × 2 × 2" in text
    at.text_input(key="with_path").set_value(str(tmp_path / "gone.pt")).run()
    assert not at.exception and "This file cannot be opened." in [one.value for one in at.error]


def test_what_is_cancelled_is_not_asked_for_again(monkeypatch):
    at = page()
    monkeypatch.setattr(page_jobs, "fetch_run", cancelled)
    at.selectbox(key="with").set_value("With another seed")
    at.session_state["with_seed"] = 77
    at.run()
    assert not at.exception
    monkeypatch.undo()
    at.run()
    assert "The other run was cancelled." in [one.value for one in at.info]
    at.button(key="compare.go").click().run()
    assert not at.exception and "compare.difference" in panels(at)


def cancelled(wanted, seconds):
    """What Cancel does: it takes back what led here, and the page runs again."""
    wanted.on_cancel()
    raise RecordingError("stopped")


def test_the_dialled_model_and_a_hostile_prompt():
    at = page("dial")
    assert not at.exception
    assert "With another prompt" in at.selectbox(key="with").options
    at.selectbox(key="with").set_value("With another seed").run()
    assert any("**B** weights of seed 1" in line for line in words_on(at))
    at = page(text="![x](http://e) **a**")
    assert not at.exception
    assert any("\\!" in line or "\\[x\\]" in line for line in words_on(at))


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """The server's trainings, with their states in a folder of this test."""
    monkeypatch.setenv(trainings.STATES, str(tmp_path / "states"))
    trainings.trainings.clear()
    yield trainings.trainings()
    trainings.trainings.clear()


def test_training_steps_of_the_dialled_model(shelf):
    at = page("learning")
    assert "With a training step" not in at.selectbox(key="with").options
    job = shelf.start(TrainSettings(config=learning().config, steps=12, batch=1))
    job.wait(120)
    assert job.kept_steps == (0, 10, 12)
    at.run()
    at.selectbox(key="with").set_value("With a training step").run()
    assert not at.exception
    said = words_on(at)
    assert any("**A** random weights" in line for line in said)
    assert any("**B** training step 12" in line for line in said)
    at.selectbox(key="with_step").set_value("training step 10").run()
    assert not at.exception
    assert any("changes most: JS distance" in line for line in words_on(at))


def files():
    import streamlit as st

    from phenaki_viz.analysis.difference import head_distances
    from phenaki_viz.analysis.laid import lay
    from phenaki_viz.ui.state.selection import Selection
    from phenaki_viz.ui.views.compare_columns import Two
    from phenaki_viz.ui.views.compare_files import pictures
    from tests.ui.test_compare import run_of, stack

    a, b = run_of("run_model"), run_of("run_model", "down right")
    records = [tuple(stack(run, "self")) for run in (a, b)]
    laid = lay(*records)
    chosen, there = (
        Selection(run.recording, own, 1, 1, (1, 1, 0))
        for run, own in zip((a, b), records, strict=True)
    )
    two = Two(a=a, b=b, selection=chosen, there=there, descriptions=("a text", "b text"), laid=laid)
    for name, make in pictures(two, head_distances(laid)).items():
        picture = make()
        st.session_state[f"made.{name}"] = picture


def test_every_picture_can_be_taken_away():
    at = AppTest.from_function(files, default_timeout=120).run()
    assert not at.exception
    made = {name: at.session_state[f"made.{name}"] for name in ("difference", "a", "b")}
    np.testing.assert_allclose(
        made["difference"].values, made["b"].values - made["a"].values, atol=1e-6
    )
    assert made["a"].scale == made["b"].scale and made["difference"].scale.palette == "RdBu_r"
    assert "B: b text" in made["difference"].notes and made["b"].title.startswith("B · L1 H1")
    for name in ("difference", "frames", "heads"):
        picture = at.session_state[f"made.{name}"]
        for kind in ("npz", "csv"):
            assert render(picture, kind)
