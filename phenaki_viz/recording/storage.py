"""How the maps of a recording are stored, and why: dense, or as the factors they are made of."""

from dataclasses import dataclass

from phenaki_viz.recording.options import StorageChoice

# Weights of one head's map from which factored maps are recorded cheaper: 1,024 × 1,024. Measured
# by benchmarks/storage.py: below, the two differ by less than how much longer recomputed maps take
# to be read; there, storing takes an eighth longer and eight times the memory.
LONG = 2**20


@dataclass(frozen=True, kw_only=True)
class StorageReport:
    """How maps were to be stored, and what that decided on.

    asked: what was asked for. dense_bytes: of all maps, were they dense. limit_bytes: up to which
    they are dense if left to choose.
    """

    asked: StorageChoice = "auto"
    dense_bytes: int = 0
    limit_bytes: int = 0

    @property
    def why_factored(self) -> str:
        """Why maps are factored, as the end of a sentence."""
        if self.asked != "auto":
            return "as asked"
        dense = f"dense they would take {size_text(self.dense_bytes)}"
        if self.dense_bytes > self.limit_bytes:
            return f"{dense}, more than {size_text(self.limit_bytes)}"
        return f"{dense}, and take longer to record, as maps of a million weights or more do"

    @property
    def why_dense(self) -> str:
        """Why maps are dense, as the end of a sentence; empty where it goes without saying."""
        return {"dense": "as asked", "auto": "the fastest to read at this length"}.get(
            self.asked, ""
        )


def size_text(size: int) -> str:
    """Bytes in the unit that reads best."""
    for unit, many in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= many:
            return f"{size / many:,.1f} {unit}"
    return f"{size} bytes"
