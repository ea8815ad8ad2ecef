"""The sums of each row's scores from the very kernel that fused attention runs on a GPU.

Every fused kernel computes the log-sum-exp of its rows; PyTorch's public function does not return
it. To take it once more costs twice the attention itself. So the kernel that the public function
would choose is called by its own name, and is trusted where its output and its sums were found
right once, on this device and in this format. By PyTorch's own binding, as
`torch.ops` goes through its interpreter's schemas, which takes some microseconds in every layer.
"""

from collections.abc import Callable
from functools import cache

import torch
import torch.nn.functional as F

Answer = tuple[torch.Tensor, torch.Tensor]  # 'b h i d', log-sum-exp 'b h i'
Bias = torch.Tensor | None

FLASH, EFFICIENT, CUDNN = 1, 2, 3  # torch.nn.attention.SDPBackend
WIDTHS = 8  # a head's width is a multiple of this for every kernel
ALIGNED = 16  # numbers that a row of a bias is padded to, as PyTorch does before this kernel
AGREES = {torch.float32: 1e-4, torch.float64: 1e-4, torch.float16: 2e-2, torch.bfloat16: 2e-2}


def attention_with_sums(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, bias: Bias
) -> Answer | None:
    """Softmax(q kᵀ + bias) v and each row's log-sum-exp in one call, as the public function runs.

    q: 'b h i d', k, v: 'b h j d', bias: '1|b 1|h 1|i j' or None, all on one GPU. None where the
    kernel of choice does not tell its sums, or tells others than ours.
    """
    if q.shape[-1] % WIDTHS or v.shape[-1] % WIDTHS:
        return None  # the public function pads some of these
    choice = int(torch._fused_sdp_choice(q, k, v, bias, 0.0, False, scale=1.0))
    if choice not in _KERNELS or not _trusted(choice, q.device, q.dtype, bias is not None):
        return None
    return _KERNELS[choice](q, k, v, bias)


def _flash(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, bias: Bias) -> Answer:
    out, sums, *_ = torch._scaled_dot_product_flash_attention(q, k, v, 0.0, False, False, scale=1.0)
    return out, sums[..., : q.shape[-2]]


def _efficient(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, bias: Bias) -> Answer:
    if bias is not None:
        j = k.shape[-2]
        if j % ALIGNED:
            bias = F.pad(bias, (0, -j % ALIGNED))[..., :j]
        bias = bias.expand(q.shape[0], q.shape[1], q.shape[2], j)
    out, sums, *_ = torch._scaled_dot_product_efficient_attention(q, k, v, bias, True, scale=1.0)
    return out, sums[..., : q.shape[-2]]


def _cudnn(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, bias: Bias) -> Answer:
    if bias is not None:
        bias = bias.expand(q.shape[0], q.shape[1], q.shape[2], k.shape[-2])
    out, sums, *_ = torch._scaled_dot_product_cudnn_attention(
        q, k, v, bias, True, 0.0, False, False, scale=1.0
    )
    return out, sums.reshape(q.shape[:-1])


_KERNELS: dict[int, Callable[..., Answer]] = {FLASH: _flash, EFFICIENT: _efficient, CUDNN: _cudnn}


@cache
def _trusted(choice: int, device: torch.device, dtype: torch.dtype, biased: bool) -> bool:
    """Whether a kernel's output and sums are right here, tried once on numbers of odd sizes."""
    chance = torch.Generator().manual_seed(0)

    def some(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=chance).to(device, dtype)

    q, k, v = some(1, 2, 37, 64), some(1, 2, 53, 64), some(1, 2, 53, 64)
    bias = some(1, 2, 37, 53) if biased else None
    try:
        out, sums = _KERNELS[choice](q, k, v, bias)
    except (RuntimeError, TypeError, AttributeError):  # a card without it, another version
        return False
    scores = q.double() @ k.double().mT
    if bias is not None:
        scores += bias.double()
    near = AGREES[dtype]
    return torch.allclose(out.double(), scores.softmax(-1) @ v.double(), atol=near, rtol=near) and (
        torch.allclose(sums.double(), scores.logsumexp(-1), atol=near, rtol=near)
    )
