"""What of a model's attention is recorded, and how much of it may be kept."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from phenaki_viz.errors import RecordingError

DEFAULT_LIMIT = 2 * 2**30  # bytes of stored maps
PARTS_LIMIT = 4 * 2**30  # bytes of maps held by their parts
Extra = Literal["queries", "keys", "values"]
Hold = Literal["auto", "stored", "parts"]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What to keep. None keeps all of it; indices count from 0.

    modules: dotted names. heads, batch_items: indices. extras: projections to keep as well.
    hold: maps as they are, by their parts, or stored while they fit and by parts beyond. dtype:
    of stored maps. limit_bytes: of stored maps; parts_limit_bytes: of maps held by parts.
    verify_items, verify_rows: how many batch items and query rows each verification checks.
    """

    modules: Collection[str] | None = None
    heads: Sequence[int] | None = None
    batch_items: Sequence[int] | None = None
    extras: frozenset[Extra] = frozenset()
    hold: Hold = "auto"
    dtype: torch.dtype = torch.float32
    limit_bytes: int = DEFAULT_LIMIT
    parts_limit_bytes: int = PARTS_LIMIT
    verify_items: int = 4
    verify_rows: int = 16

    def __post_init__(self) -> None:
        if self.dtype not in (torch.float32, torch.float16):
            raise RecordingError(f"maps are kept as float32 or float16, got {self.dtype}")
        if self.hold not in ("auto", "stored", "parts"):
            raise RecordingError(f"hold is 'auto', 'stored' or 'parts', got {self.hold!r}")

    def kept(self, batch: int, heads: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The batch items and heads to keep of a call that has so many.

        Raises RecordingError when one of them does not exist.
        """
        items = tuple(self.batch_items or range(batch))
        kept_heads = tuple(self.heads or range(heads))
        if max(items) >= batch or max(kept_heads) >= heads:
            raise RecordingError(
                f"asked for batch items {items} and heads {kept_heads} of a call with "
                f"{batch} items and {heads} heads, counted from 0"
            )
        return items, kept_heads

    def share(self, batch: int, heads: int) -> float:
        """The share of a call with so many batch items and heads that is kept."""
        of_items = 1.0 if self.batch_items is None else len(self.batch_items) / max(batch, 1)
        of_heads = 1.0 if self.heads is None else len(self.heads) / max(heads, 1)
        return of_items * of_heads
