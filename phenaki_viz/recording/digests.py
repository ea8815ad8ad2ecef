"""Short digests of weights and inputs, so that a picture can say what made it."""

import hashlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from math import gcd
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import nn

from phenaki_viz.errors import RecordingError
from phenaki_viz.recording.transfers import Transfers
from phenaki_viz.recording.walking import Named, modules_of

_Version = tuple[list[int], list[int], list[bytes]]
_PLAIN = (torch.Tensor, nn.Parameter)
_known: WeakKeyDictionary[nn.Module, tuple[_Version, str]] = WeakKeyDictionary()


def weights_digest(model: nn.Module, every: Sequence[Named] | None = None) -> str:
    """First 12 hex digits of BLAKE2b over names, shapes and bytes of the state dict.

    Kept until a parameter is replaced or written to: PyTorch counts writes in `_version`, but none
    through `.data`, by NumPy or by fused optimisers; weights on the host are sampled for these.
    every: the model's modules, if they are at hand. Raises RecordingError when something has to run
    before there is a state dict.
    """
    every = every or modules_of(model)
    version = _version(every)
    known = _known.get(model)
    if known and known[0] == version:
        return known[1]
    if any([module._state_dict_pre_hooks for _, module in every]):
        # FSDP's put its weights together, on all ranks, or take them from under a model that runs.
        raise RecordingError("hooks gather its state dict, as FSDP's do")
    digest = tensors_digest(model.state_dict(keep_vars=True).items())
    if version is not None:
        _known[model] = (version, digest)
    return digest


def _version(every: Sequence[Named]) -> _Version | None:
    """What changes with the state dict; asked at every recording, and many times faster.

    None where PyTorch does not count: weights made in inference mode.
    """
    there: list[torch.Tensor | None]
    there = [one for _, module in every for one in module._parameters.values()]
    there += [
        one
        for _, module in every
        if module._buffers
        for name, one in module._buffers.items()
        if name not in module._non_persistent_buffers_set
    ]
    weights = [one for one in there if one is not None]
    try:
        return [*map(id, there)], [one._version for one in weights], _sampled(weights)
    except RuntimeError:  # PyTorch's answer of a tensor that was made in inference mode
        return None


@torch.no_grad()
def _sampled(weights: Sequence[torch.Tensor]) -> list[bytes]:
    """Numbers of every row and column of the weights that lie on the host, by their format.

    A step, a moving average, a head, a row or a column that is written over changes some of them.
    """
    found: dict[torch.dtype, list[torch.Tensor]] = {}
    for one in weights:
        if one.device.type != "cpu" or type(one) not in _PLAIN or not one.is_contiguous():
            continue
        step = _step(len(one), one.numel() // max(1, len(one))) if one.ndim > 1 else 1
        count = -(-one.numel() // step)
        found.setdefault(one.dtype, []).append(one.as_strided((count,), (step,)))
    return [torch.cat(each).view(torch.uint8).numpy().tobytes() for each in found.values()]


@lru_cache(maxsize=1024)
def _step(rows: int, columns: int) -> int:
    """As long a step through a matrix as leaves out no row and no column of it."""
    step = max(1, min(rows, columns - 1))
    while gcd(step, columns) > 1:
        step -= 1
    return step


def tensors_digest(tensors: Iterable[tuple[str, torch.Tensor]]) -> str:
    """First 12 hex digits of BLAKE2b over named tensors."""
    digest = hashlib.blake2b(digest_size=6)
    _feed(digest, tensors)
    return digest.hexdigest()


def _feed(digest: Any, tensors: Iterable[tuple[str, torch.Tensor]]) -> None:
    for name, tensor in tensors:
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        host = tensor.detach().cpu().contiguous()
        try:
            digest.update(host.numpy().data.cast("B"))
        except TypeError:  # a format that numpy does not know
            digest.update(host.reshape(-1).view(torch.uint8).numpy().data)


def input_digest(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """First 12 hex digits of SHA-256 over the tensors a model was called with, and the rest.

    Other arguments count by their repr. Made at every call, so the hash that processors have in
    hardware: half the time of BLAKE2b.
    """
    return _digest_of(*_told_apart(args, kwargs))


class LateDigest:
    """The input digest of tensors on a GPU: fetched and hashed beside the model's run.

    The model may write to its input: what is fetched is a copy, made on the GPU before it runs.
    """

    def __init__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        tensors, rest = _told_apart(args, kwargs)
        transfers = Transfers()
        fetched = [(name, transfers.to_host(tensor.detach().clone())) for name, tensor in tensors]

        def digest() -> str:
            transfers.wait()
            return _digest_of(fetched, rest)

        self._found = _beside.submit(digest)

    @staticmethod
    def is_needed(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """Whether an input lies on a GPU, so that to look at it is to wait."""
        return any(
            isinstance(value, torch.Tensor) and value.is_cuda for value in (*args, *kwargs.values())
        )

    def result(self) -> str:
        """The digest, as `input_digest` gives it, once it is made."""
        return self._found.result()


_beside = ThreadPoolExecutor(1, thread_name_prefix="input digest")


_Arguments = list[tuple[str, Any]]


def _told_apart(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[_Arguments, _Arguments]:
    """Tensors, and the rest, by position or name."""
    named = [*((str(at), value) for at, value in enumerate(args)), *sorted(kwargs.items())]
    return (
        [(name, value) for name, value in named if isinstance(value, torch.Tensor)],
        [(name, value) for name, value in named if not isinstance(value, torch.Tensor)],
    )


def _digest_of(tensors: _Arguments, rest: _Arguments) -> str:
    digest = hashlib.sha256()
    _feed(digest, tensors)
    digest.update(repr([(name, value) for name, value in rest if _plain(value)]).encode())
    return digest.hexdigest()[:12]


def _plain(value: Any) -> bool:
    return isinstance(value, (str, int, float, bool, tuple, list, type(None)))
