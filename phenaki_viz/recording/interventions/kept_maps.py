"""Maps that are kept to be put into other runs, by the digest of their numbers.

One store for the process, bounded in bytes: what was not used for longest is let go. Who has the
digest of a map has had the map.
"""

import hashlib
import threading
from collections import OrderedDict

import torch

from phenaki_viz.errors import RecordingError
from phenaki_viz.recording.interventions.transfer_map import TransferMap
from phenaki_viz.recording.records import AttentionRecord

MOST_BYTES = 512 * 2**20  # of all that is kept
MOST_CELLS = 2**26  # of one map with all its heads and batch items: 256 MiB
SUMS_TO = 1e-2  # how far a row may be from a distribution; half precision is

_maps: OrderedDict[str, torch.Tensor] = OrderedDict()
_guard = threading.RLock()


def keep_map(record: AttentionRecord, head: int | None = None) -> TransferMap:
    """Keep the map of a recorded call, and say how to put it into the same head of another run.

    head: as the model counts it; None for all heads, each of which must have been recorded. All
    recorded batch items are kept: one is used for every item, more for as many again and again.
    Raises RecordingError where it was not recorded whole, is too large or is no distribution.
    """
    heads = _heads(record, head)
    b, _, i, j = record.map.shape
    if b * len(heads) * i * j > MOST_CELLS:
        raise RecordingError(
            f"{record.module}: a map of {b} × {len(heads)} × {i:,} × {j:,} weights (items, heads, "
            f"queries, keys) is too large to be put into another run; up to {MOST_CELLS:,} are not"
        )
    maps = torch.stack(
        [
            torch.stack([torch.from_numpy(record.map.full(item, at)) for at in heads])
            for item in range(b)
        ]
    ).float()
    far = (maps.sum(dim=-1) - 1).abs()
    if not bool((far <= SUMS_TO).all()):  # NaN is none either
        raise RecordingError(
            f"{record.module}: rows of this map are no distributions, so it is not put into others"
        )
    return TransferMap(module=record.module, head=head, digest=_keep(maps))


def is_kept(digest: str) -> bool:
    """Whether a map is here."""
    return digest in _maps


def kept_map(one: TransferMap) -> torch.Tensor:
    """The map that is put in: 'b h i j' float32. Raises RecordingError where it is not here."""
    with _guard:
        found = _maps.get(one.digest)
        if found is not None:
            _maps.move_to_end(one.digest)
    if found is None:
        raise RecordingError(
            f"the {one.of} is not here: what was recorded is kept where it was opened or made, for "
            "a while; open it, or make it, again"
        )
    return found


def _heads(record: AttentionRecord, head: int | None) -> range | list[int]:
    """Positions of the heads in what was recorded."""
    if head is not None and head not in record.heads:
        raise RecordingError(f"{record.module}: head {head} was not recorded")
    if head is not None:
        return [record.heads.index(head)]
    if list(record.heads) != list(range(len(record.heads))):
        raise RecordingError(f"{record.module}: not all of its heads were recorded; name one")
    return range(len(record.heads))


def _keep(maps: torch.Tensor) -> str:
    sha = hashlib.sha256(repr(tuple(maps.shape)).encode())
    sha.update(maps.contiguous().numpy().data)
    digest = sha.hexdigest()
    with _guard:
        _maps[digest] = maps
        _maps.move_to_end(digest)
        while len(_maps) > 1 and sum(one.nbytes for one in _maps.values()) > MOST_BYTES:
            _maps.popitem(last=False)
    return digest
