"""Which precision autocast computes in."""

import torch


def autocast_dtype(device: torch.device) -> torch.dtype | None:
    """What autocast turns matrix products into on this device; None when it is off."""
    kind = device.type
    if torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind):
        return torch.get_autocast_dtype(kind)
    return None
