"""A copy of a large file that nobody else writes to, so that what is shown stays what it was.

A file that is looked at through a memory map changes under the reader when it is written to, and
ends the process when it becomes shorter.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from phenaki_viz.errors import FileError
from phenaki_viz.files import free_bytes, temporary
from phenaki_viz.tensor_files.sources import Source, stream_of

BLOCK = 2**24


@contextmanager
def private_copy(source: Source, size: int, name: str) -> Iterator[Path]:
    """A copy without a name after the block: whoever opened it inside keeps it, nobody else can.

    size: of the source, in bytes. Raises FileError when there is no room for it.
    """
    folder = scratch_folder()
    need = (
        f"{name} has {size:,} bytes and is looked at in a copy, so that nothing can change under "
        f"it; {free_bytes(folder):,} bytes are free in {folder}: free some space, or set "
        "XDG_CACHE_HOME to a folder that has room"
    )
    if free_bytes(folder) < size:
        raise FileError(need)
    try:
        with temporary(folder) as (file, path), stream_of(source) as original:
            os.chmod(path, 0o600)  # noqa: PTH101  # others need not read what the user may
            shutil.copyfileobj(original, file, BLOCK)
            file.flush()
            if file.tell() != size:
                raise FileError(f"{name} changed while it was read: open it again")
            yield path
    except OSError as error:
        raise FileError(f"{need} ({error.strerror or error})") from error


def scratch_folder() -> Path:
    """The user's cache; the folder for temporary files, which may be memory, only without one."""
    with suppress(OSError, RuntimeError):
        cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        folder = Path(cache) / "phenaki_viz" / "open"
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK | os.X_OK):
            return folder
    return Path(tempfile.gettempdir())
