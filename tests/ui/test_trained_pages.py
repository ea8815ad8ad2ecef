"""The pages of the trained model: Attention through the page script, Text and Sampling alone."""

import json
from base64 import b64decode
from dataclasses import replace
from functools import cache
from urllib.parse import parse_qsl

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from phenaki_viz.analysis.head_columns import names_of
from phenaki_viz.analysis.head_table import HeadTable, head_table
from phenaki_viz.analysis.truth import truth_of
from phenaki_viz.checkpoints import inspect_checkpoint, open_checkpoint
from phenaki_viz.data import SHIPPED_MODEL, digit_clip, read_prompt
from phenaki_viz.figures.head_sentences import row_sentence
from phenaki_viz.figures.head_table_views import heads_table
from phenaki_viz.figures.outcome_views import hidden_frames
from phenaki_viz.recording.switches import Switches
from phenaki_viz.runs.model import RunOptions, run_model
from phenaki_viz.runs.sampled import Sampling, sample
from phenaki_viz.ui.sections.guide import TOUR
from phenaki_viz.ui.source.trained import CAPTIONS
from phenaki_viz.ui.views.sampling_controls import SEED
from tests.checkpoints.files import CRITIC, FOR_CVIVIT, MASKGIT, OURS, PHENAKI, pt, tensors, weights
from tests.models.tiny_t5 import save_tiny_t5
from tests.sent import sent, words_on

HEAD = "maskgit.transformer.layers.1.1"
CRITICISED = replace(PHENAKI, critic=CRITIC)
MISTAKEN = {"steps": 5, "batch": 1, "clips_per_curve_point": 1, "loss_curve": ["<b>"]}
DEEPER = replace(PHENAKI, maskgit=replace(MASKGIT, depth=5))


@cache
def shipped():
    return open_checkpoint(SHIPPED_MODEL).model


def the_prompt(at):
    """Its box: another one whenever the prompt is set by something else than typing."""
    (box,) = (one for one in at.text_input if one.label == "Prompt")
    return box


@cache
def looked(caption=CAPTIONS[0], prompt=None, **options):
    ask = RunOptions(frames=9, **options)
    return run_model(shipped(), digit_clip(caption), read_prompt(prompt or caption), ask)


def components(at):
    found = {}
    for which in range(len(at.get("bidi_component"))):
        header, parts = sent(at, which)
        found[header.get("id") or f"figure {which}"] = header, parts
    return found


def exact(run, module, head=0, item=0):
    (record,) = [one for one in run.recording if one.module == module]
    return record.map.full(item, head)


# ---- Attention, through the script


def test_it_opens_on_the_trained_model(app):
    at = app(source="Trained", maps="Self", layer=1, head=2)
    assert not at.exception
    header, parts = components(at)["map"]
    shown = parts["values"].reshape(header["shape"])
    np.testing.assert_allclose(shown, exact(looked(), HEAD, 2), atol=1e-6)
    assert not any("random weights" in line for line in words_on(at))


def test_the_sentence_says_what_the_head_does_as_the_page_of_all_heads_does(app):
    cross, own = (app(source="Trained", maps=kind, layer=1, head=3) for kind in ("Cross", "Self"))
    assert any(
        said.startswith("Reads “two” where there is something (0.55 of a token's weight there, 0.0")
        for said in words_on(cross)
    )
    (said,) = (one for one in words_on(own) if one.startswith("Stays in its own time step (0.9"))
    assert "position makes 77 % of its choice" in said
    run = looked()
    rows = head_table(run.recording, stack="maskgit.transformer", truth=truth_of(run))
    row = next(one for one in rows if (one.kind, one.layer, one.head) == ("self", 1, 3))
    assert said == row_sentence(row)


def test_masked_patches_are_sent_where_maskgit_was_asked(app):
    at = app(source="Trained", maps="Cross")
    _, parts = components(at)["strip"]
    np.testing.assert_array_equal(parts["masked"], looked().outcome.masked.ravel())
    at.button_group(key="maps").set_value("encoder spatial").run()
    assert "masked" not in components(at)["strip"][1], "C-ViViT saw every patch"


def test_encoder_and_decoder_are_told_apart(app):
    at = app(source="Trained")
    options = at.button_group(key="maps").options
    named = {"encoder spatial", "encoder temporal", "decoder spatial", "decoder temporal"}
    assert {str(getattr(o, "content", o)).lower() for o in options} >= named | {"self", "cross"}
    at.button_group(key="maps").set_value("decoder spatial").run()
    heading, _ = components(at)["heading"]
    assert heading["text"] == "L1 H3, decoder spatial" and heading["place"][0] == 2
    assert components(at)["map"][0]["query"]["origin"] == [2, 0, 0]


def test_another_clip_says_what_it_shows(app):
    at = app(source="Trained")
    at.selectbox(key="film").set_value("seven moving right").run()
    assert the_prompt(at).value == "seven moving right"
    assert not at.exception


def test_switching_a_head_off_shows_the_effect(app):
    at = app(source="Trained", maps="Self", layer=1, head=2)
    assert len(at.metric) == 0
    at.button(key="switch.head").click().run()
    at.run()
    assert at.multiselect(key="off").value == ["self L1 H2"]
    off = looked(switches=Switches(off=frozenset({(HEAD, 2)})))
    loss = next(m for m in at.metric if m.label.startswith("Loss"))
    assert float(loss.value) == pytest.approx(off.outcome.masked_loss, abs=2e-3)
    assert f"against {looked().outcome.masked_loss:.3f}" in loss.delta
    at.button(key="switch.head").click().run()
    at.run()
    assert at.multiselect(key="off").value == [] and len(at.metric) == 0


def test_depth_can_be_cut(app):
    at = app(source="Trained", maps="Self")
    at.slider(key="kept_transformer").set_value(2).run()
    assert not at.exception
    assert len(components(at)["grid.heads"][0]["layers"]) == 2
    assert any("MaskGit cut to 2 layers" in m.value for m in at.markdown)
    rebuilt = next(m for m in at.metric if m.label == "Reconstruction error")
    assert rebuilt.delta == "as before"
    next(button for button in at.button if button.label == "Switch all on").click().run()
    assert at.slider(key="kept_transformer").value == 4 and not at.metric


def test_a_model_of_another_depth_comes_whole(app):
    at = app(source="Trained", maps="Self")
    at.slider(key="kept_transformer").set_value(3).run()
    at.button_group(key="source").set_value("own").run()
    for config, layers in ((CRITICISED, 1), (DEEPER, 5)):  # shallower, then deeper than before
        upload(at, "phenaki.pt", pt(weights(config)))
        assert not at.exception and not at.error and not at.metric
        assert at.slider(key="kept_transformer").value == layers
    at.button_group(key="source").set_value("trained").run()
    assert not at.exception and not at.metric


def test_a_critic_has_a_depth_of_its_own(app):
    at = app(source="Your own", maps="Self")
    upload(at, "phenaki.pt", pt(weights(CRITICISED)))
    labels = {slider.label: slider.value for slider in at.slider if "layers kept" in slider.label}
    assert labels["MaskGit: layers kept"] == 1 and labels["critic: layers kept"] == 2


def test_an_unknown_word_is_named(app):
    at = app(source="Trained", say="seven <script> right")
    assert not at.exception
    assert any("<script>" in text.value for text in at.text)


# ---- a checkpoint of the user's


def upload(at, name, content):
    at.file_uploader(key="own.file").set_value((name, content, "application/octet-stream")).run()
    return at


def test_a_checkpoint_is_opened_corrected_and_used(app):
    at = app(source="Your own", maps="Self")
    assert any("Choose a model" in info.value for info in at.info)
    upload(at, "phenaki.pt", pt(weights(PHENAKI)))
    assert not at.exception and not at.error
    assumed = {box.label: box for box in at.selectbox}
    assert {"cvivit.causal", "cvivit.image_size", "cvivit.peg_layout"} <= set(assumed)
    for name, value in FOR_CVIVIT.items():
        box = next(box for box in at.selectbox if box.label == f"cvivit.{name}")
        box.set_value(value).run()
    assert not at.exception and not at.error
    header, _ = components(at)["map"]
    assert header["total"] == [12, 12]
    assert any("text encoder is not in the file" in caption.value for caption in at.caption)


def test_a_bad_checkpoint_leaves_the_model_in_use(app):
    at = app(source="Your own", maps="Self")
    upload(at, "maskgit.safetensors", tensors(weights(MASKGIT)))
    before = components(at)["map"][1]["values"]
    upload(at, "bad.pt", b"words, not weights")
    assert any("cannot be opened" in error.value for error in at.error)
    assert any("neither safetensors nor" in text.value for text in at.text)
    np.testing.assert_array_equal(components(at)["map"][1]["values"], before)


def test_weights_with_nan_are_opened_only_when_asked_for(app):
    state = weights(MASKGIT)
    state["to_logits.bias"][3] = torch.nan
    at = app(source="Your own", maps="Self")
    upload(at, "nan.safetensors", tensors(state))
    assert any("to_logits.bias (1)" in text.value for text in at.text)
    assert "map" not in components(at)
    at.button(key="own.allow").click().run()
    assert not at.exception and not at.error
    assert "map" in components(at)


def test_a_model_that_reads_no_text_has_no_prompt(app):
    at = app(source="Your own", maps="Self")
    upload(at, "maskgit.pt", pt(weights(replace(MASKGIT, dim_context=0, unconditional=True))))
    assert not at.exception and not at.error and "map" in components(at)
    assert any(caption.value == "This model reads no text." for caption in at.caption)
    assert not [box for box in at.text_input if box.label == "Prompt"]


def test_t5_is_loaded_for_a_phenaki_that_was_trained_with_it(app, tmp_path):
    at = app(source="Your own", maps="Cross", say="a digit moving left")
    # Other weights than in other tests: the encoder stays with the model of this file.
    upload(at, "phenaki.pt", pt({k: v + 1e-3 for k, v in weights(PHENAKI).items()}))
    assert any("until it is loaded, word vectors are random" in c.value for c in at.caption)
    for name, said in (
        (str(tmp_path / "none"), "could not be loaded"),
        (
            str(save_tiny_t5(tmp_path / "wide", dim=12)),
            "This T5 gives 12 features, the model reads 8",
        ),
    ):
        at.text_input(key="own.t5").set_value(name).run()
        at.button(key="own.t5.load").click().run()
        messages = [*at.error, *at.text]
        assert not at.exception and any(said in each.value for each in messages)
    at.text_input(key="own.t5").set_value(str(save_tiny_t5(tmp_path / "tiny"))).run()
    at.button(key="own.t5.load").click().run()
    assert not at.exception and not at.error
    assert components(at)["map"][0]["key"]["words"] == ["a", "digit", "moving", "left", "</s>"]
    assert not any("text encoder is not in the file" in caption.value for caption in at.caption)


def test_a_path_on_this_machine(app, tmp_path):
    path = tmp_path / "mine.safetensors"
    path.write_bytes(tensors(weights(MASKGIT)))
    at = app(source="Your own", maps="Self")
    at.text_input(key="own.path").set_value(str(path)).run()
    assert not at.exception and not at.error
    assert any("MaskGit" in caption.value for caption in at.caption)
    at.text_input(key="own.path").set_value(str(tmp_path / "gone.pt")).run()
    assert any("does not exist" in text.value for text in at.text)


# ---- Text


def text(caption, prompt=None, **options):
    from phenaki_viz.ui.views.text import text_page
    from phenaki_viz.ui.work.page_jobs import run_waiting
    from tests.ui.test_trained_pages import looked

    run_waiting()  # where a forward takes long, as on a loaded machine, the page runs it
    text_page(looked(caption, prompt, **options))


def sampling(caption):
    from phenaki_viz.ui.views.sampling import sampling_page
    from phenaki_viz.ui.work.page_jobs import run_waiting
    from tests.ui.test_trained_pages import looked

    run_waiting()
    sampling_page(looked(caption))


def random_weights(page):
    from phenaki_viz.data import read_prompt, sample_clip
    from phenaki_viz.models.dial import DialConfig
    from phenaki_viz.runs.dialled import run_dialled
    from phenaki_viz.ui.views.sampling import sampling_page
    from phenaki_viz.ui.views.text import text_page

    run = run_dialled(DialConfig(cross=page == "text"), sample_clip(), read_prompt("a b"))
    (text_page if page == "text" else sampling_page)(run)


def drawn(page, *args, **kwargs):
    at = AppTest.from_function(page, default_timeout=120, args=args, kwargs=kwargs).run()
    assert not at.exception
    return at


def test_words_and_nulls_are_chips_and_their_overlay_is_exact():
    at = drawn(text, CAPTIONS[0])
    chips = at.button_group(key="word")
    labels = [str(getattr(option, "content", option)) for option in chips.options]
    assert labels == ["null 1", "null 2", *CAPTIONS[0].split()]
    _, parts = components(at)["word.strip"]
    map_ = exact(looked(), "maskgit.transformer.layers.0.2")
    np.testing.assert_allclose(parts["weights"], map_[:, 2], atol=1e-6)
    chips.set_value(1).run()
    np.testing.assert_allclose(components(at)["word.strip"][1]["weights"], map_[:, 1], atol=1e-6)
    grid = components(at)["grid.words"][0]
    assert (len(grid["layers"]), len(grid["heads"])) == (4, 4)


def test_the_head_in_words_is_no_other_than_the_heading_of_the_word():
    at = AppTest.from_function(text, default_timeout=120, args=(CAPTIONS[0],))
    at.query_params.update(layer="1", head="3")
    of_two = words_on(at.run())
    assert "L1 H3 reads “two” more where there is something (AUC 0.99)" in of_two
    assert any(
        said.startswith("Its null keys hold 0.63 of its weight (0.33 would be") for said in of_two
    )
    at.button_group(key="word").set_value(4).run()
    assert any(said.startswith("Reads “two” where there is some") for said in words_on(at))


@pytest.mark.parametrize(
    ("stop", "says"), [(TOUR[0], "on “two” (4.3 × uniform)"), (TOUR[1], "on the time step before")]
)
def test_a_stop_of_the_tour_shows_what_its_title_says(app, stop, says):
    at = app(source="Trained", **dict(parse_qsl(stop.link.partition("?")[2])))
    assert says in components(at)["heading"][0]["tells"]


@pytest.mark.parametrize("kind", ["Self", "Cross"])
def test_no_head_of_the_table_is_called_otherwise_than_its_sentence_says(kind):
    """Names, the columns of words and the sentence of every head of the shipped model."""
    run = looked()
    table = head_table(run.recording, stack="maskgit.transformer", truth=truth_of(run))
    rows = [row for row in table if row.kind == kind.lower()]
    picture = heads_table(HeadTable(rows=tuple(rows)), {})
    clauses = {
        "spatial": "Stays in its own", "global": "Looks across", "position": "position makes",
        "follows": "it finds the object", "null keys": "its null keys hold",
        "routes a word": "” where there is something",
    }  # fmt: skip
    for at, row in enumerate(rows):
        said = row_sentence(row)
        assert all(clauses[name] in said for name in names_of(row)), said
        if kind == "Cross":
            there = picture.column("there").values[at].partition(" (")[0]
            assert said.startswith(f"Reads “{there}” where" if there else "Reads null"), said
    assert any("routes a word" in names_of(row) for row in rows) == (kind == "Cross")


def test_right_against_wrong_word():
    at = drawn(text, CAPTIONS[0])
    wrong = "five moving right quickly"
    assert at.text_input(key="against").value == wrong
    right, other = looked(), looked(prompt=wrong)
    masked = right.outcome.masked
    label = next(m for m in at.metric if "all masked" in m.label)
    before, after = right.outcome.loss[masked].mean(), other.outcome.loss[masked].mean()
    assert label.value == f"{before:.2f} → {after:.2f}"
    maps = [exact(run, "maskgit.transformer.layers.0.2")[:, 2] for run in (right, other)]
    alike = np.corrcoef(*maps)[0, 1]
    said = f"“two” and on “five” have a correlation of {alike:.2f}"
    assert any(said in line for line in words_on(at))
    for which, shown in zip(("right", "wrong"), maps, strict=True):
        weights = components(at)[f"same.{which}"][1]["weights"]
        np.testing.assert_allclose(weights, shown, atol=1e-6)
    header, parts = components(at)["loss.change"]
    assert header["absent"][0] == "no loss"  # grey is what was not masked: no weight, of attention
    assert components(at)["word.strip"][0]["absent"][0] == "no weight"
    change = parts["weights"].reshape(5, 6, 6)
    expected = (other.outcome.loss - right.outcome.loss)[masked]
    np.testing.assert_allclose(change[masked], expected, atol=1e-5)
    assert np.isnan(change[~masked]).all()
    assert header["scale"]["low"] == -header["scale"]["high"]


def test_nothing_masked_nothing_to_compare():
    at = drawn(text, CAPTIONS[0], share=0.0)
    assert any("Mask some tokens" in caption.value for caption in at.caption)


def test_an_empty_prompt_leaves_the_nulls():
    at = drawn(text, CAPTIONS[0], prompt=" ")
    labels = [str(getattr(o, "content", o)) for o in at.button_group(key="word").options]
    assert labels[:2] == ["null 1", "null 2"]
    heading = components(at)["heading"][0]["text"]
    assert "null key 2" in heading, heading  # the padding behind it is read by no head


def test_a_text_is_not_compared_with_itself():
    at = drawn(text, CAPTIONS[0], prompt="elephant")  # of which no other word is known
    assert at.text_input(key="against").value == "elephant"
    assert any("prompt itself" in caption.value for caption in at.caption)
    assert not at.metric and "loss.change" not in components(at)


def test_text_of_a_dialled_model_and_of_one_without_text():
    at = drawn(random_weights, "text")
    assert "word.strip" in components(at)
    at = drawn(random_weights, "sampling")
    assert any("needs a whole Phenaki" in info.value for info in at.info)


# ---- Sampling


def test_a_video_is_sampled_and_every_step_can_be_seen():
    at = drawn(sampling, CAPTIONS[0])
    header, parts = components(at)["player"]
    made = sample(shipped(), read_prompt(CAPTIONS[0]), Sampling(seed=SEED))
    flags = parts["flags"].reshape(18, 5, 6, 6)
    np.testing.assert_array_equal(flags & 1, np.stack([s.masked for s in made.steps]))
    np.testing.assert_array_equal(parts["previews"].reshape(made.previews.shape), made.previews)
    assert header["decoding"] == 18
    at.session_state["decoding_step"] = 4
    at.button_group(key="branch").set_value("unconditional").run()
    record = made.recording.where(branch="unconditional", step=4).records[0]
    header, parts = components(at)["map"]
    np.testing.assert_allclose(
        parts["values"].reshape(header["shape"]), record.map.full(0, 0), atol=1e-6
    )


def sampling_of(run):
    from phenaki_viz.ui.views.sampling import sampling_page
    from phenaki_viz.ui.work.page_jobs import run_waiting

    run_waiting()
    sampling_page(run)


def test_a_critics_attention_is_a_pass_of_its_own_but_for_the_last_step():
    torch.manual_seed(2)
    model = replace(OURS, critic=CRITIC).build().eval()
    ask = RunOptions(frames=5)
    at = drawn(
        sampling_of, run_model(model, digit_clip(CAPTIONS[0]), read_prompt("left right"), ask)
    )
    passes = at.button_group(key="branch")
    assert len(passes.options) == 4
    passes.set_value("critic, conditional").run()
    assert not at.exception and "map" not in components(at)
    assert any("not asked at the last decoding step" in info.value for info in at.info)
    at.session_state["decoding_step"] = 3
    at.run()
    made = sample(model, read_prompt("left right"), Sampling(frames=5, seed=SEED))
    record = made.recording.where(branch="critic, conditional", step=3).records[0]
    assert record.module == "critic.transformer.layers.0.1"
    header, parts = components(at)["map"]
    np.testing.assert_allclose(
        parts["values"].reshape(header["shape"]), record.map.full(0, 0), atol=1e-6
    )


def test_controls_change_the_video_and_it_can_be_carried():
    at = drawn(sampling, CAPTIONS[0])
    at.slider(key="decoding").set_value(3).run()
    at.slider(key="guidance").set_value(1.0).run()
    assert components(at)["player"][0]["decoding"] == 3
    branches = at.button_group(key="branch").options
    assert len(branches) == 1
    at.selectbox(key="priming").set_value(3).run()
    assert not at.exception and components(at)["player"][0]["given"] == 2
    at.button(key="sampled.carry").click().run()
    assert at.session_state["clip.taken"] == CAPTIONS[0]
    assert at.session_state["clip.carried"].frames.shape == (9, 48, 48, 1)


def test_a_run_is_quick_enough_to_be_live():
    run = looked()
    assert run.recording.nbytes < 4e6 and len(run.recording) == 16
    assert torch.is_inference_mode_enabled() is False


def test_what_comes_out_can_be_seen(app):
    at = app(source="Trained")
    at.session_state["outcome"] = True
    at.run()
    assert not at.exception
    found = components(at)
    for name, frames in (
        ("rebuilt", looked().outcome.reconstruction),
        ("filled", looked().outcome.filled),
        ("shown", hidden_frames(digit_clip(CAPTIONS[0]).frames, looked().outcome.masked, 2)),
    ):
        pixels = found[f"shared.made.{name}.film"][1]["frames"].reshape(frames.shape)
        np.testing.assert_array_equal(pixels, frames)
    covered = hidden_frames(
        np.zeros((3, 4, 4, 1), np.uint8), np.eye(2, dtype=bool)[None].repeat(2, 0), 2
    )
    assert (covered[:, :2, :2] == 110).all() and (covered[:, :2, 2:] == 0).all()


# ---- Train, where nothing is dialled


def record(run):
    import streamlit as st

    from phenaki_viz.ui.views.train_record import record_page

    st.session_state.setdefault("source", "trained")
    record_page(run)


def test_how_the_trained_model_learned_is_shown_from_its_file():
    at = drawn(record, looked())
    assert any("one CPU core, with 52 min" in line for line in words_on(at))
    assert any(
        "from 5.3 to 3.06 nats a token in 6,500 training steps" in line for line in words_on(at)
    )
    record_of = inspect_checkpoint(SHIPPED_MODEL).record
    for stage in ("tokenizer", "maskgit"):
        figure = json.loads(bytes(components(at)[f"record.{stage}"][1]["figure"]))
        (trace,) = figure["data"]
        shown = np.frombuffer(b64decode(trace["y"]["bdata"]), trace["y"]["dtype"])
        np.testing.assert_allclose(shown, record_of[stage]["loss_curve"])
    at.button(key="train.dial").click().run()
    assert at.session_state["source"] == "dial"


@pytest.mark.parametrize(
    "found",
    [{}, {"maskgit": 3}, {"maskgit": {"steps": 5, "batch": 0}}, {"maskgit": MISTAKEN}],
)
def test_a_record_that_holds_no_curve_is_left_out(found, monkeypatch):
    monkeypatch.setattr("phenaki_viz.ui.views.train_record._record", lambda run: found)
    at = drawn(record, looked())
    assert not at.get("bidi_component") and at.button(key="train.dial")


def test_an_echo_of_the_former_prompt_is_not_taken_for_typed(app):
    """A browser that has not heard that the prompt follows the clip sends the old box once more."""
    at = app(source="Trained", say="five moving up slowly")
    former = the_prompt(at)
    assert former.value == "five moving up slowly"
    at.selectbox(key="film").set_value("zero moving up quickly").run()
    assert the_prompt(at).value == "zero moving up quickly" and the_prompt(at).id != former.id
    echo = at._tree.get_widget_states()
    former.set_value("five moving up quickly")
    echo.widgets.append(former._widget_state)  # however late it comes
    at._run(echo)
    assert the_prompt(at).value == "zero moving up quickly"
    the_prompt(at).set_value("five moving up slowly").run()  # this was typed
    assert the_prompt(at).value == "five moving up slowly"
    assert at.query_params["say"] == "five moving up slowly"
    at.selectbox(key="film").set_value(CAPTIONS[0]).run()
    assert the_prompt(at).value == CAPTIONS[0] and "say" not in at.query_params
    assert not at.exception
