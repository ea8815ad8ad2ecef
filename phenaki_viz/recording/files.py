"""One file for a recording, opened without reading its maps: safetensors with a JSON header.

Format 1. The metadata of the safetensors file has one entry, `phenaki_viz.recording`: a JSON object
with `format`, `made_by`, `holding`, `clip` (name), `prompt`, `temporal_patch`, `seconds`, and lists
`position_biases` and `records`, whose entries are the plain fields of `PositionBias` and
`AttentionRecord`. Tensors are named after the list entry they belong to: `biases.0.surface`,
`records.7.attn` (a stored map, 'b h i j') or `records.7.q`, `.k`, `.logsumexp`, `.bias`, `.slopes`
(a map by parts, each in the format it was computed in), `records.7.key_mask`, `.dense_bias`,
`.queries`, `.keys`, `.values`; and `clip`, the frames 'f H W c' uint8. A table of offsets is kept
once, under `biases`. What came out of the run is beside it (`recording.came_out`).

Added since, and missing in older files: `blank_clip` (no clip was given, the frames stand in for
it), `missed`, `recomputed`; `forward`, `use`, `shared`, `batch` of a record.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from phenaki_viz.data import clip_from_facts, read_prompt
from phenaki_viz.errors import PhenakiVizError, RecordingError
from phenaki_viz.files import replacing
from phenaki_viz.models.offsets import OffsetBias
from phenaki_viz.models.precision import Precision
from phenaki_viz.recording.came_out import (
    notes_from,
    outcome_from,
    sampled_from,
    tensors_of,
)
from phenaki_viz.recording.looking import Outcome
from phenaki_viz.recording.maps import AttentionMap, StoredMap
from phenaki_viz.recording.parts import PartsMap
from phenaki_viz.recording.places import Places
from phenaki_viz.recording.records import (
    Alibi,
    AttentionRecord,
    Holding,
    PositionBias,
    Recording,
    Verification,
)
from phenaki_viz.recording.run import Run
from phenaki_viz.recording.sampled import SampledRun

FORMAT = 1
HEADER = "phenaki_viz.recording"
ARRAYS = ("key_mask", "dense_bias", "queries", "keys", "values")
PLAIN = (
    "module", "stack", "layer", "kind", "call", "heads", "batch_items", "num_null_kv", "causal",
    "scale", "branch", "step", "words", "position_bias", "first_non_finite",
)  # fmt: skip
ADDED = ("forward", "use", "shared", "batch")  # plain fields that older files do not have
MOST_HEADER = 100_000_000  # bytes; as safetensors itself allows
PARTS = ("q", "k", "logsumexp", "slopes")
FORMATS = {
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
    "float32": torch.float32,
    "float64": torch.float64,
}
NOTHING = Outcome()


class NoModel(nn.Module):
    """Stands where a run from a file has no model."""


@dataclass(frozen=True, eq=False, kw_only=True)
class RecordedRun(Run):
    """A run that was opened from a file: its maps, its clip, no model.

    outcome, notes: of a look, as in `Look`. sampled: the sampled video, when it was one.
    """

    outcome: Outcome = NOTHING
    notes: tuple[str, ...] = ()
    sampled: SampledRun | None = None


def save_recording(path: Path, run: Run | Recording, *, blank_clip: bool = False) -> Path:
    """Write a run's recording and clip to one file; an older file is replaced, never written into.

    Maps are written as they are held. A recording without a run is saved as `Recording.save` does.
    blank_clip: the clip stands in for none. Raises ExportError when the disk is full or read-only.
    """
    if isinstance(run, Recording):
        return run.save(path)
    tensors: dict[str, torch.Tensor] = {"clip": torch.from_numpy(np.array(run.clip.frames))}
    recording = run.recording
    names = list(recording.position_biases)
    header = {
        "format": FORMAT,
        "made_by": recording.made_by,
        "holding": asdict(recording.holding),
        "clip": run.clip.name,
        "prompt": run.prompt.text,
        "temporal_patch": run.temporal_patch,
        "seconds": run.seconds,
        "blank_clip": blank_clip,
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
    tensors |= tensors_of(run)
    text = json.dumps(header, ensure_ascii=False, default=_plain)
    whole = _apart(tensors)
    size = sum(tensor.nbytes for tensor in whole.values())
    with replacing(path, needed=lambda: size) as file:
        save_file(whole, file.name, metadata={HEADER: text})
    return path


def open_recording(path: Path) -> RecordedRun:
    """Open a file of `save_recording`; maps are read from the disk as they are looked at.

    Raises RecordingError when the file is no recording, is damaged or truncated, or was written
    by a later version.
    """
    header, tensors = _read(path)
    if header.get("format") != FORMAT:
        raise RecordingError(
            f"{path.name} is a recording of format {header.get('format')}; this version reads "
            f"format {FORMAT}: update phenaki_viz"
        )
    try:
        return _run(header, tensors)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RuntimeError) as error:
        _refuse(path, f"its header does not fit what it holds ({error!r})")
    except PhenakiVizError as error:
        _refuse(path, f"its header does not fit what it holds ({error})")


def is_recording(source: Path | bytes) -> bool:
    """Whether a file, or its bytes, say of themselves that they are a recording; reads no more."""
    try:
        if isinstance(source, bytes):
            head = source[8 : 8 + min(_length(source[:8]), MOST_HEADER)]
        else:
            with source.open("rb") as file:
                head = file.read(min(_length(file.read(8)), MOST_HEADER))
        return HEADER in json.loads(head).get("__metadata__", {})
    except (OSError, ValueError, AttributeError):
        return False


def _length(start: bytes) -> int:
    return int.from_bytes(start, "little")


def _run(header: Mapping[str, Any], tensors: Mapping[str, torch.Tensor]) -> RecordedRun:
    biases = {
        entry["name"]: _position_bias(entry, tensors[f"biases.{at}.surface"])
        for at, entry in enumerate(header["position_biases"])
    }
    records = [
        _record(entry, f"records.{at}", biases, tensors)
        for at, entry in enumerate(header["records"])
    ]
    if not records:
        raise RecordingError("no attention call was recorded")
    clip = clip_from_facts(tensors["clip"].numpy(), header["clip"], header["made_by"])
    recording = Recording(
        records,
        biases,
        header["made_by"],
        holding=Holding(**header["holding"]),
        missed=tuple(map(str, header.get("missed", ()))),
        recomputed=int(header.get("recomputed", 0)),
        clip=None if header.get("blank_clip") else clip,
    )
    run = RecordedRun(
        clip=clip,
        prompt=read_prompt(header["prompt"]),
        model=NoModel(),
        recording=recording,
        temporal_patch=int(header["temporal_patch"]),
        seconds=float(header["seconds"]),
    )
    return with_what_came_out(run, tensors)


def with_what_came_out(run: RecordedRun, tensors: Mapping[str, torch.Tensor]) -> RecordedRun:
    """The run and what came out of it, as far as the file holds it. Raises RecordingError."""
    made_by = run.recording.made_by
    return replace(
        run,
        outcome=outcome_from(made_by, tensors, run.clip),
        notes=notes_from(made_by),
        sampled=sampled_from(made_by, tensors, run),
    )


def _position_bias(entry: Mapping[str, Any], surface: torch.Tensor) -> PositionBias:
    dimensions = tuple(entry["dimensions"])
    if surface.shape[1:] != tuple(2 * d - 1 for d in dimensions):
        raise RecordingError(f"a table {tuple(surface.shape)} of offsets on a grid {dimensions}")
    return PositionBias(module=entry["module"], dimensions=dimensions, surface=surface.numpy())


def _described(
    record: AttentionRecord, at: str, biases: list[str], tensors: dict[str, torch.Tensor]
) -> dict[str, Any]:
    """The plain fields of a record; its arrays go into `tensors`."""
    plain = {name: getattr(record, name) for name in (*PLAIN, *ADDED)}
    plain["places"] = asdict(record.places)
    plain["verification"] = record.verification and asdict(record.verification)
    plain["alibi_error"] = record.alibi and record.alibi.max_abs_error
    if record.alibi is not None:
        tensors[f"{at}.alibi"] = torch.from_numpy(record.alibi.slopes)
    for name in ARRAYS:
        array = getattr(record, name)
        if array is not None:
            tensors[f"{at}.{name}"] = torch.from_numpy(array)
    plain["held"] = record.map.held
    plain["precision"] = _formats(record.map.precision)
    if isinstance(record.map, PartsMap):
        plain["table"] = _keep_parts(record, record.map, at, biases, tensors)
        plain["map_scale"] = record.map.scale
    else:
        tensors[f"{at}.attn"] = _attn(record.map)
    return plain


def _keep_parts(
    record: AttentionRecord,
    parts: PartsMap,
    at: str,
    biases: list[str],
    tensors: dict[str, torch.Tensor],
) -> dict[str, Any] | None:
    """What a map by parts is made of; says where its table of offsets is, if it has one."""
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
    entry: Mapping[str, Any],
    at: str,
    biases: Mapping[str, PositionBias],
    tensors: Mapping[str, torch.Tensor],
) -> AttentionRecord:
    plain = {name: entry[name] for name in PLAIN}
    for name in ("heads", "batch_items", "words"):
        plain[name] = tuple(plain[name])
    if plain["first_non_finite"] is not None:
        plain["first_non_finite"] = tuple(plain["first_non_finite"])
    plain |= _added(entry)
    checked, error = entry["verification"], entry["alibi_error"]
    arrays: dict[str, Any] = {name: _array(tensors, f"{at}.{name}") for name in ARRAYS}
    return AttentionRecord(
        **plain,
        **arrays,
        map=_map(entry, at, biases, tensors),
        places=Places(tuple(entry["places"]["grid"]), entry["places"]["batch_counts"]),
        verification=None if checked is None else Verification(**checked),
        alibi=None
        if error is None
        else Alibi(slopes=tensors[f"{at}.alibi"].numpy(), max_abs_error=error),
    )


def _added(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Which call a record is; older files count the calls of a module, and no more."""
    return {
        "forward": int(entry.get("forward", -1)),
        "use": int(entry.get("use", 0)),
        "shared": tuple(map(str, entry.get("shared", ()))),
        "batch": int(entry.get("batch", 0)),
    }


def _map(
    entry: Mapping[str, Any],
    at: str,
    biases: Mapping[str, PositionBias],
    tensors: Mapping[str, torch.Tensor],
) -> AttentionMap:
    precision = _precision(entry.get("precision", {}))
    if entry["held"] == "stored":
        return _checked(StoredMap(tensors[f"{at}.attn"], precision), entry)
    table, bias = entry["table"], tensors.get(f"{at}.bias")
    made: OffsetBias | torch.Tensor | None = bias
    if table and "bias" in table:
        named = biases[table["bias"]]
        made = named.table
        if list(entry["heads"]) != list(range(len(named.surface))):
            made = OffsetBias(made.surface[list(entry["heads"])], named.dimensions)
    elif table:
        made = OffsetBias(tensors[f"{at}.table"], table["dimensions"])
    parts = {name: tensors.get(f"{at}.{name}") for name in PARTS}
    return _checked(
        PartsMap(
            **parts,  # type: ignore[arg-type]  # a missing one is refused by the check
            bias=made,
            causal=bool(entry["causal"]),
            key_mask=tensors.get(f"{at}.key_mask"),
            nulls=int(entry["num_null_kv"]),
            scale=float(entry.get("map_scale", 1.0)),
            precision=precision,
        ),
        entry,
    )


def _checked(held: AttentionMap, entry: Mapping[str, Any]) -> AttentionMap:
    """The map, when its sizes are those of its record."""
    b, h, i, j = held.shape
    wanted = len(entry["batch_items"]), len(entry["heads"])
    if (b, h) != wanted or min(b, h, i, j) < 1:
        raise RecordingError(f"{entry['module']}: a map {held.shape} for {wanted} items and heads")
    held.rows(b - 1, h - 1, [i - 1])  # touches every part once
    return held


def _formats(precision: Precision) -> dict[str, str]:
    """The formats of a map by their names, 'bfloat16'."""
    names = (step.name for step in fields(precision))
    return {name: str(getattr(precision, name)).removeprefix("torch.") for name in names}


def _precision(formats: Mapping[str, str]) -> Precision:
    """The formats by name; a file without them is of float32. Raises KeyError for unknown ones."""
    return Precision(**{step: FORMATS[name] for step, name in formats.items()})


def _read(path: Path) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            text = (file.metadata() or {}).get(HEADER)
            if text is None:
                raise RecordingError(
                    f"{path.name} is a safetensors file, but no recording of phenaki_viz: open "
                    "weights under “Your own” instead"
                )
            # Tensors of a memory map: nothing is read until it is looked at.
            tensors = {name: file.get_tensor(name) for name in file.keys()}
        return json.loads(text), tensors
    except SafetensorError as error:
        _refuse(path, f"it is cut short, or no safetensors file ({error})")
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        _refuse(path, f"its header cannot be read ({error})")
    except OSError as error:
        raise RecordingError(f"{path} cannot be read: {error.strerror or error}") from error


def _refuse(path: Path, why: str) -> NoReturn:
    raise RecordingError(f"{path.name} cannot be opened: {why}. Save the recording again") from None


def _apart(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Each tensor contiguous and in memory of its own, as the format wants it."""
    apart: dict[str, torch.Tensor] = {}
    used: set[int] = set()
    for name, tensor in tensors.items():
        own = tensor.contiguous()
        apart[name] = own.clone() if own.data_ptr() in used else own
        used.add(apart[name].data_ptr())
    return apart


def _attn(held: AttentionMap) -> torch.Tensor:
    if isinstance(held, StoredMap):
        return held.attn
    b, h, _, _ = held.shape
    full: Callable[[int, int], np.ndarray] = held.full
    return torch.stack(
        [torch.stack([torch.from_numpy(full(x, y)) for y in range(h)]) for x in range(b)]
    )


def _array(tensors: Mapping[str, torch.Tensor], name: str) -> np.ndarray | None:
    return tensors[name].numpy() if name in tensors else None


def _plain(value: Any) -> Any:
    """What JSON does not know: tuples in sets, NumPy numbers, settings."""
    if isinstance(value, (np.integer, np.floating)):
        return value.item()
    if isinstance(value, (set, frozenset)):
        return sorted(map(str, value))
    return str(value)
