"""The file of a part: parquet, whole or not there, with what made it in its metadata."""

import io
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from phenaki_viz.atlas.job import ClipName, Part, Settings, differences, settings_from
from phenaki_viz.atlas.rows import ADDED, Row, schema_of, table_of
from phenaki_viz.errors import AtlasError, FileError
from phenaki_viz.files import open_file, shown, unreadable, write_bytes
from phenaki_viz.recording.origin import versions

KEY = "phenaki_viz.atlas"
PATTERN = "part-*.parquet"
Source = Path | tuple[str, bytes]
MOST_BYTES = 2**28  # of a file
MOST_UNPACKED = 2**31  # bytes that a file says its columns have
MOST_ROWS = 2**22


@dataclass(frozen=True, kw_only=True)
class Header:
    """What a part says of itself. model: its class. clips: that are in it. failed: how many of them
    could not be measured. versions: of what computed it.
    """

    settings: Settings
    model: str
    versions: dict[str, str]
    clips: tuple[ClipName, ...]
    failed: int


def write_part(path: Path, part: Part, rows: Sequence[Row], settings: Settings, model: str) -> None:
    """Write a part beside its place and rename it there. Raises ExportError."""
    header = {
        "settings": settings.values,
        "model": model,
        "versions": versions(),
        "clips": [clip.identity for clip in part.clips],
        "failed": sum("error" in row for row in rows),
    }
    table = table_of(rows, settings.columns)
    out = io.BytesIO()
    # Without Arrow's own schema, which could name types that are more than columns of numbers.
    with pq.ParquetWriter(out, table.schema, compression="zstd", store_schema=False) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({KEY: json.dumps(header, sort_keys=True)})
    write_bytes(path, out.getvalue())


def read_header(source: Source) -> Header:
    """What a part says of itself; its rows are not read. Raises AtlasError."""
    with _opened(source) as (name, file):
        return _header(name, file)


def parts_in(folder: Path) -> list[Path]:
    """The parts in a folder, by name. Raises AtlasError where it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            return sorted(folder / one.name for one in entries if fnmatchcase(one.name, PATTERN))
    except OSError as error:
        raise AtlasError(str(unreadable(folder, error))) from error


def name_of(source: Source) -> str:
    """Of a file, or as it was uploaded."""
    return source.name if isinstance(source, Path) else source[0]


def check_settings(name: str, header: Header, wanted: Settings) -> None:
    """Refuse a part of other weights or settings. Raises AtlasError, which says what to do."""
    if header.settings.digest != wanted.digest:
        raise AtlasError(_other(shown(name), header.settings, wanted))


def read_part(source: Source) -> tuple[Header, pa.Table]:
    """A part, its columns as `schema_of` has them.

    Raises AtlasError, in words, of a file that is no part of an atlas, or damaged.
    """
    with _opened(source) as (name, file):
        header = _header(name, file)
        schema = schema_of(header.settings.columns)
        there = file.schema_arrow.remove_metadata()
        later = next((n for n in range(len(ADDED) + 1) if there == _without(schema, n)), None)
        if later is None:
            raise AtlasError(f"{name} has not the columns that its settings ask for")
        table = file.read(use_threads=False)
        for field in ADDED[len(ADDED) - later :]:
            table = table.append_column(field, pa.nulls(len(table), field.type))
        return header, table


def _without(schema: pa.Schema, last: int) -> pa.Schema:
    """A schema without so many of its last columns."""
    return pa.schema(list(schema)[: len(schema) - last])


@contextmanager
def _opened(source: Source) -> Iterator[tuple[str, pq.ParquetFile]]:
    """A parquet file whose promises are within bounds. Raises AtlasError."""
    name = shown(name_of(source))
    try:
        content = _content(source)
        with pq.ParquetFile(pa.BufferReader(content)) as file:
            _check_size(name, file.metadata)
            yield name, file
    except FileError as error:
        raise AtlasError(str(error)) from error
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        if isinstance(error, AtlasError):
            raise
        raise AtlasError(
            f"{name} cannot be read as a part of an atlas: remove it and run `phenaki-viz atlas` "
            "again, which makes it anew"
        ) from error


def _content(source: Source) -> bytes:
    if not isinstance(source, Path):
        return source[1]
    with open_file(source) as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise AtlasError(f"{shown(source.name)} is larger than any part of an atlas")
    return content


def _check_size(name: str, found: pq.FileMetaData) -> None:
    groups = (found.row_group(at).total_byte_size for at in range(found.num_row_groups))
    if found.num_rows > MOST_ROWS or sum(groups) > MOST_UNPACKED:
        raise AtlasError(f"{name} says it has more rows than any part of an atlas: not opened")


def _header(name: str, file: pq.ParquetFile) -> Header:
    text = (file.metadata.metadata or {}).get(KEY.encode())
    if text is None:
        raise AtlasError(f"{name} is a parquet file, but no part of an atlas of heads")
    try:
        return _from_json(json.loads(text))
    except AtlasError as error:
        raise AtlasError(f"{name}: {error}") from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise AtlasError(f"{name}: what it says of itself cannot be read") from error


def _from_json(header: dict[str, Any]) -> Header:
    return Header(
        settings=settings_from(header["settings"]),
        model=str(header["model"]),
        versions={str(name): str(number) for name, number in header["versions"].items()},
        clips=tuple(
            ClipName(name=str(name), prompt=str(prompt), digest=str(digest))
            for name, prompt, digest in header["clips"]
        ),
        failed=int(header["failed"]),
    )


def _other(name: str, there: Settings, now: Settings) -> str:
    """Why a part is refused, and what to do."""
    if there.weights_digest != now.weights_digest:
        return (
            f"{name} was made of other weights: {shown(there.weights_digest)} there, "
            f"{now.weights_digest} now. An atlas is of one model: give another folder, or the "
            "weights it was made of"
        )
    return (
        f"{name} was made with other settings: {shown(differences(there, now), 400)}. Give another "
        "folder, or the settings it was made with"
    )
