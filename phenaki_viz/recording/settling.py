"""Checks of calls on a GPU: made together, and looked at once, when a transformer has ended.

To look at a number that a GPU computes is to wait for it; and a hundred small checks of six layers
take as long to launch as a short video's whole forward. So calls that are alike are checked as one,
and what was found is fetched once. A call of which that tells nothing good is looked at again, by
itself.
"""

import math
from collections.abc import Sequence
from itertools import islice
from typing import Any

import torch

from phenaki_viz.numerics.precision import Precision, working
from phenaki_viz.recording.call import Call, required
from phenaki_viz.recording.call_maps import AGREES, furthest, parts_of
from phenaki_viz.recording.parts import FactoredMap
from phenaki_viz.recording.records import Verification
from phenaki_viz.recording.samples import indices
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


class Together:
    """Checks that have been launched: what they find is fetched when it is used."""

    def __init__(self, calls: Sequence[Call]) -> None:
        checked = [call for call in calls if _can_be_checked(call)]
        for call in checked:
            if call.storage == "factored":
                call.factored = parts_of(call, call.around.named[1])
        self._calls = set(checked)
        self._groups = _groups(checked)
        self._numbers = [_numbers(group) for group in self._groups]

    def under_way(self, call: Call) -> Verification | None:
        """What is known of a call's check until it is fetched; None of one that is not made."""
        return UNSETTLED if call in self._calls else None

    def found(self) -> dict[Call, Verification]:
        """The verdicts on good numbers; a call that is missing has to be looked at by itself."""
        each = _fetched([numbers for numbers, _ in self._numbers])
        found: dict[Call, Verification] = {}
        for group, (_, dtype), fetched in zip(self._groups, self._numbers, each, strict=True):
            found |= _verdicts(group, dtype, fetched)
        return found


def _can_be_checked(call: Call) -> bool:
    """Whether there is something to compare its map with, and no chance in it."""
    module = call.module
    return call.mixed.kept is not None and not (module.training and module.attn_dropout.p > 0)


def _groups(calls: Sequence[Call]) -> list[list[Call]]:
    """Calls that are alike, as many together as may be copied side by side."""
    groups: dict[object, list[list[Call]]] = {}
    for call in calls:
        runs = groups.setdefault(_alike(call), [[]])
        if runs[-1] and (len(runs[-1]) + 1) * _size(call) > TOGETHER:
            runs.append([])
        runs[-1].append(call)
    return [run for runs in groups.values() for run in runs]


def _alike(call: Call) -> object:
    """A key that two calls share when they can be checked as one."""
    parts = call.factored
    if parts is None or parts.key_mask is not None or call.attn is not None:
        return call
    if isinstance(parts.bias, torch.Tensor) or parts.cut_edges is not None:
        return call
    how = parts.causal, parts.nulls, parts.scale, parts.precision, parts.slopes is None
    formats = parts.q.dtype, required(call.mixed.kept).dtype, call.values_dtype, call.autocast
    return parts.device, parts.q.shape, parts.k.shape, id(parts.bias), how, formats


def _size(call: Call) -> int:
    """Numbers that are copied to check it together with others."""
    parts = call.factored
    return 0 if parts is None else parts.q.numel() + 2 * parts.k.numel()


def _precision(call: Call) -> Precision:
    """Where its map was rounded."""
    if call.factored is not None:
        return call.factored.precision
    return Precision(weights=required(call.attn).dtype)


def _numbers(group: Sequence[Call]) -> tuple[list[torch.Tensor], torch.dtype]:
    """What the check of a group of calls finds, and the format to judge it by.

    One after the other: the largest error of each call; the largest as a share of its head's
    largest value; for each call a sum that is finite only if all that came in is; how far off
    weights are that the model made, if it made them.
    """
    first = group[0]
    given = torch.cat([required(call.mixed.kept) for call in group], dim=-1)
    theirs = given[first.sample.items, first.sample.rows] if first.mixed.whole else given
    with first.as_it_was():
        picked, exact = _picked(group)
        each = [call.values_of(first.sample.items) for call in group]
        values = each[0] if len(each) == 1 else torch.cat(each, dim=1)
        ours = mixed_by(picked, values, theirs.dtype, recomputed=first.factored is not None)
        dtype = coarsest_of(ours.dtype, theirs.dtype, _precision(first), values)
    errors = _largest(ours - by_head(theirs, len(group) * first.sizes.heads))
    worst = torch.stack((errors, errors / _largest(values).clamp(min=TINY)))
    of_calls = worst.view(2, -1, len(group), first.sizes.heads).amax(dim=(1, 3)).flatten()
    came_in = torch.stack([required(call.came_in) for call in group]).flatten(1)
    sums = came_in.sum(dim=1, dtype=working(came_in.dtype))
    return [of_calls, sums, *exact], dtype


def _largest(numbers: torch.Tensor) -> torch.Tensor:
    """The largest magnitude of each item and head of 'b h n d': 'b h', float32 or float64."""
    largest = torch.linalg.vector_norm(numbers, torch.inf, dim=(-2, -1))
    return largest.to(working(largest.dtype))


def _picked(group: Sequence[Call]) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """The sampled rows, 'b (layer h) i j', and how far they are from weights made in the open."""
    first = group[0]
    if first.factored is None:
        return first.sample.of_map(required(first.attn)), []
    joined = FactoredMap.joined([call.factored for call in group if call.factored is not None])
    rows = [joined.rows_of_heads(b, first.sample.rows) for b in indices(first.sample.items)]
    picked = rows[0][None] if len(rows) == 1 else torch.stack(rows)
    if first.attn is None:
        return picked, []
    return picked, [furthest(picked, first.sample.of_map(first.attn))[None]]


def _fetched(numbers: Sequence[Sequence[torch.Tensor]]) -> list[list[float]]:
    """All numbers of each group on the host: one wait for each GPU."""
    found: dict[int, list[float]] = {}
    for device in {each[0].device for each in numbers}:
        there = [at for at, each in enumerate(numbers) if each[0].device == device]
        fetched = iter(torch.cat([some for at in there for some in numbers[at]]).tolist())
        for at in there:
            found[at] = [*islice(fetched, sum([some.numel() for some in numbers[at]]))]
    return [found[at] for at in range(len(numbers))]


def _verdicts(
    group: Sequence[Call], dtype: torch.dtype, numbers: list[float]
) -> dict[Call, Verification]:
    """What the numbers of a group say of its calls, where they say all there is to know."""
    first, sizes, calls = group[0], group[0].sizes, len(group)
    of_weights = numbers[3 * calls] if len(numbers) > 3 * calls else None
    if not (of_weights or 0.0) <= AGREES[_precision(first).coarsest]:
        return {}
    about: dict[str, Any] = {
        "queries": len(first.sample),
        "of": sizes.batch * sizes.queries,
        "dtype": named(dtype),
        "weight_error": of_weights,
    }
    found = {}
    for call, absolute, relative, came_in in zip(
        group, numbers[:calls], numbers[calls : 2 * calls], numbers[2 * calls : 3 * calls],
        strict=True,
    ):  # fmt: skip
        # A sum is finite only if every term is; a largest error is not finite if one is not.
        if math.isfinite(absolute + relative + came_in):
            found[call] = verdict_on(absolute, relative, TOLERANCES[dtype], **about)
    return found
