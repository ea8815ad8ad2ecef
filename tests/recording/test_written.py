"""How much is written: norms of values, of heads, of the module, against the vectors themselves."""

import numpy as np
import pytest
import torch
from einops import rearrange
from torch import nn

import phenaki_viz
from phenaki_viz import models
from phenaki_viz.errors import RecordingError
from phenaki_viz.recording import record
from phenaki_viz.recording.switches import Switches, switched
from tests.published import published_attention
from tests.recording.models import SmallVideo, inputs

CLOSE = {"rtol": 0, "atol": 1e-5}
EVERY = {"extras": ("values", "written")}


def run(model, *, storage="dense", **how):
    """One forward recorded, and the output of every attention module, by name."""
    outputs = {}
    hooks = [
        module.register_forward_hook(lambda _, __, out, name=name: outputs.__setitem__(name, out))
        for name, module in phenaki_viz.recording.attention_modules(model).items()
    ]
    how = {"extras": ("written",)} | how
    with torch.inference_mode(), record(model, storage=storage, **how) as recording:
        model(*inputs())
    for hook in hooks:
        hook.remove()
    return recording, outputs


@pytest.mark.parametrize("storage", ["dense", "factored"])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("classes", [models, published_attention()], ids=["ours", "published"])
def test_heads_write_the_module_s_output_and_the_norms_are_theirs(classes, causal, storage):
    torch.manual_seed(3)
    model = SmallVideo(classes, causal=causal).eval()
    recording, outputs = run(model, storage=storage, **EVERY)
    for one in recording:
        module = model.get_submodule(one.module)
        each = rearrange(module.to_out.weight.detach(), "dim (h d) -> h d dim", h=3)
        attn = np.stack([[one.map.full(b, h) for h in range(3)] for b in range(2)])
        vectors = torch.from_numpy(one.values) @ each  # b h j dim
        heads = torch.from_numpy(attn) @ vectors
        torch.testing.assert_close(heads.sum(dim=1), outputs[one.module], **CLOSE)
        written = one.written
        np.testing.assert_allclose(written.values, vectors.norm(dim=-1), **CLOSE)
        np.testing.assert_allclose(written.heads, heads.norm(dim=-1), **CLOSE)
        np.testing.assert_allclose(written.whole, outputs[one.module].norm(dim=-1), **CLOSE)


def test_of_chosen_heads_and_items_the_norms_are_theirs():
    model = SmallVideo(models).eval()
    every, _ = run(model)
    some, _ = run(model, heads=[2, 0], batch_items=[1], storage="factored")
    for one, other in zip(every, some, strict=True):
        np.testing.assert_allclose(
            other.written.values, one.written.values[[1]][:, [2, 0]], **CLOSE
        )
        np.testing.assert_allclose(other.written.heads, one.written.heads[[1]][:, [2, 0]], **CLOSE)
        np.testing.assert_allclose(other.written.whole, one.written.whole[[1]], **CLOSE)


def test_a_head_that_is_off_is_told_with_what_it_would_have_written():
    model = SmallVideo(models).eval()
    name = "transformer.layers.0.1"
    on, _ = run(model)
    with switched(model, Switches(off=frozenset({(name, 1)}))):
        off, _ = run(model)
    one, other = on[name], off[name]
    np.testing.assert_allclose(other.written.heads, one.written.heads, **CLOSE)
    assert np.abs(other.written.whole - one.written.whole).max() > 1e-3


class Adapted(nn.Linear):
    def forward(self, x):
        return super().forward(x) + 1


def test_a_projection_that_is_no_plain_linear_map_is_told_nothing_of():
    model = SmallVideo(models).eval()
    attention = model.transformer.layers[0][1]
    adapted = Adapted(24, 32, bias=False)
    adapted.load_state_dict(attention.to_out.state_dict())
    attention.to_out = adapted
    recording, _ = run(model)
    told = {one.module: one.written is not None for one in recording}
    assert not told.pop("transformer.layers.0.1") and all(told.values())


@pytest.mark.parametrize("format", [torch.float16, torch.bfloat16])
def test_in_half_precision_the_norms_are_those_of_its_values(format):
    attention = models.Attention(16, heads=2, dim_head=8).to(format).eval()
    with torch.inference_mode(), record(attention, **EVERY) as recording:
        attention(torch.randn(1, 9, 16, dtype=format))
    one = recording.records[0]
    each = rearrange(attention.to_out.weight.detach().float(), "dim (h d) -> h d dim", h=2)
    wanted = (torch.from_numpy(one.values) @ each).norm(dim=-1)
    np.testing.assert_allclose(one.written.values, wanted, rtol=1e-4, atol=1e-5)


def test_it_is_kept_when_it_is_asked_for():
    recording, _ = run(SmallVideo(models).eval(), extras=())
    assert all(one.written is None for one in recording)


def test_it_comes_out_of_a_file_and_a_file_without_it_opens(tmp_path):
    recording, _ = run(SmallVideo(models, causal=True).eval())
    opened = phenaki_viz.open(recording.save(tmp_path / "new.safetensors"))
    for one, other in zip(recording, opened, strict=True):
        for name in ("values", "heads", "whole"):
            np.testing.assert_array_equal(getattr(one.written, name), getattr(other.written, name))
    for one in recording:
        object.__setattr__(one, "written", None)
    older = phenaki_viz.open(recording.save(tmp_path / "old.safetensors"))
    assert all(one.written is None for one in older)


@pytest.mark.parametrize("damage", ["gone", "short"])
def test_a_file_in_which_it_does_not_fit_is_refused(tmp_path, damage):
    recording, _ = run(SmallVideo(models).eval())
    written = recording.records[0].written
    if damage == "short":
        object.__setattr__(written, "heads", written.heads[..., 1:])
        object.__setattr__(written, "whole", written.whole[..., 1:])
    else:
        object.__setattr__(written, "values", written.values.astype(np.int64))
    path = recording.save(tmp_path / "damaged.safetensors")
    with pytest.raises(RecordingError, match=r"records\.0\.written_(heads is|values holds)"):
        phenaki_viz.open(path)
