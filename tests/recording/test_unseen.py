"""A recording that caught nothing, or not all, says what it waited for, what ran, what to do."""

import copy
import io
import threading
import warnings

import pytest
import torch
from einops import rearrange, repeat
from torch import nn
from torch._subclasses import FakeTensorMode
from torch.nn.functional import normalize

from phenaki_viz import record
from phenaki_viz.errors import RecordingError, RecordingTooLargeError, RecordingWarning
from phenaki_viz.models import Attention
from phenaki_viz.recording import building
from phenaki_viz.recording.interventions import MeanHead, ZeroHead, intervened
from tests.recording.calls import TOKENS, Checkpointed, transformer


def in_another_thread(model):
    thread = threading.Thread(target=lambda: model(TOKENS))
    thread.start()
    thread.join()


def on_fake_tensors(model):
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        model(mode.from_tensor(TOKENS))


def traced(model):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.trace(model, TOKENS, check_trace=False)


def vmapped(model):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.func.vmap(lambda one: model(one[None])[0])(TOKENS)


def differentiated(model):
    weights = dict(model.named_parameters())
    torch.func.grad(lambda w: torch.func.functional_call(model, w, TOKENS).sum())(weights)


def differentiated_by_a_parametrized_weight(model):
    """The first layer's input is plain then; its weight is no parameter of its module."""
    to_kv = model.layers[0][1].to_kv
    torch.nn.utils.parametrize.register_parametrization(to_kv, "weight", torch.nn.Identity())
    name, weight = "layers.0.1.to_kv.parametrizations.weight.original", to_kv.weight.detach()
    torch.func.grad(lambda w: torch.func.functional_call(model, {name: w}, TOKENS).sum())(weight)


def exported(model):
    torch.export.export(model, (TOKENS,)).module()(TOKENS)


UNSEEN = {
    "never called": (lambda model: None, "was not called in the block: record the very object"),
    "another model": (lambda model: transformer()(TOKENS), "earlier copy of it, another model, or"),
    "another thread": (in_another_thread, "ran in another thread .* open record.. in the thread"),
    "a copy from inside": (lambda model: copy.deepcopy(model)(TOKENS), "A copy of the model ran"),
    "fake tensors": (on_fake_tensors, "called 2 times on shapes alone"),
    "meta": (lambda model: copy.deepcopy(model).to("meta")(TOKENS.to("meta")), "A copy of the"),
    "vmap": (vmapped, "2 times inside a torch.func transform"),
    "func.grad": (differentiated, "2 times inside a torch.func transform"),
    "func.grad by parametrize": (
        differentiated_by_a_parametrized_weight,
        "2 times inside a torch.func transform",
    ),
    "traced": (traced, "while it was traced"),
    "exported": (exported, "exported, traced or scripted program of it"),
    "its parts by hand": (lambda model: model.norm_out(TOKENS), "was not called in the block"),
}


@pytest.mark.parametrize("how", UNSEEN)
def test_every_way_to_run_a_model_unseen_is_named(how):
    run, said = UNSEEN[how]
    model = transformer()
    with pytest.warns(RecordingWarning, match=f"(?s)2 attention modules of Transformer.*{said}"):
        with torch.no_grad() if "func.grad" not in how else torch.enable_grad():
            with record(model) as recording:
                run(model)
    assert len(recording) == 0
    waited, *why = recording.missed
    assert "were waited for, layers.0.1, layers.1.1." in waited and why
    assert "Nothing was recorded" in repr(recording)


def test_functional_calls_are_recorded():
    model, weights = transformer(), None
    with torch.no_grad():
        with record(model) as plain:
            model(TOKENS)
        weights = {name: weight * 1 for name, weight in model.named_parameters()}
        with record(model) as recording:
            torch.func.functional_call(model, weights, TOKENS)
    assert len(recording) == 2 and recording.missed == ()
    assert (recording[1].map.full(0, 0) == plain[1].map.full(0, 0)).all()


def test_the_warning_points_at_the_block():
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        with record(transformer()):
            pass
    assert [warning.filename for warning in told] == [__file__]


def test_a_block_that_failed_is_not_commented_on():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(KeyError), record(transformer()):
            raise KeyError("theirs")


def test_only_a_backward_pass():
    model = Checkpointed(reentrant=False)
    loss = model(TOKENS.clone().requires_grad_()).sum()
    with pytest.warns(RecordingWarning, match="recomputed 2 calls .* put the forward into the"):
        with record(model) as recording:
            loss.backward()
    assert recording.recomputed == 2


def test_attention_that_was_not_reached():
    model = transformer()
    model.forward = lambda x: x
    with pytest.warns(RecordingWarning, match="itself ran once, but none of these modules did"):
        with record(model):
            model(TOKENS)


def test_a_module_that_goes_another_way_is_named_and_the_others_recorded():
    model = transformer()
    model.layers[0][1].forward = lambda x, **_: x
    with pytest.warns(RecordingWarning, match="layers.0.1 ran once without calling attn_dropout"):
        with torch.no_grad(), record(model) as recording:
            model(TOKENS)
    assert [one.module for one in recording] == ["layers.1.1"]


def test_what_cannot_be_recorded_does_not_stop_the_model(monkeypatch):
    model, keep = transformer(), building.map_of_call
    with torch.no_grad():
        expected = model(TOKENS)

    def fail(call, *rest):
        if call.module is model.layers[0][1]:
            raise RuntimeError("a shape that nobody expected")
        return keep(call, *rest)

    monkeypatch.setattr(building, "map_of_call", fail)
    said = "layers.0.1 ran and could not be recorded: RuntimeError: a shape that nobody expected"
    with torch.no_grad(), pytest.warns(RecordingWarning, match=said):
        with record(model) as recording:
            found = model(TOKENS)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    assert [one.module for one in recording] == ["layers.1.1"]
    assert said in recording.missed[0]


class SharingHeads(Attention):
    """Four heads of which `there` have keys and values of their own, and one scale for all."""

    def __init__(self, there: int) -> None:
        super().__init__(24, heads=4, dim_head=8)
        self.there, self.to_kv = there, nn.Linear(24, 2 * there * 8, bias=False)

    def forward(self, x, **_):
        """x: 'b i 24'."""
        x = self.norm(x)
        q = rearrange(self.to_q(x), "b n (h d) -> b h n d", h=4)
        k, v = rearrange(self.to_kv(x), "b n (two h d) -> two b h n d", two=2, h=self.there)
        k, v = (repeat(one, "b h n d -> b (h g) n d", g=4 // self.there) for one in (k, v))
        sim = 8 * normalize(q, dim=-1) * self.q_scale @ normalize(k, dim=-1).mT
        attn = self.attn_dropout(sim.softmax(dim=-1))
        return self.to_out(rearrange(attn @ v, "b h n d -> b n (h d)"))


@pytest.mark.parametrize(("there", "heads"), [(1, "1 head"), (2, "2 heads")])
def test_heads_that_share_keys_are_said_to(there, heads):
    model = SharingHeads(there).eval()
    with torch.no_grad(), pytest.warns(RecordingWarning) as warned, record(model) as recording:
        model(TOKENS)
    said = f"its 4 heads share {heads} of keys and values (grouped-query attention)"
    assert not len(recording) and said in str(warned[0].message)
    assert "Error" not in str(warned[0].message)
    assert "1 attention module of SharingHeads was waited for" in str(warned[0].message)


def scaled_by_one_number(shape=()):
    model = Attention(24, heads=4, dim_head=8).eval()
    model.q_scale, model.k_scale = (nn.Parameter(torch.full(shape, by)) for by in (1.5, 1.0))
    return model


@pytest.mark.parametrize("storage", ["dense", "factored"])
@pytest.mark.parametrize("shape", [(), (1,), (4, 1, 1)])
def test_one_number_may_scale_all_queries(shape, storage):
    model = scaled_by_one_number(shape)
    with torch.no_grad(), record(model, storage=storage) as recording:
        model(TOKENS)
    (one,) = recording
    assert one.verification.verdict == "passed" and one.map.storage == storage
    for given in (
        ZeroHead(module="", head=2),
        MeanHead(module="", head=2, mean=(0.5,) * 8, over="tokens"),
    ):
        with intervened(model, [given]), torch.no_grad():
            model(TOKENS)


def test_what_one_number_scales_takes_its_room():
    model = scaled_by_one_number()
    kept = TOKENS.shape[0] * 4 * TOKENS.shape[1] * (8 + 8 + 1) * 4  # queries, keys, sums of rows
    with torch.no_grad(), pytest.raises(RecordingTooLargeError) as told:
        with record(model, storage="factored", factored_limit_bytes=kept - 1):
            model(TOKENS)
    assert told.value.needed == kept


def test_weights_made_in_inference_mode_and_lazy_ones_do_not_stop_the_model():
    with torch.inference_mode():
        model = transformer()
        with record(model) as recording:
            model(TOKENS)
    assert len(recording.provenance["weights_digest"]) == 12
    model = transformer()
    model.later = torch.nn.LazyLinear(3)  # has no weights until it runs
    with torch.no_grad(), record(model) as recording:
        model(TOKENS)
    assert len(recording) == 2 and recording.provenance["weights_digest"].startswith("unknown (")


def test_another_thread_beside_the_own_is_said_without_a_warning():
    model = transformer()
    with torch.no_grad(), record(model) as recording:
        model(TOKENS)
        in_another_thread(model)
    assert len(recording) == 2
    (said,) = recording.missed
    assert said.startswith("The model ran in another thread")


def test_torchscript_and_graphs_are_refused_in_words():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        script = torch.jit.trace(transformer(), TOKENS, check_trace=False)
    with pytest.raises(RecordingError, match="this model is TorchScript"), record(script):
        pass
    graph = torch.export.export(transformer(), (TOKENS,)).module()
    with pytest.raises(RecordingError, match="an exported or traced graph"), record(graph):
        pass


def as_torchscript(module, *inputs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.trace(module, inputs, check_trace=False)


def test_a_part_in_torchscript_does_not_stand_in_the_way():
    model = transformer()
    with torch.no_grad(), record(model) as expected:
        model(TOKENS)
    model.norm_out = as_torchscript(model.norm_out, TOKENS)
    with torch.no_grad(), record(model) as recording:
        model(TOKENS)
    assert recording.missed == () and len(recording) == len(expected) > 0
    for ours, theirs in zip(recording, expected, strict=True):
        assert (ours.map.full(0, 0) == theirs.map.full(0, 0)).all()


def test_attention_in_torchscript_is_said_to_be_missing():
    model = transformer()
    whole = model.layers[0][1]
    model.layers[0][1] = as_torchscript(whole, TOKENS)
    with (
        torch.no_grad(),
        pytest.warns(RecordingWarning, match=r"layers\.0\.1 is TorchScript"),
        record(model) as recording,
    ):
        model.layers[0][1](TOKENS)
        model.layers[1][1](TOKENS)
    assert [one.module for one in recording] == ["layers.1.1"]
    (said,) = recording.missed
    assert "record a model with the module that it was made of" in said
    alone = torch.nn.Sequential(model.layers[0][1])
    with pytest.raises(RecordingError, match=r"is TorchScript \(0\)"), record(alone):
        pass


def test_a_model_is_saved_whole_in_the_block_without_its_hooks():
    model, file = transformer(), io.BytesIO()
    with torch.no_grad(), record(model) as recording:
        torch.save(model, file)
        expected = model(TOKENS)
    file.seek(0)
    back = torch.load(file, weights_only=False)
    with torch.no_grad():
        torch.testing.assert_close(back(TOKENS), expected, atol=1e-5, rtol=0)
    assert len(recording) == 2
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in back.modules())
