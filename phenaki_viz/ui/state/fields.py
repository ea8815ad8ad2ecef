"""One field of the view that a link shows: what it may be, and that in words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

LARGEST = 2**31 - 1  # no number of the page is larger
LONGEST = 5000  # letters of a text; boxes take fewer
Meta = msgspec.Meta
Whole = Annotated[int, Meta(ge=0, le=LARGEST)]
Text = Annotated[str, Meta(max_length=LONGEST)]
ANY = Annotated[float, Meta(ge=-LARGEST, le=LARGEST)]
DECIMAL = r"[0-9]{1,9}(\.[0-9]{0,9})?"


def whole(low: int, high: int) -> Any:
    """A whole number from low to high."""
    return Annotated[int, Meta(ge=low, le=high)]


def number(low: float, high: float) -> Any:
    """A number from low to high."""
    return Annotated[float, Meta(ge=low, le=high)]


def decimals(count: int) -> Any:
    """'12.5-80-3-71': so many plain numbers."""
    return pattern(rf"{DECIMAL}(-{DECIMAL}){{{count - 1}}}")


def groups(each: int) -> Any:
    """'2.1.3_2.1.4': groups of `each` whole numbers."""
    group = rf"[0-9]{{1,9}}(\.[0-9]{{1,9}}){{{each - 1}}}"
    return pattern(rf"{group}(_{group})*")


def pattern(text: str) -> Any:
    """A text of this regular expression, from its beginning to its end."""
    return Annotated[str, Meta(pattern=rf"^({text})$", max_length=LONGEST)]


@dataclass(frozen=True)
class Field:
    """One parameter of the link. kind: its type, for msgspec. said: its values, in words; of a
    Literal they are what it may be. what: what it does. several: it may stand there repeatedly.
    """

    name: str
    kind: Any
    said: str
    what: str
    several: bool = False

    def reads(self, texts: Sequence[str]) -> bool:
        """Whether what a link says is a value of this field."""
        try:
            for text in texts if self.several else texts[-1:]:
                msgspec.convert(text, self.kind, strict=False)
        except msgspec.ValidationError:
            return False
        return True


def table(fields: Iterable[Field]) -> str:
    """A Markdown table: parameter, value, what."""
    rows = [f"| `{one.name}` | {values_said(one)} | {one.what} |" for one in fields]
    return "\n".join(("| parameter | value | what |", "|---|---|---|", *rows))


def values_said(field: Field) -> str:
    """What a field may be: 'whole number, 1 to 16'."""
    low, high = bounds(field)
    bounded = low is not None and high is not None and high < LARGEST
    many = ", repeated" if field.several else ""
    return (f"{field.said}, {low:g} to {high:g}" if bounded else field.said) + many


def bounds(field: Field) -> tuple[float | None, float | None]:
    """Lowest and highest number that a field may be; None for what has none."""
    for meta in getattr(field.kind, "__metadata__", ()):
        return meta.ge, meta.le
    return None, None
