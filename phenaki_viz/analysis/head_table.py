"""One table of all heads: every number of a head from one reading of its map.

A row is a head; what is summed of it merges over runs of rows, batch items and clips, and means are
taken when they are shown.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from phenaki_viz.analysis import heads
from phenaki_viz.analysis.character import Sort, sort_by, was_chosen
from phenaki_viz.analysis.following import following, moves_with
from phenaki_viz.analysis.head_facts import TERMS, HeadFacts, tally_of
from phenaki_viz.analysis.incremental import Incremental, incremental
from phenaki_viz.analysis.ledger import term_shares
from phenaki_viz.analysis.regions import REGIONS, Mass
from phenaki_viz.analysis.rows import wrong_among
from phenaki_viz.analysis.surroundings import OFFSETS, Kept, Surroundings
from phenaki_viz.analysis.truth import MOTIONS, UNKNOWN, Truth
from phenaki_viz.errors import RecordingError, ShapeError
from phenaki_viz.recording import AttentionRecord, HeadMap, Recording
from phenaki_viz.recording.records import Kind
from phenaki_viz.recording.segments import Words

RUN = 2**19  # weights that are weighed at a time
LONG, MOST_QUERIES = 4096, 1024  # of a map with more queries than LONG, so many evenly spaced ones
MOST_ITEMS = 64  # of the batch items of one video, evenly spaced ones


@dataclass(frozen=True, eq=False, kw_only=True)
class HeadRow:
    """One head. head: its original number. clips: what was measured of it, a clip each.

    sorts: whether its map runs over space and time, so that it can be spatial or temporal.
    """

    module: str
    stack: str
    kind: Kind
    layer: int
    head: int
    call: int
    sorts: bool
    clips: tuple[HeadFacts, ...]

    @property
    def identity(self) -> tuple[str, Kind, int, int, int]:
        """What two rows of one head have in common."""
        return self.module, self.kind, self.layer, self.head, self.call

    @property
    def sort(self) -> Sort | None:
        """Spatial, temporal, global or even, by the rule of `character.RULE`; None of other maps.

        None, too, of a head that chose the null keys: the rest of its weight says little.
        """
        how = self.facts.spread
        if not self.sorts or how is None or was_chosen(self.facts.nulls):
            return None
        return sort_by(self.facts.regions, how)

    @cached_property
    def facts(self) -> HeadFacts:
        """Over all clips."""
        total = HeadFacts.nothing()
        for one in self.clips:
            total = total.merge(one)
        return total


@dataclass(frozen=True, eq=False, kw_only=True)
class HeadTable:
    """Heads in the order of the model; all of the same clips."""

    rows: tuple[HeadRow, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[HeadRow]:
        return iter(self.rows)

    @property
    def clips(self) -> int:
        """Over how many."""
        return len(self.rows[0].clips) if self.rows else 0

    def join(self, other: "HeadTable") -> "HeadTable":
        """The same heads over the clips of both. Raises ShapeError where they are other heads."""
        mine = [row.identity for row in self]
        theirs = [row.identity for row in other]
        if mine != theirs:
            apart = sorted({str(one) for one in mine} ^ {str(one) for one in theirs})
            said = ", ".join(apart[:3]) or "in another order"
            raise ShapeError(
                f"tables of {len(mine)} and {len(theirs)} heads cannot be joined: {said}"
            )
        pairs = zip(self, other, strict=True)
        return HeadTable(
            rows=tuple(replace(one, clips=one.clips + more.clips) for one, more in pairs)
        )


@incremental
def head_table(
    recording: Recording,
    *,
    kind: Kind | None = None,
    stack: str | None = None,
    video: int = 0,
    truth: Truth = UNKNOWN,
) -> Incremental[HeadTable]:
    """Every head of a recording, one row each: of one pass of every stack, see `Recording.stacks`.

    kind, stack: of these alone. video: which of the batch, from 0. truth: what is known of the
    clip, for what follows an object. A step is a run of rows of one head.
    Raises RecordingError when there is no such stack or video.
    """
    found = [
        records
        for (name, of), records in recording.stacks().items()
        if kind in (None, of) and stack in (None, name)
    ]
    if not found:
        raise RecordingError("no attention of this kind and stack was recorded")
    rows: list[HeadRow] = []
    for at, records in enumerate(found):
        work = stack_table.steps(records, video=video, truth=truth)
        while True:
            try:
                yield (at + next(work)) / len(found)
            except StopIteration as end:
                rows += end.value.rows
                break
    return HeadTable(rows=tuple(rows))


@incremental
def stack_table(
    records: Sequence[AttentionRecord], *, video: int = 0, truth: Truth = UNKNOWN
) -> Incremental[HeadTable]:
    """The heads of one stack's layers. See `head_table`."""
    found = [[HeadFacts.nothing() for _ in record.heads] for record in records]
    items = [_items(record, video) for record in records]
    around = Kept()
    for layer, record in enumerate(records):
        for number, item in enumerate(items[layer]):
            for share in _measure(record, item, found[layer], truth, around):
                done = layer + (number + share) / len(items[layer])
                yield done / len(records)
    return HeadTable(
        rows=tuple(
            HeadRow(
                module=record.module, stack=record.stack, kind=record.kind, layer=record.layer,
                head=head, call=record.call, sorts=runs_over_both(record), clips=(facts,),
            )
            for record, row in zip(records, found, strict=True)
            for head, facts in zip(record.heads, row, strict=True)
        )
    )  # fmt: skip


def runs_over_both(record: AttentionRecord) -> bool:
    """Whether a map runs over space and over time."""
    axis = record.query_axis(0)
    steps, rows, columns = (len(np.unique(along)) for along in axis.places[axis.is_patch].T)
    return not record.is_cross and steps > 1 and rows * columns > 1


def _items(record: AttentionRecord, video: int) -> list[int]:
    """The recorded batch items of one video, evenly spaced ones of many."""
    each = record.places.items_per_video
    there = [at for at, item in enumerate(record.batch_items) if item // each == video]
    if not there:
        raise RecordingError(f"{record.module}: no batch item of video {video} was recorded")
    spaced = np.linspace(0, len(there) - 1, min(len(there), MOST_ITEMS)).round().astype(int)
    return [there[at] for at in np.unique(spaced)]


def _measure(
    record: AttentionRecord,
    item: int,
    into: list[HeadFacts],
    truth: Truth,
    around_of: Callable[[HeadMap, np.ndarray], Surroundings],
) -> Iterator[float]:
    """Add what one batch item's maps tell to the facts of every head of a layer."""
    first = HeadMap(record, item, 0)
    runs = _runs(first)
    means = np.zeros((len(into), first.shape[1]))
    before = [(facts.queries, float(facts.tally.total[0])) for facts in into]
    telling = around_of(first, _some(runs)).telling
    for number, queries in enumerate(runs):
        around = around_of(first, queries)
        for head in range(len(into)):
            facts, total = _weigh(HeadMap(record, item, head), around, telling)
            into[head] = into[head].merge(facts)
            means[head] += total
            yield (number + (head + 1) / len(into)) / len(runs)
    for head, (queries_before, bits_before) in enumerate(before):
        count = into[head].queries - queries_before
        if count:
            bits = (float(into[head].tally.total[0]) - bits_before) / count
            of_rows = {"diversity": _diversity(means[head] / count, bits)}
            for numbers in (of_rows, _of_whole(HeadMap(record, item, head), truth)):
                more = replace(HeadFacts.nothing(), tally=tally_of(numbers))
                into[head] = into[head].merge(more)


def _runs(head: HeadMap) -> list[np.ndarray]:
    """The queries that count, in runs that fit into memory."""
    queries, keys = head.shape
    most = queries if queries <= LONG else MOST_QUERIES
    spaced = np.unique(np.linspace(0, queries - 1, most).round().astype(np.int64))
    return np.array_split(spaced, max(1, -(-len(spaced) * keys // RUN)))


def _some(runs: list[np.ndarray]) -> np.ndarray:
    """All queries of a short map, evenly spaced ones of a long one: enough to tell regions."""
    return runs[0] if len(runs) == 1 else np.array([run[len(run) // 2] for run in runs])


def _weigh(
    head: HeadMap, around: Surroundings, telling: np.ndarray
) -> tuple[HeadFacts, np.ndarray]:
    """What some rows tell, and their sum 'j'."""
    queries, asked = around.queries, _in_a_row(around.queries)
    attn, wrong = _read(head, asked)
    sees = around.seen.any(axis=1)
    bad = np.isin(queries, wrong) & sees
    sound = sees & ~bad
    numbers = _of_rows(head, attn, around, telling)
    if head.record.knows_places:
        shares = term_shares(head.terms(asked))
        numbers |= {f"share.{name}": shares[name] for name in TERMS if name in shares}
    kept = {name: np.where(sound, values, np.nan) for name, values in numbers.items()}
    rows = np.where(sound[:, None], attn, 0)
    facts = HeadFacts(
        tally=tally_of(kept),
        words=_words(head, rows, around, sound) if head.record.reads_words else {},
        queries=int(sound.sum()),
        wrong=int(bad.sum()),
        unseeing=int((~sees).sum()),
    )
    return facts, rows.sum(axis=0, dtype=np.float64)


def _in_a_row(queries: np.ndarray) -> Sequence[int]:
    """Queries as a range where they have no gaps, which is read fastest."""
    run = range(int(queries[0]), int(queries[-1]) + 1)
    return run if len(run) == len(queries) else queries.tolist()


def _read(head: HeadMap, queries: Sequence[int]) -> tuple[np.ndarray, Sequence[int] | np.ndarray]:
    """Some rows 'q j', and which queries of the map are known to be wrong."""
    if isinstance(queries, range):
        span = queries.start, queries.stop
        return head.tile(span), head.wrong_rows(span)
    return head.rows(queries), wrong_among(head, queries)


def _of_rows(
    head: HeadMap, attn: np.ndarray, around: Surroundings, telling: np.ndarray
) -> dict[str, np.ndarray]:
    """One number a query: 'q' each, of rows that need not be sound."""
    record, keys = head.record, around.seen.sum(axis=1)
    with np.errstate(invalid="ignore"):
        bits, top, nulls = (
            heads.entropy(attn),
            heads.top_mass(attn),
            record.key_axis(head.item).nulls,
        )
        most = np.log2(np.maximum(keys, 1))
        numbers = {
            "entropy": bits,
            "entropy_share": np.divide(bits, most, out=np.ones_like(bits), where=most > 0),
            "keys": keys,
            "top": top,
            "top_share": top / np.maximum(keys, 1),
        }
        if nulls:
            numbers["null"] = heads.null_mass(attn, nulls)
            numbers["null_even"] = nulls / np.maximum(keys, 1)
        if spans := record.key_axis(head.item).spans(Words):
            numbers["text"] = sum(attn[:, slice(*span)].sum(axis=1) for span in spans)
        if nulls < attn.shape[1]:
            numbers["first"] = attn[:, nulls]
        if around.patches.any():
            numbers |= dict(zip(OFFSETS, around.displacement(attn), strict=True))
            masses, even = around.masses(attn), around.even
            for at, name in enumerate(REGIONS):
                if telling[at]:
                    numbers |= {f"mass.{name}": masses[at], f"even.{name}": even[at]}
    return numbers


def _words(
    head: HeadMap, rows: np.ndarray, around: Surroundings, sound: np.ndarray
) -> dict[str, Mass]:
    """Weight on every key of a text by its name; of words that are alike, together."""
    seen = around.seen[sound]
    even = (seen / np.maximum(seen.sum(axis=1, keepdims=True), 1)).sum(axis=0)
    found: dict[str, Mass] = {}
    for name, weight, uniform in zip(
        head.record.key_axis(head.item).names, rows.sum(axis=0, dtype=np.float64), even, strict=True
    ):
        before = found.get(name, Mass(weight=0, even=0, queries=len(seen)))
        found[name] = replace(
            before, weight=before.weight + float(weight), even=before.even + float(uniform)
        )
    return found


def _of_whole(head: HeadMap, truth: Truth) -> dict[str, np.ndarray]:
    """What is not of a query: the object that is followed, words of motion."""
    record = head.record
    if not record.is_cross:
        return following(head, truth.paths) if truth.paths else {}
    lattice = record.query_axis(head.item).lattice
    keys = [at for at, name in enumerate(record.key_axis(head.item).names) if name in MOTIONS]
    if not keys or lattice is None or not record.reads_words:
        return {}
    columns = head.columns(keys).T.reshape(len(keys), *lattice)
    return {"moves": np.array([moves_with(one) for one in columns])}


def _diversity(mean_row: np.ndarray, bits: float) -> np.ndarray:
    """Entropy of the mean row minus the mean of the rows' entropies, 'one' float64.

    The Jensen-Shannon divergence of all rows in bits: 0 where every query reads the same.
    """
    return np.maximum(heads.entropy(mean_row[None]) - bits, 0)
