"""Position and Masks, each drawn alone: AppTest cannot follow `st.navigation`."""

import json
from base64 import b64decode

import numpy as np
from streamlit.testing.v1 import AppTest

from tests.sent import sent, words_on


def position(**dials):
    from phenaki_viz.data import read_prompt, sample_clip
    from phenaki_viz.models.dial import DialConfig
    from phenaki_viz.runs.dialled import run_dialled
    from phenaki_viz.ui.views.position import position_page

    position_page(run_dialled(DialConfig(**dials), sample_clip(), read_prompt("a b")))


def masks(words=0, steps=0, **dials):
    from phenaki_viz.data import read_prompt, sample_clip
    from phenaki_viz.models.dial import DialConfig
    from phenaki_viz.runs.dialled import Padding, run_dialled
    from phenaki_viz.ui.views.masks import masks_page

    padding = Padding(words=words, steps=steps)
    masks_page(run_dialled(DialConfig(**dials), sample_clip(), read_prompt("a b"), padding))


def drawn(page, **dials):
    at = AppTest.from_function(page, default_timeout=60, kwargs=dials).run()
    assert not at.exception
    return at


def components(at):
    return [sent(at, which) for which in range(len(at.get("bidi_component")))]


def figures(at):
    texts = [bytes(parts["figure"]) for _, parts in components(at) if "figure" in parts]
    return [json.loads(text) for text in texts]


def test_the_continuous_bias_is_drawn_in_3d_and_flat_for_the_head():
    at = drawn(position, heads=3)
    kinds = [figure["data"][0]["type"] for figure in figures(at)]
    assert kinds[:2] == ["surface", "heatmap"]
    assert any("no layer to choose" in line for line in words_on(at))
    at.slider(key="dt").set_value(-2).run()
    at.slider(key="extent").set_value(2).run()
    assert not at.exception
    assert any("extrapolated" in line for line in words_on(at))


def test_alibi_of_six_heads_is_not_in_order_and_says_so():
    at = drawn(position, heads=6, causal=True, position_bias=False)
    bars = figures(at)[0]["data"][0]
    heights = np.frombuffer(b64decode(bars["y"]["bdata"]), bars["y"]["dtype"])
    assert not (np.diff(heights) < 0).all()
    assert any("not in order" in line for line in words_on(at))


def test_without_any_bias_the_page_says_what_to_switch_on():
    at = drawn(position, position_bias=False)
    assert "switch on" in at.info[0].value


def test_masks_alone_and_together():
    at = drawn(masks, causal=True, words=2, steps=1)
    together, causal, padding = [
        parts["values"].reshape(320, 320) for _, parts in components(at) if "values" in parts
    ]
    hidden = np.isnan(together)
    np.testing.assert_array_equal(hidden, np.isnan(causal) | np.isnan(padding))
    assert np.isnan(causal)[0, 1:].all() and np.isnan(padding)[:, 256:].all()
    assert "PEG convolution" in at.info[0].value


def test_the_published_temporal_peg_is_named():
    at = drawn(masks, layout="factorised", cross=False, causal=True, peg_causal=True)
    assert "the information is not" in at.info[0].value
    at = drawn(
        masks, layout="factorised", cross=False, causal=True, peg_causal=True,
        peg_layout="rearranged",
    )  # fmt: skip
    assert len(at.info) == 0


def test_null_columns_of_cross_attention_are_apart():
    at = drawn(masks, words=3)
    at.button_group(key="maps").set_value("cross").run()
    assert not at.exception
    values = next(parts["values"] for _, parts in components(at) if "values" in parts)
    values = values.reshape(320, 7)
    assert (values[:, :2] == 2).all() and (values[:, 2:4] == 1).all()
    assert np.isnan(values[:, 4:]).all()
    assert at.metric[0].value == "4 of 7"
