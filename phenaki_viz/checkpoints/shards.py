"""Weights in several files: shards, their index, and the folder that a trainer saved them in."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch

from phenaki_viz.checkpoints import files
from phenaki_viz.checkpoints.files import MOST_BYTES, Source, Weights, weights_of
from phenaki_viz.errors import CheckpointError

SHARD = re.compile(r"(?P<stem>.+?)[-_](?P<at>\d{1,5})-of-(?P<of>\d{1,5})(?P<end>\.\w+)")
INDEX = ".index.json"
MOST_INDEX = 64 * 2**20  # bytes
MOST_SHARDS = 1000
ENDINGS = (".safetensors", ".pt", ".pth", ".ckpt", ".bin")
# Names that trainers give to a model, the likelier first; of what they save beside it, below.
USUAL = re.compile(r"(diffusion_pytorch_|pytorch_)?model(\.safetensors|\.bin|\.pt|\.pth)")
BESIDE = re.compile(
    r"(optimizer|optim|scheduler|scaler|sampler|random_states|rng_state|training_args|dl_state"
    r"|custom_checkpoint|adapter_config)[\w.-]*"
)
GIVE_FOLDER = "give the folder that they lie in, by its path on this machine"


@dataclass(frozen=True)
class Parts:
    """The files that make one set of weights. index: tensor name → file name, where one says."""

    name: str
    paths: tuple[Path, ...]
    notes: tuple[str, ...] = ()
    index: Mapping[str, str] | None = None


@contextmanager
def whole_weights_of(source: Source, most_bytes: int = MOST_BYTES) -> Iterator[Weights]:
    """The tensors of a file, of all shards beside it, or of a folder; see `weights_of`.

    Raises CheckpointError, with what to do, for a shard or an index that is alone.
    """
    if not isinstance(source, Path):
        _check_upload(*source)
        with weights_of(source, most_bytes) as weights:
            yield weights
        return
    parts = parts_of(source)
    with ExitStack() as opened:
        each = {path.name: opened.enter_context(weights_of(path, most_bytes))
                for path in parts.paths}  # fmt: skip
        yield _merged(parts, each, most_bytes)


def digest_of(source: Source) -> str:
    """First 12 hex digits of BLAKE2b over the file's bytes, or over the digests of its parts."""
    if not isinstance(source, Path):
        return files.digest_of(source)
    parts = parts_of(source).paths
    if len(parts) == 1:
        return files.digest_of(parts[0])
    digest = hashlib.blake2b(digest_size=6)
    for path in parts:
        digest.update(f"{path.name} {files.digest_of(path)}".encode())
    return digest.hexdigest()


def parts_of(path: Path) -> Parts:
    """The files behind a path: itself, the shards it belongs to or lists, or those in the folder.

    Raises CheckpointError for a shard that lacks another, and for a folder without one likely file.
    """
    try:
        is_folder = path.is_dir()
    except OSError as error:
        raise CheckpointError(f"{path.name[:80]} cannot be read: {error.strerror}") from error
    if is_folder:
        path = path.absolute()  # "." has no name
        found = _in_folder(path)
        parts = parts_of(found)
        return replace(parts, name=path.name, notes=(f"in the folder: {found.name}", *parts.notes))
    if path.name.endswith(INDEX) or path.suffix == ".json":
        return _indexed(path)
    if match := SHARD.fullmatch(path.name):
        return _siblings(path, match)
    return Parts(path.name, (path,))


def _in_folder(folder: Path) -> Path:
    """The one file in a folder that says where its weights are."""
    try:
        names = sorted(one.name for one in folder.iterdir() if one.is_file())
    except OSError as error:
        raise CheckpointError(f"{folder.name} cannot be read: {error.strerror}") from error
    weights = [name for name in names if name.endswith(ENDINGS) and not BESIDE.fullmatch(name)]
    firsts = [name for name in weights if _is_first_or_alone(name)]
    candidates = [name for name in names if name.endswith(INDEX)]
    candidates += [name for name in firsts if USUAL.fullmatch(name)] if not candidates else []
    if len(candidates) > 1:  # the same weights in both formats: nothing in safetensors can run
        candidates = [one for one in candidates if ".safetensors" in one] or candidates
    candidates = candidates or firsts
    if len(candidates) == 1:
        return folder / candidates[0]
    if candidates:
        raise CheckpointError(
            f"{folder.name} is a folder with {len(candidates)} files of weights: "
            f"{', '.join(candidates[:8])}{', …' if len(candidates) > 8 else ''}. Give one of them"
        )
    raise CheckpointError(_no_weights(folder, names))


def _no_weights(folder: Path, names: list[str]) -> str:
    """What a folder without a file of weights is instead."""
    if any(name.endswith(".distcp") for name in names):
        return (
            f"{folder.name} is a distributed checkpoint: make one file of it with `python -m "
            f"torch.distributed.checkpoint.format_utils dcp_to_torch {folder.name} model.pt`"
        )
    inside = sorted(f"{one.name}/" for one in folder.iterdir() if one.is_dir())
    seen = ", ".join((*inside[:8], *names[:8])) or "nothing"
    what = "file, or the folder that it is in" if inside else "file"
    return f"{folder.name} is a folder without a file of weights; it holds {seen}: give the {what}"


def _is_first_or_alone(name: str) -> bool:
    match = SHARD.fullmatch(name)
    return match is None or int(match["at"]) == 1


def _siblings(path: Path, match: re.Match[str]) -> Parts:
    """A shard and all others of its set, in order."""
    count, digits = int(match["of"]), len(match["at"])
    between = path.name[len(match["stem"])]
    if not 0 < count <= MOST_SHARDS:
        raise CheckpointError(
            f"{path.name} says it is one of {count} shards; at most {MOST_SHARDS}"
        )
    names = [
        f"{match['stem']}{between}{at:0{digits}}-of-{match['of']}{match['end']}"
        for at in range(1, count + 1)
    ]
    paths = [path.with_name(name) for name in names]
    missing = [one.name for one in paths if not one.exists()]
    if missing:
        raise CheckpointError(
            f"{path.name} is shard {int(match['at'])} of {count}, and {', '.join(missing[:3])} is "
            "not beside it: put all shards into one folder, and give that"
        )
    note = (f"a shard of {count}: all of them are used",) if count > 1 else ()
    return Parts(path.name, tuple(paths), note)


def _indexed(path: Path) -> Parts:
    """What an index of shards lists; its names are data, and may not leave the folder."""
    where = _weight_map(path)
    names = list(dict.fromkeys(where.values()))
    if len(names) > MOST_SHARDS:
        raise CheckpointError(f"{path.name} lists {len(names):,} shards; at most {MOST_SHARDS}")
    for name in names:
        if name != Path(name).name or not name.endswith(ENDINGS):
            raise CheckpointError(
                f"{path.name} lists {name[:60]!r}, which is no file of weights beside it"
            )
    missing = [name for name in names if not path.with_name(name).is_file()]
    if missing:
        raise CheckpointError(
            f"{path.name} lists {len(names)} files, and {', '.join(missing[:3])} is not beside it: "
            "put all of them into one folder, and give that"
        )
    paths = tuple(path.with_name(name) for name in sorted(names))
    return Parts(path.name, paths, (f"an index of {len(names)} files: all are used",), where)


def _weight_map(path: Path) -> dict[str, str]:
    try:
        if path.stat().st_size > MOST_INDEX:
            raise CheckpointError(f"{path.name} is too large for an index of shards")
        content = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise CheckpointError(
            f"{path} does not exist" if isinstance(error, FileNotFoundError)
            else f"{path.name} cannot be read: {error.strerror}"
        ) from error  # fmt: skip
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path.name} is no index of shards: it is not JSON") from error
    found = content.get("weight_map") if isinstance(content, dict) else None
    if not isinstance(found, dict) or not found:
        raise CheckpointError(
            f"{path.name} is no index of shards: it has no weight_map. Give the file of weights"
        )
    if not all(isinstance(name, str) for name in found.values()):
        raise CheckpointError(f"{path.name} is a damaged index: it lists files that have no name")
    return found


def _merged(parts: Parts, each: Mapping[str, Weights], most_bytes: int) -> Weights:
    """Several files as one. Raises CheckpointError where they contradict one another."""
    if len(each) == 1 and parts.index is None:
        (only,) = each.values()
        return replace(only, notes=(*parts.notes, *only.notes))
    size = sum(weights.bytes for weights in each.values())
    if size > most_bytes:
        raise CheckpointError(
            f"the {len(each)} files of {parts.name} have {size / 1e9:,.1f} GB; the limit is "
            f"{most_bytes / 1e9:,.1f} GB"
        )
    where: dict[str, str] = {}
    for name, weights in each.items():
        for key in weights.tensors:
            if key in where:
                raise CheckpointError(f"{key} is in {where[key]} and in {name}: mixed shards")
            where[key] = name
    for key, name in (parts.index or {}).items():
        if where.get(key) != name:
            raise CheckpointError(
                f"{parts.name} says that {key[:80]} is in {name}; it is not: copy or download all "
                "of them again"
            )
    notes = dict.fromkeys((*parts.notes, *(note for one in each.values() for note in one.notes)))
    return Weights(
        name=parts.name,
        bytes=size,
        tensors={key: info for one in each.values() for key, info in one.tensors.items()},
        metadata={},
        notes=tuple(notes),
        read=partial(_read, each),
    )


def _read(each: Mapping[str, Weights]) -> dict[str, torch.Tensor]:
    return {key: tensor for one in each.values() for key, tensor in one.read().items()}


def _check_upload(name: str, content: bytes) -> None:
    """Refuse a part of a whole: what belongs to it is not there."""
    if name.endswith(".json"):
        raise CheckpointError(f"{name} lists files, and holds no weights itself: {GIVE_FOLDER}")
    match = SHARD.fullmatch(Path(name).name)
    if match and int(match["of"]) > 1:
        raise CheckpointError(
            f"{name} is shard {int(match['at'])} of {match['of']}, which are one model together: "
            f"{GIVE_FOLDER}"
        )
