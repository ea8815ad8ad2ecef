"""Parts go to the host while the model runs on: nothing is read before it has arrived."""

from contextlib import contextmanager

import numpy as np
import pytest
import torch

from phenaki_viz import models
from phenaki_viz.recording import record
from phenaki_viz.recording.transfers import Transfers
from tests.recording.models import SmallVideo, inputs


class Late:
    """Like a GPU's copies: what is on the host holds nothing until somebody waits for it."""

    begun = 0

    def __init__(self):
        self.on_their_way = []

    def to_host(self, tensor):
        host = torch.zeros_like(tensor) if tensor.dtype == torch.bool else tensor * torch.nan
        self.on_their_way.append((host, tensor.detach().clone()))
        Late.begun += 1
        return host

    def wait(self):
        for host, tensor in self.on_their_way:
            host.copy_(tensor)
        self.on_their_way.clear()


@pytest.fixture
def late(monkeypatch):
    for name in ("__init__", "to_host", "wait"):
        monkeypatch.setattr(Transfers, name, getattr(Late, name))
    monkeypatch.setattr(Late, "begun", 0)


def recorded(model, storage, **choice):
    with torch.no_grad(), record(model, storage=storage, **choice) as recording:
        model(*inputs())
        inside = [one.map.full(0, 0) for one in recording]
    return recording, inside


@pytest.mark.parametrize("causal", [False, True])
def test_maps_are_whole_as_soon_as_they_can_be_read(late, causal):
    torch.manual_seed(0)
    model = SmallVideo(models, causal=causal).eval()
    (stored, exact), (parted, inside) = (
        recorded(model, storage) for storage in ("dense", "factored")
    )
    assert Late.begun > 3 * len(parted)
    for one, other, early, wanted in zip(stored, parted, inside, exact, strict=True):
        np.testing.assert_allclose(early, wanted, rtol=0, atol=1e-5)
        np.testing.assert_allclose(other.map.full(1, 2), one.map.full(1, 2), rtol=0, atol=1e-5)
        # The check does not wait for the copies: it is made where the model runs.
        assert other.verification.max_abs_error < 1e-5


def test_only_what_was_chosen_is_sent(late):
    model = SmallVideo(models).eval()
    recording, _ = recorded(model, "factored", heads=[2], batch_items=[1])
    stored, _ = recorded(model, "dense")
    for one, other in zip(stored, recording, strict=True):
        assert other.map.q.shape[:2] == (1, 1)
        np.testing.assert_allclose(other.map.full(0, 0), one.map.full(1, 2), rtol=0, atol=1e-5)


def test_a_forward_that_fails_leaves_whole_maps_of_what_came_before(late):
    model = SmallVideo(models).eval()

    def stop(done, of):
        if done == 2:
            raise ZeroDivisionError

    with (
        pytest.raises(ZeroDivisionError),
        torch.no_grad(),
        record(model, storage="factored", on_progress=stop) as recording,
    ):
        model(*inputs())
    assert len(recording) == 2
    for one in recording:
        np.testing.assert_allclose(one.map.full(0, 0).sum(axis=1), 1, atol=1e-5)


def test_what_is_on_the_host_is_taken_as_it_is():
    tensor, transfers = torch.randn(3, 5), Transfers()
    assert transfers.to_host(tensor).data_ptr() == tensor.data_ptr()
    transfers.wait()


def test_copies_from_a_gpu_run_on_a_stream_of_their_own(monkeypatch):
    """The order of calls to CUDA; without a GPU, what they do cannot be seen."""
    told = []

    class Stream:
        def __init__(self, device):
            told.append("made")

        def wait_stream(self, other):
            told.append(f"after {other}")

        def synchronize(self):
            told.append("synchronised")

    @contextmanager
    def within(stream):
        told.append("in it")
        yield
        told.append("out of it")

    empty = torch.empty
    monkeypatch.setattr(torch.cuda, "Stream", Stream)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: "the model's")
    monkeypatch.setattr(torch.cuda, "stream", within)
    monkeypatch.setattr(torch, "empty", lambda *size, pin_memory, **how: empty(*size, **how))
    monkeypatch.setattr(
        torch.Tensor, "record_stream", lambda tensor, stream: told.append("kept"), raising=False
    )
    tensor, transfers = torch.randn(2, 3), Transfers()
    for _ in range(2):
        assert torch.equal(transfers._begin(tensor), tensor)
    transfers.wait()
    each = ["after the model's", "in it", "out of it", "kept"]
    assert told == ["made", *each, *each, "synchronised"]
