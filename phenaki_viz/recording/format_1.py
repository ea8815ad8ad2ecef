"""Headers of format 1, which called three things by other names, read as those of format 2.

`made_by` is `provenance`; `holding` is `storage`, and in it `hold` is `asked`, `stored_bytes` is
`dense_bytes`; of a record, `held` is `storage`. Maps that were "stored" are "dense", those held by
"parts" are "factored".
"""

from collections.abc import Mapping
from typing import Any

FIELDS = {"made_by": "provenance", "holding": "storage"}
REPORT = {"hold": "asked", "stored_bytes": "dense_bytes"}
STORAGES = {"stored": "dense", "parts": "factored", "by parts": "factored"}


def as_format_2(header: Mapping[str, Any]) -> dict[str, Any]:
    """A header of format 1 by the names of format 2; what is not as it must be stays as it is."""
    named = _renamed(header, FIELDS)
    if isinstance(named.get("storage"), Mapping):
        named["storage"] = _said(_renamed(named["storage"], REPORT), "asked")
    if isinstance(named.get("records"), list):
        named["records"] = [_record(entry) for entry in named["records"]]
    return named


def _record(entry: Any) -> Any:
    if not isinstance(entry, Mapping):
        return entry
    return _said(_renamed(entry, {"held": "storage"}), "storage")


def _renamed(given: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in given.items()}


def _said(given: dict[str, Any], name: str) -> dict[str, Any]:
    value = given.get(name)
    return given | {name: STORAGES.get(value, value)} if isinstance(value, str) else given
