"""What a check of a recorded map found."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["passed", "failed", "unchecked"]


@dataclass(frozen=True, kw_only=True)
class Verification:
    """How far the recorded map is from what the module really did.

    The map times the values is compared with what the module gave to its output projection.
    verdict: "passed", "failed", or "unchecked" where they cannot be compared. max_abs_error: the
    largest difference; relative_error: the same as a share of the head's largest value, which a
    weighted mean never exceeds; tolerance: what that may be in this precision, `dtype`. None when
    nothing was compared. queries, of: how many query rows were checked. finite: False when NaN or
    infinity was among them. weight_error: of a recomputed map, the largest difference to the
    model's own weights on those rows, where the model made them. reason: why it is not "passed".
    """

    verdict: Verdict = "unchecked"
    max_abs_error: float | None = None
    relative_error: float | None = None
    tolerance: float | None = None
    weight_error: float | None = None
    queries: int = 0
    of: int = 0
    dtype: str = "float32"
    finite: bool = True
    reason: str = ""

    @property
    def said(self) -> str:
        """One sentence on what the check found."""
        rows = f"({self.queries:,} of {self.of:,} query rows)"
        rows += "" if self.finite else ", where it is finite"
        if self.verdict == "unchecked":
            return f"Not checked: {self.reason or 'nothing to compare with'}."
        if self.verdict == "failed":
            found = self.reason or (
                f"off by {self.relative_error:.1e} of the largest value, where {self.dtype} "
                f"explains {self.tolerance:.0e}"
            )
            return f"CHECK FAILED: this map is not what the model used: {found} {rows}."
        near = (
            f"within {self.relative_error:.1e} of them"
            if self.relative_error
            else "to the last digit"
        )
        return f"Checked: this map times the values is the heads' own output, {near} {rows}."

    @property
    def brief(self) -> str:
        """What the check found, in a few words: 'checked to 1.2e-07 (16 of 180 rows)'."""
        if self.verdict == "unchecked":
            return "not checked"
        if self.verdict == "failed":
            return "CHECK FAILED"
        near = f"{self.relative_error:.1e}" if self.relative_error else "the last digit"
        return f"checked to {near} ({self.queries:,} of {self.of:,} rows)"
