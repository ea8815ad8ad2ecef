"""Every page in-process: what is drawn, what stays when the model changes, what is refused."""

import json

import numpy as np
import pytest
import streamlit as st

from phenaki_viz.data import read_prompt, sample_clip
from phenaki_viz.runs.dialled import run_dialled
from phenaki_viz.ui.sections import head_grid
from phenaki_viz.ui.source import sidebar
from phenaki_viz.ui.state.dial_settings import Settings
from phenaki_viz.ui.work import fragment_jobs
from tests import sent as wire


def expected(**dials):
    settings = Settings(**dials)
    prompt = read_prompt(settings.prompt if settings.cross else "")
    return run_dialled(settings.config, sample_clip(), prompt, settings.padding).recording


def sent(at):
    """Header and arrays of every component on the page, by its id."""
    found = {}
    for which in range(len(at.get("bidi_component"))):
        header, parts = wire.sent(at, which)
        found[header.get("id") or f"figure {len(found)}"] = header, parts
    return found


def test_the_first_page_shows_the_real_map(app):
    at = app(layer=1, head=5)
    assert not at.exception
    header, parts = sent(at)["map"]
    exact = expected().records[2].map.full(0, 5)
    np.testing.assert_allclose(parts["values"].reshape(header["shape"]), exact, rtol=0, atol=1e-6)
    strip = sent(at)["strip"][1]["weights"]
    np.testing.assert_array_equal(strip, exact[2 * 64 + 1 * 8 + 2])
    grid = sent(at)["grid.heads"][0]
    assert (len(grid["layers"]), len(grid["heads"])) == (4, 8)
    assert any("random weights" in line for line in wire.words_on(at))


def test_a_slider_changes_the_model_and_keeps_the_view(app):
    at = app(layer=2, head=3, step=4, row=5, column=6)
    before = sent(at)["map"][1]["values"]
    at.slider(key="heads").set_value(5).run()
    assert not at.exception
    header, parts = sent(at)["map"]
    assert not np.array_equal(before, parts["values"])
    exact = expected(heads=5).records[4].map.full(0, 3)
    np.testing.assert_allclose(parts["values"].reshape(header["shape"]), exact, rtol=0, atol=1e-6)
    kept = {name: at.number_input(key=name).value for name in ("layer", "head", "step", "row")}
    assert kept == {"layer": 2, "head": 3, "step": 4, "row": 5}


def test_a_wish_that_does_not_fit_comes_back_when_it_does(app):
    at = app(head=7)
    at.slider(key="heads").set_value(2).run()
    assert at.number_input(key="head").value == 1
    at.slider(key="heads").set_value(8).run()
    assert at.number_input(key="head").value == 7


def test_cross_attention_keeps_the_null_keys(app):
    at = app(maps="Cross", prompt="a b c")
    assert not at.exception
    header, _ = sent(at)["map"]
    assert header["key"]["nulls"] == 2
    assert header["key"]["words"] == ["a", "b", "c"]
    assert header["total"] == [320, 5]


def test_an_empty_prompt_leaves_the_null_keys_alone(app):
    at = app(maps="Cross", prompt="")
    assert not at.exception
    header, parts = sent(at)["map"]
    assert header["total"] == [320, 2] and header["key"]["groups"] == ["null"]
    np.testing.assert_allclose(parts["values"].reshape(320, 2).sum(axis=1), 1, atol=1e-5)


def test_markup_in_a_prompt_is_shown_literally(app):
    hostile = "<script>alert(1)</script> ![x](http://evil.example/x.png) $\\href{}$"
    at = app(maps="Cross", prompt=hostile)
    assert not at.exception
    assert sent(at)["map"][0]["key"]["words"][0] == "<script>alert(1)</script>"
    shown = [element.value for element in (*at.markdown, *at.caption)]
    assert not any("![x](http" in text for text in shown)


def test_spatial_and_temporal_maps_say_which_frame_and_which_patch(app):
    at = app(layout="C-ViViT", causal="true", step=3, row=2, column=6)
    assert not at.exception
    header, _ = sent(at)["map"]
    assert header["query"]["grid"] == [1, 8, 8] and header["query"]["origin"] == [3, 0, 0]
    at.button_group(key="maps").set_value("encoder temporal").run()
    header, parts = sent(at)["map"]
    assert header["query"]["grid"] == [5, 1, 1] and header["query"]["origin"] == [0, 2, 6]
    assert np.isnan(parts["values"].reshape(5, 5)[0, 1:]).all()


def test_shared_scale_law_and_end_are_said(app):
    weights = np.stack([r.map.full(0, h) for r in expected() if r.kind == "self" for h in range(8)])
    at = app(scale="Shared by all heads", law="Log", end="Largest")
    assert not at.exception
    scale = sent(at)["map"][0]["scale"]
    assert scale["law"] == "log" and scale["scope"].startswith("all heads and layers")
    assert scale["high"] == pytest.approx(weights.max()) and not scale["above"]
    at = app(scale="Shared by all heads")
    scale = sent(at)["map"][0]["scale"]
    assert scale["law"] == "sqrt" and scale["above"]
    assert scale["high"] == pytest.approx(np.percentile(weights, 99.5), rel=0.02)


def test_one_scale_in_multiples_of_uniform_rules_every_picture(app):
    at = app(law="× uniform", causal="true", scale="Shared by all heads", pins="0.1", depth=2)
    assert not at.exception
    found = sent(at)
    scales = {key: found[key][0]["scale"] for key in ("map", "strip")}
    assert all(scale["law"] == "uniform" for scale in scales.values())
    assert scales["map"] == scales["strip"] and scales["map"]["scope"] == "all heads and layers"
    low, high = (scales["map"][end] for end in ("low", "high"))
    assert low == pytest.approx(1 / high) and high > 1.5
    records = [r for r in expected(causal=True, depth=2) if r.kind == "self"]
    seen = np.tril(np.ones((320, 320), bool))
    multiples = [r.map.full(0, h) * np.arange(1, 321)[:, None] for r in records for h in range(8)]
    top = np.percentile(np.stack(multiples)[:, seen], 99.5)
    assert high == pytest.approx(top, rel=0.02)
    assert found["pinned"][0]["scale"]["law"] == "uniform"
    uniform = found["strip"][1]["uniforms"]
    assert np.unique(uniform) == pytest.approx(1 / (2 * 64 + 1 * 8 + 2 + 1))


def test_where_a_head_went_that_was_pinned_is_said_once(app):
    at = app(depth=2, heads=2)
    at.session_state[head_grid.NEWS] = [(1, 0)]
    assert "L1 H0 is held beside others, under the map" in at.run().toast[0].value
    assert not at.run().toast


def test_ends_set_by_hand_are_in_the_link_and_hold_for_every_picture(app):
    at = app(ends="0.001-0.02", palette="Light", pins="0.1", depth=2)
    assert not at.exception
    found = sent(at)
    for key in ("map", "strip", "pinned"):
        scale = found[key][0]["scale"]
        assert (scale["low"], scale["high"], scale["scope"]) == (0.001, 0.02, "set by hand"), key
    light = found["map"][1]["table"].reshape(256, 3)
    assert light[0].sum() > 600 and light[-1].sum() < 60
    assert found["strip"][1]["table"][:3].sum() < 60, "over frames low weights stay see-through"
    at.session_state["colours.ends"] = None
    at.run()
    assert sent(at)["map"][0]["scale"]["scope"] == "this head"
    assert "ends" not in at.query_params
    for absurd in ("0.5-0.1", "x-1", "1-99999999999"):
        assert sent(app(ends=absurd, depth=1))["map"][0]["scale"]["scope"] == "this head"


def test_links_of_earlier_versions_still_ask_for_logarithmic_colours(app):
    at = app(log="true")
    assert not at.exception and sent(at)["map"][0]["scale"]["law"] == "log"


def test_the_grid_can_be_coloured_by_a_metric(app):
    at = app()
    at.selectbox(key="grid").set_value("entropy").run()
    assert not at.exception
    header, parts = sent(at)["grid.heads"]
    assert "entropy" in header["label"]
    attn = expected().records[0].map.full(0, 0).astype(np.float64)
    assert parts["values"][0] == pytest.approx(-(attn * np.log2(attn)).sum(1).mean(), rel=1e-5)


def test_settings_over_the_limit_are_refused_and_the_last_picture_stays(app):
    at = app(size=128, storage="Dense")
    before = sent(at)["map"][1]["values"]
    at.selectbox(key="patch").set_value(4).run()
    assert not at.exception
    assert [error.value for error in at.error] == ["These settings cannot be run."]
    assert "MiB of attention maps; the limit is" in at.text[0].value
    np.testing.assert_array_equal(before, sent(at)["map"][1]["values"])


def test_maps_by_parts_are_the_stored_ones_and_say_so(app):
    at = app(storage="Factored", grid="entropy", scale="Shared by all heads")
    assert not at.exception
    header, parts = sent(at)["map"]
    shown = parts["values"].reshape(header["shape"])
    np.testing.assert_allclose(shown, expected().records[0].map.full(0, 0), rtol=0, atol=1e-5)
    assert any("recomputed where shown" in line for line in wire.words_on(at))
    at.selectbox(key="storage").set_value("dense").run()
    assert any("maps dense" in line for line in wire.words_on(at))


def test_what_would_not_fit_is_held_by_parts(app, monkeypatch):
    monkeypatch.setattr(sidebar, "MAP_LIMIT", 10**6)
    at = app(seed=3)
    assert not at.exception
    assert any("more than 1.0 MB" in line for line in wire.words_on(at))


def test_a_forward_of_hours_is_refused(app):
    at = app(size=128, patch=4, frames=17, depth=12, heads=16, dim_head=128)
    assert [error.value for error in at.error] == ["These settings cannot be run."]
    assert "trillion multiply-adds; the limit is 3.0. Use larger patches" in at.text[0].value


def test_long_work_is_done_in_slices(app, monkeypatch):
    """All maps of a large stack: map, thumbnails, metrics and the common scale."""
    monkeypatch.setattr(fragment_jobs, "SLICE", 0)
    paused = []
    run_again = fragment_jobs._run_again

    def noted():
        paused.extend(st.session_state[fragment_jobs._UNDER_WAY])
        run_again()

    monkeypatch.setattr(fragment_jobs, "_run_again", noted)
    few = {"heads": 2, "depth": 2}
    at = app(storage="Factored", grid="entropy", scale="Shared by all heads", seed=5, **few)
    assert not at.exception
    assert {"ranges", "tile", "thumbs", "table"} <= set(paused)
    header, parts = sent(at)["map"]
    exact = expected(seed=5, **few).records[0].map.full(0, 0)
    np.testing.assert_allclose(parts["values"].reshape(header["shape"]), exact, rtol=0, atol=1e-5)
    assert "entropy" in sent(at)["grid.heads"][0]["label"]


def test_undo_and_defaults(app):
    at = app()
    at.slider(key="depth").set_value(2).run()
    at.slider(key="heads").set_value(3).run()
    at.button(key="undo").click().run()
    assert (at.slider(key="heads").value, at.slider(key="depth").value) == (8, 2)
    at.button(key="defaults").click().run()
    assert (at.slider(key="heads").value, at.slider(key="depth").value) == (8, 4)


def test_frames_follow_the_temporal_patch(app):
    at = app()
    at.selectbox(key="temporal_patch").set_value(3).run()
    assert not at.exception
    assert at.selectbox(key="frames").value in (7, 10)
    assert sent(at)["strip"][0]["grid"] == [1 + (at.selectbox(key="frames").value - 1) // 3, 8, 8]


@pytest.mark.parametrize("head", [0, 3])
def test_a_head_without_its_kept_state_is_still_exact(app, head):
    header, parts = sent(app(head=head, heads=4, depth=1, prompt=""))["map"]
    exact = expected(heads=4, depth=1, prompt="").records[0].map.full(0, head)
    np.testing.assert_allclose(parts["values"].reshape(header["shape"]), exact, rtol=0, atol=1e-6)
    assert json.dumps(header)
