"""The check is of what really ran, whatever stands around the output projection; it can fail."""

import io
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize

from phenaki_viz import models
from phenaki_viz.analysis.thumbnails import thumbnails
from phenaki_viz.data import Clip, read_prompt
from phenaki_viz.errors import VerificationWarning
from phenaki_viz.export.formats import render
from phenaki_viz.figures.attention_views import attention_heatmap, head_grid
from phenaki_viz.figures.head import Head
from phenaki_viz.figures.overlays import HeadOverFrames
from phenaki_viz.figures.read_views import steps_read, words_read
from phenaki_viz.figures.weight_colours import scale_for
from phenaki_viz.models.attention import Attention
from phenaki_viz.recording import describe_failures, describe_storage, record
from phenaki_viz.recording.verdicts import Verification
from phenaki_viz.recording.verify import compared
from phenaki_viz.runs.files import open_recording, save_recording
from phenaki_viz.runs.run import Run
from tests.published import published_attention
from tests.recording.models import SmallVideo, inputs

CODES = [models, published_attention()]


class Adapter(nn.Module):
    """LoRA as peft writes it: a weight that is not all of what is done; no `out_features`."""

    def __init__(self, base):
        super().__init__()
        self.base = base
        self.down = nn.Linear(base.in_features, 2, bias=False)
        self.up = nn.Linear(2, base.out_features, bias=False)

    @property
    def weight(self):
        return self.base.weight

    def forward(self, x):
        return self.base(x) + self.up(self.down(x))


class Doubled(nn.Module):
    def forward(self, weight):
        return 2 * weight


class Quantised(nn.Module):
    """Eight bits a weight, and no `weight` at all."""

    def __init__(self, base):
        super().__init__()
        self.step = float(base.weight.detach().abs().max()) / 127
        self.kept = (base.weight.detach() / self.step).round().to(torch.int8)
        self.out_features = base.out_features

    def forward(self, x):
        return x @ (self.kept.to(x.dtype) * self.step).T


def adapted(attention):
    attention.to_out = Adapter(attention.to_out)
    attention.to_q = Adapter(attention.to_q)
    attention.to_kv = Adapter(attention.to_kv)


def parametrised(attention):
    parametrize.register_parametrization(attention.to_out, "weight", Doubled())


def quantised(attention):
    attention.to_out = Quantised(attention.to_out)


def hooked(attention):
    attention.to_out.register_forward_hook(lambda _, args, out: 3 * out + 1)
    attention.to_out.register_forward_pre_hook(lambda _, args: (args[0] * 0.5,))


def by_name(attention):
    """Called with its input by keyword."""
    plain = attention.to_out

    class ByName(nn.Module):
        def forward(self, *, hidden):
            return plain(hidden)

    class Renamed(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = ByName()

        def forward(self, x):
            return self.inner(hidden=x)

    attention.to_out = Renamed()


WRAPPED = [adapted, parametrised, quantised, hooked, by_name]


def only(attention, *, storage="dense", x=None):
    torch.manual_seed(1)
    with torch.no_grad(), record(attention, storage=storage) as recording:
        attention(torch.randn(2, 12, 32) if x is None else x)
    return recording.records[0]


def built(code, **kwargs):
    torch.manual_seed(0)
    return code.Attention(32, heads=4, dim_head=8, **kwargs).eval()


@pytest.mark.parametrize("code", CODES, ids=["ours", "published"])
@pytest.mark.parametrize("storage", ["dense", "factored"])
@pytest.mark.parametrize("wrap", WRAPPED)
def test_whatever_stands_around_the_projection_the_map_is_checked(code, storage, wrap):
    attention = built(code)
    wrap(attention)
    checked = only(attention, storage=storage).verification
    assert checked.verdict == "passed" and checked.relative_error < 1e-5
    assert checked.max_abs_error < 1e-5 and checked.queries > 0


def test_a_hook_that_writes_into_what_it_is_given_is_no_failure():
    attention = built(models)
    attention.to_out.register_forward_pre_hook(lambda _, args: (args[0].zero_(),))
    assert only(attention).verification.verdict == "passed"


def test_hooks_of_the_user_run_once_and_see_what_they_would():
    attention, seen = built(models), []
    attention.to_out.register_forward_hook(lambda _, args, out: seen.append(args[0].shape))
    only(attention)
    assert seen == [(2, 12, 32)]
    assert len(attention.to_out._forward_pre_hooks) == 0


@pytest.mark.parametrize("code", CODES, ids=["ours", "published"])
@pytest.mark.parametrize("storage", ["dense", "factored"])
def test_a_projection_that_is_not_called_is_said_to_be_unchecked(code, storage):
    attention = built(code)

    class Inside(type(attention)):
        def forward(self, *args, **kwargs):
            projection, self.to_out = self.to_out, nn.Identity()
            try:
                return super().forward(*args, **kwargs) @ projection.weight.T
            finally:
                self.to_out = projection

    attention.__class__ = Inside
    checked = only(attention, storage=storage).verification
    assert (checked.verdict, checked.max_abs_error) == ("unchecked", None)
    assert checked.reason == "its output projection, to_out, was not called as a module"
    assert checked.said == f"Not checked: {checked.reason}." and checked.brief == "not checked"


def test_what_was_found_is_said_in_few_words_too():
    found = Verification(verdict="passed", queries=16, of=180, relative_error=1.2e-7)
    assert found.brief == "checked to 1.2e-07 (16 of 180 rows)"
    assert replace(found, relative_error=0.0).brief == "checked to the last digit (16 of 180 rows)"
    assert replace(found, of=4352).brief == "checked to 1.2e-07 (16 of 4,352 rows)"
    assert replace(found, verdict="failed").brief == "CHECK FAILED"


def test_a_projection_of_something_else_is_said_to_be_unchecked():
    attention = built(models)

    class Gated(Attention):
        def forward(self, x, *args, **kwargs):
            super().forward(x, *args, **kwargs)
            return self.to_out(torch.zeros(2, 3, 32))

    attention.__class__ = Gated
    checked = only(attention).verification
    assert checked.verdict == "unchecked" and "was given 2 × 3 × 32" in checked.reason


def flipped(attention):
    attention.attn_dropout.register_forward_hook(lambda _, args, out: out.flip(-1))


def failing(model, *, storage="dense"):
    flipped(model.transformer.layers[0][1])
    with pytest.warns(VerificationWarning, match="CHECK FAILED for 1 of 4 maps") as told:
        with torch.no_grad(), record(model, storage=storage) as recording:
            model(*inputs())
    assert len(told) == 1 and "transformer.layers.0.1" in str(told[0].message)
    assert told[0].filename == __file__
    return recording


def run_of(recording):
    clip = Clip(np.zeros((3, 24, 40, 1), np.uint8), "black")
    return Run(
        clip=clip, prompt=read_prompt("a b c d"), recording=recording,
        temporal_patch=2, seconds=0.1,
    )  # fmt: skip


@pytest.mark.parametrize("code", CODES, ids=["ours", "published"])
def test_a_check_that_fails_is_said_by_api_file_and_every_picture(tmp_path, code):
    recording = failing(SmallVideo(code).eval())
    back = open_recording(save_recording(tmp_path / "run.safetensors", run_of(recording)))
    for kept in (recording, back.recording):
        (bad,) = kept.failed
        assert bad.module == "transformer.layers.0.1"
        assert bad.verification == recording.records[0].verification
        assert bad.verification.said.startswith("CHECK FAILED")
        assert "Do not trust these pictures" in describe_failures(kept.records)
        head = Head(kept, bad, 1, 2)
        scale = scale_for(1.0, scope="this head")
        frames = np.zeros((3, 24, 40, 3), np.uint8)
        records = [one for one in kept if one.kind == "self"]
        for picture in (
            attention_heatmap(head, scale),
            head_grid(kept, records, thumbnails(records, [0, 0]), scale),
            steps_read(head, (0, 1, 2)),
            words_read(head, (0, 1, 2)),
            HeadOverFrames(head=head, frames=frames, temporal_patch=2, scale=scale).of_patches(
                [(0, 1, 2)]
            ),
        ):
            assert "CHECK FAILED" in picture.title
            assert any("CHECK FAILED" in note for note in picture.notes)
        good = Head(kept, kept.records[2], 1, 2)
        assert "CHECK FAILED" not in " ".join((good.title, *good.notes))
        assert attention_heatmap(head, scale).provenance["verification"] == "failed"


def test_a_failed_check_is_in_what_is_exported():
    recording = failing(SmallVideo(models).eval())
    scale = scale_for(1.0, scope="this head")
    picture = attention_heatmap(Head(recording, recording.records[0], 0, 0), scale)
    for kind in ("svg", "html", "csv"):
        assert b"CHECK" in render(picture, kind) and b"not what the" in render(picture, kind)
    arrays = np.load(io.BytesIO(render(picture, "npz")))
    assert any("CHECK FAILED" in str(arrays[name]) for name in arrays.files)


def test_good_recordings_warn_of_nothing():
    model = SmallVideo(models).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for storage in ("dense", "factored"):
            with torch.no_grad(), record(model, storage=storage) as recording:
                model(*inputs())
            assert not recording.failed and recording.first_non_finite is None


def test_an_error_of_the_block_is_not_hidden_by_a_warning():
    model = SmallVideo(models).eval()
    flipped(model.transformer.layers[0][1])
    with pytest.raises(ZeroDivisionError), torch.no_grad(), record(model):
        model(*inputs())
        raise ZeroDivisionError


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize(("share", "verdict"), [(1e-6, "passed"), (1e-3, "failed")])
def test_the_tolerance_goes_with_the_size_of_the_values(size, share, verdict):
    values = size * torch.randn(2, 3, 7, 5, generator=torch.Generator().manual_seed(0))
    theirs = values[:, :, :4]
    largest = values.abs().amax(dim=(-2, -1), keepdim=True)
    ours = theirs + share * largest
    found = compared(ours, theirs, values, 1e-4)
    assert found.verdict == verdict
    assert found.relative_error == pytest.approx(share, rel=0.1)
    assert found.max_abs_error == pytest.approx(share * float(largest.max()), rel=0.1)


def test_what_is_not_finite_is_right_where_the_model_is_not_finite_either():
    values = torch.randn(1, 2, 7, 5)
    theirs = values[:, :, :4].clone()
    theirs[0, 1, 2] = torch.nan
    found = compared(theirs.clone(), theirs, values, 1e-4)
    assert (found.verdict, found.finite, found.max_abs_error) == ("passed", False, 0)
    assert compared(values[:, :, :4], theirs, values, 1e-4).verdict == "failed"
    gone = torch.full_like(theirs, torch.nan)
    found = compared(gone, gone, values, 1e-4)
    assert (found.verdict, found.finite) == ("unchecked", False)
    assert found.said == "Not checked: what the module computed is not finite."


@pytest.mark.parametrize("code", CODES, ids=["ours", "published"])
@pytest.mark.parametrize("storage", ["dense", "factored"])
@pytest.mark.parametrize("where", ["in place", "behind autograd"])
def test_a_bias_changed_after_its_module_is_recorded_as_it_was_added(code, storage, where):
    model = SmallVideo(code).eval()

    def change(module, args, bias):
        surface = getattr(bias, "surface", bias)
        (surface if where == "in place" else surface.data).mul_(-3)

    x, context, mask = inputs()
    with torch.no_grad(), record(model, storage=storage) as recording:
        model.continuous_pos_bias.register_forward_hook(change)  # after the recorder's own
        model(x, context, mask)
    for one in recording:
        assert one.verification.verdict == "passed" and one.position_bias is None
    with torch.no_grad():
        bias = model.continuous_pos_bias(2, 3, 5)  # the hook changes this one too
    first = recording.records[0]
    np.testing.assert_allclose(first.dense_bias, bias, rtol=0, atol=1e-5)
    exact = replace(first)  # the map: from its own parts, with what was really added
    with torch.no_grad(), record(model, storage="dense") as again:
        model(x, context, mask)
    np.testing.assert_allclose(
        exact.map.full(1, 2), again.records[0].map.full(1, 2), rtol=0, atol=1e-5
    )


def test_parts_that_fail_their_check_are_not_called_exact():
    model = SmallVideo(models).eval()
    module = model.transformer.layers[0][1]
    module.attn_parts.register_forward_pre_hook(
        lambda _, args: (args[0] * 2, *args[1:])  # what the recorder is told is not what ran
    )
    with (
        pytest.warns(VerificationWarning),
        torch.no_grad(),
        record(model, storage="factored") as kept,
    ):
        model(*inputs())
    assert kept.failed == kept.records[:1]
    assert "exactly" not in describe_storage(kept) and "see the check" in describe_storage(kept)
    assert len(kept.records[0].map.wrong_rows(0, 0))
