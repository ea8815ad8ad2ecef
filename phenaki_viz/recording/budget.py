"""How the map of each call is stored, so that all of them together stay within what may be kept."""

from dataclasses import dataclass, field
from typing import Any

import torch

from phenaki_viz.errors import RecordingTooLargeError
from phenaki_viz.nouns import over_limit
from phenaki_viz.numerics.offsets import OffsetBias
from phenaki_viz.recording.circumstances import is_fused
from phenaki_viz.recording.estimates import Sizes
from phenaki_viz.recording.families.phenaki import AttentionModule
from phenaki_viz.recording.maps import Storage
from phenaki_viz.recording.options import RecordOptions
from phenaki_viz.recording.storage import LONG, StorageReport


@dataclass
class Budget:
    """What a recording has kept so far, calls that wait to be settled among it.

    dense_bytes: of all its maps, were they dense. size: of the map that was asked for last, as it
    is to be stored.
    """

    choice: RecordOptions
    kept: dict[Storage, int] = field(default_factory=lambda: {"dense": 0, "factored": 0})
    dense_bytes: int = 0
    size: int = 0
    _last: tuple[Any, tuple[int, int]] = (None, (0, 0))

    @property
    def storage(self) -> StorageReport:
        """How maps are to be stored, as a recording says it."""
        return StorageReport(
            asked=self.choice.storage,
            dense_bytes=self.dense_bytes,
            limit_bytes=self.choice.limit_bytes,
        )

    def storage_of(
        self,
        name: str,
        module: AttentionModule,
        x: torch.Tensor,
        sizes: Sizes,
        dtype: torch.dtype,
        bias: torch.Tensor | OffsetBias | None = None,
        *,
        is_given: bool = False,
    ) -> Storage:
        """How the map of this call is stored. Raises RecordingTooLargeError when it is too large.

        x: what comes in. dtype: what it is multiplied in. bias: what is added. is_given: its map is
        that of another run, and is made of none of its parts.
        """
        choice = self.choice.storage
        dense, factored = self._bytes_of(sizes, dtype)
        self.dense_bytes += dense
        short = choice == "auto" and not self._is_cheaper_factored(module, x, sizes, bias)
        if choice == "dense" or is_given or (short and self._fits("dense", dense)):
            self._refuse_if_too_large(name, "dense", dense)
            self.size = dense
            return "dense"
        self._refuse_if_too_large(name, "factored", factored)
        self.size = factored
        return "factored"

    def _bytes_of(self, sizes: Sizes, dtype: torch.dtype) -> tuple[int, int]:
        """Bytes of a map, dense and factored; layers are mostly alike."""
        if self._last[0] != (sizes, dtype):
            share = self.choice.share(sizes.batch, sizes.heads)
            dense = int(sizes.map_cells * share) * self.choice.dtype.itemsize
            factored = int(sizes.part_cells * share) * dtype.itemsize
            self._last = (sizes, dtype), (dense, factored)
        return self._last[1]

    def _is_cheaper_factored(
        self,
        module: AttentionModule,
        x: torch.Tensor,
        sizes: Sizes,
        bias: torch.Tensor | OffsetBias | None,
    ) -> bool:
        """Whether the map is long, and the model hands over its parts without making it."""
        weights = sizes.queries * sizes.keys
        if weights < LONG or self.choice.dtype != torch.float32 or not is_fused(module, x):
            return False
        return not isinstance(bias, torch.Tensor) or bias.shape[-2:].numel() < LONG

    def _limit(self, storage: Storage) -> int:
        return self.choice.limit_bytes if storage == "dense" else self.choice.factored_limit_bytes

    def _fits(self, storage: Storage, size: int) -> bool:
        return self.kept[storage] + size <= self._limit(storage)

    def _refuse_if_too_large(self, name: str, storage: Storage, size: int) -> None:
        needed, limit = self.kept[storage] + size, self._limit(storage)
        if needed <= limit:
            return
        advice = ', use float16, storage="factored" or raise limit_bytes'
        if storage == "factored":
            advice = " or raise factored_limit_bytes"
        would, may = over_limit(needed, limit)
        raise RecordingTooLargeError(
            f"recording {name} would bring the {storage} maps to {would}; the limit is "
            f"{may}. Record fewer modules, heads or batch items, shorten the clip{advice}",
            needed=needed,
            limit=limit,
        )
