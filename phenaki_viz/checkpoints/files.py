"""A file of weights, looked at before it is read: names, shapes and kinds of its tensors."""

import hashlib
import json
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from phenaki_viz.checkpoints.naming import flattened
from phenaki_viz.errors import CheckpointError

Source = Path | tuple[str, bytes]  # a file, or the name and content of an upload
MOST_BYTES = 8 * 2**30
MOST_HEADER = 100_000_000  # as safetensors itself allows
NAME = re.compile(r"[A-Za-z0-9_.\-]{1,256}")
ZIP, PICKLE = b"PK\x03\x04", b"\x80"
HOW = "save it as `safetensors.torch.save_file(model.state_dict(), path)`"


@dataclass(frozen=True)
class Told:
    """What is known of a tensor without reading it."""

    shape: tuple[int, ...]
    dtype: torch.dtype


@dataclass(frozen=True, eq=False)
class Weights:
    """tensors: by name. metadata: of a safetensors file. notes: what was unwrapped, in words.

    read: copies every tensor into memory of its own, so that the file may change afterwards.
    """

    name: str
    bytes: int
    tensors: Mapping[str, Told]
    metadata: Mapping[str, str]
    notes: tuple[str, ...]
    read: Callable[[], dict[str, torch.Tensor]]


@contextmanager
def weights_of(source: Source, most_bytes: int = MOST_BYTES) -> Iterator[Weights]:
    """The tensors of a .safetensors, .pt, .pth or .ckpt file; nothing in it is run.

    An upload is put into a temporary file meanwhile. Raises CheckpointError, in plain words, for
    everything that is not whole, not safe, or not tensors.
    """
    if isinstance(source, Path):
        _check_path(source)
        yield _open(source, source.name, most_bytes)
        return
    name, content = source
    with tempfile.TemporaryDirectory(prefix="phenaki_viz_") as folder:
        path = Path(folder) / "upload"
        path.write_bytes(content)
        yield _open(path, Path(name).name or "upload", most_bytes)


def digest_of(source: Source) -> str:
    """First 12 hex digits of BLAKE2b over the file's bytes."""
    digest = hashlib.blake2b(digest_size=6)
    if isinstance(source, Path):
        _check_path(source)
        with source.open("rb") as file:
            while part := file.read(2**22):
                digest.update(part)
    else:
        digest.update(source[1])
    return digest.hexdigest()


def _check_path(path: Path) -> None:
    if path.is_dir():
        raise CheckpointError(f"{path.name} is a folder; give the file of weights in it")
    if not path.exists():
        raise CheckpointError(f"{path} does not exist")
    try:
        path.open("rb").close()
    except OSError as error:
        raise CheckpointError(f"{path.name} cannot be read: {error.strerror}") from error


def _open(path: Path, name: str, most_bytes: int) -> Weights:
    size = path.stat().st_size
    if size == 0:
        raise CheckpointError(f"{name} is empty")
    if size > most_bytes:
        raise CheckpointError(f"{name} has {_size(size)}; the limit is {_size(most_bytes)}")
    with path.open("rb") as file:
        start = file.read(16)
    if Path(name).suffix == ".pt2":
        raise CheckpointError(f"{name} is an exported program (.pt2), not weights: {HOW}")
    if start[:4] == ZIP:
        _check_zip(path, name, most_bytes)
        return _torch(path, name, size)
    if start[:1] == PICKLE:
        return _torch(path, name, size)
    return _safetensors(path, name, size)


# ---- safetensors


def _safetensors(path: Path, name: str, size: int) -> Weights:
    header, start = _header(path, name, size)
    metadata = header.pop("__metadata__", {})
    promised = _promised(header, start)
    if promised is not None and promised > size:
        raise CheckpointError(
            f"{name} is incomplete: its header promises {_size(promised)}, the file has "
            f"{_size(size)}. Copy or download it again"
        )
    for tensor in header:
        _check_name(name, tensor)
    try:
        with safe_open(path, "pt") as file:
            told = {
                key: Told(tuple(part.get_shape()), _dtype(name, key, part.get_dtype()))
                for key in file.keys()
                for part in (file.get_slice(key),)
            }
    except SafetensorError as error:
        raise CheckpointError(f"{name} is damaged: {error}") from error

    def read() -> dict[str, torch.Tensor]:
        with safe_open(path, "pt") as file:
            return {key: file.get_tensor(key).clone() for key in told}

    strings = metadata if isinstance(metadata, dict) else {}
    return Weights(name, size, told, strings, (), read)


def _header(path: Path, name: str, size: int) -> tuple[dict[str, Any], int]:
    """The JSON at the start, with nothing named twice, and where the numbers begin."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > min(MOST_HEADER, size - 8):
            raise CheckpointError(
                f"{name} is neither safetensors nor a PyTorch file: its first bytes ask for a "
                f"header of {length:,} bytes in a file of {size:,}"
            )
        content = file.read(length)
    try:
        header = json.loads(content, object_pairs_hook=_once)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise CheckpointError(f"{name} has a damaged header: it is not JSON") from error
    except KeyError as error:
        raise CheckpointError(f"{name} names {str(error.args[0])[:80]!r} twice") from error
    if not isinstance(header, dict):
        raise CheckpointError(f"{name} has a damaged header: it names no tensors")
    return header, 8 + length


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise KeyError(key)
        found[key] = value
    return found


def _promised(header: dict[str, Any], start: int) -> int | None:
    """Bytes of a whole file with this header; None when the offsets make no sense."""
    ends = [
        entry["data_offsets"][1]
        for entry in header.values()
        if isinstance(entry, dict) and isinstance(entry.get("data_offsets"), list)
        if len(entry["data_offsets"]) == 2 and isinstance(entry["data_offsets"][1], int)
    ]
    return start + max(ends) if ends else None


_DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
    "C64": torch.complex64,
}


def _dtype(name: str, key: str, found: str) -> torch.dtype:
    if found not in _DTYPES:
        raise CheckpointError(
            f"{name}: {key} holds numbers of the kind {found}, which no model has"
        )
    return _DTYPES[found]


# ---- PyTorch's own files


def _check_zip(path: Path, name: str, most_bytes: int) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise CheckpointError(f"{name} is incomplete: its list of contents is missing") from error
    names = [entry.filename for entry in entries]
    if any("/code/" in f"/{one}" or one.endswith("constants.pkl") for one in names):
        raise CheckpointError(f"{name} is a TorchScript program, not weights: {HOW}")
    if any(one.endswith("archive_format") for one in names):
        raise CheckpointError(f"{name} is an exported program (.pt2), not weights: {HOW}")
    if not any(one.endswith("data.pkl") for one in names):
        raise CheckpointError(f"{name} is a ZIP archive without weights in it")
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise CheckpointError(f"{name} holds compressed entries, which PyTorch never writes: {HOW}")
    declared = sum(entry.file_size for entry in entries)
    if declared > most_bytes:
        raise CheckpointError(
            f"{name} declares {_size(declared)} of contents; the limit is {_size(most_bytes)}"
        )


def _torch(path: Path, name: str, size: int) -> Weights:
    found, notes = flattened(_load(path, name), name, HOW)
    for key, tensor in found.items():
        _check_name(name, key)
        _check_tensor(name, key, tensor)
    told = {key: Told(tuple(tensor.shape), tensor.dtype) for key, tensor in found.items()}

    def read() -> dict[str, torch.Tensor]:
        return {key: tensor.detach().clone() for key, tensor in found.items()}

    return Weights(name, size, told, {}, notes, read)


def _load(path: Path, name: str) -> Any:
    """Tensors and plain values, mapped rather than read where the format allows it."""
    with path.open("rb") as file:
        mapped = file.read(4) == ZIP
    try:
        return torch.load(path, weights_only=True, map_location="cpu", mmap=mapped)
    except MemoryError:
        raise
    except Exception as error:
        # PyTorch's own words advise to switch the protection off; they are not passed on.
        if "weights only" in str(error).lower() or "Unsupported" in str(error):
            raise CheckpointError(
                f"{name} holds more than tensors, and such a file can run code: {HOW}"
            ) from None
        raise CheckpointError(f"{name} is damaged or no file of weights") from None


def _check_tensor(name: str, key: str, tensor: torch.Tensor) -> None:
    if tensor.layout != torch.strided or tensor.is_quantized:
        raise CheckpointError(f"{name}: {key} is a sparse or quantised tensor; save it dense")
    if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
        raise CheckpointError(
            f"{name}: {key} claims {tensor.numel():,} numbers but holds fewer; it was expanded: "
            "save a contiguous copy"
        )


def _check_name(name: str, key: Any) -> None:
    if not isinstance(key, str) or not NAME.fullmatch(key):
        raise CheckpointError(
            f"{name} names a tensor {str(key)[:60]!r}; names are letters, digits, dots and "
            "underscores"
        )


def _size(count: int) -> str:
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count} bytes"
