"""How the maps of a recording are held, and why: stored, or by what they are recomputed from."""

from dataclasses import dataclass

from phenaki_viz.recording.options import StorageChoice

# Weights of one head's map from which maps by parts are recorded cheaper: 1,024 × 1,024. Measured
# by benchmarks/storage.py: below, the two differ by less than how much longer recomputed maps take
# to be read; there, storing takes an eighth longer and eight times the memory.
LONG = 2**20


@dataclass(frozen=True, kw_only=True)
class StorageReport:
    """How maps were to be held, and what that decided on.

    asked: what was asked for. stored_bytes: of all maps, were they stored. limit_bytes: up to which
    they are stored if left to choose.
    """

    asked: StorageChoice = "auto"
    stored_bytes: int = 0
    limit_bytes: int = 0

    @property
    def why_factored(self) -> str:
        """Why maps are held by parts, as the end of a sentence."""
        if self.asked != "auto":
            return "as asked"
        stored = f"stored they would take {size_text(self.stored_bytes)}"
        if self.stored_bytes > self.limit_bytes:
            return f"{stored}, more than {size_text(self.limit_bytes)}"
        return f"{stored}, and take longer to record, as maps of a million weights or more do"

    @property
    def why_dense(self) -> str:
        """Why maps are stored, as the end of a sentence; empty where it goes without saying."""
        return {"dense": "as asked", "auto": "the fastest to read at this length"}.get(
            self.asked, ""
        )


def size_text(size: int) -> str:
    """Bytes in the unit that reads best."""
    for unit, many in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= many:
            return f"{size / many:,.1f} {unit}"
    return f"{size} bytes"
