"""Short digests of weights and inputs, so that a picture can say what made it."""

import hashlib
from collections.abc import Iterable
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import nn

_Version = tuple[tuple[int, int], ...]
_known: WeakKeyDictionary[nn.Module, tuple[_Version, str]] = WeakKeyDictionary()


def weights_digest(model: nn.Module) -> str:
    """First 12 hex digits of BLAKE2b over names, shapes and bytes of the state dict.

    Kept until a parameter is replaced or written to (PyTorch counts writes in `_version`).
    """
    version = _version(model)
    known = _known.get(model)
    if known and known[0] == version:
        return known[1]
    digest = tensors_digest(model.state_dict(keep_vars=True).items())
    if version is not None:
        _known[model] = (version, digest)
    return digest


def _version(model: nn.Module) -> _Version | None:
    """What changes with the state dict; asked at every recording, and many times faster.

    None where PyTorch does not count: weights made in inference mode.
    """
    tensors = [
        tensor
        for module in model.modules()
        for tensors in (module._parameters, module._buffers)
        for name, tensor in tensors.items()
        if tensor is not None and name not in module._non_persistent_buffers_set
    ]
    if any(tensor.is_inference() for tensor in tensors):
        return None
    return tuple((id(tensor), tensor._version) for tensor in tensors)


def tensors_digest(tensors: Iterable[tuple[str, torch.Tensor]]) -> str:
    """First 12 hex digits of BLAKE2b over named tensors."""
    digest = hashlib.blake2b(digest_size=6)
    _feed(digest, tensors)
    return digest.hexdigest()


def _feed(digest: Any, tensors: Iterable[tuple[str, torch.Tensor]]) -> None:
    for name, tensor in tensors:
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        digest.update(flat.view(torch.uint8).numpy().data)


def input_digest(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """First 12 hex digits of SHA-256 over the tensors a model was called with, and the rest.

    Other arguments count by their repr. Made at every call, so the hash that processors have in
    hardware: half the time of BLAKE2b.
    """
    named = [*((str(at), value) for at, value in enumerate(args)), *sorted(kwargs.items())]
    tensors = [(name, value) for name, value in named if isinstance(value, torch.Tensor)]
    rest = [(name, value) for name, value in named if not isinstance(value, torch.Tensor)]
    digest = hashlib.sha256()
    _feed(digest, tensors)
    digest.update(repr([(name, value) for name, value in rest if _plain(value)]).encode())
    return digest.hexdigest()[:12]


def _plain(value: Any) -> bool:
    return isinstance(value, (str, int, float, bool, tuple, list, type(None)))
