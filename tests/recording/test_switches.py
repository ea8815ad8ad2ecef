"""Interventions are hooks of one thread: exactly a model without the part, and nothing written."""

import copy
import threading

import pytest
import torch

from phenaki_viz import models, record
from phenaki_viz.errors import RecordingError
from phenaki_viz.recording.digests import weights_digest
from phenaki_viz.recording.sentences import describe_origin
from phenaki_viz.recording.switches import Switches, switched
from tests.published import published_attention
from tests.recording.models import SmallVideo, inputs

LIBRARIES = {"ours": lambda: models, "published": published_attention}
HEADS = [(f"transformer.layers.{layer}.{part}", head) for layer in (0, 1) for part in (1, 2)
         for head in range(3)]  # fmt: skip
CASES = [
    *(Switches(off=frozenset({head})) for head in HEADS),
    Switches(off=frozenset(HEADS[2:7])),
    Switches(off=frozenset(HEADS)),
    *(Switches(depth=frozenset({("transformer", kept)})) for kept in (0, 1, 2)),
    Switches(off=frozenset(HEADS[:2]), depth=frozenset({("transformer", 1)})),
]


@pytest.fixture(params=LIBRARIES)
def model(request):
    torch.manual_seed(0)
    return SmallVideo(LIBRARIES[request.param]()).eval()


def without(model, switches):
    """The same by writing: a copy whose columns are zero and whose layers are gone."""
    made = copy.deepcopy(model)
    for name, head in switches.off:
        to_out = made.get_submodule(name).to_out
        width = to_out.in_features // 3
        to_out.weight.data[:, head * width : (head + 1) * width] = 0
    for name, kept in switches.depth:
        transformer = made.get_submodule(name)
        transformer.layers = transformer.layers[:kept]
    return made


def written(model):
    """What would change if anything were written to, replaced or left behind."""
    tensors = model.state_dict(keep_vars=True).items()
    return (
        [(name, id(tensor), tensor._version) for name, tensor in tensors],
        [(name, id(module), sorted(module.__dict__)) for name, module in model.named_modules()],
        weights_digest(model),
    )


def hooks_on(model):
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


def in_another_thread(work):
    found = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join(30)
    return found[0]


@torch.no_grad()
@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_exactly_the_model_without_it_and_nothing_written(model, case):
    whole, before, expected = model(*inputs()), written(model), without(model, case)(*inputs())

    def beside():
        with torch.no_grad():
            return model(*inputs())

    with switched(model, case):
        assert torch.equal(model(*inputs()), expected)
        assert written(model) == before
        assert torch.equal(in_another_thread(beside), whole)
    assert hooks_on(model) == 0 and written(model) == before
    assert torch.equal(model(*inputs()), whole)


@torch.no_grad()
@pytest.mark.parametrize("storage", ["dense", "factored"])
@pytest.mark.parametrize("case", [CASES[12], CASES[15], *CASES[-2:]], ids=range(4))
def test_a_recording_is_that_of_the_model_without_it(model, case, storage):
    """Maps of heads that are off are there; those of layers that are cut away are not."""
    expected = without(model, case)
    with record(expected, storage=storage) as wanted:
        expected(*inputs())
    with switched(model, case), record(model, storage=storage) as inside:
        model(*inputs())
    with record(model, storage=storage) as outside, switched(model, case):
        model(*inputs())
    for found in (inside, outside):
        assert [r.module for r in found] == [r.module for r in wanted]
        for ours, theirs in zip(found, wanted, strict=True):
            assert (ours.map.full(0, 1) == theirs.map.full(0, 1)).all()
            assert ours.verification.max_abs_error < 1e-5
    assert hooks_on(model) == 0


@torch.no_grad()
def test_another_session_records_the_whole_model_meanwhile(model):
    case = Switches(off=frozenset(HEADS), depth=frozenset({("transformer", 1)}))

    def session():
        # Of a part of the model, which has a lock of its own.
        x, context, mask = inputs()
        asked = {"video_shape": (2, 2, 3, 5), "context": context, "cross_attn_context_mask": mask}
        with torch.no_grad(), record(model.transformer) as recording:
            model.transformer(x, **asked)
        return [one.map.full(0, 0) for one in recording]

    alone = session()
    with switched(model, case):
        beside = in_another_thread(session)
    assert len(beside) == len(alone) == 4
    assert all((ours == theirs).all() for ours, theirs in zip(beside, alone, strict=True))


@torch.no_grad()
def test_a_recording_that_waited_for_the_lock_is_whole(model):
    """What is hooked is looked up after the lock is there: nothing another session did is in it."""
    inside, done, found = threading.Event(), threading.Event(), []

    def cut():
        with switched(model, Switches(depth=frozenset({("transformer", 0)}))):
            inside.set()
            done.wait(30)

    def session():
        with torch.no_grad(), record(model) as recording:
            model(*inputs())
        found.append(len(recording))

    threads = [threading.Thread(target=work) for work in (cut, session)]
    threads[0].start()
    inside.wait(30)
    threads[1].start()
    done.set()
    for thread in threads:
        thread.join(30)
    assert found == [4]


@torch.no_grad()
def test_a_head_that_is_not_finite_can_be_switched_off():
    torch.manual_seed(0)
    model = SmallVideo(models).eval()
    name = "transformer.layers.1.1"
    model.get_submodule(name).to_kv.weight.data[24:32] = float("inf")  # values of head 0
    assert not model(*inputs()).isfinite().all()
    with switched(model, Switches(off=frozenset({(name, 0)}))):
        assert model(*inputs()).isfinite().all()


def test_nested_switches_end_with_their_own_block(model):
    one, two = (Switches(depth=frozenset({("transformer", kept)})) for kept in (1, 0))
    x = inputs()
    with torch.no_grad():
        with switched(model, one):
            outer = model(*x)
            with switched(model, two), record(model) as none:
                model(*x)
            assert torch.equal(model(*x), outer)
            with record(model) as again:
                model(*x)
    assert len(none) == 0 and len(again) == 2 and hooks_on(model) == 0


def test_layers_that_are_not_lists_of_parts_are_refused():
    model = SmallVideo(models)
    model.transformer.layers = torch.nn.ModuleList([torch.nn.Linear(2, 2)])
    with (
        pytest.raises(RecordingError, match="not lists of parts"),
        switched(model, Switches(depth=frozenset({("transformer", 0)}))),
    ):
        pass
    assert hooks_on(model) == 0


def test_what_was_taken_out_is_said():
    case = Switches(off=frozenset(HEADS[:4]), depth=frozenset({("transformer", 1)}))
    said = describe_origin({"weights_digest": "ab12", **case.origin})
    assert "weights ab12; 4 heads off: transformer.layers.0.1 0" in said and "(4 in all)" in said
    assert said.endswith("layers kept: transformer 1")
    assert describe_origin({"weights_digest": "ab12", **Switches().origin}) == "weights ab12"
    assert describe_origin({"weights_digest": "ab12", "heads_off": 7}) == "weights ab12"
