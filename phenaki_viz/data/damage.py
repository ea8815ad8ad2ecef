"""What decoders raise on a damaged file, turned into the one error a caller awaits."""

import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

from phenaki_viz.errors import VideoError

# Seen from Pillow, zipfile, zlib and numpy on mutated files.
DAMAGE = (
    OSError,
    SyntaxError,
    EOFError,
    ValueError,
    LookupError,
    TypeError,
    ArithmeticError,
    MemoryError,
    RuntimeError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
    tokenize.TokenError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


@contextmanager
def damage_means(message: str, *more: type[Exception]) -> Iterator[None]:
    """Raise VideoError(message) for any of `DAMAGE`, and more; a VideoError passes as it is."""
    awaited: tuple[type[Exception], ...] = (*DAMAGE, *more)
    try:
        yield
    except VideoError:
        raise
    except awaited as error:
        raise VideoError(message) from error
