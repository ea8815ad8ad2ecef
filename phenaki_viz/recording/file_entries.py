"""One call of a recording as an entry of its file's header and as tensors beside it, and back."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from typing import Any

import numpy as np
import torch

from phenaki_viz.errors import RecordingError
from phenaki_viz.numerics.offsets import OffsetBias
from phenaki_viz.numerics.precision import Precision
from phenaki_viz.recording.headers import PLAIN, Header, Tensors, check_bias, check_record
from phenaki_viz.recording.maps import AttentionMap, DenseMap
from phenaki_viz.recording.parts import FactoredMap
from phenaki_viz.recording.recording import Recording
from phenaki_viz.recording.records import Alibi, AttentionRecord, PositionBias
from phenaki_viz.recording.written import Written

ARRAYS = ("key_mask", "cut_edges", "dense_bias", "queries", "keys", "values")
WRITTEN = ("written_values", "written_heads")
PARTS = ("q", "k", "logsumexp", "slopes")
FORMATS = {
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
    "float32": torch.float32,
    "float64": torch.float64,
}


def described(recording: Recording) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """The header's fields of a recording, and its tensors by name; see `recording.files`."""
    tensors: dict[str, torch.Tensor] = {}
    names = list(recording.position_biases)
    header = {
        "provenance": recording.provenance,
        "storage": asdict(recording.storage),
        "missed": recording.missed,
        "recomputed": recording.recomputed,
        "position_biases": [
            {"name": name, "module": bias.module, "dimensions": bias.dimensions}
            for name, bias in recording.position_biases.items()
        ],
        "records": [
            _described(record, f"records.{at}", names, tensors)
            for at, record in enumerate(recording)
        ],
    }
    for at, bias in enumerate(recording.position_biases.values()):
        tensors[f"biases.{at}.surface"] = torch.from_numpy(bias.surface)
    return header, tensors


def recording_of(header: Header, tensors: Tensors) -> Recording:
    """The recording that a header and its tensors are of, once each agrees with the other.

    Raises RecordingError, KeyError, TypeError, ValueError, IndexError or RuntimeError when they
    do not.
    """
    for at, bias in enumerate(header.position_biases):
        check_bias(bias, f"biases.{at}", tensors)
    named = {bias.name: bias for bias in header.position_biases}
    for at, record in enumerate(header.records):
        check_record(record, f"records.{at}", named, tensors)
    biases = {
        bias.name: PositionBias(
            module=bias.module,
            dimensions=bias.dimensions,
            surface=tensors[f"biases.{at}.surface"].numpy(),
        )
        for at, bias in enumerate(header.position_biases)
    }
    records = [
        _record(record, f"records.{at}", biases, tensors)
        for at, record in enumerate(header.records)
    ]
    return Recording(
        records,
        biases,
        header.provenance,
        storage=header.storage,
        missed=header.missed,
        recomputed=header.recomputed,
    )


def _described(
    record: AttentionRecord, at: str, biases: list[str], tensors: dict[str, torch.Tensor]
) -> dict[str, Any]:
    """The plain fields of a record; its arrays go into `tensors`."""
    if record.query_layout or record.key_layout:  # better not at all than as what it is not
        raise RecordingError(
            f"{record.module}: format 1 of recording files has no room for the layout of its "
            "tokens; it is not saved"
        )
    plain = {name: getattr(record, name) for name in PLAIN}
    plain["places"] = asdict(record.places)
    plain["verification"] = record.verification and asdict(record.verification)
    plain["alibi_error"] = record.alibi and record.alibi.max_abs_error
    if record.alibi is not None:
        tensors[f"{at}.alibi"] = torch.from_numpy(record.alibi.slopes)
    for name in ARRAYS:
        array = getattr(record, name)
        if array is not None:
            tensors[f"{at}.{name}"] = torch.from_numpy(array)
    if record.written is not None:
        written = record.written
        heads = np.concatenate([written.heads, written.whole[:, None]], axis=1)
        tensors[f"{at}.written_values"] = torch.from_numpy(written.values)
        tensors[f"{at}.written_heads"] = torch.from_numpy(heads)
    plain["storage"] = record.map.storage
    plain["precision"] = _formats(record.map.precision)
    held = record.map.moved(lambda tensor: tensor.cpu())
    if isinstance(held, FactoredMap):
        plain["map_scale"] = held.scale
        plain["table"] = _keep_parts(record, held, at, biases, tensors)
    else:
        tensors[f"{at}.attn"] = _attn(held)
    return plain


def _keep_parts(
    record: AttentionRecord,
    parts: FactoredMap,
    at: str,
    biases: list[str],
    tensors: dict[str, torch.Tensor],
) -> dict[str, Any] | None:
    """What a factored map is made of; says where its table of offsets is, if it has one."""
    for name in PARTS:
        part = getattr(parts, name)
        if part is not None:
            tensors[f"{at}.{name}"] = part
    if isinstance(parts.bias, torch.Tensor):
        tensors[f"{at}.bias"] = parts.bias
    if not isinstance(parts.bias, OffsetBias):
        return None
    if record.position_bias in biases:
        return {"bias": record.position_bias}
    tensors[f"{at}.table"] = parts.bias.surface
    return {"dimensions": parts.bias.dimensions}


def _record(
    entry: Any, at: str, biases: Mapping[str, PositionBias], tensors: Tensors
) -> AttentionRecord:
    arrays: dict[str, Any] = {name: _array(tensors, f"{at}.{name}") for name in ARRAYS}
    slopes, error = _array(tensors, f"{at}.alibi"), entry.alibi_error
    alibi = None if slopes is None or error is None else Alibi(slopes=slopes, max_abs_error=error)
    return AttentionRecord(
        **{name: getattr(entry, name) for name in PLAIN},
        **arrays,
        map=_map(entry, at, biases, tensors),
        places=entry.places,
        verification=entry.verification,
        alibi=alibi,
        position=biases.get(entry.position_bias or ""),
        written=_written(tensors, at),
    )


def _written(tensors: Tensors, at: str) -> Written | None:
    """What older files, and projections that are no plain linear map, have none of."""
    if f"{at}.written_values" not in tensors:
        return None
    values, heads = (tensors[f"{at}.{name}"].numpy() for name in WRITTEN)
    return Written(values=values, heads=heads[:, :-1], whole=heads[:, -1])


def _map(entry: Any, at: str, biases: Mapping[str, PositionBias], tensors: Tensors) -> AttentionMap:
    precision = _precision(entry.precision)
    if entry.storage == "dense":
        return DenseMap(tensors[f"{at}.attn"], precision)
    table = entry.table
    made: OffsetBias | torch.Tensor | None = tensors.get(f"{at}.bias")
    if table is not None and table.bias is not None:
        named = biases[table.bias]
        made = named.table
        if list(entry.heads) != list(range(len(named.surface))):
            made = OffsetBias(made.surface[list(entry.heads)], named.dimensions)
    elif table is not None:
        made = OffsetBias(tensors[f"{at}.table"], table.dimensions)
    parts = {name: tensors.get(f"{at}.{name}") for name in PARTS}
    return FactoredMap(
        **parts,  # type: ignore[arg-type]  # those that must be there were checked
        bias=made,
        causal=entry.causal,
        key_mask=tensors.get(f"{at}.key_mask"),
        cut_edges=tensors.get(f"{at}.cut_edges"),
        nulls=entry.num_null_kv,
        scale=entry.map_scale,
        precision=precision,
    )


def _formats(precision: Precision) -> dict[str, str]:
    """The formats of a map by their names, 'bfloat16'."""
    names = (step.name for step in fields(precision))
    return {name: str(getattr(precision, name)).removeprefix("torch.") for name in names}


def _precision(formats: Mapping[str, str]) -> Precision:
    """The formats by name; a file without them is of float32. Raises KeyError for unknown ones."""
    return Precision(**{step: FORMATS[name] for step, name in formats.items()})


def _attn(held: AttentionMap) -> torch.Tensor:
    if isinstance(held, DenseMap):
        return held.attn
    b, h, _, _ = held.shape
    full: Callable[[int, int], np.ndarray] = held.full
    return torch.stack(
        [torch.stack([torch.from_numpy(full(x, y)) for y in range(h)]) for x in range(b)]
    )


def _array(tensors: Tensors, name: str) -> np.ndarray | None:
    return tensors[name].numpy() if name in tensors else None
