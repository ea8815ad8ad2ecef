"""Position and Masks, each drawn alone: AppTest cannot follow `st.navigation`."""

import json
from base64 import b64decode

import numpy as np
import torch
from streamlit.testing.v1 import AppTest
from torch import nn

from phenaki_viz import record
from phenaki_viz.models import Attention
from phenaki_viz.models.position import ContinuousPositionBias
from tests.sent import sent, words_on


def position(**dials):
    from phenaki_viz.data import read_prompt, sample_clip
    from phenaki_viz.models.dial import DialConfig
    from phenaki_viz.runs.dialled import run_dialled
    from phenaki_viz.ui.views.position import position_page

    position_page(run_dialled(DialConfig(**dials), sample_clip(), read_prompt("a b")))


def position_of_own(file):
    from phenaki_viz.runs.files import open_recording
    from phenaki_viz.ui.views.position import position_page

    position_page(open_recording(file))


def masks(words=0, steps=0, **dials):
    import streamlit as st

    from phenaki_viz.data import read_prompt, sample_clip
    from phenaki_viz.models.dial import DialConfig
    from phenaki_viz.runs.dialled import Padding, run_dialled
    from phenaki_viz.ui.views.masks import masks_page

    if "run" not in st.session_state:  # one run: the page goes on with what it has begun of it
        given = DialConfig(**dials), sample_clip(), read_prompt("a b")
        st.session_state["run"] = run_dialled(*given, Padding(words=words, steps=steps))
    masks_page(st.session_state["run"])


def drawn(page, **dials):
    at = AppTest.from_function(page, default_timeout=120, kwargs=dials).run()
    assert not at.exception
    return at


def components(at):
    return [sent(at, which) for which in range(len(at.get("bidi_component")))]


def figures(at):
    texts = [bytes(parts["figure"]) for _, parts in components(at) if "figure" in parts]
    return [json.loads(text) for text in texts]


def test_biases_of_ones_own_model_go_by_their_names_and_the_head_is_the_recorded_one(tmp_path):
    """One of a row of tokens, one of a frame; of four heads two were recorded."""
    torch.manual_seed(0)
    model = nn.ModuleDict({
        "along": ContinuousPositionBias(dim=8, heads=4, num_dims=1),
        "across": ContinuousPositionBias(dim=8, heads=4, num_dims=2),
        "first": Attention(8, heads=4, dim_head=4),
        "second": Attention(8, heads=4, dim_head=4),
    }).eval()  # fmt: skip
    x = torch.randn(1, 6, 8)
    with torch.no_grad(), record(model, heads=[1, 3]) as found:
        model["first"](x, attn_bias=model["along"](6))
        model["second"](x, attn_bias=model["across"](2, 3))
    at = drawn(position_of_own, file=found.save(tmp_path / "own.safetensors"))
    assert any(line.startswith("along H1: ") for line in words_on(at)), words_on(at)
    assert at.segmented_control(key="bias_of").options == ["along", "across"]
    at.segmented_control(key="bias_of").set_value("across").run()
    assert not at.exception and any(line.startswith("across H1: ") for line in words_on(at))


def test_the_continuous_bias_is_drawn_in_3d_and_flat_for_the_head():
    at = drawn(position, heads=3)
    kinds = [figure["data"][0]["type"] for figure in figures(at)]
    assert kinds[:2] == ["heatmap", "surface"]
    assert any("no layer to choose" in line for line in words_on(at))
    at.slider(key="dt").set_value(-2).run()
    at.slider(key="extent").set_value(2).run()
    assert not at.exception
    assert any("extrapolated" in line for line in words_on(at))


def test_alibi_of_six_heads_is_not_in_order_and_says_so():
    at = drawn(position, heads=6, causal=True, position_bias=False)
    others, chosen = figures(at)[0]["data"]
    assert others["mode"] == chosen["mode"] == "markers" and chosen["name"] == "H0, chosen"
    heights = np.frombuffer(b64decode(others["y"]["bdata"]), others["y"]["dtype"])
    assert not (np.diff(heights) < 0).all()
    assert any("halves a weight every" in line for line in words_on(at))
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
    assert at.button_group(key="masked_maps").value == "cross"  # the first stack with a mask
    names = next(header["scale"]["names"] for header, _ in components(at) if "scale" in header)
    assert [name for _, name in names] == ["may look", "null key, never masked"]
    values = next(parts["values"] for _, parts in components(at) if "values" in parts)
    values = values.reshape(320, 7)
    assert (values[:, :2] == 2).all() and (values[:, 2:4] == 1).all()
    assert np.isnan(values[:, 4:]).all()
    said = " ".join(words_on(at))
    assert "L0 · cross: padded, a query may look at 4 of 7 keys" in said
    assert "may look at 4 of 7 keys: 3 are padding; the 2 null keys no mask hides." in said
