"""One table of all heads: every number of a head from one reading of its map.

A row is a head; what is summed of it merges over runs of rows, batch items and clips, and means are
taken when they are shown.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from phenaki_viz.analysis.head_facts import HeadFacts, tally_of
from phenaki_viz.analysis.head_rows import HeadRow as HeadRow
from phenaki_viz.analysis.head_rows import HeadTable as HeadTable
from phenaki_viz.analysis.head_weighing import diversity, of_keys, of_whole, weigh, where_read
from phenaki_viz.analysis.incremental import Incremental, incremental, within
from phenaki_viz.analysis.sampled import EACH, draw
from phenaki_viz.analysis.sinks import Sinks
from phenaki_viz.analysis.surroundings import Kept, Surroundings
from phenaki_viz.analysis.truth import UNKNOWN, Truth
from phenaki_viz.errors import RecordingError
from phenaki_viz.recording import AttentionRecord, HeadMap, Recording
from phenaki_viz.recording.records import Kind

RUN = 2**19  # weights that are weighed at a time
LONG, MOST_QUERIES = 1024, 512  # of a map with more queries than LONG, so many evenly spaced,
FEW_KEYS = 32  # of a text: rows so short are all read, however many
FEW = 64  # and of one head alone, whose sentence must not keep a page waiting, so many
MOST_ITEMS = 64  # of the batch items of one video, evenly spaced ones


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
        table = yield from within(work, at / len(found), (at + 1) / len(found))
        rows += table.rows
    return HeadTable(rows=tuple(rows))


@incremental
def stack_table(
    records: Sequence[AttentionRecord],
    *,
    video: int = 0,
    truth: Truth = UNKNOWN,
    done: list[HeadRow] | None = None,
) -> Incremental[HeadTable]:
    """The heads of one stack's layers. See `head_table`.

    done: rows are put in here as soon as their heads are finished, in the order of the table: of
    long maps head by head, of short ones a layer at a time.
    """
    rows: list[HeadRow] = [] if done is None else done
    items = [items_of(record, video) for record in records]
    around = Kept()
    for layer, record in enumerate(records):
        groups = _groups(record)
        for number, heads in enumerate(groups):
            found = [HeadFacts.nothing() for _ in heads]
            for at, item in enumerate(items[layer]):
                for share in _measure(record, item, heads, found, truth, around):
                    of_group = (at + share) / len(items[layer])
                    yield (layer + (number + of_group) / len(groups)) / len(records)
            rows += [
                _row(record, head, facts, len(_items_there(record, video)))
                for head, facts in zip(heads, found, strict=True)
            ]
    return HeadTable(rows=tuple(rows))


def head_row(head: HeadMap, truth: Truth = UNKNOWN, *, few: bool = False) -> HeadRow:
    """One head of one batch item, as a row of the table. truth: see `head_table`.

    few: of a map with more queries than are all read, a handful of them, drawn at random of equal
    strata: an estimate, within a tenth of a second or two.
    """
    found, runs = [HeadFacts.nothing()], _few(head) if few else _runs(head)
    for _ in _measure(head.record, head.item, [head.head], found, truth, Kept(), runs):
        pass
    return _row(head.record, head.head, found[0], 1)


def _groups(record: AttentionRecord) -> list[range]:
    """Heads that are measured together: all of a short map, whose surroundings are worked out
    once; each alone of a long one, so that there is something to see before all are done, and
    where heads may look at other keys.
    """
    heads = len(record.heads)
    if record.map.shape[2] <= LONG and not record.heads_differ:
        return [range(heads)]
    return [range(head, head + 1) for head in range(heads)]


def _row(record: AttentionRecord, head: int, facts: HeadFacts, items: int) -> HeadRow:
    """head: counted in what was recorded. items: how many one video has, measured or not."""
    return HeadRow(
        module=record.module, stack=record.stack, kind=record.kind, layer=record.layer,
        head=record.heads[head], call=record.call, sorts=runs_over_both(record), clips=(facts,),
        queries=(record.map.shape[2] * items,),
    )  # fmt: skip


def videos_of(recording: Recording) -> list[int]:
    """Which videos of the batch every stack has recorded something of, from 0."""
    found = [
        {item // record.places.items_per_video for item in record.batch_items}
        for records in recording.stacks().values()
        for record in records
    ]
    return sorted(set.intersection(*found)) if found else []


def runs_over_both(record: AttentionRecord) -> bool:
    """Whether a map runs over space and over time."""
    axis = record.query_axis(0)
    steps, rows, columns = (len(np.unique(along)) for along in axis.places[axis.is_patch].T)
    return not record.is_cross and steps > 1 and rows * columns > 1


def items_of(record: AttentionRecord, video: int, most: int = MOST_ITEMS) -> list[int]:
    """The recorded batch items of one video, evenly spaced ones of more than `most`.

    Raises RecordingError where none was recorded.
    """
    there = _items_there(record, video)
    spaced = np.linspace(0, len(there) - 1, min(len(there), most)).round().astype(int)
    return [there[at] for at in np.unique(spaced)]


def _items_there(record: AttentionRecord, video: int) -> list[int]:
    """All recorded batch items of one video. Raises RecordingError where there is none."""
    each = record.places.items_per_video
    there = [at for at, item in enumerate(record.batch_items) if item // each == video]
    if not there:
        raise RecordingError(f"{record.module}: no batch item of video {video} was recorded")
    return there


def _measure(
    record: AttentionRecord,
    item: int,
    heads: Sequence[int],
    into: list[HeadFacts],
    truth: Truth,
    around_of: Callable[[HeadMap, np.ndarray], Surroundings],
    runs: list[np.ndarray] | None = None,
) -> Iterator[float]:
    """Add what one batch item's maps tell to the facts of some heads of a layer.

    runs: of queries; None takes those of the table.
    """
    first = HeadMap(record, item, heads[0])
    runs = _runs(first) if runs is None else runs
    got: list[Sinks | None] = [None] * len(heads)
    before = [(facts.queries, float(facts.tally.total[0])) for facts in into]
    telling = around_of(first, _some(runs)).telling
    for number, queries in enumerate(runs):
        around = around_of(first, queries)
        for at, head in enumerate(heads):
            facts, more = weigh(HeadMap(record, item, head), around, telling)
            into[at] = into[at].merge(facts)
            got[at] = more if (so_far := got[at]) is None else so_far.merge(more)
            yield (number + (at + 1) / len(heads)) / len(runs)
    for at, (queries_before, bits_before) in enumerate(before):
        count, keys = into[at].queries - queries_before, got[at]
        if count and keys is not None:
            bits = (float(into[at].tally.total[0]) - bits_before) / count
            head_map = HeadMap(record, item, heads[at])
            of_rows = {"diversity": diversity(keys.weight / count, bits)}
            for numbers in (of_rows, of_keys(head_map, keys), of_whole(head_map, truth)):
                whole = replace(HeadFacts.nothing(), tally=tally_of(numbers))
                into[at] = into[at].merge(whole)
            reads = where_read(head_map, truth)
            into[at] = into[at].merge(replace(HeadFacts.nothing(), reads=reads))


def _runs(head: HeadMap) -> list[np.ndarray]:
    """The queries that count, in runs that fit into memory."""
    queries, _ = head.shape
    most = queries if reads_all(head.record) else MOST_QUERIES
    spaced = np.unique(np.linspace(0, queries - 1, most).round().astype(np.int64))
    return _in_runs(head, spaced)


def reads_all(record: AttentionRecord) -> bool:
    """Whether every query is measured: of short maps, and of long ones with few keys."""
    _, _, queries, keys = record.map.shape
    return queries <= LONG or keys <= FEW_KEYS


def _few(head: HeadMap) -> list[np.ndarray]:
    """A few queries at random, as many of each stratum: evenly spaced ones would stand in few
    columns of the frame.
    """
    queries, _ = head.shape
    if reads_all(head.record):
        return _runs(head)
    ends = np.linspace(0, queries, FEW // EACH + 1).round().astype(int)
    strata = [range(first, end) for first, end in pairwise(ends.tolist())]
    return _in_runs(head, np.concatenate(draw(strata, seed=0)))


def _in_runs(head: HeadMap, queries: np.ndarray) -> list[np.ndarray]:
    return np.array_split(queries, max(1, -(-len(queries) * head.shape[1] // RUN)))


def _some(runs: list[np.ndarray]) -> np.ndarray:
    """All queries of a short map, evenly spaced ones of a long one: enough to tell regions."""
    return runs[0] if len(runs) == 1 else np.array([run[len(run) // 2] for run in runs])
