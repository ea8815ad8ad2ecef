"""What some rows of one head tell, and what its whole map does: numbers to sum."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from phenaki_viz.analysis import heads
from phenaki_viz.analysis.following import following, moves_in_features, moves_with
from phenaki_viz.analysis.head_facts import DISPLACED, TERMS, HeadFacts, tally_of
from phenaki_viz.analysis.ledger import term_shares
from phenaki_viz.analysis.reading import WordRead, read_there, reading_of_head
from phenaki_viz.analysis.regions import REGIONS, Mass
from phenaki_viz.analysis.rows import wrong_among
from phenaki_viz.analysis.sinks import Sinks
from phenaki_viz.analysis.surroundings import OFFSETS, Surroundings
from phenaki_viz.analysis.truth import MOTIONS, Truth
from phenaki_viz.recording import HeadMap
from phenaki_viz.recording.segments import Words


def weigh(head: HeadMap, around: Surroundings, telling: np.ndarray) -> tuple[HeadFacts, Sinks]:
    """What some rows tell, and what every key got of them."""
    queries, run = around.queries, _in_a_row(around.queries)
    attn, wrong = _read(head, run)
    sees = around.seen.any(axis=1)
    bad = np.isin(queries, wrong) & sees
    sound = sees & ~bad
    numbers = _of_rows(head, attn, around, telling)
    if _terms_are_known(head) and not head.is_put_in:
        shares = term_shares(head.terms(run))
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
    return facts, _received(rows, around, sound)


def _received(rows: np.ndarray, around: Surroundings, sound: np.ndarray) -> Sinks:
    """What every key got from the sound rows among these, 'q j', the others 0."""
    seen = around.seen[sound]
    even = 1 / np.maximum(seen.sum(axis=1), 1)
    return Sinks(
        weight=rows.sum(axis=0, dtype=np.float64),
        even=even @ seen,
        seen_by=seen.sum(axis=0, dtype=np.float64),
        queries=int(sound.sum()),
    )


def _terms_are_known(head: HeadMap) -> bool:
    """Whether position plays a part, and all that was added is at hand."""
    record = head.record
    return record.knows_places and (record.position is not None or not record.position_bias)


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
        numbers = {
            "entropy": bits,
            "entropy_share": heads.entropy_share(bits, keys),
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
            even_by = dict(zip(OFFSETS, around.even_displacement, strict=True))
            numbers |= {f"even.{name}": even_by[name] for name in DISPLACED}
            if around.even_off is not None:
                numbers |= {"off": around.off_video(attn), "off_even": around.even_off}
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


def of_whole(head: HeadMap, truth: Truth) -> dict[str, np.ndarray]:
    """What is measured of a head as a whole, by the name of its column: float64 arrays.

    Of a head that reads patches 'pair' each, see `following`; of one that reads words, how far each
    word's map moves between time steps. Empty where nothing of the kind can be said.
    """
    record = head.record
    if not record.is_cross:
        return following(head, truth.paths) if truth.paths else {}
    lattice = record.query_axis(head.item).lattice
    keys = [at for at, name in enumerate(record.key_axis(head.item).names) if name in MOTIONS]
    if not keys or lattice is None or not record.reads_words:
        return {}
    columns = head.columns(keys).T.reshape(len(keys), *lattice)
    found = {"moves": np.array([moves_with(one) for one in columns])}
    queries = head.queries
    if queries is not None:
        apart = [moves_in_features(one, queries) for one in columns]
        found["moves_features"] = np.array(apart)
    return found


def where_read(head: HeadMap, truth: Truth) -> dict[str, WordRead]:
    """The word that is read where there is something, by its name; {} where none is, or it is not
    known where there is something. A word that stands several times is read in all of its places.
    """
    held, record = truth.held, head.record
    if held is None or not record.reads_words or head.lattice != held.shape:
        return {}
    keys = record.key_axis(head.item)
    places: dict[str, list[int]] = {}
    for at in range(keys.nulls, len(keys.names)):
        places.setdefault(keys.names[at], []).append(at)
    each = [*([at] for at in range(keys.nulls)), *places.values()]
    found = read_there(reading_of_head(head, held, each), keys.nulls)
    return {} if found is None else {keys.names[each[found[0]][0]]: found[1]}


def of_keys(head: HeadMap, got: Sinks) -> dict[str, np.ndarray]:
    """Of a map's keys: how many are sinks, how much they hold, how much they carry, 'one' each."""
    keys = list(got.keys)
    found = {"sinks": np.array([float(len(keys))])}
    found["sink_mass"] = np.array([float(got.weight[keys].sum()) / max(got.queries, 1)])
    norms = head.value_norms
    if keys and norms is not None and np.median(norms) > 0:
        found["sink_values"] = np.array([norms[keys].mean() / np.median(norms)])
    return found


def diversity(mean_row: np.ndarray, bits: float) -> np.ndarray:
    """Entropy of the mean row minus the mean of the rows' entropies, 'one' float64.

    The Jensen-Shannon divergence of all rows in bits: 0 where every query reads the same.
    """
    return np.maximum(heads.entropy(mean_row[None]) - bits, 0)
