"""Checks of calls on a GPU: made together, and looked at once, when a transformer has ended.

To look at a number that a GPU computes is to wait for it; and a hundred small checks of six layers
take as long to launch as a short video's whole forward. So calls that are alike are checked as one,
and what was found is fetched once. A call of which that tells nothing good is looked at again, by
itself.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import torch

from phenaki_viz.numerics.precision import Precision
from phenaki_viz.recording.call import Call, required
from phenaki_viz.recording.call_maps import AGREES, Checked, furthest, parts_of
from phenaki_viz.recording.families.phenaki import AttentionModule
from phenaki_viz.recording.parts import FactoredMap
from phenaki_viz.recording.records import PositionBias, Verification
from phenaki_viz.recording.samples import Sample, indices
from phenaki_viz.recording.verify import (
    TINY,
    TOLERANCES,
    by_head,
    coarsest_of,
    mixed_by,
    named,
    verdict_on,
)

UNSETTLED = Verification(reason="its check is under way")
TOGETHER = 2**26  # numbers of queries, keys and values that are copied side by side, at most


@dataclass(frozen=True, eq=False)
class Asked:
    """A call to check. bias: the position bias that it was given, if it came from a module."""

    module: AttentionModule
    call: Call
    bias: PositionBias | None


@dataclass(frozen=True, eq=False)
class _Taken:
    """A call whose check is under way. parts: None for a dense map. mixed: `Mixed.kept`."""

    at: int
    module: AttentionModule
    call: Call
    parts: FactoredMap | None
    mixed: torch.Tensor

    @property
    def sample(self) -> Sample:
        """What is checked."""
        return self.call.sample

    @property
    def precision(self) -> Precision:
        """Where the map was rounded."""
        if self.parts is not None:
            return self.parts.precision
        return Precision(weights=required(self.call.attn).dtype)

    @property
    def alike(self) -> object:
        """A key that two calls share when they can be checked as one."""
        parts, call = self.parts, self.call
        if parts is None or parts.key_mask is not None or call.attn is not None:
            return self.at
        if isinstance(parts.bias, torch.Tensor) or parts.cut_edges is not None:
            return self.at
        how = parts.causal, parts.nulls, parts.scale, parts.precision, parts.slopes is None
        formats = parts.q.dtype, self.mixed.dtype, call.values_dtype, call.autocast
        return parts.device, parts.q.shape, parts.k.shape, id(parts.bias), how, formats

    @property
    def size(self) -> int:
        """Numbers that are copied to check it together with others."""
        return 0 if self.parts is None else self.parts.q.numel() + 2 * self.parts.k.numel()


class Together:
    """Checks that have been launched: what they find is fetched when it is asked for."""

    @torch.no_grad()
    def __init__(self, asked: Sequence[Asked]) -> None:
        taken = [_take(at, one) for at, one in enumerate(asked)]
        self._count = len(asked)
        self._groups = _groups([one for one in taken if one is not None])
        self._numbers = [_numbers(group) for group in self._groups]
        self.unsettled = [None if one is None else Checked(one.parts, UNSETTLED) for one in taken]

    def found(self) -> list[Verification | None]:
        """The verdicts on good numbers; None for a call that has to be looked at by itself."""
        found: list[Verification | None] = [None] * self._count
        each = _fetched([numbers for numbers, _ in self._numbers])
        for group, (_, dtype), told in zip(self._groups, self._numbers, each, strict=True):
            for taken, verdict in zip(group, _verdicts(group, dtype, told), strict=True):
                found[taken.at] = verdict
        return found


def _take(at: int, asked: Asked) -> _Taken | None:
    module, call = asked.module, asked.call
    if call.mixed.kept is None or (module.training and module.attn_dropout.p > 0):
        return None  # there is nothing to check
    parts = None
    if call.storage == "factored":
        with nullcontext() if call.parts is not None else call.as_it_was():
            parts = parts_of(module, call, asked.bias, call.alibi)
    return _Taken(at, module, call, parts, call.mixed.kept)


def _groups(every: Sequence[_Taken]) -> list[list[_Taken]]:
    """Calls that are alike, as many together as may be copied side by side."""
    groups: dict[object, list[list[_Taken]]] = {}
    for taken in every:
        runs = groups.setdefault(taken.alike, [[]])
        if runs[-1] and (len(runs[-1]) + 1) * taken.size > TOGETHER:
            runs.append([])
        runs[-1].append(taken)
    return [run for runs in groups.values() for run in runs]


def _numbers(group: Sequence[_Taken]) -> tuple[torch.Tensor, torch.dtype]:
    """What the check of a group of calls finds, and the format to judge it by.

    float64, one after the other: the largest error of each item, call and head, and their largest
    values; for each call a sum that is finite if what came in is; how far off weights are that the
    model made, if it made them. What follows of these few numbers is cheaper on the host.
    """
    first = group[0]
    with first.call.as_it_was():
        picked, exact = _picked(group)
        values = _values(group)
        ours = mixed_by(picked, values, first.mixed.dtype, recomputed=first.parts is not None)
        dtype = coarsest_of(ours.dtype, first.mixed.dtype, first.precision, values)
    theirs = torch.cat([taken.mixed for taken in group], dim=-1)
    if first.call.mixed.whole:
        theirs = theirs[first.sample.items, first.sample.rows]
    theirs = by_head(theirs, len(group) * first.module.heads)
    off = torch.linalg.vector_norm(ours - theirs, ord=torch.inf, dim=(-2, -1))
    largest = torch.linalg.vector_norm(values, ord=torch.inf, dim=(-2, -1))
    came_in = torch.stack([required(taken.call.came_in) for taken in group])
    came_in = came_in.flatten(1).sum(dim=1, dtype=torch.float64)
    return torch.cat((off.flatten(), largest.flatten(), came_in, *exact)), dtype


def _values(group: Sequence[_Taken]) -> torch.Tensor:
    """Values of the sampled items, 'b (layer h) j d', the null ones first."""
    items = group[0].sample.items
    each = [taken.call.values_of(taken.module, items) for taken in group]
    return each[0] if len(group) == 1 else torch.cat(each, dim=1)


def _picked(group: Sequence[_Taken]) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """The sampled rows, 'b (layer h) i j', and how far they are from weights made in the open."""
    first = group[0]
    if first.parts is None:
        return first.sample.of_map(required(first.call.attn)), []
    joined = FactoredMap.joined([taken.parts for taken in group if taken.parts is not None])
    rows = [joined.rows_of_heads(b, first.sample.rows) for b in indices(first.sample.items)]
    picked = rows[0][None] if len(rows) == 1 else torch.stack(rows)
    if first.call.attn is None:
        return picked, []
    return picked, [furthest(picked, first.sample.of_map(first.call.attn))[None]]


def _fetched(numbers: Sequence[torch.Tensor]) -> list[list[float]]:
    """All numbers on the host: one wait for each GPU."""
    found: dict[int, list[float]] = {}
    for device in {each.device for each in numbers}:
        there = [at for at, each in enumerate(numbers) if each.device == device]
        told = torch.cat([numbers[at] for at in there]).tolist()
        first = 0
        for at in there:
            found[at] = told[first : first + len(numbers[at])]
            first += len(numbers[at])
    return [found[at] for at in range(len(numbers))]


def _verdicts(
    group: Sequence[_Taken], dtype: torch.dtype, told: list[float]
) -> Iterator[Verification | None]:
    """What the numbers of a group say of each call, if they say all there is to know."""
    first, calls = group[0], len(group)
    items, heads = len(indices(first.sample.items)), first.call.sizes.heads
    each = items * calls * heads
    off, largest, rest = told[:each], told[each : 2 * each], told[2 * each :]
    shares = [error / max(value, TINY) for error, value in zip(off, largest, strict=True)]
    of_weights = rest[calls] if len(rest) > calls else None
    for at in range(calls):
        here = [
            item * calls * heads + at * heads + head
            for item in range(items)
            for head in range(heads)
        ]
        errors, relative = [off[one] for one in here], [shares[one] for one in here]
        # A sum is finite only if every term is.
        good = math.isfinite(sum(errors) + sum(relative) + rest[at])
        if not good or not (of_weights or 0.0) <= AGREES[first.precision.coarsest]:
            yield None
            continue
        yield verdict_on(
            max(errors),
            max(relative),
            TOLERANCES[dtype],
            queries=items * len(indices(first.sample.rows)),
            of=first.call.sizes.batch * first.call.sizes.queries,
            dtype=named(dtype),
            weight_error=of_weights,
        )
