"""What only a GPU can show of a recording; run by benchmarks.gpu where there is one."""

import copy
import pickle
import warnings

import numpy as np
import pytest
import torch

import phenaki_viz
from phenaki_viz import models
from phenaki_viz.analysis.thumbnails import thumbnails
from phenaki_viz.recording import record, transfers
from phenaki_viz.recording.digests import input_digest
from phenaki_viz.recording.maps import pool
from tests.recording.models import SmallVideo, inputs

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU on this machine"),
]


def on_gpu(dtype=torch.float32):
    x, context, mask = inputs()
    return x.to("cuda", dtype), context.to("cuda", dtype), mask.cuda()


def video(dtype=torch.float32, **how):
    torch.manual_seed(0)
    return SmallVideo(models, **how).eval().to("cuda", dtype)


def recorded(model, given=None, **how):
    with torch.no_grad(), record(model, **how) as recording:
        model(*(given or on_gpu()))
    return recording


@pytest.mark.parametrize("causal", [False, True])
def test_parts_are_the_stored_maps_and_the_cpus(causal):
    model = video(causal=causal)
    stored, parted = (recorded(model, storage=storage) for storage in ("dense", "factored"))
    host = recorded(model.cpu(), inputs(), storage="dense")
    for one, other, wanted in zip(stored, parted, host, strict=True):
        assert one.map.device.type == other.map.device.type == "cuda"
        assert one.verification.verdict == other.verification.verdict == "passed"
        for b in range(2):
            for h in range(3):
                exact = wanted.map.full(b, h)
                np.testing.assert_allclose(one.map.full(b, h), exact, rtol=0, atol=1e-5)
                np.testing.assert_allclose(other.map.full(b, h), exact, rtol=0, atol=1e-5)


@pytest.mark.parametrize("storage", ["dense", "factored"])
def test_what_is_written_is_the_same_wherever_it_is_recorded(storage):
    model = video()
    there = recorded(model, storage=storage, extras=("written",))
    here = recorded(model.cpu(), inputs(), storage=storage, extras=("written",))
    for one, wanted in zip(there, here, strict=True):
        for name in ("values", "heads", "whole"):
            found, exact = getattr(one.written, name), getattr(wanted.written, name)
            np.testing.assert_allclose(found, exact, rtol=1e-4, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("how", [{"storage": "dense"}, {"storage": "factored"}])
def test_the_terms_of_a_weight_are_the_same_wherever_it_lies(how):
    there = recorded(video(causal=True), **how)
    assert {one.map.device.type for one in there} == {"cuda"}
    found = [one.head(1, 1).terms([5, 0], (1, 4)) for one in there]
    for terms, one in zip(found, there.to_host(), strict=True):
        wanted = one.head(1, 1).terms([5, 0], (1, 4))
        for (name, values), (_, expected) in zip(terms, wanted, strict=True):
            np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-5, err_msg=name)
        np.testing.assert_array_equal(terms.hidden, wanted.hidden)


@pytest.mark.parametrize("storage", ["dense", "factored"])
def test_answers_are_the_same_wherever_it_lies(storage):
    there = recorded(video(causal=True), storage=storage)
    maps = [one.map for one in there]
    small = thumbnails(there.records[::2], [0] * len(there.records[::2]), most=7)
    assert there.to_host() is there
    for one, (gpu, host) in enumerate(zip(maps, (one.map for one in there), strict=True)):
        assert gpu.device.type == "cuda" and host.device.type == "cpu", one
        _, _, i, j = gpu.shape
        for ask in (
            lambda held: held.rows(1, 2, [0, 3, 29]),
            lambda held, j=j: held.columns(0, 1, [0, j - 1]),
            lambda held, j=j: held.tile(1, 0, (3, 20), (1, j)),
            lambda held, i=i, j=j: held.tile(0, 2, (0, i), (0, j), (7, 4), "max"),
            lambda held, i=i, j=j: held.tile(0, 2, (0, i), (0, j), (4, 3), "sum"),
            lambda held: held.full(1, 1),
        ):
            np.testing.assert_allclose(ask(gpu), ask(host), rtol=1e-5, atol=1e-6)
        assert gpu.wrong_rows(0, 0).tolist() == host.wrong_rows(0, 0).tolist()
        assert gpu.wrong_rows(1, 1, (2, 9)).tolist() == []
    again = thumbnails(there.records[::2], [0] * len(there.records[::2]), most=7)
    np.testing.assert_allclose(small.values, again.values, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [(70, 33), (64, 64), (5, 200)])
@pytest.mark.parametrize("reduce", ["mean", "max", "sum"])
def test_pooling_is_the_cpus(shape, reduce):
    tile = torch.rand(shape)
    found = pool(tile.cuda(), (8, 16), reduce).cpu()
    torch.testing.assert_close(found, pool(tile, (8, 16), reduce), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_recording_changes_no_output(mode):
    model = video()
    with mode():
        wanted = model(*on_gpu())
        with record(model, storage="factored") as recording:
            found = model(*on_gpu())
    assert torch.equal(found, wanted)
    assert [one.verification.verdict for one in recording] == ["passed"] * 4


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
@pytest.mark.parametrize("storage", ["dense", "factored"])
def test_formats_pass_their_checks(dtype, storage):
    recording = recorded(video(dtype), on_gpu(dtype), storage=storage)
    assert [one.verification.verdict for one in recording] == ["passed"] * 4


@pytest.mark.parametrize("storage", ["dense", "factored"])
def test_autocast_passes_its_checks(storage):
    with torch.autocast("cuda", dtype=torch.bfloat16):
        recording = recorded(video(), storage=storage)
    assert [one.verification.verdict for one in recording] == ["passed"] * 4
    assert {one.verification.dtype for one in recording} == {"bfloat16"}


def waits(model, x):
    """How often a recorded forward waits for the GPU."""
    torch.cuda.synchronize()
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")  # the mode warns of itself as well
        try:
            torch.cuda.set_sync_debug_mode("warn")
            with torch.no_grad(), record(model, storage="factored"):
                model(x)
        finally:
            torch.cuda.set_sync_debug_mode("default")
    return sum("synchronizing" in str(one.message) for one in seen)


def test_more_layers_are_no_more_waiting():
    counts = []
    for depth in (2, 6):
        torch.manual_seed(0)
        model = models.Transformer(32, depth=depth, heads=2, dim_head=8).eval().cuda()
        x = torch.randn(1, 30, 32, device="cuda")
        waits(model, x)
        counts.append(waits(model, x))
    assert counts[0] == counts[1] <= 3


def test_what_finds_no_room_goes_to_the_host(monkeypatch):
    model = video()
    there = recorded(model, storage="factored")
    monkeypatch.setattr(transfers, "SHARE", 2**60)
    away = recorded(model, storage="factored")
    for one, other in zip(there, away, strict=True):
        assert one.map.device.type == "cuda" and other.map.device.type == "cpu"
        assert other.map.q.is_pinned()
        np.testing.assert_allclose(one.map.full(1, 2), other.map.full(1, 2), rtol=0, atol=1e-6)


def test_what_lies_on_a_gpu_is_counted_while_it_lives():
    device = torch.device("cuda", 0)
    before = transfers._held[device]
    recording = recorded(video(), storage="factored")
    assert transfers._held[device] == before + recording.nbytes
    recording.to_host()
    assert transfers._held[device] == before


@pytest.mark.parametrize("storage", ["dense", "factored"])
def test_files_and_copies_lie_on_the_host(tmp_path, storage):
    recording = recorded(video(), storage=storage)
    wanted = [one.map.full(1, 2) for one in recording]
    opened = phenaki_viz.open(recording.save(tmp_path / "there.safetensors"))
    for held in (
        [one.map for one in opened],
        [copy.deepcopy(one.map) for one in recording],
        [pickle.loads(pickle.dumps(one.map)) for one in recording],
    ):
        for one, exact in zip(held, wanted, strict=True):
            assert one.device.type == "cpu"
            np.testing.assert_allclose(one.full(1, 2), exact, rtol=0, atol=1e-6)


def test_the_input_is_digested_as_it_came_in():
    class Overwrites(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = models.Attention(16, dim_head=8, heads=2)

        def forward(self, x):
            out = self.inner(x)
            x.zero_()
            return out

    x = torch.randn(2, 9, 16, device="cuda")
    wanted = input_digest((x.cpu(),), {})
    assert recorded(Overwrites().eval().cuda(), (x,)).provenance["input_digest"] == wanted


@pytest.mark.parametrize("storage", ["dense", "factored"])
def test_where_nan_began_is_told(storage):
    x, context, mask = on_gpu()
    x[1, 4, 3] = torch.nan
    there = recorded(video(), (x, context, mask), storage=storage)
    host = recorded(video().cpu(), (x.cpu(), context.cpu(), mask.cpu()), storage=storage)
    assert there.first_non_finite.first_non_finite is not None
    for one, other in zip(there, host, strict=True):
        assert one.first_non_finite == other.first_non_finite
        assert one.verification.verdict == other.verification.verdict
