"""Models that somebody else has wrapped, sharded or adapted run as they do, and are recorded."""

import pytest
import torch
from torch import distributed, nn

from phenaki_viz import record
from tests.recording.calls import TOKENS, transformer


@pytest.fixture
def one_process():
    """A process group of this process alone."""
    if not distributed.is_available():
        pytest.skip("this PyTorch has no torch.distributed")
    store = distributed.HashStore()
    distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
    yield
    distributed.destroy_process_group()


def sharded() -> nn.Module:
    fsdp = pytest.importorskip("torch.distributed.fsdp")
    mesh = distributed.device_mesh.init_device_mesh("cpu", (1,))
    model = transformer(peg=True)
    for layer in model.layers:
        fsdp.fully_shard(layer[1], mesh=mesh)
    return fsdp.fully_shard(model, mesh=mesh)


SHAPE = {"video_shape": (2, 3, 2, 2)}


@pytest.mark.parametrize("storage", ["dense", "factored"])
def test_a_sharded_model_keeps_its_weights_while_it_runs(one_process, storage):
    """Its state dict, asked for while it runs, would take them from under it."""
    with torch.no_grad():
        expected = transformer(peg=True)(TOKENS, **SHAPE)
        model = sharded()
        with record(model, storage=storage) as recording:
            found = model(TOKENS, **SHAPE)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    assert [one.verification.verdict for one in recording] == ["passed", "passed"]
    assert recording.provenance["weights_digest"].startswith("unknown (RecordingError: hooks")


def test_without_a_digest_all_else_is_known_of_a_model():
    model = transformer(peg=True)
    with torch.no_grad(), record(model) as plain:
        model(TOKENS, **SHAPE)
    model.later = nn.LazyLinear(3)  # has no weights until it runs
    with torch.no_grad(), record(model) as recording:
        model(TOKENS, **SHAPE)
    known = {**plain.provenance, "weights_digest": recording.provenance["weights_digest"]}
    assert recording.provenance == known and known["facts"]["convolutions"]
