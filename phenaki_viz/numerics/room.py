"""How much of a bias is made at once: as much as a device's cache or memory has room for."""

from dataclasses import dataclass

import torch

WHOLE = 2**26  # cells of a bias that is made at once: 256 MiB, and layers may share it
BLOCK = 2**22  # cells of one row block beyond that: 16 MiB, which much of a cache can hold
SHARE = 6  # of a GPU's free memory for a whole bias: it may be added to and masked meanwhile
LARGEST = 2**28  # cells of a GPU's row block: 1 GiB, beyond which nothing is faster
CELL = 4  # bytes


@dataclass(frozen=True)
class Room:
    """Cells that are made at once. whole: up to which all of a bias is; block: of its rows, else.

    On a GPU small row blocks keep its cores waiting for the next launch; on a CPU large ones leave
    the cache.
    """

    whole: int
    block: int

    @classmethod
    def on(cls, device: torch.device, cells: int) -> "Room":
        """The room for a bias of so many cells; a GPU's free memory is asked for large ones."""
        if device.type != "cuda":
            return cls(WHOLE, BLOCK)
        if cells <= WHOLE:
            return cls(WHOLE, WHOLE)
        free = free_memory(device) // CELL
        return cls(whole=max(WHOLE, free // SHARE), block=max(BLOCK, min(LARGEST, free // 32)))


def free_memory(device: torch.device) -> int:
    """Bytes that a GPU can still give: unused, or kept by PyTorch for what comes next."""
    free, _ = torch.cuda.mem_get_info(device)
    stats = torch.cuda.memory_stats_as_nested_dict(device)  # the flat one takes ten times as long
    reserved, given = (
        stats[name]["all"]["current"] for name in ("reserved_bytes", "allocated_bytes")
    )
    return int(free + reserved - given)
