"""Attention in one file: safetensors with a JSON header, sealed with digests.

Format 2. The metadata of the safetensors file has the entry `phenaki_viz.recording`: a JSON object
with `format`, `provenance`, `storage`, and lists `position_biases` and `records`, whose entries are
the plain fields of `PositionBias` and `AttentionRecord` (the schema is `recording.headers`).
Tensors are named after the list entry they belong to: `biases.0.surface`, `records.7.attn` (a
dense map, 'b h i j') or `records.7.q`, `.k`, `.logsumexp`, `.bias`, `.slopes` (a factored map),
`records.7.key_mask`, `.cut_edges` (by an intervention, 'i j', or 'h i j' where heads differ),
`.dense_bias`, `.queries`, `.keys`, `.values`, `.written_values`, `.written_heads` (norms, see
`recording.written`). A table of offsets is kept once, under `biases`. Who makes recordings keeps
more in the same file, under names of its own: the clip, the prompt and what came out, see
`runs.files`. The last field, `digests` (`tensor_files.seals`), seals all of it; older files have
none, nor `missed`, `recomputed`, and `forward`, `use`, `shared`, `batch` of a record; nor what was
written.
"""

import errno
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, TypeVar

import msgspec
import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save, save_file

from phenaki_viz.errors import ExportError, FileError, PhenakiVizError, RecordingError
from phenaki_viz.files import replacing, shown, size_of, target_of, unchanged
from phenaki_viz.recording.file_entries import described, recording_of
from phenaki_viz.recording.format_1 import as_format_2
from phenaki_viz.recording.headers import Format, Header, Tensors
from phenaki_viz.recording.private import private_copy
from phenaki_viz.recording.recording import Recording
from phenaki_viz.tensor_files.headers import Header as FileHeader
from phenaki_viz.tensor_files.headers import (
    Metadata,
    converted,
    decoded,
    header_bytes,
    read_header,
)
from phenaki_viz.tensor_files.seals import check_seal, sealed
from phenaki_viz.tensor_files.sources import Source, stream_of

FORMAT = 2
HEADER = "phenaki_viz.recording"
DAMAGED = "its header is damaged"
SMALL = 2**27  # bytes of a file that is read into memory
MOST_TEXT = 32_000_000  # letters of the JSON; a thousand calls have about two million
H = TypeVar("H", bound=Header)
T = TypeVar("T")


@dataclass(frozen=True)
class Beside:
    """What whoever made a recording keeps in its file: fields of the header, and tensors by name.

    Neither may have the name of one that a recording has; the fields are JSON values.
    """

    fields: Mapping[str, Any]
    tensors: Mapping[str, torch.Tensor]


@dataclass(frozen=True)
class Content:
    """What a file of a recording holds. tensors: all of them, by name.

    kept: where they are now, and whether they were checked; one sentence.
    """

    recording: Recording
    tensors: Tensors
    kept: str


def write_file(path: Path, recording: Recording, beside: Beside) -> Path:
    """Write a recording, and what is kept beside it, to one file.

    An older file is replaced, never written into. Maps are written as they are stored. Raises
    ExportError when the disk is full or read-only.
    """
    target_of(path)
    tensors, texts = _content(recording, beside)
    size = sum(tensor.nbytes for tensor in tensors.values())
    with replacing(path, needed=lambda: size) as file:
        try:
            save_file(tensors, file.name, metadata=texts)
        except SafetensorError as error:
            raise _as_os_error(error) from error
    return path


def file_bytes(recording: Recording, beside: Beside) -> bytes:
    """The bytes of the file that `write_file` writes. Raises ExportError."""
    tensors, texts = _content(recording, beside)
    return save(tensors, metadata=texts)


def read_file(source: Source, schema: type[H], build: Callable[[H, Content], T]) -> T:
    """Open a file of `write_file`, or the name and content of an upload.

    schema: of the header, with the fields that were kept beside the recording. build: makes of
    header and content what is returned; what it raises of values that do not fit is said of the
    file. What is shown afterwards is what was opened, whatever happens to the file: a small one is
    read into memory, a large one copied to where nobody else writes. Raises RecordingError when
    the file is no recording, is damaged or truncated, changes meanwhile, or was written by a later
    version.
    """
    path = source if isinstance(source, Path) else None
    try:
        with unchanged(path) if path else nullcontext():
            return _opened(source, schema, build)
    except FileError as error:
        raise RecordingError(str(error)) from error
    except OSError as error:
        raise RecordingError(f"the file cannot be read: {error.strerror or error}") from error


def is_recording(source: Path | bytes) -> bool:
    """Whether a file, or its bytes, say of themselves that they are a recording; reads no more."""
    try:
        with stream_of(source) as file:
            head = header_bytes(file, size_of(file))
        return HEADER in msgspec.json.decode(head, type=Metadata).texts
    except (FileError, OSError, ValueError, RecursionError):
        return False


def _opened(source: Source, schema: type[H], build: Callable[[H, Content], T]) -> T:
    name = shown(source.name if isinstance(source, Path) else source[0])
    with stream_of(source) as file:
        size = size_of(file)
        with _refusing(name):
            head = _file_header(file, size)
    header = _header(head, name, schema)
    tensors, kept = _tensors(source, size, name)
    with _refusing(name):
        checked = check_seal(head.metadata[HEADER], tensors)
    kept += ", checked against its digests" if checked else ", without digests to check it by"
    try:
        if not header.records:
            raise RecordingError("no attention call was recorded")
        return build(header, Content(recording_of(header, tensors), tensors, kept))
    except (PhenakiVizError, KeyError, TypeError, ValueError, IndexError, RuntimeError) as error:
        said = str(error) if isinstance(error, PhenakiVizError) else repr(error)
        _refuse(name, f"its header does not fit what it holds ({said})")


def _file_header(file: BinaryIO, size: int) -> FileHeader:
    try:
        content = header_bytes(file, size)
    except FileError as error:
        raise FileError(f"it is cut short, or no safetensors file: {error}") from error
    head = read_header(content, "it")
    if head.promised > size:
        raise FileError(f"it is cut short: {head.promised:,} bytes are promised, it has {size:,}")
    head.check("it", size)
    return head


def _header(head: FileHeader, name: str, schema: type[H]) -> H:
    """What the file says of itself, as far as it can be said without its tensors."""
    text = head.metadata.get(HEADER)
    if text is None:
        raise RecordingError(
            f"{name} is a safetensors file, but no recording of phenaki_viz: open weights under "
            "“Your own” instead"
        )
    if len(text) > MOST_TEXT:
        _refuse(name, f"its header has {len(text):,} letters, at most {MOST_TEXT:,} are read")
    with _refusing(name):
        found = decoded(text, Format, DAMAGED).format
    if found not in (1, FORMAT):
        raise RecordingError(
            f"{name} is a recording of format {found}; this version reads formats 1 and {FORMAT}: "
            "update phenaki_viz"
        )
    with _refusing(name):
        if found == 1:
            return converted(as_format_2(decoded(text, dict[str, Any], DAMAGED)), schema, DAMAGED)
        return decoded(text, schema, DAMAGED)


def _tensors(source: Source, size: int, name: str) -> tuple[dict[str, torch.Tensor], str]:
    """Every tensor, out of reach of whoever writes to the file; and where they are, in words."""
    try:
        if size > SMALL:
            with private_copy(source, size, name) as copy, safe_open(copy, "pt") as file:
                # Tensors of a memory map: nothing is read until it is looked at.
                tensors = {key: file.get_tensor(key) for key in file.keys()}
            return tensors, f"looked at in a private copy of {size / 1e6:,.0f} MB on this disk"
        if isinstance(source, Path):
            with safe_open(source, "pt", backend="pread") as file:
                return {key: file.get_tensor(key) for key in file.keys()}, "read into memory"
        return load(source[1]), "read into memory"
    except (SafetensorError, OSError) as error:
        _refuse(name, f"it is cut short, or no safetensors file ({error})")


def _content(
    recording: Recording, beside: Beside
) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """The tensors of a file, and its texts, sealed."""
    fields, tensors = described(recording)
    header = {"format": FORMAT, **fields, **beside.fields}
    text = json.dumps(header, ensure_ascii=False, default=_plain)
    if len(text) > MOST_TEXT:
        raise ExportError(
            f"{len(recording):,} calls are too many for one file: choose some with `where`"
        )
    whole = _apart({**tensors, **beside.tensors})
    # A name that no encoding can write, as a file system may give it, is written as far as it can.
    return whole, {HEADER: sealed(text.encode(errors="replace").decode(), whole)}


def _refuse(name: str, why: str) -> NoReturn:
    raise RecordingError(f"{name} cannot be opened: {why}. Save the recording again") from None


@contextmanager
def _refusing(name: str) -> Iterator[None]:
    """What is wrong with a file's content, said of the file."""
    try:
        yield
    except FileError as error:
        _refuse(name, str(error))


def _as_os_error(error: SafetensorError) -> OSError:
    """The library writes the system's reason into its sentence."""
    code = re.search(r"os error (\d+)", str(error))
    number = int(code[1]) if code else errno.EIO
    return OSError(number, os.strerror(number))


def _apart(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Each tensor contiguous and in memory of its own, as the format wants it."""
    apart: dict[str, torch.Tensor] = {}
    used: set[int] = set()
    for name, tensor in tensors.items():
        own = tensor.contiguous()
        apart[name] = own.clone() if own.data_ptr() in used else own
        used.add(apart[name].data_ptr())
    return apart


def _plain(value: Any) -> Any:
    """What JSON does not know: tuples in sets, NumPy numbers, settings."""
    if isinstance(value, (np.integer, np.floating)):
        return value.item()
    if isinstance(value, (set, frozenset)):
        return sorted(map(str, value))
    return str(value)
