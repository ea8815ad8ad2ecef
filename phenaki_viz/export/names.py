"""File names from titles and labels: letters, digits, '-' and '_' only, never a path."""

import re
from collections.abc import Collection

LONGEST = 80
NOT_ALLOWED = re.compile(r"[^A-Za-z0-9_-]+")
RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])", re.IGNORECASE)  # by Windows


def safe_name(text: str, fallback: str = "figure") -> str:
    """A file's stem from any text: at most 80 of `A-Za-z0-9_-`, nothing reserved, never empty.

    'L3 H5 · self/attention' is 'L3-H5-self-attention', '../..' is 'figure', 'nul' is 'nul_'.
    """
    name = NOT_ALLOWED.sub("-", text).strip("-")[:LONGEST].strip("-")
    name = name or fallback
    return f"{name}_" if RESERVED.fullmatch(name) else name


def numbered(name: str, taken: Collection[str]) -> str:
    """The name itself, or the first of 'name_2', 'name_3', … that is not taken.

    Upper and lower case are the same name, as they are on Windows and macOS.
    """
    held = {other.lower() for other in taken}
    found, number = name, 1
    while found.lower() in held:
        number += 1
        tail = f"_{number}"
        found = name[: LONGEST - len(tail)] + tail
    return found
