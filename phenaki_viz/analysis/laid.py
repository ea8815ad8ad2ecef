"""Whether two attention maps can be laid on each other, cell on cell; else why not, in words.

A cell is a query and a key. Two maps can be subtracted where both are of the same tokens on both
sides. What two recordings share of a stack (layers, heads) is compared; the rest is named.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from phenaki_viz.recording import AttentionRecord, Recording
from phenaki_viz.recording.axes import TokenAxis
from phenaki_viz.recording.segments import Words

OVER = {
    "video": "over the whole video",
    "frame": "within frames",
    "patch": "over time, patch by patch",
    "sequence": "over a sequence",
}
MOST = 3  # words or layers that are named
STILL = (
    "Each head's own numbers can still be compared: over how many keys it spreads, its weight on "
    "null keys"
)
Records = Sequence[AttentionRecord]


@dataclass(frozen=True, eq=False, kw_only=True)
class Laid:
    """What two stacks have in common, layer by layer.

    pairs: a layer's records in A and in B. reasons: why their maps cannot be subtracted, in
    sentences; () where they can. missing: layers and heads that one of the two does not have, in
    sentences: they are left out. by_place: words that differ, laid on each other by where they
    stand in the text: (A's, B's).
    """

    pairs: tuple[tuple[AttentionRecord, AttentionRecord], ...]
    reasons: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    by_place: tuple[tuple[str, str], ...] = ()

    @property
    def can(self) -> bool:
        """Whether there is a difference to be had."""
        return bool(self.pairs) and not self.reasons

    @property
    def only_words(self) -> bool:
        """Whether other words of as long a text are all that keeps them apart."""
        return bool(self.pairs) and not self.can and not why_apart(*self.pairs[0], by_place=True)

    @property
    def heads(self) -> tuple[int, ...]:
        """Original numbers of the heads that every pair has in both."""
        each = [set(record.heads) for pair in self.pairs for record in pair]
        return tuple(sorted(set.intersection(*each))) if each else ()


def lay(one: Records, other: Records, *, by_place: bool = False) -> Laid:
    """Lay the layers of a stack in A on those of a stack in B. by_place: see `why_apart`."""
    there = {(record.layer, record.use): record for record in other}
    pairs = tuple(
        (record, there[record.layer, record.use])
        for record in one
        if (record.layer, record.use) in there
    )
    missing = tuple(_layers_missing(one, other))
    if not pairs:
        return Laid(pairs=(), reasons=missing or ("There is no attention to compare",))
    reasons = tuple(dict.fromkeys(why for pair in pairs for why in why_apart(*pair, by_place)))
    heads = tuple(dict.fromkeys(why for pair in pairs for why in _heads_missing(*pair)))
    if not Laid(pairs=pairs).heads:
        reasons = (*reasons, "They have no head in common")
    words = words_apart(*pairs[0]) if by_place and not reasons else ()
    return Laid(pairs=pairs, reasons=reasons, missing=(*missing, *heads), by_place=words)


def stack_like(records: Records, recording: Recording) -> list[AttentionRecord]:
    """The stack of another recording that is what this one is; [] where it has none.

    By name and kind; else the only one that runs over the same tokens, whatever its name: a MaskGit
    alone, and the same one inside a Phenaki.
    """
    stacks, first = recording.stacks(), records[0]
    named = stacks.get((first.stack, first.kind))
    if named is not None:
        return named
    alike = [group for group in stacks.values() if _runs_alike(first, group[0])]
    return alike[0] if len(alike) == 1 else []


def _runs_alike(one: AttentionRecord, other: AttentionRecord) -> bool:
    counts = one.places.batch_counts, other.places.batch_counts
    return one.kind == other.kind and counts[0] == counts[1] and _side(one) == _side(other)


def _side(record: AttentionRecord) -> str:
    return next((one for one in ("enc_", "dec_", "critic") if one in record.stack), "")


def why_apart(
    one: AttentionRecord, other: AttentionRecord, by_place: bool = False
) -> tuple[str, ...]:
    """Why the maps of two calls cannot be laid on each other, in sentences; () where they can.

    by_place: other words are no reason where both texts have as many: the first lies on the first.
    """
    if kinds := _kinds(one, other):
        return (kinds,)
    items = shared_items(one, other)
    if not items:
        return ("No item of the batch was recorded in both",)
    at, there = items[0]
    queries = one.query_axis(at), other.query_axis(there)
    keys = one.key_axis(at), other.key_axis(there)
    checks: list[Callable[[], str]] = [
        lambda: _grids(*queries),
        lambda: _nulls(*keys),
        lambda: _words(*keys, by_place),
    ]
    found = tuple(filter(None, (why() for why in checks)))
    return found or tuple(_others(queries, keys, by_place))


def shared_items(one: AttentionRecord, other: AttentionRecord) -> list[tuple[int, int]]:
    """Where batch items that both recorded are: (position in A, position in B)."""
    there = {item: at for at, item in enumerate(other.batch_items)}
    return [(at, there[item]) for at, item in enumerate(one.batch_items) if item in there]


def words_apart(one: AttentionRecord, other: AttentionRecord) -> tuple[tuple[str, str], ...]:
    """Words at the same place of two texts that are not the same: (A's, B's)."""
    pairs = zip(_text(one.key_axis(0)), _text(other.key_axis(0)), strict=False)
    return tuple((a, b) for a, b in pairs if a != b)


def _kinds(one: AttentionRecord, other: AttentionRecord) -> str:
    a, b = (f"{r.kind}-attention {OVER[r.places.batch_counts]}" for r in (one, other))
    return "" if a == b else f"They are of other kinds: A is {a}, B is {b}"


def _grids(one: TokenAxis, other: TokenAxis) -> str:
    if one.whole == other.whole and len(one) == len(other):
        return ""
    a, b = _size(one), _size(other)
    return f"They are of other grids: A has {a}, B has {b}"


def _size(axis: TokenAxis) -> str:
    if axis.whole is None:
        return f"{len(axis):,} tokens"
    return " × ".join(map(str, axis.whole)) + " patches (time steps × rows × columns)"


def _nulls(one: TokenAxis, other: TokenAxis) -> str:
    if one.nulls == other.nulls:
        return ""
    return f"They have other null keys: A {one.nulls}, B {other.nulls}"


def _words(one: TokenAxis, other: TokenAxis, by_place: bool) -> str:
    a, b = _text(one), _text(other)
    if len(a) != len(b):
        return f"Their keys are other words: A's text has {len(a)}, B's {len(b)}"
    if a == b or by_place:
        return ""
    apart = [f"“{x}” and “{y}”" for x, y in zip(a, b, strict=True) if x != y]
    more = f" and {len(apart) - MOST} more" if len(apart) > MOST else ""
    return f"Their keys are other words: {', '.join(apart[:MOST])}{more}"


def _text(axis: TokenAxis) -> tuple[str, ...]:
    return tuple(word for _, one in axis.parts if isinstance(one, Words) for word in one.words)


def _others(
    queries: tuple[TokenAxis, TokenAxis], keys: tuple[TokenAxis, TokenAxis], by_place: bool
) -> Iterator[str]:
    """What none of the questions before has found: tokens of any other kind."""
    for side, (one, other) in (("queries", queries), ("keys", keys)):
        if _tokens(one, by_place) != _tokens(other, by_place):
            yield f"Their {side} are other tokens: A has {len(one):,}, B has {len(other):,}"


def _tokens(axis: TokenAxis, by_place: bool) -> list[object]:
    return [
        (at, len(one)) if by_place and isinstance(one, Words) else (at, one)
        for at, one in axis.parts
    ]


def _layers_missing(one: Records, other: Records) -> Iterator[str]:
    a, b = ({record.layer for record in records} for records in (one, other))
    if b - a:
        yield f"A has no {_named('layer', b - a)}"
    if a - b:
        yield f"B has no {_named('layer', a - b)}"


def _heads_missing(one: AttentionRecord, other: AttentionRecord) -> Iterator[str]:
    a, b = set(one.heads), set(other.heads)
    if b - a:
        yield f"A has no {_named('head', b - a)}"
    if a - b:
        yield f"B has no {_named('head', a - b)}"


def _named(what: str, numbers: set[int]) -> str:
    """'layer 3', 'layers 2, 3', 'heads 4, 5, 6 and 9 more'."""
    listed = sorted(numbers)
    more = f" and {len(listed) - MOST} more" if len(listed) > MOST else ""
    return f"{what}{'s' * (len(listed) > 1)} {', '.join(map(str, listed[:MOST]))}{more}"
