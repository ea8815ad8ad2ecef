"""Tensors on their way from the model's device to the host, while the model runs on."""

from typing import Any

import torch


class Transfers:
    """Copies to the host. Those from a GPU are only begun: `wait` before anything is read.

    They run on a stream of their own beside the model's, into pinned memory; what lies on the host
    already is taken as it is.
    """

    def __init__(self) -> None:
        self._streams: dict[torch.device, Any] = {}

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

    def _begin(self, tensor: torch.Tensor) -> torch.Tensor:
        device = tensor.device
        if device not in self._streams:
            self._streams[device] = torch.cuda.Stream(device)
        stream = self._streams[device]
        host = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
        stream.wait_stream(torch.cuda.current_stream(device))  # until the tensor is made
        with torch.cuda.stream(stream):
            host.copy_(tensor, non_blocking=True)
        tensor.record_stream(stream)  # its memory is not given away before it was read
        return host
