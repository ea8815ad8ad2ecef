"""What only a GPU can show of fused attention; run by benchmarks.gpu where there is one."""

import pytest
import torch
import torch.nn.functional as F

from phenaki_viz.models.attention import Attention
from phenaki_viz.models.fused import row_logsumexp
from phenaki_viz.models.kernels import attention_with_sums
from phenaki_viz.numerics.offsets import OffsetBias, gather_pairs
from phenaki_viz.numerics.room import BLOCK, WHOLE, Room, free_memory

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU on this machine"),
]
NEAR = {torch.float32: 2e-5, torch.bfloat16: 3e-2, torch.float16: 4e-3}


def some(*shape, dtype=torch.float32, seed=0):
    chance = torch.Generator().manual_seed(seed + sum(shape))
    return torch.randn(shape, generator=chance).to("cuda", dtype)


@pytest.mark.parametrize("keys", [64, 577, 5])
@pytest.mark.parametrize("biased", [True, False])
@pytest.mark.parametrize("dtype", list(NEAR))
def test_the_kernel_that_is_chosen_tells_its_sums(dtype, biased, keys):
    q, k, v = (some(2, 3, n, 64, dtype=dtype, seed=n) for n in (33, keys, keys))
    bias = some(1, 3, 33, keys, dtype=dtype) if biased else None
    found = attention_with_sums(q, k, v, bias)
    public = F.scaled_dot_product_attention(q, k, v, bias, scale=1.0)
    if found is None:  # not on this card: then the sums are taken once more
        pytest.skip("the kernel of choice tells no sums here")
    out, sums = found
    torch.testing.assert_close(out, public, rtol=0, atol=0)
    near = NEAR[dtype]
    torch.testing.assert_close(sums, row_logsumexp(q, k, bias), rtol=near, atol=near)


def test_float32_has_its_sums_from_the_kernel():
    q, k, v = (some(1, 8, 96, 64, seed=at) for at in range(3))
    assert attention_with_sums(q, k, v, some(1, 8, 96, 96)) is not None


@pytest.mark.parametrize("width", [4, 20, 64])
@pytest.mark.parametrize("dtype", list(NEAR))
def test_recording_changes_nothing_whatever_the_width_of_a_head(dtype, width):
    torch.manual_seed(0)
    attention = Attention(64, dim_head=width, heads=3, num_null_kv=2).eval().to("cuda", dtype)
    x, bias = some(2, 41, 64, dtype=dtype), some(3, 41, 41, dtype=dtype)
    heard = []
    with torch.no_grad():
        wanted = attention(x, attn_bias=bias)
        with attention.attn_parts.register_forward_pre_hook(lambda _, args: heard.append(args)):
            found = attention(x, attn_bias=bias)
    torch.testing.assert_close(found, wanted, rtol=0, atol=0)
    _, _, sums, _ = heard[0]
    assert sums.shape == (2, 3, 41) and sums.isfinite().all()


def test_gradients_go_through_the_kernel_as_through_the_public_function():
    torch.manual_seed(0)
    attention = Attention(64, dim_head=16, heads=2).cuda()
    bias = some(2, 24, 24)
    found = []
    for heard in (False, True):
        x = some(2, 24, 64).requires_grad_()
        hook = attention.attn_parts.register_forward_pre_hook(lambda *_: None) if heard else None
        attention(x, attn_bias=bias).square().sum().backward()
        if hook is not None:
            hook.remove()
        found.append(x.grad)
    torch.testing.assert_close(*found, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dimensions", [(3, 4, 5), (7,), (2, 9)])
def test_a_gathered_bias_is_the_very_bias_of_the_cpu(dimensions):
    surface = torch.randn(3, *(2 * d - 1 for d in dimensions))
    table, host = OffsetBias(surface.cuda(), dimensions), gather_pairs(surface, dimensions)
    n = host.shape[-1]
    assert torch.equal(table.rows(1, n - 1).cpu(), host[:, 1 : n - 1])
    assert torch.equal(table.rows(0, n, slice(1, 2)).cpu(), host[1:2])
    assert torch.equal(table.sample(slice(1, n, 3)).cpu(), host[:, 1:n:3])
    assert torch.equal(table.dense().cpu(), host)


def test_row_blocks_are_the_whole(monkeypatch):
    from phenaki_viz.numerics import room

    torch.manual_seed(0)
    attention = Attention(64, dim_head=16, heads=2).eval().cuda()
    table = OffsetBias(torch.randn(2, 7, 15, device="cuda"), (4, 8))
    x = some(2, 32, 64)
    with torch.no_grad():
        whole = attention(x, attn_bias=table)
        monkeypatch.setattr(room, "WHOLE", 100)
        monkeypatch.setattr(room, "BLOCK", 700)
        monkeypatch.setattr(room, "free_memory", lambda device: 3000)
        table = OffsetBias(table.surface, table.dimensions)
        torch.testing.assert_close(attention(x, attn_bias=table), whole, rtol=0, atol=1e-5)


def test_room_grows_with_free_memory():
    device = torch.device("cuda")
    room = Room.on(device, 2**33)
    assert room.whole >= WHOLE and BLOCK <= room.block <= free_memory(device)
    held = torch.empty(2**28, device=device)
    del held  # kept by PyTorch for what comes next: still free
    assert free_memory(device) > 2**28
