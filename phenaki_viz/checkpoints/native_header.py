"""What this project says of weights, in the header of their file."""

from typing import Any

import msgspec

from phenaki_viz.errors import FileError
from phenaki_viz.tensor_files.headers import decoded

RECORDED = "phenaki_viz.recording"  # what a file of recorded attention has there instead
HEADER = "phenaki_viz"  # the key of our JSON in the metadata of a file of weights
MOST_NATIVE = 4 * 2**20  # letters; settings and a record of the training have some thousands


class Native(msgspec.Struct, frozen=True):
    """What this project writes beside weights. config: JSON, read by the class that `kind` names.

    title, licence, record: where the weights come from, and how they were trained.
    """

    format: int
    kind: str
    config: dict[str, Any] = {}  # msgspec copies it
    title: str = ""
    licence: str = ""
    record: dict[str, Any] = {}


def read_native(text: str, name: str) -> Native:
    """What this project wrote beside weights. Raises FileError."""
    if len(text) > MOST_NATIVE:
        raise FileError(f"{name}: its settings have {len(text):,} letters, at most {MOST_NATIVE:,}")
    return decoded(text, Native, f"{name}: its settings are damaged")
