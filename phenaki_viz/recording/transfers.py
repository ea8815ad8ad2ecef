"""Where what was recorded lies: on the GPU that made it while there is room, else on the host."""

import weakref
from collections import Counter
from typing import Any

import torch

from phenaki_viz.numerics.room import free_memory
from phenaki_viz.recording.maps import DenseMap
from phenaki_viz.recording.parts import FactoredMap

SHARE = 4  # of a GPU's free memory all recordings together may hold one part in so many

_held: Counter[torch.device] = Counter()  # bytes of maps that lie on a GPU, of all recordings


class Transfers:
    """Keeps maps where they are, or copies them to the host.

    Copies from a GPU are only begun: `wait` before anything is read. They run on a stream of their
    own beside the model's, into pinned memory; what lies on the host already is taken as it is.
    """

    def __init__(self) -> None:
        self._streams: dict[torch.device, Any] = {}
        self._limits: dict[torch.device, int] = {}

    def kept(self, held: FactoredMap | DenseMap) -> FactoredMap | DenseMap:
        """The map where it may stay: there, or on its way to the host."""
        device = held.device
        if device.type == "cuda" and self._may_stay(device, size := held.nbytes):
            _count(held, device, size)
            return held
        return held.moved(self.to_host)

    def to_host(self, tensor: torch.Tensor) -> torch.Tensor:
        """The tensor on the CPU, or where it will be there after `wait`."""
        if tensor.requires_grad:
            tensor = tensor.detach()
        if tensor.is_cpu:
            return tensor
        return self._begin(tensor) if tensor.is_cuda else tensor.to("cpu")

    def wait(self) -> None:
        """Return when every copy that was begun has arrived."""
        for stream in self._streams.values():
            stream.synchronize()

    def limit(self, device: torch.device) -> int:
        """Bytes that all recordings together may hold on a GPU, as its memory was at first."""
        if device not in self._limits:
            self._limits[device] = (free_memory(device) + _held[device]) // SHARE
        return self._limits[device]

    def _may_stay(self, device: torch.device, size: int) -> bool:
        return _held[device] + size <= self.limit(device)

    def _stream(self, device: torch.device) -> Any:
        if device not in self._streams:
            self._streams[device] = torch.cuda.Stream(device)
        return self._streams[device]

    def _begin(self, tensor: torch.Tensor) -> torch.Tensor:
        device = tensor.device
        stream = self._stream(device)
        host = torch.empty(tensor.shape, dtype=tensor.dtype, device="cpu", pin_memory=True)
        stream.wait_stream(torch.cuda.current_stream(device))  # until the tensor is made
        with torch.cuda.stream(stream):
            host.copy_(tensor, non_blocking=True)
        tensor.record_stream(stream)  # its memory is not given away before it was read
        return host


def _count(held: FactoredMap | DenseMap, device: torch.device, size: int) -> None:
    """Count a map for as long as it lives."""
    _held[device] += size
    weakref.finalize(held, _forget, device, size).atexit = False


def _forget(device: torch.device, size: int) -> None:
    _held[device] -= size
