"""Files that are there whole or not at all."""

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from phenaki_viz.errors import ExportError

FULL = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}


def write_bytes(path: Path, content: bytes) -> Path:
    """Write a file by a temporary one beside it; on failure the old file stays as it was.

    Raises ExportError with the bytes needed and the bytes free when the disk is full, and with
    the reason otherwise.
    """
    with replacing(path, needed=lambda: len(content)) as file:
        file.write(content)
    return path


@contextmanager
def replacing(path: Path, needed: Callable[[], int] | None = None) -> Iterator[BinaryIO]:
    """A file to write into, that takes the place of `path` when the block ends well.

    needed: the bytes the file will have, if known; for the message. Raises ExportError.
    """
    beside = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with beside.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        size = needed() if needed else _size(beside)
        raise ExportError(_reason(path, error, size, at_least=needed is None)) from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def make_folder(folder: Path) -> Path:
    """Make a folder and those above it. Raises ExportError when that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(_reason(folder, error, 0, at_least=False)) from error
    return folder


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return 0


def _reason(path: Path, error: OSError, size: int, *, at_least: bool) -> str:
    if error.errno not in FULL:
        why = error.strerror or str(error)
        return f"{path.name} could not be written to {path.parent}: {why}; choose another folder"
    more = "more than " if at_least else ""
    return (
        f"{path.name} needs {more}{size:,} bytes, {_free(path.parent):,} bytes are free in "
        f"{path.parent}: free some space or choose another folder"
    )


def _free(folder: Path) -> int:
    with suppress(OSError):
        return shutil.disk_usage(folder).free
    return 0
