"""What a file of a recording says of itself: a schema, and what must agree with the tensors."""

import math
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Annotated, Any, get_type_hints

import msgspec
import torch

from phenaki_viz.errors import RecordingError
from phenaki_viz.recording.places import Places
from phenaki_viz.recording.records import AttentionRecord, Verification
from phenaki_viz.recording.storage import StorageReport

# Fields of a record that are plain values: their kinds and defaults are those of the record.
PLAIN = (
    "module", "stack", "layer", "kind", "call", "heads", "batch_items", "num_null_kv", "causal",
    "scale", "branch", "step", "words", "position_bias", "first_non_finite", "forward", "use",
    "shared", "batch", "put_in",
)  # fmt: skip
MOST = 2**31  # of anything that is counted
Natural = Annotated[int, msgspec.Meta(ge=0, lt=MOST)]
Size = Annotated[int, msgspec.Meta(ge=1, lt=MOST)]
Dimensions = Annotated[tuple[Size, ...], msgspec.Meta(min_length=1, max_length=3)]
Tensors = Mapping[str, torch.Tensor]


class Bias(msgspec.Struct, frozen=True):
    """A position bias; its table is the tensor `biases.N.surface`."""

    name: str
    module: str
    dimensions: Dimensions


class Table(msgspec.Struct, frozen=True):
    """The table of offsets of a factored map: that of a position bias, or one of its own."""

    bias: str | None = None
    dimensions: Dimensions | None = None


def _plain_fields() -> list[Any]:
    hints = get_type_hints(AttentionRecord)
    known = {field.name: field.default for field in fields(AttentionRecord)}
    # What is missing in an older file is what a record has by default.
    return [
        (name, hints[name]) if known[name] is MISSING else (name, hints[name], known[name])
        for name in PLAIN
    ]


Record: Any = msgspec.defstruct(
    "Record",
    [
        *_plain_fields(),
        ("places", Places),
        ("storage", str),
        ("verification", Verification | None, None),
        ("alibi_error", float | None, None),
        ("table", Table | None, None),
        ("precision", dict[str, str], {}),
        ("map_scale", float, 1.0),
    ],
    kw_only=True,
    frozen=True,
)


class Format(msgspec.Struct, frozen=True):
    """The format alone, whatever else there is."""

    format: int


class Header(msgspec.Struct, frozen=True):
    """All of a recording; who keeps more beside it adds fields. See `recording.files`."""

    format: int
    provenance: dict[str, Any]
    storage: StorageReport
    position_biases: list[Bias]
    records: list[Record]
    missed: tuple[str, ...] = ()
    recomputed: Natural = 0


def check_bias(bias: Bias, at: str, tensors: Tensors) -> None:
    """That a table has a value for every offset on its grid. Raises RecordingError."""
    surface = _floating(f"{at}.surface", tensors)
    wanted = tuple(2 * size - 1 for size in bias.dimensions)
    if surface.shape[1:] != wanted or not len(surface):
        raise RecordingError(
            f"{at}: a table {_words(surface.shape)} of offsets on a grid {_words(bias.dimensions)}"
        )


def check_record(record: Any, at: str, biases: Mapping[str, Bias], tensors: Tensors) -> None:
    """That all that is said of a call agrees with its tensors. Raises RecordingError."""
    _check_counts(record, at)
    b, h = len(record.batch_items), len(record.heads)
    i, j = _map_shape(record, at, (b, h), tensors)
    n = j - record.num_null_kv
    if n < 0 or record.places.tokens != i:
        raise RecordingError(
            f"{at}: a map of {i} queries and {j} keys, {record.num_null_kv} of them null, on a "
            f"grid {_words(record.places.grid)} of {record.places.batch_counts}"
        )
    if len(record.words) not in (0, n):
        raise RecordingError(f"{at}: {len(record.words)} words for {n} keys")
    wanted: dict[str, list[tuple[int, ...]]] = {
        "key_mask": [(b, n)],
        "cut_edges": [(i, j), (h, i, j)],
        "alibi": [(h,)],
        "slopes": [(h,)],
        "bias": [(h, i, n), (h, 1, n), (b, h, i, n), (b, h, 1, n)],
        "written_values": [(b, h, j)],
        "written_heads": [(b, h + 1, i)],
    }
    for name, shapes in wanted.items():
        _check_shape(f"{at}.{name}", shapes, tensors)
    _check_extras(at, (b, h, i, j), tensors)
    _check_written(at, tensors)
    for name in ("key_mask", "cut_edges"):
        if f"{at}.{name}" in tensors and tensors[f"{at}.{name}"].dtype != torch.bool:
            raise RecordingError(f"{at}.{name} is no mask: it holds other than yes and no")
    _check_table(record, at, biases, (h, i, n), tensors)


def _check_counts(record: Any, at: str) -> None:
    """That what is counted is counted from 0, and nothing twice."""
    for name in ("layer", "call", "num_null_kv", "step", "forward", "use", "batch"):
        value, least = getattr(record, name), -1 if name == "forward" else 0
        if value is not None and not least <= value < MOST:
            raise RecordingError(f"{at}: {name} is {value}")
    for name in ("heads", "batch_items"):
        chosen = getattr(record, name)
        if (
            not chosen
            or len(set(chosen)) < len(chosen)
            or not 0 <= min(chosen) <= max(chosen) < MOST
        ):
            raise RecordingError(f"{at}: {name} are not different numbers from 0")
    if not set(record.put_in) <= set(record.heads):
        raise RecordingError(f"{at}: maps of other runs in heads that were not recorded")
    if min(record.places.grid) < 1 or not math.isfinite(record.scale):
        raise RecordingError(f"{at}: a grid of {record.places.grid}, a scale of {record.scale}")


def _map_shape(record: Any, at: str, wanted: tuple[int, int], tensors: Tensors) -> tuple[int, int]:
    """Queries and keys of a map, whichever way it is stored."""
    if record.storage == "dense":
        attn = _floating(f"{at}.attn", tensors)
        sizes, fits = tuple(attn.shape), attn.ndim == 4
    elif record.storage == "factored":
        q, k, sums = (_floating(f"{at}.{name}", tensors) for name in ("q", "k", "logsumexp"))
        sizes = (*q.shape[:3], *k.shape[2:3])
        fits = q.ndim == k.ndim == 4 and sums.shape == q.shape[:3]
        fits = fits and k.shape[:2] == q.shape[:2] and k.shape[3] == q.shape[3] > 0
    else:
        raise RecordingError(f"{at}: a map {record.storage[:20]!r}; it is 'dense' or 'factored'")
    if not fits or sizes[:2] != wanted or min(sizes) < 1:
        raise RecordingError(
            f"{at}: a map {_words(sizes)} for {wanted[0]} batch items and {wanted[1]} heads"
        )
    return sizes[2], sizes[3]


def _check_extras(at: str, shape: tuple[int, int, int, int], tensors: Tensors) -> None:
    """Queries, keys and values of any width, and a bias of any leading axes."""
    b, h, i, j = shape
    for name, rows in (("queries", i), ("keys", j), ("values", j)):
        found = tensors.get(f"{at}.{name}")
        if found is not None and (found.ndim != 4 or found.shape[:3] != (b, h, rows)):
            raise RecordingError(f"{at}.{name} is {_words(found.shape)}, not one vector a token")
    dense = tensors.get(f"{at}.dense_bias")
    if dense is not None and (dense.ndim < 3 or dense.shape[-3] != h):
        raise RecordingError(f"{at}.dense_bias is {_words(dense.shape)}, for {h} heads")


def _check_written(at: str, tensors: Tensors) -> None:
    """That what was written is there as a whole, or not at all."""
    names = [f"{at}.written_{name}" for name in ("values", "heads")]
    if any(name in tensors for name in names):
        for name in names:
            _floating(name, tensors)


def _check_table(
    record: Any, at: str, biases: Mapping[str, Bias], shape: tuple[int, int, int], tensors: Tensors
) -> None:
    h, i, n = shape
    table, named = record.table, biases.get(record.position_bias or "")
    if table is None and named is None:
        return
    if table is not None and table.bias is not None:
        named = biases.get(table.bias)
    if named is not None:
        surface = tensors[f"biases.{list(biases).index(named.name)}.surface"]
        dimensions, fits = named.dimensions, max(record.heads) < len(surface)
    elif table is not None and table.dimensions is not None:
        surface, dimensions = _floating(f"{at}.table", tensors), table.dimensions
        fits = surface.shape == (h, *(2 * size - 1 for size in dimensions))
    else:
        raise RecordingError(f"{at}: its table of offsets is not in the file")
    if not fits or not i == n == math.prod(dimensions):
        raise RecordingError(
            f"{at}: a table {_words(surface.shape)} on a grid {_words(dimensions)} for {h} heads, "
            f"{i} queries and {n} keys"
        )


def _check_shape(name: str, shapes: list[tuple[int, ...]], tensors: Tensors) -> None:
    found = tensors.get(name)
    if found is not None and tuple(found.shape) not in shapes:
        raise RecordingError(f"{name} is {_words(found.shape)}; it must be {_words(shapes[0])}")


def _floating(name: str, tensors: Tensors) -> torch.Tensor:
    if name not in tensors:
        raise RecordingError(f"{name} is missing")
    if not tensors[name].is_floating_point():
        raise RecordingError(f"{name} holds {tensors[name].dtype} numbers")
    return tensors[name]


def _words(shape: tuple[int, ...] | torch.Size) -> str:
    return " × ".join(map(str, shape)) or "one number"
