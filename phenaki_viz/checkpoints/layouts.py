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
    if any(name.startswith("encode_texts.") for name in names):
        raise CheckpointError(
            "there are vectors of words (encode_texts) and nothing says of which: a model of this "
            "project keeps its words and settings in a header, which `torch.save` and `save_file` "
            "do not write. Save it by `phenaki_viz.checkpoints.save_model(path, model, config)`, "
            "or without encode_texts: then words get random vectors, and some settings are assumed"
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


def absent(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """What older releases left out because it says nothing, by its name, with the shape it has.

    The running sum of a codebook, which only training reads, and the null key/values of attention
    that has none, which are empty. shapes: of today.
    """
    found: dict[str, tuple[int, ...]] = {}
    for name, shape in shapes.items():
        start, _, last = name.rpartition(".")
        if last == "embed" and CODEBOOK.match(name):
            found[f"{start}.embed_avg"] = shape
        elif last == "q_scale" and f"{start}.to_q.weight" in shapes:
            inner, dim_head = shapes[f"{start}.to_q.weight"][0], max(1, shape[0])
            found[f"{start}.null_kv"] = (inner // dim_head, 0, dim_head)
    return {name: shape for name, shape in found.items() if name not in shapes}


def completed(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A state dict in today's shapes, with what is `absent`: empty, or the codebook's vectors."""
    made = {name: _in_shape(tensor, todays_shape(name, tuple(tensor.shape)))
            for name, tensor in state.items()}  # fmt: skip
    for name, shape in absent({name: tuple(one.shape) for name, one in made.items()}).items():
        vectors = made.get(name.removesuffix("_avg"))
        made[name] = torch.empty(shape) if vectors is None else vectors.clone()
    return made


def _in_shape(tensor: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
    if tuple(tensor.shape) == shape:
        return tensor
    return reduce(tensor, "one -> ", "sum") if not shape else rearrange(tensor, "... -> 1 ...")
