"""Layouts of other releases: brought to today's names and shapes, or refused in a sentence."""

import re
from collections.abc import Iterable, Mapping

import torch
from einops import rearrange, reduce

from phenaki_viz.errors import CheckpointError

CODEBOOK = re.compile(r"(.*\.)?vq\._codebook\.")
PROJECTION = re.compile(r"(.*\.)?to_q\.weight")
AXES = {"embed": 3, "embed_avg": 3, "cluster_size": 2}  # 'h n d' and 'h n'; before 0.6 without h


def refuse_others(names: Iterable[str]) -> None:
    """Raise CheckpointError, with what to do, for weights that are known and cannot be run."""
    names = list(names)
    if any(name.endswith("_flat_param") for name in names):
        raise CheckpointError(
            "FSDP has run the weights together into flat parameters: save a full state dict "
            "(StateDictType.FULL_STATE_DICT)"
        )
    if any(".lora_" in name for name in names):
        raise CheckpointError(
            "there are LoRA adapters beside or instead of the weights: merge them "
            "(`model.merge_and_unload()`) and save the whole model"
        )
    attends = any(PROJECTION.fullmatch(name) for name in names)
    ours = any(re.match(r"(.*\.)?layers\.0\.\d\.(to_kv|to_q)\.weight", name) for name in names)
    if attends and ours and not any(name.endswith("q_scale") for name in names):
        raise CheckpointError(
            "there is no q_scale or k_scale: phenaki-pytorch before 0.3.0 (February 2023) saved "
            "such weights. Its attention was a plain scaled dot product where this program, like "
            "every release since, takes the cosine of query and key, so it cannot run them: open "
            "weights that were trained with 0.3.0 or later"
        )


def todays_shape(name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape a tensor has today; numbers and their order stay the same."""
    if not CODEBOOK.match(name):
        return shape
    last = name.rpartition(".")[2]
    if last == "initted" and shape == (1,):
        return ()
    return (1, *shape) if len(shape) + 1 == AXES.get(last) else shape


def completed(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A state dict in today's shapes, with what older releases left out because it says nothing.

    Self-attention without null key/values gets the empty ones; a codebook that kept no running sum
    gets its own vectors, which only training would read.
    """
    made = {name: _in_shape(tensor, todays_shape(name, tuple(tensor.shape)))
            for name, tensor in state.items()}  # fmt: skip
    for name in list(made):
        if CODEBOOK.match(name) and name.endswith("embed"):
            made.setdefault(f"{name}_avg", made[name].clone())
        if name.endswith(".q_scale"):
            at = name.removesuffix("q_scale")
            made.setdefault(f"{at}null_kv", _no_nulls(made, at))
    return made


def _in_shape(tensor: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
    if tuple(tensor.shape) == shape:
        return tensor
    return reduce(tensor, "one -> ", "sum") if not shape else rearrange(tensor, "... -> 1 ...")


def _no_nulls(state: Mapping[str, torch.Tensor], at: str) -> torch.Tensor:
    dim_head = state[f"{at}q_scale"].shape[0]
    to_q = state.get(f"{at}to_q.weight")
    heads = 0 if to_q is None else to_q.shape[0] // max(1, dim_head)
    return torch.empty(heads, 0, dim_head)
