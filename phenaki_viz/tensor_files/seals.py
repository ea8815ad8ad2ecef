"""Digests of all that a file of ours holds, in its header: damage is named, not drawn."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import torch

from phenaki_viz.errors import FileError
from phenaki_viz.tensor_files.headers import decoded

MARK = ', "digests": '  # unescaped, as it is in no string
NAMED = 3  # of what is damaged


class Seal(msgspec.Struct, frozen=True):
    """First 16 hex digits of SHA-256: of the text without them, and of each tensor."""

    text: str
    tensors: dict[str, str]


def sealed(text: str, tensors: Mapping[str, torch.Tensor]) -> str:
    """A JSON object as text, with one field more, the last: digests of it and of the tensors.

    A field and no text of its own, which the library would write in an order that changes.
    """
    digests = {name: digest_of_tensor(tensor) for name, tensor in sorted(tensors.items())}
    seal = msgspec.json.encode(Seal(digest_of_text(text), digests)).decode()
    return f"{text[:-1]}{MARK}{seal}}}"


def check_seal(text: str, tensors: Mapping[str, torch.Tensor]) -> bool:
    """Whether a text is sealed. Raises FileError that names what is not as it was saved."""
    body, mark, seal_text = text.rpartition(MARK)
    if not mark:
        return False
    seal = decoded(seal_text[:-1], Seal, "its digests are damaged")
    if digest_of_text(f"{body}}}") != seal.text:
        raise FileError("its description is not the one that was saved")
    if wrong := _differing(tensors, digest_of_tensor, seal.tensors):
        more = f" and {len(wrong) - NAMED} more" if len(wrong) > NAMED else ""
        named = ", ".join(name[:60] for name in wrong[:NAMED])
        raise FileError(f"the numbers of {named}{more} are not those that were saved")
    return True


def _differing(
    found: Mapping[str, Any], digest: Callable[[Any], str], kept: Mapping[str, str]
) -> list[str]:
    """Names that are in one of both only, or whose digest is another."""
    return [
        name
        for name in sorted({*found, *kept})
        if name not in found or digest(found[name]) != kept.get(name)
    ]


def digest_of_tensor(tensor: torch.Tensor) -> str:
    """Over kind, shape and bytes."""
    digest = hashlib.sha256(f"{tensor.dtype} {tuple(tensor.shape)}".encode())
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    digest.update(flat.view(torch.uint8).numpy().data)
    return digest.hexdigest()[:16]


def digest_of_text(text: str) -> str:
    """Over its UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
