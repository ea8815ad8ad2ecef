"""A file of weights, looked at before it is read: names, shapes and kinds of its tensors."""

import hashlib
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load

from phenaki_viz.checkpoints.naming import flattened
from phenaki_viz.checkpoints.native_header import HEADER
from phenaki_viz.errors import CheckpointError, FileError
from phenaki_viz.files import open_file, shown, size_of, unchanged
from phenaki_viz.memory import lacks_memory
from phenaki_viz.tensor_files.headers import header_bytes, kind_of, read_header
from phenaki_viz.tensor_files.seals import check_seal
from phenaki_viz.tensor_files.sources import Source as Source
from phenaki_viz.tensor_files.sources import stream_of

MOST_BYTES = 8 * 2**30
NAME = re.compile(r"[A-Za-z0-9_.\-]{1,256}")
ZIP, PICKLE = b"PK\x03\x04", b"\x80"
HOW = "save it as `safetensors.torch.save_file(model.state_dict(), path)`"


@dataclass(frozen=True)
class TensorInfo:
    """What is known of a tensor without reading it."""

    shape: tuple[int, ...]
    dtype: torch.dtype


@dataclass(frozen=True, eq=False)
class Weights:
    """tensors: by name. metadata: of a safetensors file. notes: what was unwrapped, in words.

    read: every tensor in memory of its own, so that the file may change afterwards.
    """

    name: str
    bytes: int
    tensors: Mapping[str, TensorInfo]
    metadata: Mapping[str, str]
    notes: tuple[str, ...]
    read: Callable[[], dict[str, torch.Tensor]]


@contextmanager
def weights_of(source: Source, most_bytes: int = MOST_BYTES) -> Iterator[Weights]:
    """The tensors of a .safetensors, .pt, .pth or .ckpt file; nothing in it is run.

    Read, never mapped: a file that is written to meanwhile is an error, and does not end the
    process. Raises CheckpointError, in plain words, for everything that is not whole, not safe, or
    not tensors.
    """
    try:
        if isinstance(source, Path):
            with unchanged(source):
                yield _open(source, shown(source.name), most_bytes)
        else:
            name, content = source
            yield _open(content, shown(Path(name).name) or "upload", most_bytes)
    except FileError as error:
        raise CheckpointError(str(error)) from error
    except OSError as error:
        raise CheckpointError(f"the file cannot be read: {error.strerror or error}") from error


def load_state(path: Path, most_bytes: int = MOST_BYTES) -> dict[str, Any]:
    """A saved training: tensors and plain values by name, what they claim compared with the file.

    Raises CheckpointError when it is damaged, not safe, or no dictionary.
    """
    name = shown(path.name)
    try:
        with unchanged(path):
            size = path.stat().st_size
            with open_file(path) as file:
                start = file.read(4) if size else b""
            if size > most_bytes or start != ZIP:
                raise CheckpointError(f"{name} is no state of a training that was saved here")
            _check_zip(path, name, most_bytes)
            claimed = _load(path, name, numbers=False)
            _check_claims(name, list(_tensors_in(claimed)), size)
            found = _load(path, name, numbers=True)
    except FileError as error:
        raise CheckpointError(str(error)) from error
    if not isinstance(found, dict) or not all(isinstance(key, str) for key in found):
        raise CheckpointError(f"{name} is no state of a training that was saved here")
    return found


def _tensors_in(value: Any, depth: int = 6) -> Iterator[torch.Tensor]:
    """Every tensor in dictionaries and lists of dictionaries and lists."""
    if isinstance(value, torch.Tensor):
        yield value
    elif depth and isinstance(value, (dict, list, tuple)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _tensors_in(inner, depth - 1)


def digest_of(source: Source) -> str:
    """First 12 hex digits of BLAKE2b over the file's bytes. Raises CheckpointError."""
    digest = hashlib.blake2b(digest_size=6)
    try:
        with stream_of(source) as file:
            while part := file.read(2**22):
                digest.update(part)
    except (FileError, OSError) as error:
        raise CheckpointError(str(error)) from error
    return digest.hexdigest()


def _open(source: Path | bytes, name: str, most_bytes: int) -> Weights:
    with stream_of(source) as file:
        size = size_of(file)
        start = file.read(16) if size else b""
    if size == 0:
        raise CheckpointError(f"{name} is empty")
    if size > most_bytes:
        raise CheckpointError(f"{name} has {_size(size)}; the limit is {_size(most_bytes)}")
    if Path(name).suffix == ".pt2":
        raise CheckpointError(f"{name} is an exported program (.pt2), not weights: {HOW}")
    if start[:4] == ZIP:
        _check_zip(source, name, most_bytes)
        return _torch(source, name, size)
    # One header of safetensors in 32 has a length that begins as a pickle does.
    if start[:1] == PICKLE and start[8:9] != b"{":
        return _torch(source, name, size)
    return _safetensors(source, name, size)


# ---- safetensors


def _safetensors(source: Path | bytes, name: str, size: int) -> Weights:
    with stream_of(source) as file:
        try:
            content = header_bytes(file, size)
        except FileError as error:
            raise CheckpointError(
                f"{name} is neither safetensors nor a PyTorch file: {error}"
            ) from error
    header = read_header(content, name)
    if header.promised > size:
        raise CheckpointError(
            f"{name} is incomplete: its header promises {_size(header.promised)}, the file has "
            f"{_size(size)}. Copy or download it again"
        )
    for tensor in header.tensors:
        _check_name(name, tensor)
    header.check(name, size)
    shapes = {
        key: TensorInfo(tuple(tensor.shape), kind_of(tensor, name, key))
        for key, tensor in header.tensors.items()
    }

    def read() -> dict[str, torch.Tensor]:
        try:
            tensors = _read(source)
        except (SafetensorError, OSError) as error:
            raise FileError(f"{name} is damaged: {error}") from error
        try:
            check_seal(header.metadata.get(HEADER, ""), tensors)
        except FileError as error:
            raise FileError(f"{name} is damaged: {error}. Copy it again") from error
        return tensors

    return Weights(name, size, shapes, header.metadata, (), read)


def _read(source: Path | bytes) -> dict[str, torch.Tensor]:
    """Every tensor in memory of its own."""
    if isinstance(source, bytes):
        return load(source)
    with safe_open(source, "pt", backend="pread") as file:
        return {key: file.get_tensor(key) for key in file.keys()}


# ---- PyTorch's own files


def _check_zip(source: Path | bytes, name: str, most_bytes: int) -> None:
    try:
        with stream_of(source) as file, zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
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


def _torch(source: Path | bytes, name: str, size: int) -> Weights:
    """Shapes first: on the meta device nothing is read, and nothing that is claimed is believed."""
    claimed, notes = flattened(_load(source, name, numbers=False), name, HOW)
    for key, tensor in claimed.items():
        _check_name(name, key)
        _check_tensor(name, key, tensor)
    storages = [tensor.untyped_storage() for tensor in claimed.values()]
    wanted = sum({storage._cdata: storage.nbytes() for storage in storages}.values())
    if wanted > size:
        raise CheckpointError(
            f"{name} claims {_size(wanted)} of numbers, the file has {_size(size)}"
        )
    shapes = {key: TensorInfo(tuple(tensor.shape), tensor.dtype) for key, tensor in claimed.items()}

    def read() -> dict[str, torch.Tensor]:
        found, _ = flattened(_load(source, name, numbers=True), name, HOW)
        for key, tensor in found.items():
            _check_tensor(name, key, tensor)
            if key not in shapes or shapes[key] != TensorInfo(tuple(tensor.shape), tensor.dtype):
                raise FileError(f"{name} changed while it was read: open it again")
            if tensor.device.type != "cpu":
                raise CheckpointError(f"{name}: {key} has a shape and no numbers; save it again")
        return {key: tensor.detach() for key, tensor in found.items()}

    return Weights(name, size, shapes, {}, notes, read)


def _load(source: Path | bytes, name: str, *, numbers: bool) -> Any:
    """Tensors and plain values; without the numbers, the tensors have shapes alone."""
    try:
        with stream_of(source) as file, _shapes_alone(file, numbers):
            where = "cpu" if numbers else "meta"
            return torch.load(file, weights_only=True, map_location=where)
    except Exception as error:
        if lacks_memory(error):
            raise CheckpointError(f"{name} asks for more memory than there is") from error
        # PyTorch's own words advise to switch the protection off; they are not passed on.
        if "weights only" in str(error).lower() or "Unsupported" in str(error):
            raise CheckpointError(
                f"{name} holds more than tensors, and such a file can run code: {HOW}"
            ) from None
        raise CheckpointError(f"{name} is damaged or no file of weights") from None


def _shapes_alone(file: BinaryIO, numbers: bool) -> AbstractContextManager[Any]:
    """Files from before PyTorch 1.6 make room for what they claim, wherever it shall go."""
    zipped = file.read(4) == ZIP
    file.seek(0)
    if numbers or zipped:
        return nullcontext()
    from torch._subclasses.fake_tensor import FakeTensorMode

    return FakeTensorMode()


def _named(key: Any) -> str:
    """A name, short; what is none is not written out, as that may take for ever."""
    return shown(key, 40) if isinstance(key, str) else f"a {type(key).__name__}"


def _check_tensor(name: str, key: str, tensor: torch.Tensor) -> None:
    if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_nested:
        raise CheckpointError(f"{name}: {key} is a sparse or quantised tensor; save it dense")
    if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
        raise CheckpointError(
            f"{name}: {key} claims {tensor.numel():,} numbers but holds fewer; it was expanded: "
            "save a contiguous copy"
        )


def _check_claims(name: str, tensors: list[torch.Tensor], size: int) -> None:
    """That no more numbers are claimed than a file of `size` bytes can hold."""
    for tensor in tensors:
        _check_tensor(name, "a tensor", tensor)
    storages = [tensor.untyped_storage() for tensor in tensors]
    wanted = sum({storage._cdata: storage.nbytes() for storage in storages}.values())
    if wanted > size:
        raise CheckpointError(
            f"{name} claims {_size(wanted)} of numbers, the file has {_size(size)}"
        )


def _check_name(name: str, key: Any) -> None:
    if not isinstance(key, str) or not NAME.fullmatch(key):
        raise CheckpointError(
            f"{name} names a tensor {_named(key)!r}; names are letters, digits, dots and "
            "underscores"
        )


def _size(count: int) -> str:
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count} bytes"
