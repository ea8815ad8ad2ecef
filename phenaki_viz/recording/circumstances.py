"""How attention is called: on numbers or on shapes alone, for the first time or once more."""

from collections.abc import Sequence
from typing import Any

import torch

from phenaki_viz.recording.families.phenaki import AttentionModule

CHECKPOINT = "torch.utils.checkpoint"
NO_NUMBERS = {"FakeTensor", "FunctionalTensor"}
_is_wrapped = torch._C._functorch.is_functorch_wrapped_tensor


def is_recomputed() -> bool:
    """Whether a backward pass is under way: what runs then was run before."""
    return bool(torch._C._current_graph_task_id() != -1)


def stand_in(values: Sequence[Any]) -> str:
    """What tensors are that have no numbers of their own; empty where they have."""
    for value in values:  # a loop: this is asked in every layer
        if isinstance(value, torch.Tensor):
            if _is_wrapped(value):
                return "inside a torch.func transform (vmap, grad, …)"
            if value.is_meta or type(value).__name__ in NO_NUMBERS:
                return "on shapes alone (meta or fake tensors)"
    if torch._C._get_tracing_state() is not None:
        return "while it was traced (torch.jit.trace)"
    return ""


def would_be_fused_again(module: AttentionModule, x: torch.Tensor) -> bool:
    """Whether a backward pass will recompute this call, perhaps when nobody listens any more.

    It then has to find what it would have found without a recording: fused attention, and no map
    made in the open. Reentrant checkpoints run without gradients first, and compare nothing.
    """
    if not torch.is_grad_enabled() or not hasattr(module, "attn_parts"):
        return False
    if module.training and x.device.type == "cpu":
        return False  # in the open in any case
    saving = torch._C._autograd._top_saved_tensors_default_hooks(False)
    return any(CHECKPOINT in getattr(hook, "__module__", "") for hook in saving or ())


def is_fused(module: AttentionModule, x: torch.Tensor) -> bool:
    """Whether this call makes no map unless somebody waits for it, and can tell what it is made of.

    On a CPU a module that learns attends in the open: its fused gradients are slower.
    """
    learns = torch.is_grad_enabled() and module.training and x.device.type == "cpu"
    return hasattr(module, "attn_parts") and not learns
