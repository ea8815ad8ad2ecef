"""Which calls of a recording belong together: the passes of each stack, told apart and chosen."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypedDict

from phenaki_viz.errors import RecordingError
from phenaki_viz.recording.maps import DenseMap
from phenaki_viz.recording.parts import FactoredMap
from phenaki_viz.recording.records import AttentionRecord, Kind

if TYPE_CHECKING:
    from phenaki_viz.recording.recording import Recording

WITH_TEXT = "conditional"
# What is looked at first, of the passes that a recording may have; the text comes before its lack.
LATER = {"critic, conditional": 2, "unconditional": 3, "critic, unconditional": 4}


@dataclass(frozen=True, eq=False, kw_only=True)
class Pass:
    """One run of one stack: a call of each of its layers.

    forward: see `AttentionRecord`. number, of: which of how many passes with the same labels.
    records: in the order of the layers.
    """

    stack: str
    kind: Kind
    branch: str | None
    step: int | None
    forward: int
    number: int
    of: int
    records: tuple[AttentionRecord, ...]

    def holds(self, record: AttentionRecord) -> bool:
        """Whether a record of the same recording is a call of this pass."""
        return (self.stack, self.kind, self.branch, self.step, self.forward) == (
            record.stack, record.kind, record.branch, record.step, record.forward,
        )  # fmt: skip


def passes_of(records: Sequence[AttentionRecord]) -> tuple[Pass, ...]:
    """The passes that records make, in the order in which they began."""
    groups: dict[tuple[Any, ...], list[AttentionRecord]] = {}
    for record in records:
        labels = record.stack, record.kind, record.branch, record.step
        groups.setdefault((*labels, record.forward), []).append(record)
    counts = Counter(key[:-1] for key in groups)
    seen: Counter[tuple[Any, ...]] = Counter()
    found = []
    for key, group in groups.items():
        stack, kind, branch, step, forward = key
        found.append(
            Pass(
                stack=stack,
                kind=kind,
                branch=branch,
                step=step,
                forward=forward,
                number=seen[key[:-1]],
                of=counts[key[:-1]],
                records=tuple(sorted(group, key=lambda record: (record.layer, record.use))),
            )
        )
        seen[key[:-1]] += 1
    return tuple(found)


def shown_first(passes: Sequence[Pass]) -> Pass:
    """The pass of one stack to look at first: with the text if there is one, whole, the last."""
    return max(
        enumerate(passes),
        key=lambda at: (-standing(at[1].branch), len(at[1].records), at[0]),
    )[1]


def standing(branch: str | None) -> int:
    """0 for the pass with the text; the more, the later it is looked at."""
    return 0 if branch == WITH_TEXT else LATER.get(branch or "", 1)


def one_pass(
    recording: "Recording", branch: str | None, step: int | None, number: int | None
) -> "Recording":
    """The passes with these labels, and all of stacks without such labels; number: of several."""
    if number is not None and number < 0:
        raise RecordingError(f"no pass {number}: they are counted from 0")
    kept = {
        id(record)
        for one in recording.passes()
        if branch in (None, one.branch) or one.branch is None
        if step in (None, one.step) or one.step is None
        if number is None or one.number == min(one.of - 1, number)
        for record in one.records
    }
    records = [record for record in recording if id(record) in kept]
    return recording.part(records, branch=branch, step=step)


class CallLabels(TypedDict, total=False):
    """Which of several calls of a module, and which of their batch items."""

    branch: str | None
    step: int | None
    item: int | None


def call_labels(given: CallLabels) -> dict[str, Any]:
    """All three, None where one is not given. Raises TypeError for a name that is none of them."""
    found: dict[str, Any] = dict.fromkeys(CallLabels.__annotations__)
    unknown = sorted(set(given) - set(found))
    if unknown:
        raise TypeError(f"a call is not told by {', '.join(unknown)}, but by {', '.join(found)}")
    return found | {**given}


def select(recording: "Recording", chosen: Mapping[str, Any], item: int | None) -> "Recording":
    """The calls that have all of these labels; RecordingError says what there is instead."""
    records = list(recording)
    for name, wanted in chosen.items():
        there = list(dict.fromkeys(getattr(record, name) for record in records))
        if wanted not in there:
            raise RecordingError(
                f"no call with {name} {wanted!r}; there are {_listed(there) or 'none'}"
            )
        records = [record for record in records if getattr(record, name) == wanted]
    if item is not None:
        items = list(dict.fromkeys(one for record in records for one in record.batch_items))
        if item not in items:
            raise RecordingError(f"no call with batch item {item}; there are {_listed(items)}")
        records = [only_item(record, item) for record in records if item in record.batch_items]
    labels = {name: chosen[name] for name in ("branch", "step") if name in chosen}
    return recording.part(records, **labels)


def only_item(record: AttentionRecord, item: int) -> AttentionRecord:
    """A record cut to one of its batch items, by original index."""
    at = record.item_of(item)
    if len(record.batch_items) == 1:
        return record
    held: Any = record.map
    if isinstance(held, FactoredMap):
        held = held.select([at], range(held.shape[1]))
    elif isinstance(held, DenseMap):
        held = replace(held, attn=held.attn[at : at + 1])
    dense = record.dense_bias
    arrays: dict[str, Any] = {
        name: None if array is None else array[at : at + 1]
        for name in ("key_mask", "queries", "keys", "values")
        for array in (getattr(record, name),)
    }
    bad = record.first_non_finite
    return replace(
        record,
        map=held,
        batch_items=(item,),
        dense_bias=dense[at : at + 1] if dense is not None and dense.ndim == 4 else dense,
        first_non_finite=bad if bad and bad[0] == item else None,
        **arrays,
    )


def record_at(recording: "Recording", at: int | str) -> AttentionRecord:
    """One record by its number or, when it ran once, by its module's name."""
    if isinstance(at, str):
        return _of_module(recording, at)
    try:
        return recording.records[at]
    except IndexError:
        raise RecordingError(
            f"no record {at}: {len(recording)} were recorded, counted from 0"
        ) from None


def _of_module(recording: "Recording", module: str) -> AttentionRecord:
    found = [record for record in recording if record.module == module]
    if len(found) == 1:
        return found[0]
    if not found:
        there = dict.fromkeys(record.module for record in recording)
        raise RecordingError(f"no call of {module!r}; there are {_listed(list(there)) or 'none'}")
    listed = "; ".join(
        f"record {at}: {_labels(record)}"
        for at, record in enumerate(recording)
        if record.module == module
    )
    raise RecordingError(
        f"{module} has {len(found)} calls: take one by number, or choose first with select(step=, "
        f"branch=). {listed:.600}"
    )


def _labels(record: AttentionRecord) -> str:
    said = [f"{name} {getattr(record, name)!r}" for name in ("branch", "step")
            if getattr(record, name) is not None]  # fmt: skip
    return ", ".join((*said, f"run {record.forward}", f"use {record.use}"))


def _listed(values: Sequence[Any]) -> str:
    shown = ", ".join(map(repr, values[:12]))
    return shown + (f", … ({len(values)} in all)" if len(values) > 12 else "")
