"""What a user says a setting is instead: its full name, and its value out of words."""

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from phenaki_viz.errors import CheckpointError

YES, NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
MOST_LISTED = 40


def full_names(corrections: Mapping[str, Any], known: Iterable[str]) -> dict[str, Any]:
    """Corrections by the full names of settings; `image_size` will do for `cvivit.image_size`.

    Raises CheckpointError, with what is known and what was probably meant, for another name, for a
    short one that several settings end in, and for a setting that is corrected twice.
    """
    known = list(dict.fromkeys(known))
    full: dict[str, Any] = {}
    for name, value in corrections.items():
        found = [name] if name in known else [one for one in known if one.endswith(f".{name}")]
        if len(found) != 1:
            raise CheckpointError(_unknown(str(name), found, known))
        if found[0] in full:
            raise CheckpointError(f"{found[0]} is corrected twice")
        full[found[0]] = value
    return full


def value_like(name: str, correction: Any, like: Any) -> Any:
    """A correction as a value of the kind that the setting has.

    Words are read: "no", "24x40", "24 × 40", "8,5,5,5"; one number stands for a square. Raises
    CheckpointError for what cannot be such a value.
    """
    if isinstance(correction, str) and not isinstance(like, str):
        correction = _read(name, correction.strip(), like)
    if isinstance(like, tuple) and isinstance(correction, int) and not isinstance(correction, bool):
        correction = (correction,) * len(like)
    return tuple(correction) if isinstance(correction, list) else correction


def value_text(value: Any) -> str:
    """A value as it is shown and can be typed: 24×40, yes, 8."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "×".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _read(name: str, text: str, like: Any) -> Any:
    words = text.lower()
    if isinstance(like, bool) and words in (*YES, *NO):
        return words in YES
    if isinstance(like, tuple) and re.fullmatch(r"[\d\s,;x×*()]+", words):
        numbers = tuple(int(one[:9]) for one in re.findall(r"\d+", words))
        return numbers[0] if len(numbers) == 1 else numbers
    if isinstance(like, int) and not isinstance(like, bool) and re.fullmatch(r"\d{1,9}", words):
        return int(words)
    kind = (
        "yes or no"
        if isinstance(like, bool)
        else "whole numbers as in 24x40" if isinstance(like, tuple) else "a number"
    )  # fmt: skip
    if isinstance(like, float):
        try:
            return float(words)
        except ValueError:
            pass
    raise CheckpointError(f"{name} is {text[:40]!r}; it must be {kind}")


def _unknown(name: str, found: list[str], known: list[str]) -> str:
    if found:
        return f"{name[:60]} is the end of {' and '.join(found)}: say which is meant"
    ends = {one.rpartition(".")[2]: one for one in known} | {one: one for one in known}
    near = difflib.get_close_matches(name, ends, n=1, cutoff=0.6)
    meant = f"; did you mean {ends[near[0]]}?" if near else "."
    listed = ", ".join(known[:MOST_LISTED]) + (", …" if len(known) > MOST_LISTED else "")
    return f"{name[:60]!r} is no setting of this file{meant} Its settings are {listed or 'none'}"
