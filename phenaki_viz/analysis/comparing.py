"""Two recordings compared, stack by stack: how far every head moved, or why that cannot be said."""

from collections.abc import Iterator
from dataclasses import dataclass

from phenaki_viz.analysis.difference import HeadDistance, HeadDistances, head_distances
from phenaki_viz.analysis.incremental import Incremental, incremental, within
from phenaki_viz.analysis.laid import Laid, lay, stack_like
from phenaki_viz.errors import RecordingError
from phenaki_viz.recording import Recording
from phenaki_viz.recording.records import AttentionRecord, Kind


@dataclass(frozen=True, eq=False, kw_only=True)
class StackComparison:
    """One stack of A and its counterpart in B. found: None where they cannot be laid."""

    stack: str
    kind: Kind
    laid: Laid
    found: HeadDistances | None


@dataclass(frozen=True, eq=False, kw_only=True)
class Comparison:
    """Every stack of A, in its order."""

    stacks: tuple[StackComparison, ...]

    @property
    def rows(self) -> tuple[HeadDistance, ...]:
        """Every head that was compared."""
        return tuple(row for one in self.stacks if one.found for row in one.found.rows)

    @property
    def moved_most(self) -> HeadDistance | None:
        """The head with the largest mean distance; None where none has one."""
        found = (one.found.moved_most for one in self.stacks if one.found)
        return max((one for one in found if one), key=lambda row: row.mean, default=None)

    @property
    def refusals(self) -> Iterator[tuple[StackComparison, str]]:
        """Stacks that cannot be laid on each other, each with its reasons in a sentence."""
        for one in self.stacks:
            if one.found is None:
                yield one, "; ".join(one.laid.reasons)

    def records_of(self, row: HeadDistance) -> tuple[AttentionRecord, AttentionRecord]:
        """The two calls, in A and in B, that a head was compared in."""
        return next(
            pair
            for one in self.stacks
            for pair in one.laid.pairs
            if (pair[0].module, pair[0].layer, pair[0].use) == (row.module, row.layer, row.use)
        )


@incremental
def compare(
    one: Recording,
    other: Recording,
    *,
    kind: Kind | None = None,
    stack: str | None = None,
    by_place: bool = False,
    video: int = 0,
) -> Incremental[Comparison]:
    """Compare recording B (`other`) with A (`one`): every head of every stack that both have.

    Of several passes the one that `Recording.stacks` looks at first; `one_pass` chooses another.
    kind, stack: of A, these alone. by_place: texts of as many words lie on each other word for
    word. video: of a batch. Raises RecordingError where A has no such attention.
    """
    chosen = {
        key: records
        for key, records in one.stacks().items()
        if kind in (None, key[1]) and stack in (None, key[0])
    }
    if not chosen:
        raise RecordingError("A has no attention of this kind and stack")
    stacks = []
    for at, ((name, maps), records) in enumerate(chosen.items()):
        laid = lay(records, stack_like(records, other), by_place=by_place)
        found = None
        if laid.can:
            steps = head_distances.steps(laid, video=video)
            found = yield from within(steps, at / len(chosen), (at + 1) / len(chosen))
        stacks.append(StackComparison(stack=name, kind=maps, laid=laid, found=found))
        yield (at + 1) / len(chosen)
    return Comparison(stacks=tuple(stacks))
