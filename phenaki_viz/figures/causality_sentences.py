"""What the causality probe found, in sentences made of its numbers."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from phenaki_viz.evaluation.reach import Causality, ModuleReach, Reach
from phenaki_viz.figures.clauses import joined
from phenaki_viz.figures.words import powers
from phenaki_viz.nouns import counted
from phenaki_viz.recording.facts import Convolution, convolutions_of

NAMES = {"PEG": "PEG", "norm": "norm", "stack": "whole transformer", "layer": "whole layer"}
CLEAR = 100  # times above or below the tolerance from which its distance is no news


def module_name(one: ModuleReach) -> str:
    """'L0 PEG', 'L1 attention, its norm', 'last norm', 'whole transformer'."""
    if one.kind == "norm":
        return "last norm" if one.layer is None else f"L{one.layer} {_normed(one)}, its norm"
    named = NAMES.get(one.kind, one.kind)
    return named if one.layer is None else f"L{one.layer} {named}"


def reach_words(reach: Reach) -> str:
    """The largest leak: 'time 3 → 1, 12 %'; 'no' where there is none."""
    if reach.worst is None:
        return "no"
    at, later, change = reach.worst
    return f"time {later} → {at}, {share(change)}"


def margin_words(margin: float) -> str:
    """How far from the tolerance: '12,000 ×'; 'to the last bit' where nothing moved at all."""
    return f"{float(f'{margin:.2g}'):,.0f} ×" if np.isfinite(margin) else "to the last bit"


def share(change: float) -> str:
    """A relative change: '12 %', '0.4 %', '1e−5'."""
    if change < 5e-4:
        return powers(f"{change:.0e}")
    return f"{change:.0%}".replace("%", " %") if change >= 0.0995 else f"{change * 100:.1f} %"


def probe_sentence(found: Causality, *, masked: bool) -> str:
    """Whether later time steps reach earlier ones, by which module, and how far.

    masked: whether the attention of this stack has a causal mask.
    """
    if not found.whole.leaks and not found.leaking:
        return (
            "No later time step reaches an earlier one: with any step replaced, what "
            f"{_count(found)} give before it {_equal(found)}."
        )
    if not found.leaking:
        return f"Later time steps reach earlier ones: {_moves(found.whole)} at its end."
    first = max(found.leaking, key=lambda one: _worst(one.alone))
    innocent = masked and all(one.kind != "attention" for one in found.leaking)
    mask = "The mask lets no query see a later time step" if innocent else ""
    does = f"{mask}; {_named(found)} does" if mask else f"{_named(found)} lets later steps through"
    said = f"{does}: {_moves(first.alone)} in {module_name(first)}"
    end = f" At the end, {_moves(found.whole)}." if found.whole.leaks else ""
    return f"{said[:1].upper()}{said[1:]}.{end}"


def probe_definition(found: Causality) -> str:
    """How it was found, and how surely."""
    margins = [
        reach.margin for one in found.modules for reach in (one.through, one.alone)
        if np.isfinite(reach.margin)
    ]  # fmt: skip
    near = min(margins, default=np.inf)
    sure = ""
    if near < CLEAR:
        sure = f"; the nearest is {near:.2g} × away from it"
    return (
        "Each time step in turn is replaced by noise as large as the tokens; change: "
        "‖difference‖ / ‖output‖ of a step. What is equal to the last bit has not moved; "
        f"tolerance {powers(f'{found.tolerance:.1e}')}{sure}"
    )


def module_rows(found: Causality) -> list[dict[str, Any]]:
    """A table of all modules, in the order in which they run."""
    return [
        {
            "module": module_name(one),
            "alone": reach_words(one.alone),
            "through": reach_words(one.through),
            "margin": margin_words(one.alone.margin),
        }
        for one in found.modules
    ]


def known_without_model(provenance: Mapping[str, Any], stack: str) -> str:
    """What a recording says of the convolutions that it was made through."""
    known = convolutions_of(provenance)
    if known is None:
        return "it does not say which convolutions there were"
    mine = [kind for kind in known if kind.stack == stack]
    if not mine:
        return "there was no convolution in this transformer"
    return joined([_convolution(kind) for kind in mine])


def _convolution(kind: Convolution) -> str:
    order = {"published": "the published layout", "rearranged": "the mended layout"}
    padded = "padded in front" if kind.causal else "looking one step ahead"
    return f"its PEG had {order.get(kind.layout, 'another layout')}, {padded}"


def _normed(one: ModuleReach) -> str:
    return "attention" if one.name.endswith(".norm") else "feed-forward"


def _named(found: Causality) -> str:
    """'the PEG of L0 and L1', 'the PEG of L0 and the attention of L1'."""
    kinds: dict[str, list[int]] = {}
    for one in found.leaking:
        kinds.setdefault(one.kind, []).append(one.layer or 0)
    return joined([f"the {kind} of {_layers(layers)}" for kind, layers in kinds.items()])


def _layers(numbers: list[int]) -> str:
    """'L0 and L2', 'L0 to L3'."""
    if len(numbers) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"L{numbers[0]} to L{numbers[-1]}"
    return joined([f"L{number}" for number in numbers])


def _moves(reach: Reach) -> str:
    """'replacing time 3 changes time 1 by 12 %'."""
    if reach.worst is None:
        return "nothing"
    at, later, change = reach.worst
    return f"replacing time {later} changes time {at} by {share(change)}"


def _worst(reach: Reach) -> float:
    return reach.worst[2] if reach.worst else 0.0


def _count(found: Causality) -> str:
    return counted(len(found.modules), "module")


def _equal(found: Causality) -> str:
    exact = all(
        not (reach.largest[np.triu_indices(found.steps, 1)] > 0).any()
        for one in found.modules
        for reach in (one.through, one.alone)
    )
    return "stays equal to the last bit" if exact else "stays equal within rounding"
