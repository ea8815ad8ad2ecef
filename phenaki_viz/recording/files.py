"""One file for a recording: safetensors with a JSON header, sealed with digests.

Format 1. The metadata of the safetensors file has the entry `phenaki_viz.recording`: a JSON object
with `format`, `made_by`, `holding`, `clip` (name), `prompt`, `temporal_patch`, `seconds`, and lists
`position_biases` and `records`, whose entries are the plain fields of `PositionBias` and
`AttentionRecord` (the schema is `recording.headers`). Tensors are named after the list entry they
belong to: `biases.0.surface`, `records.7.attn` (a stored map, 'b h i j') or `records.7.q`, `.k`,
`.logsumexp`, `.bias`, `.slopes` (a map by parts), `records.7.key_mask`, `.dense_bias`, `.queries`,
`.keys`, `.values`; and `clip`, the frames 'f H W c' uint8. A table of offsets is kept once, under
`biases`. What came out of the run is beside it (`recording.came_out`). The last field, `digests`
(`checkpoints.seals`), seals all of it; older files have none, nor `blank_clip` (no clip was given,
the frames stand in for it), `missed`, `recomputed`, and `forward`, `use`, `shared`, `batch` of a
record.
"""

import errno
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import msgspec
import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save, save_file
from torch import nn

from phenaki_viz.checkpoints.files import Source, stream_of
from phenaki_viz.checkpoints.headers import Header as FileHeader
from phenaki_viz.checkpoints.headers import (
    Metadata,
    decoded,
    header_bytes,
    read_header,
)
from phenaki_viz.checkpoints.seals import check_seal, sealed
from phenaki_viz.data import clip_from_facts, read_prompt
from phenaki_viz.errors import ExportError, FileError, PhenakiVizError, RecordingError
from phenaki_viz.files import check_target, replacing, shown, size_of, unchanged
from phenaki_viz.models.offsets import OffsetBias
from phenaki_viz.models.precision import Precision
from phenaki_viz.recording.came_out import (
    notes_from,
    outcome_from,
    sampled_from,
    tensors_of,
)
from phenaki_viz.recording.headers import (
    PLAIN,
    Format,
    Header,
    Tensors,
    check_bias,
    check_record,
)
from phenaki_viz.recording.looking import Outcome
from phenaki_viz.recording.maps import AttentionMap, StoredMap
from phenaki_viz.recording.parts import PartsMap
from phenaki_viz.recording.private import private_copy
from phenaki_viz.recording.records import (
    Alibi,
    AttentionRecord,
    PositionBias,
    Recording,
)
from phenaki_viz.recording.run import Run
from phenaki_viz.recording.sampled import SampledRun

FORMAT = 1
HEADER = "phenaki_viz.recording"
ARRAYS = ("key_mask", "dense_bias", "queries", "keys", "values")
PARTS = ("q", "k", "logsumexp", "slopes")
FORMATS = {
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
    "float32": torch.float32,
    "float64": torch.float64,
}
NOTHING = Outcome()
SMALL = 2**27  # bytes of a file that is read into memory
MOST_TEXT = 32_000_000  # letters of the JSON; a thousand calls have about two million


class NoModel(nn.Module):
    """Stands where a run from a file has no model."""


@dataclass(frozen=True, eq=False, kw_only=True)
class RecordedRun(Run):
    """A run that was opened from a file: its maps, its clip, no model.

    outcome, notes: of a look, as in `Look`. sampled: the sampled video, when it was one.
    kept: where its numbers are now, and whether they were checked; one sentence. saved: the day on
    which the file was written, as 2026-11-22; empty for older files.
    """

    outcome: Outcome = NOTHING
    notes: tuple[str, ...] = ()
    sampled: SampledRun | None = None
    kept: str = ""
    saved: str = ""


def save_recording(path: Path, run: Run | Recording, *, blank_clip: bool = False) -> Path:
    """Write a run's recording and clip to one file; an older file is replaced, never written into.

    Maps are written as they are held. A recording without a run is saved as `Recording.save` does.
    blank_clip: the clip stands in for none. Raises ExportError when the disk is full or read-only.
    """
    if isinstance(run, Recording):
        return run.save(path)
    check_target(path)
    tensors, texts = _content(run, blank_clip)
    size = sum(tensor.nbytes for tensor in tensors.values())
    with replacing(path, needed=lambda: size) as file:
        try:
            save_file(tensors, file.name, metadata=texts)
        except SafetensorError as error:
            raise _as_os_error(error) from error
    return path


def recording_bytes(run: Run, *, blank_clip: bool = False) -> bytes:
    """The same file as `save_recording` writes, in memory. Raises ExportError."""
    tensors, texts = _content(run, blank_clip)
    return save(tensors, metadata=texts)


def open_recording(source: Source) -> RecordedRun:
    """Open a file of `save_recording`, or the name and content of an upload.

    What is shown afterwards is what was opened, whatever happens to the file: a small one is read
    into memory, a large one copied to where nobody else writes. Raises RecordingError when the
    file is no recording, is damaged or truncated, changes meanwhile, or was written by a later
    version.
    """
    path = source if isinstance(source, Path) else None
    try:
        with unchanged(path) if path else nullcontext():
            return _opened(source)
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


def _opened(source: Source) -> RecordedRun:
    name = shown(source.name if isinstance(source, Path) else source[0])
    with stream_of(source) as file:
        size = size_of(file)
        with _refusing(name):
            head = _file_header(file, size)
    header = _header(head, name)
    tensors, kept = _tensors(source, size, name)
    with _refusing(name):
        checked = check_seal(head.metadata[HEADER], tensors)
    kept += ", checked against its digests" if checked else ", without digests to check it by"
    try:
        return _run(header, tensors, kept)
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


def _header(head: FileHeader, name: str) -> Header:
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
        found = decoded(text, Format, "its header is damaged").format
    if found != FORMAT:
        raise RecordingError(
            f"{name} is a recording of format {found}; this version reads format {FORMAT}: update "
            "phenaki_viz"
        )
    with _refusing(name):
        return decoded(text, Header, "its header is damaged")


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


def _run(header: Header, tensors: Tensors, kept: str) -> RecordedRun:
    if not header.records:
        raise RecordingError("no attention call was recorded")
    told = {bias.name: bias for bias in header.position_biases}
    for at, bias in enumerate(header.position_biases):
        check_bias(bias, f"biases.{at}", tensors)
    for at, record in enumerate(header.records):
        check_record(record, f"records.{at}", told, tensors)
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
    clip = clip_from_facts(tensors["clip"].numpy(), header.clip, header.made_by)
    recording = Recording(
        records,
        biases,
        header.made_by,
        holding=header.holding,
        missed=header.missed,
        recomputed=header.recomputed,
        clip=None if header.blank_clip else clip,
    )
    run = RecordedRun(
        clip=clip,
        prompt=read_prompt(header.prompt),
        model=NoModel(),
        recording=recording,
        temporal_patch=header.temporal_patch,
        seconds=header.seconds,
        kept=kept,
        saved=header.saved,
    )
    return with_what_came_out(run, tensors)


def with_what_came_out(run: RecordedRun, tensors: Tensors) -> RecordedRun:
    """The run and what came out of it, as far as the file holds it. Raises RecordingError."""
    made_by = run.recording.made_by
    return replace(
        run,
        outcome=outcome_from(made_by, tensors, run.clip),
        notes=notes_from(made_by),
        sampled=sampled_from(made_by, tensors, run),
    )


def _content(run: Run, blank_clip: bool) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """The tensors of a file, and its texts, sealed."""
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
        "saved": date.today().isoformat(),
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
    if len(text) > MOST_TEXT:
        raise ExportError(
            f"{len(recording):,} calls are too many for one file: choose some with `where`"
        )
    whole = _apart(tensors)
    # A name that no encoding can write, as a file system may give it, is written as far as it can.
    return whole, {HEADER: sealed(text.encode(errors="replace").decode(), whole)}


def _described(
    record: AttentionRecord, at: str, biases: list[str], tensors: dict[str, torch.Tensor]
) -> dict[str, Any]:
    """The plain fields of a record; its arrays go into `tensors`."""
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
    plain["held"] = record.map.held
    plain["precision"] = _formats(record.map.precision)
    held = record.map.moved(lambda tensor: tensor.cpu())
    if isinstance(held, PartsMap):
        plain["map_scale"] = held.scale
        plain["table"] = _keep_parts(record, held, at, biases, tensors)
    else:
        tensors[f"{at}.attn"] = _attn(held)
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
    )


def _map(entry: Any, at: str, biases: Mapping[str, PositionBias], tensors: Tensors) -> AttentionMap:
    precision = _precision(entry.precision)
    if entry.held == "stored":
        return StoredMap(tensors[f"{at}.attn"], precision)
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
    return PartsMap(
        **parts,  # type: ignore[arg-type]  # those that must be there were checked
        bias=made,
        causal=entry.causal,
        key_mask=tensors.get(f"{at}.key_mask"),
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


def _attn(held: AttentionMap) -> torch.Tensor:
    if isinstance(held, StoredMap):
        return held.attn
    b, h, _, _ = held.shape
    full: Callable[[int, int], np.ndarray] = held.full
    return torch.stack(
        [torch.stack([torch.from_numpy(full(x, y)) for y in range(h)]) for x in range(b)]
    )


def _array(tensors: Tensors, name: str) -> np.ndarray | None:
    return tensors[name].numpy() if name in tensors else None


def _plain(value: Any) -> Any:
    """What JSON does not know: tuples in sets, NumPy numbers, settings."""
    if isinstance(value, (np.integer, np.floating)):
        return value.item()
    if isinstance(value, (set, frozenset)):
        return sorted(map(str, value))
    return str(value)
