"""What a file says of itself, read by a schema before anything is made of it.

JSON is decoded straight into the structs below: what is not as they say is refused where it stands,
and nothing else is built, so that a header costs no more than what it truly holds.
"""

import json
import math
import re
from typing import Annotated, Any, BinaryIO, TypeVar

import msgspec
import torch

from phenaki_viz.errors import FileError

MOST_HEADER = 100_000_000  # bytes; as safetensors itself allows
MOST_KEYS = 1_000_000
MOST_NOT_JSON = 4 * 2**20  # letters of a text with NaN in it, which JSON does not know
MOST_NESTED = 2_000_000  # brackets of a text
_KEY = b'":'

Size = Annotated[int, msgspec.Meta(ge=0)]
T = TypeVar("T")


KINDS = {
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


class Tensor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One tensor as the header of a safetensors file tells of it."""

    dtype: str
    shape: list[Size]
    data_offsets: tuple[Size, Size]


class Header(msgspec.Struct, frozen=True):
    """tensors: by name. metadata: texts by name. start: where the numbers begin, in bytes."""

    tensors: dict[str, Tensor]
    metadata: dict[str, str]
    start: int

    @property
    def promised(self) -> int:
        """Bytes that a whole file with this header has."""
        ends = (tensor.data_offsets[1] for tensor in self.tensors.values())
        return self.start + max(ends, default=0)

    def check(self, name: str, size: int) -> None:
        """That the tensors fill a file of `size` bytes, one after the other, each to its shape.

        As safetensors wants it: no hole, no overlap. Raises FileError.
        """
        at = self.start
        for key, tensor in sorted(self.tensors.items(), key=lambda item: item[1].data_offsets):
            first, last = (self.start + offset for offset in tensor.data_offsets)
            if first != at or last < first:
                raise FileError(f"{name} is damaged: {key[:60]} lies over a tensor, or after a gap")
            needed = math.prod(tensor.shape) * kind_of(tensor, name, key).itemsize
            if needed != last - first:
                raise FileError(
                    f"{name} is damaged: {key[:60]} has {last - first:,} bytes, its shape another "
                    "number"
                )
            at = last
        if at < size:
            raise FileError(f"{name} is damaged: {size - at:,} bytes at its end are of no tensor")


class Metadata(msgspec.Struct, frozen=True):
    """The texts alone, whatever the tensors."""

    texts: dict[str, str] = msgspec.field(name="__metadata__", default_factory=dict)


def kind_of(tensor: Tensor, name: str, key: str) -> torch.dtype:
    """The kind of a tensor's numbers. Raises FileError for one that is not known here."""
    if tensor.dtype not in KINDS:
        raise FileError(
            f"{name}: {key[:60]} holds numbers of the kind {tensor.dtype[:20]}, which are not read "
            "here: save it with numbers of 16 or 32 bits"
        )
    return KINDS[tensor.dtype]


def header_bytes(file: BinaryIO, size: int) -> bytes:
    """The JSON at the start of a safetensors file of `size` bytes. Raises FileError."""
    if size < 8:
        raise FileError(f"it has {size} bytes")
    length = int.from_bytes(file.read(8), "little")
    if length > min(MOST_HEADER, size - 8):
        raise FileError(
            f"its first bytes ask for a header of {length:,} bytes in a file of {size:,}"
        )
    content = file.read(length)
    if len(content) < length:
        raise FileError("it became shorter while it was read")
    return content


def read_header(content: bytes, name: str) -> Header:
    """The header of a safetensors file, of the right kinds and with nothing named twice.

    Whether offsets, shapes and kinds fit each other, `Header.check` says. Raises FileError.
    """
    if content.count(_KEY) > MOST_KEYS:
        raise FileError(f"{name} has a damaged header: it names more than {MOST_KEYS:,} things")
    damaged = f"{name} has a damaged header"
    try:
        parts = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
    except msgspec.ValidationError as error:
        raise FileError(f"{damaged}: it names no tensors") from error
    except (ValueError, RecursionError) as error:  # also what is no UTF-8
        raise FileError(f"{damaged}: it is not JSON") from error
    try:
        texts = msgspec.json.decode(parts.pop("__metadata__", b"{}"), type=dict[str, str])
    except (ValueError, RecursionError) as error:
        raise FileError(f"{damaged}: its metadata are no texts by name ({plain(error)})") from error
    tensors = {key: _tensor(part, key, damaged) for key, part in parts.items()}
    _refuse_twice(content, name)
    return Header(tensors, texts, 8 + len(content))


def decoded(text: str, kind: type[T], what: str) -> T:
    """A JSON text as a `kind`. Raises FileError that says where `what` is not as it must be.

    NaN and infinity, which are no JSON but which older versions wrote, are read in short texts.
    """
    if text.count("[") + text.count("{") > MOST_NESTED:
        raise FileError(f"{what}: more than {MOST_NESTED:,} lists and objects")
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.ValidationError, RecursionError) as error:
        raise FileError(f"{what}: {plain(error)}") from error
    except ValueError as error:  # also what is no UTF-8
        if not re.search(r"\b(NaN|Infinity)\b", text) or len(text) > MOST_NOT_JSON:
            raise FileError(f"{what} (not JSON)") from error
    try:
        return converted(json.loads(text), kind, what)
    except (ValueError, RecursionError) as error:
        raise FileError(f"{what} (not JSON)") from error


def converted(found: Any, kind: type[T], what: str) -> T:
    """What JSON gave, as a `kind`. Raises FileError that says where `what` is not as it must be."""
    try:
        return msgspec.convert(found, kind)
    except msgspec.ValidationError as error:
        raise FileError(f"{what}: {plain(error)}") from error


def plain(error: Exception) -> str:
    """A schema's complaint with the place first: 'heads[1]: expected `int`, got `str`'."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return "it is no UTF-8"
    said, _, place = str(error).partition(" - at `")
    said = said[:1].lower() + said[1:]
    place = place.rstrip("`").removeprefix("$").removeprefix(".")
    return f"{place}: {said}" if place else said


def _tensor(part: Any, key: str, damaged: str) -> Tensor:
    try:
        return msgspec.json.decode(part, type=Tensor)
    except (ValueError, RecursionError) as error:
        raise FileError(f"{damaged}: {key[:60]!r}, {plain(error)}") from error


def _refuse_twice(content: bytes, name: str) -> None:
    """A schema keeps the last of two equal names; another reader may keep the first."""

    def once(pairs: list[tuple[str, Any]]) -> None:
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise FileError(f"{name} names {key[:80]!r} twice")
            seen.add(key)

    try:
        json.loads(content, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits
        raise FileError(f"{name} has a damaged header: it is not JSON") from error
