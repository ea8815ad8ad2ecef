"""The user's own weights on the page: frames of any shape, which set of weights, folders."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from phenaki_viz.errors import CheckpointError
from phenaki_viz.ui.source.checkpoint import GOOD
from phenaki_viz.ui.source.trained import checked_grid
from tests.checkpoints.files import CVIVIT, MASKGIT, PHENAKI, pt, tensors, weights
from tests.ui.test_trained_pages import components, upload

TALL = replace(
    PHENAKI,
    cvivit=replace(CVIVIT, image_size=(24, 40)),
    maskgit=replace(MASKGIT, max_seq_len=90),
)


def box(at, start):
    return next(box for box in at.selectbox if box.label.startswith(start))


def type_into(chosen, text):
    """What a reader does who types a value that is not offered."""
    if text not in chosen.options:
        chosen.proto.options.append(text)
        chosen.options.append(text)
    return chosen.set_value(text).run()


def test_frames_that_are_no_squares_are_typed_and_drawn(app):
    at = app(source="Your own", maps="Self")
    upload(at, "phenaki.pt", pt(weights(TALL)))
    type_into(box(at, "cvivit.image_size"), "24 × 40")
    assert not at.exception and not at.error and not at.warning
    assert box(at, "cvivit.image_size").value == (24, 40)
    found = components(at)
    steps = found["map"][0]["total"][0] // 15
    assert found["map"][0]["total"] == [steps * 15] * 2 and steps > 1
    films = [header for header, _ in found.values() if "grid" in header and "size" in header]
    assert films and all(one["size"] == [24, 40] for one in films)
    assert all(one["grid"][1:] == [3, 5] for one in films)


@pytest.mark.parametrize("typed", ["25x40", "as tall as wide", "240000x8"])
def test_a_size_that_cannot_be_is_named_and_the_page_goes_on(app, typed):
    at = app(source="Your own", maps="Self")
    upload(at, "phenaki.pt", pt(weights(TALL)))
    before = components(at)["map"][0]["total"]
    type_into(box(at, "cvivit.image_size"), typed)
    assert not at.exception and not at.error
    assert [one.value for one in at.warning] == ["cvivit.image_size is assumed again:"]
    assert any("cvivit.image_size" in one.value and "phenaki.pt" in one.value for one in at.text)
    assert components(at)["map"][0]["total"] == before
    at.run()
    assert not at.warning and box(at, "cvivit.image_size").options


def test_other_corrections_stay_when_one_cannot_be(app):
    at = app(source="Your own", maps="Self")
    upload(at, "phenaki.pt", pt(weights(TALL)))
    box(at, "cvivit.causal").set_value(False).run()
    type_into(box(at, "cvivit.image_size"), "25x40")
    assert at.warning and box(at, "cvivit.causal").value is False


def test_which_weights_are_taken_is_said_and_chosen(app):
    state = weights(MASKGIT)
    both = {f"ema_model.{key}": tensor for key, tensor in state.items()}
    both |= {f"online_model.{key}": tensor * 2 for key, tensor in state.items()}
    at = app(source="Your own", maps="Self")
    upload(at, "trainer.pt", pt(both))
    assert not at.exception and not at.error
    assert any("the moving average under ema_model is used" in one.value for one in at.text)
    bias = state["to_logits.bias"]
    assert torch.equal(at.session_state[GOOD].model.to_logits.bias, bias)
    before = components(at)["map"][1]["values"].copy()
    box(at, "weights").set_value("online_model").run()
    assert any("the weights under online_model are used" in one.value for one in at.text)
    assert torch.equal(at.session_state[GOOD].model.to_logits.bias, bias * 2)
    assert not np.array_equal(before, components(at)["map"][1]["values"])


def test_a_folder_of_shards_by_its_path(app, tmp_path):
    state = list(weights(MASKGIT).items())
    for at, part in enumerate((state[:9], state[9:]), 1):
        path = tmp_path / f"model-0000{at}-of-00002.safetensors"
        path.write_bytes(tensors(dict(part)))
    page = app(source="Your own", maps="Self")
    page.text_input(key="own.path").set_value(str(tmp_path)).run()
    assert not page.exception and not page.error
    assert any("a shard of 2: all of them are used" in one.value for one in page.text)
    (tmp_path / "model-00002-of-00002.safetensors").unlink()
    page.run()
    assert any("is not beside it: put all shards" in one.value for one in page.text)


def test_a_grid_that_is_no_square_is_typed(app):
    at = app(source="Your own", maps="Self")
    upload(at, "maskgit.safetensors", tensors(weights(MASKGIT)))
    type_into(box(at, "Token grid"), "2x3x2")
    assert not at.exception and not at.warning
    assert components(at)["map"][0]["total"] == [12, 12]
    type_into(box(at, "Token grid"), "9x9x9")
    assert not at.exception and len(at.warning) == 1
    assert any("that make up to 12 tokens" in one.value for one in at.text)


@pytest.mark.parametrize("wrong", ["3x4", "3x4x0", "5x5x5", (1, 2), "three"])
def test_grids_that_cannot_be(wrong):
    with pytest.raises(CheckpointError, match="grid"):
        checked_grid(wrong, 60)


@pytest.mark.parametrize("good", ["3x4x5", "3 × 4 × 5", (3, 4, 5)])
def test_grids_in_every_way_to_write_them(good):
    assert checked_grid(good, 60) == (3, 4, 5)
