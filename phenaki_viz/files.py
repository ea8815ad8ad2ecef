"""Files that are there whole or not at all, and paths as people type them."""

import errno
import io
import os
import re
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from phenaki_viz.errors import ExportError, FileError

try:
    import fcntl
except ImportError:  # Windows: what a killed run leaves behind stays there
    fcntl = None  # type: ignore[assignment]

FULL = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}
PART = re.compile(r"\.phenaki_viz-[0-9a-f]{16}\.part")
LARGE = 2**20  # bytes that may be read of a file without a look at what it has
MOST_SHOWN = 80  # letters of a name in a sentence
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


# ---- writing


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

    needed: the bytes the file will have, if known; for the message. A link stays a link, a file
    keeps its permissions. Raises ExportError.
    """
    target = target_of(path)
    size = 0
    try:
        with temporary(target.parent) as (file, beside):
            try:
                yield file
                file.flush()
            finally:
                size = needed() if needed else _size(beside)
            _take_permissions(file, target)
            os.fsync(file.fileno())
            if fcntl is None:
                file.close()  # Windows renames no open file
            beside.replace(target)
    except OSError as error:
        raise ExportError(_reason(target, error, size, at_least=needed is None)) from error


def target_of(path: Path) -> Path:
    """Where `path` is written to in truth, its folder made; no work is done for what cannot be.

    Raises ExportError, in words, for a folder, a pipe or a device, a folder that cannot be made,
    and one that may not be written to.
    """
    try:
        target = path.resolve() if path.is_symlink() else path
        found = _mode(target)
    except (OSError, ValueError, RuntimeError) as error:  # ValueError: a NUL; RuntimeError: a loop
        raise ExportError(_reason(path, _as_os_error(error), 0, at_least=False)) from error
    if found is not None and not stat.S_ISREG(found):
        what = _KINDS.get(stat.S_IFMT(found), "no file")
        raise ExportError(f"{shown(str(path))} is {what}: give the name of a file to write")
    make_folder(target.parent)
    why = ""
    if not os.access(target.parent, os.W_OK | os.X_OK):
        why = "no right to write there"
    elif found is not None and not os.access(target, os.W_OK):
        why = "the file that is there is protected from writing"
    if why:
        raise ExportError(_sentence(path, why))
    return target


def _mode(path: Path) -> int | None:
    """What is there, None for nothing. Raises OSError, or ValueError for a NUL."""
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


@contextmanager
def temporary(folder: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """A hidden file in `folder`, gone after the block unless it was renamed.

    Should the process be killed, the next one that writes to the folder removes it: its writer
    holds a lock on it, which ends with the process, however that ends.
    """
    sweep(folder)
    file, path = _locked_part(folder)
    try:
        with file:
            yield file, path
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove what killed runs of this program left in `folder`; never what is being written."""
    if fcntl is None:
        return
    with suppress(OSError), os.scandir(folder) as entries:
        ours = [entry for entry in entries if PART.fullmatch(entry.name)]
        for part in (Path(entry.path) for entry in ours if entry.is_file(follow_symlinks=False)):
            with suppress(OSError), part.open("r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # refused while its writer lives
                part.unlink()


def make_folder(folder: Path) -> Path:
    """Make a folder and those above it. Raises ExportError when that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise ExportError(_reason(folder, _as_os_error(error), 0, at_least=False)) from error
    return folder


def remove(path: Path) -> None:
    """Remove a file, if it is there. Raises ExportError when that cannot be."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise ExportError(f"{shown(str(path))} cannot be removed: {error.strerror}") from error


def _locked_part(folder: Path) -> tuple[BinaryIO, Path]:
    while True:
        path = folder / f".phenaki_viz-{secrets.token_hex(8)}.part"
        file = path.open("x+b")
        if fcntl is None:
            return file, path
        with suppress(OSError):  # a file system without locks: what is left there stays
            fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file.fileno()).st_nlink:
            return file, path
        file.close()  # swept before it was locked


def _take_permissions(file: BinaryIO, target: Path) -> None:
    with suppress(OSError, AttributeError):
        os.fchmod(file.fileno(), stat.S_IMODE(target.stat().st_mode))


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return 0


def _reason(path: Path, error: OSError, size: int, *, at_least: bool) -> str:
    if error.errno not in FULL:
        return _sentence(path, error.strerror or str(error))
    free = free_bytes(path.parent)
    needs = f"{shown(path.name)} needs {'more than ' if at_least else ''}{size:,} bytes"
    if error.errno != errno.ENOSPC and size < free:  # a quota, or a limit on the size of a file
        return (
            f"{needs}, which is more than may be written to {shown(str(path.parent))}, though "
            f"{free:,} bytes are free: lift the limit on files or the quota, or choose another "
            "folder"
        )
    return (
        f"{needs}, {free:,} bytes are free in {shown(str(path.parent))}: free some space or "
        "choose another folder"
    )


def _sentence(path: Path, why: str) -> str:
    name, folder = shown(path.name), shown(str(path.parent))
    return f"{name} could not be written to {folder}: {why}; choose another folder"


def _as_os_error(error: Exception) -> OSError:
    return error if isinstance(error, OSError) else OSError(str(error))


def free_bytes(folder: Path) -> int:
    """Bytes free where a folder is; 0 when that is not known."""
    with suppress(OSError):
        return shutil.disk_usage(folder).free
    return 0


# ---- reading


def path_of(text: str) -> Path:
    """A path as it was typed, `~` at its start read as a shell would. Raises FileError."""
    if "\0" in text:
        raise FileError(f"{shown(text)} is no path: there is a NUL in it")
    try:
        return Path(text.strip()).expanduser()
    except RuntimeError as error:
        user = shown(text.strip().split("/")[0])
        raise FileError(f"{user} is the home of nobody on this machine: give the path") from error


class _Bounded(io.BufferedReader):
    """A file that makes room for what it has, not for what is to be read.

    Python sets aside as many bytes as are to be read; how many, a damaged file may say.
    """

    def read(self, size: int | None = -1, /) -> bytes:
        """As io.BufferedReader."""
        if size is not None and size > LARGE:
            size = min(size, max(0, os.fstat(self.fileno()).st_size - self.tell()))
        return super().read(size)


def open_file(path: Path) -> BinaryIO:
    """A file, opened to read its bytes; pipes and devices, which never end, are refused first.

    Raises FileError, in words.
    """
    kind = stat.S_IFMT(_stat(path).st_mode)
    if kind != stat.S_IFREG:
        raise FileError(f"{shown(path.name or str(path))} is {_KINDS[kind]}; give a file")
    try:
        return _Bounded(path.open("rb", buffering=0))
    except OSError as error:
        raise unreadable(path, error) from error


def size_of(file: BinaryIO) -> int:
    """Bytes of an open file, or of one in memory, wherever it is read."""
    return (
        file.getbuffer().nbytes if isinstance(file, io.BytesIO) else os.fstat(file.fileno()).st_size
    )


State = tuple[int, ...]


def state_of(path: Path) -> State:
    """What changes when a file is written to or replaced. Raises FileError when it is not there."""
    found = _stat(path)
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _stat(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except FileNotFoundError as error:
        raise FileError(f"{shown(str(path))} does not exist") from error
    except (OSError, ValueError, RuntimeError) as error:  # a NUL, or links in a circle
        raise unreadable(path, error) from error


def unreadable(path: Path, error: Exception) -> FileError:
    """The error that says so, and why."""
    why = getattr(error, "strerror", None) or error
    return FileError(f"{shown(path.name or str(path))} cannot be read: {why}")


@contextmanager
def unchanged(path: Path) -> Iterator[None]:
    """A block that reads a file which must stay what it is. Raises FileError when it did not."""
    before = state_of(path)
    try:
        yield
    except Exception as error:
        if state_of(path) != before:
            raise _changed(path) from error
        raise
    if state_of(path) != before:
        raise _changed(path)


def _changed(path: Path) -> FileError:
    return FileError(
        f"{shown(path.name)} changed while it was read: wait until it is written, then open it "
        "again"
    )


def shown(name: str, most: int = MOST_SHOWN) -> str:
    """A name fit for a sentence: what cannot be printed replaced, the middle of a long one cut."""
    clean = "".join(letter if letter.isprintable() else "\ufffd" for letter in name)
    half = most // 2
    return clean if len(clean) <= most else f"{clean[:half]}…{clean[1 - half :]}"
