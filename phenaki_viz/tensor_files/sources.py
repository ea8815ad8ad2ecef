"""Where the bytes of a file come from: a path, or the name and content of an upload."""

import io
from pathlib import Path
from typing import BinaryIO

from phenaki_viz.files import open_file

Source = Path | tuple[str, bytes]  # a file, or the name and content of an upload


def stream_of(source: Source | bytes) -> BinaryIO:
    """The bytes of a file or of an upload. Raises FileError."""
    if isinstance(source, Path):
        return open_file(source)
    return io.BytesIO(source if isinstance(source, bytes) else source[1])
