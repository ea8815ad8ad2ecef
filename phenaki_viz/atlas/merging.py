"""Parts of an atlas merge: sums over their clips, head by head.

Only sums are kept, so that a million clips need little more memory than one part; of a sweep also
three numbers a head and clip, 24 bytes, as an effect's interval is taken from its clips.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from phenaki_viz.analysis.head_columns import COLUMNS
from phenaki_viz.analysis.head_facts import NUMBERS, HeadFacts
from phenaki_viz.analysis.head_rows import HeadTable, MergedRow, Taken
from phenaki_viz.analysis.reading import WordRead
from phenaki_viz.analysis.regions import Mass
from phenaki_viz.analysis.tallies import Tally
from phenaki_viz.atlas.files import Header, Source, check_settings, name_of, read_part
from phenaki_viz.atlas.rows import EFFECTS, LEFT_OUT, OF_HEAD, SUMS
from phenaki_viz.errors import AtlasError
from phenaki_viz.evaluation.effects import HeadEffect

Identity = tuple[str, str, int, int, int]  # module, kind, layer, head, call
CLIP = ("clip", "prompt", "clip_digest")  # columns of a clip's identity


@dataclass(frozen=True, eq=False, kw_only=True)
class _Rows:
    """The rows of a part as arrays, 'n' rows first; places and words as they are read."""

    places: list[dict[str, Any]]
    words: list[list[dict[str, Any]] | None]
    reads: list[list[dict[str, Any]] | None]
    numbers: np.ndarray
    worth: np.ndarray
    sums: tuple[np.ndarray, ...]
    left: Mapping[str, np.ndarray]

    @classmethod
    def of(cls, rows: pa.Table, columns: Sequence[str]) -> "_Rows":
        return cls(
            places=rows.select(list(OF_HEAD)).to_pylist(),
            words=rows["words"].to_pylist(),
            reads=rows["reads"].to_pylist(),
            numbers=np.stack([_floats(rows[name]) for name in columns], axis=1),
            worth=np.stack([_floats(rows[name]) for name in EFFECTS], axis=1),
            sums=tuple(_sums(rows[name]) for name in SUMS),
            left={name: rows[name].to_numpy() for name in LEFT_OUT},
        )

    def by_head(self) -> dict[Identity, list[int]]:
        """Which rows are of which head."""
        found: dict[Identity, list[int]] = {}
        for at, place in enumerate(self.places):
            found.setdefault(_identity(place), []).append(at)
        return found

    def taken(self, at: int) -> Taken:
        """Over how many queries a row was taken."""
        left = {name: int(found[at]) for name, found in self.left.items()}
        return Taken(left["queries"], sum(left.values()), self.places[at]["map_queries"])

    def facts(self, at: list[int]) -> HeadFacts:
        """What was measured in some rows, together."""
        left = {name: int(found[at].sum()) for name, found in self.left.items()}
        return HeadFacts(
            tally=Tally(*(one[at] for one in self.sums)).together(),
            words=_words(self.words[one] for one in at),
            reads=_reads(self.reads[one] for one in at),
            queries=left["queries"], wrong=left["wrong"], unseeing=left["unseeing"],
        )  # fmt: skip


@dataclass
class _Head:
    """Sums of a head over the clips so far."""

    first: Mapping[str, Any]
    numbers: Tally
    total: HeadFacts = field(default_factory=HeadFacts.nothing)
    clips: int = 0
    ways: set[Taken] = field(default_factory=set)
    effects: list[np.ndarray] = field(default_factory=list)

    def add(self, rows: _Rows, at: list[int]) -> None:
        """Some rows of this head, a clip each."""
        self.numbers = self.numbers.merge(_tally(rows.numbers[at]))
        self.total = self.total.merge(rows.facts(at))
        self.clips += len(at)
        self.ways |= {rows.taken(one) for one in at}
        self.effects.append(rows.worth[at])


class Merging:
    """Parts, merged one after the other."""

    def __init__(self) -> None:
        self.header: Header | None = None
        self.heads: dict[Identity, _Head] = {}
        # Hashes, of clips and of names: a million names are a quarter of a gigabyte.
        self.measured: set[int] = set()
        self.names: set[int] = set()
        self.failed: dict[tuple[str, str, str], str] = {}
        self.versions: dict[str, set[str]] = {}
        self.parts = self.clips = 0

    def add(self, source: Source) -> None:
        """One more part; a clip that was in one before does not count again."""
        header, table = read_part(source)
        first = self.header = self.header or header
        check_settings(name_of(source), header, first.settings)
        for package, version in header.versions.items():
            self.versions.setdefault(package, set()).add(version)
        failed = table.filter(pc.is_valid(table["error"]))
        clips = zip(*(failed[one].to_pylist() for one in CLIP), strict=True)
        self.failed.update(zip(clips, failed["error"].to_pylist(), strict=True))
        measured = self._new(header, table.filter(pc.is_null(table["error"])))
        self._add_heads(measured, header.settings.columns)
        self.parts += 1

    def _new(self, header: Header, rows: pa.Table) -> pa.Table:
        """The rows of clips that were measured in no part before."""
        numbers = set(rows["number"].to_pylist())
        clips = {at: hash(one.identity) for at, one in enumerate(header.clips) if at in numbers}
        again = {at for at, clip in clips.items() if clip in self.measured}
        self.measured.update(clips.values())
        self.names.update(hash(header.clips[at].name) for at in clips)
        if not again:
            return rows
        return rows.filter(pa.array([at not in again for at in rows["number"].to_pylist()]))

    def _add_heads(self, rows: pa.Table, columns: Sequence[str]) -> None:
        if not rows.num_rows:
            return
        found = _Rows.of(rows, columns)
        for identity, at in found.by_head().items():
            if identity not in self.heads:
                empty = Tally.empty(len(columns))
                self.heads[identity] = _Head(first=found.places[at[0]], numbers=empty)
            self.heads[identity].add(found, at)
        self.clips = max(head.clips for head in self.heads.values())

    @property
    def table(self) -> HeadTable:
        """A row a head, means over the clips so far."""
        columns = self.header.settings.columns if self.header else ()
        return HeadTable(rows=tuple(_row(head, columns) for head in self.heads.values()))

    @property
    def effects(self) -> tuple[HeadEffect, ...]:
        """Of switching each head off, a number a clip; () where that was not measured."""
        return tuple(_effects(self.heads))

    @property
    def left_out(self) -> list[tuple[str, str]]:
        """Clips that could not be measured in any part, each with the reason."""
        return [(clip[0], why) for clip, why in self.failed.items() if not self._is_measured(*clip)]

    def _is_measured(self, name: str, prompt: str, digest: str) -> bool:
        """Of a clip that was not there to be read, only its name is known."""
        return hash((name, prompt, digest)) in self.measured or (
            not digest and hash(name) in self.names
        )


def _identity(place: Mapping[str, Any]) -> Identity:
    return place["module"], place["kind"], place["layer"], place["head"], place["call"]


def _floats(column: pa.ChunkedArray) -> np.ndarray:
    """'n' float64; NaN for null."""
    return np.asarray(column.fill_null(np.nan).to_numpy(), np.float64)


def _sums(column: pa.ChunkedArray) -> np.ndarray:
    """'n numbers' float64 of a column of lists. Raises AtlasError of lists of other lengths."""
    flat = pc.list_flatten(column).to_numpy()
    if len(flat) != len(column) * len(NUMBERS):
        raise AtlasError(f"a part has not the {len(NUMBERS)} sums of every head: make it anew")
    return np.asarray(flat, np.float64).reshape(len(column), len(NUMBERS))


def _tally(numbers: np.ndarray) -> Tally:
    """The tally of each column of 'n columns'; NaN does not count."""
    known = ~np.isnan(numbers)
    values = np.where(known, numbers, 0)
    return Tally(known.astype(np.float64), values, np.zeros_like(values)).together()


def _words(each: Iterable[list[dict[str, Any]] | None]) -> dict[str, Mass]:
    found: dict[str, Mass] = {}
    for word in (word for words in each for word in words or ()):
        mass = Mass(weight=word["weight"], even=word["even"], queries=word["queries"])
        before = found.get(word["name"])
        found[word["name"]] = mass if before is None else before.merge(mass)
    return found


def _reads(each: Iterable[list[dict[str, Any]] | None]) -> dict[str, WordRead]:
    found: dict[str, WordRead] = {}
    for entry in (one for reads in each for one in reads or ()):
        name, read = entry["name"], WordRead(**{key: entry[key] for key in entry if key != "name"})
        found[name] = found[name].merge(read) if name in found else read
    return found


def _row(head: _Head, columns: Sequence[str]) -> MergedRow:
    of = head.numbers
    place = {name: head.first[name] for name in OF_HEAD if name != "map_queries"}
    return MergedRow(
        **place,
        ways=frozenset(head.ways),
        total=head.total,
        count=head.clips,
        numbers={
            name: Tally(of.count[at], of.total[at], of.squares[at])
            for at, name in enumerate(columns)
            if name in COLUMNS
        },
    )


def _effects(heads: Mapping[Identity, _Head]) -> Iterator[HeadEffect]:
    for (module, _, _, number, _), head in heads.items():
        each = np.concatenate(head.effects)
        each = each[~np.isnan(each[:, 0])]
        if len(each):
            named = dict(zip(EFFECTS.values(), each.T, strict=True))
            yield HeadEffect(module=module, head=number, **named)
