"""Tensors that phenaki-pytorch 0.5.0 computed, and what our modules make of the same inputs."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import nn

from phenaki_viz import models
from tests.models.listening import Maps, hear

FOLDER = Path(__file__).parent.parent / "parity"
KINDS = ("attention", "alibi", "cpb", "transformer")
NAMES = sorted(path.stem for kind in KINDS for path in FOLDER.glob(f"{kind}*.safetensors"))


@dataclass(frozen=True)
class Parity:
    """One file: constructor arguments, call arguments, weights, inputs and published results."""

    kind: str
    kwargs: dict[str, Any]
    inputs: dict[str, Any]
    tensors: dict[str, torch.Tensor]

    @classmethod
    def read(cls, name: str) -> "Parity":
        with safe_open(FOLDER / f"{name}.safetensors", "pt") as file:
            meta = file.metadata()
            tensors = {key: file.get_tensor(key) for key in file.keys()}
        kwargs, inputs = json.loads(meta["kwargs"]), json.loads(meta["inputs"])
        return cls(meta["kind"], kwargs, inputs, tensors)

    def under(self, prefix: str) -> dict[str, torch.Tensor]:
        """The tensors 'prefix.*', without the prefix."""
        return {
            key.removeprefix(f"{prefix}."): tensor
            for key, tensor in self.tensors.items()
            if key.startswith(f"{prefix}.")
        }

    def maps(self) -> Maps:
        """Published maps by module name, in the order of the calls."""
        maps: Maps = {}
        for key, tensor in sorted(self.under("attn").items()):
            maps.setdefault(key.partition("#")[0], []).append(tensor)
        return maps

    def build(self) -> nn.Module:
        """Our module of this kind with the published weights, loaded strictly."""
        module = getattr(models, self.kind)(**self.kwargs).eval()
        module.load_state_dict(self.under("state"), strict=True)
        return module

    def arguments(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """How the published module was called."""
        named = {key: tuple(value) for key, value in self.inputs.items()} | self.under("in")
        return tuple(named.pop("dimensions", ())), named

    def output(self) -> torch.Tensor:
        return self.tensors.get("out.out", self.tensors.get("out.bias"))


@torch.no_grad()
def largest_errors(name: str) -> dict[str, float]:
    """Largest absolute difference to the published numbers: fused and open output, maps."""
    parity = Parity.read(name)
    module = parity.build()
    args, kwargs = parity.arguments()
    heard, maps = hear(module, *args, **kwargs)
    pairs = {"fused": [(module(*args, **kwargs), parity.output())]}
    pairs["open"] = [(heard, parity.output())]
    expected = parity.maps()
    pairs["maps"] = [
        (ours, theirs)
        for module_name in expected
        for ours, theirs in zip(maps[module_name], expected[module_name], strict=True)
    ]
    return {what: max(map(_error, of), default=0.0) for what, of in pairs.items()}


def _error(pair: tuple[torch.Tensor, torch.Tensor]) -> float:
    ours, theirs = pair
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        return float("inf")
    return float((ours - theirs).abs().max())
