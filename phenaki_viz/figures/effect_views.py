"""What heads are worth as a picture and in words: the rise of the loss with each switched off."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from phenaki_viz.evaluation.effects import HeadEffect, Trials
from phenaki_viz.figures.change_sentences import over_trials
from phenaki_viz.figures.clauses import with_sign
from phenaki_viz.figures.curves import Curve, Curves
from phenaki_viz.figures.naming import head_label, module_family
from phenaki_viz.nouns import counted
from phenaki_viz.recording import AttentionRecord
from phenaki_viz.recording.select import stack_and_layer

RISE = "rise of the loss with the {} off (nats)"
WORTH = "Loss when off"


def head_name(effect: HeadEffect) -> str:
    """'self L3 H3'; 'self L3' for all heads of a layer."""
    _, layer = stack_and_layer(effect.module)
    which = f"L{layer}" if effect.head is None else head_label(layer, effect.head)
    return f"{module_family(effect.module)} {which}"


def unit_of(effects: Sequence[HeadEffect]) -> str:
    """What was switched off in turn: 'head', or 'layer' for all its self or all its cross heads."""
    return "layer" if effects and all(one.head is None for one in effects) else "head"


def by_worth(effects: Sequence[HeadEffect]) -> list[HeadEffect]:
    """The head whose absence costs most first."""
    return sorted(effects, key=lambda one: -one.mean)


def effect_words(effect: HeadEffect) -> str:
    """'+0.114 ± 0.029 nats', and what an interval that holds 0 means."""
    mean = with_sign(effect.mean, 3)
    if np.isnan(effect.half_width):
        return f"{mean} nats in one trial, so with no interval"
    unsure = "" if effect.is_sure else ", an interval that holds 0"
    return f"{mean} ± {effect.half_width:.3f} nats{unsure}"


def effects_on_grid(
    effects: Sequence[HeadEffect], records: Sequence[AttentionRecord]
) -> np.ndarray | None:
    """Mean rise of each head of a stack, 'l h' nats, NaN for a head that was not measured.

    None where none of them was.
    """
    known = {(one.module, one.head): one.mean for one in effects}
    values = np.array(
        [[known.get((record.module, head), np.nan) for head in record.heads] for record in records]
    )
    return None if np.isnan(values).all() else values


def effects_heading(effects: Sequence[HeadEffect]) -> str:
    """Which head costs most when it is off: 'Without self L3 H3 the loss rises most: …'."""
    if not effects:
        return "No head was switched off"
    most = by_worth(effects)[0]
    if most.mean <= 0:
        said = f"Switching a {unit_of(effects)} off never makes the loss rise"
        return f"{said}: at most, without {head_name(most)}, by {effect_words(most)}"
    return f"Without {head_name(most)} the loss rises most: {effect_words(most)}"


def effects_sentence(effects: Sequence[HeadEffect], trials: Trials) -> str:
    """Over what the figures were taken, and of how many heads nothing can be said."""
    over, unit = over_trials(trials), unit_of(effects)
    said = f"{over[:1].upper()}{over[1:]}, the same for every {unit}."
    unsure = sum(not one.is_sure for one in effects)
    if len(trials) < 2 or not unsure:
        return said
    many = counted(len(effects), unit)
    return f"{said} For {unsure} of {many} it holds 0: of those nothing can be said."


def effects_picture(
    effects: Sequence[HeadEffect], trials: Trials, provenance: Mapping[str, Any]
) -> Curves:
    """A bar and its 95 % interval for each head or layer, the costliest first."""
    ordered, unit = by_worth(effects), unit_of(effects)
    names = tuple(head_name(one) for one in ordered)
    kinds = dict.fromkeys(module_family(one.module) for one in effects)
    return Curves(
        name=f"{unit}s_switched_off",
        title=f"Each {unit} switched off: how much the loss rises",
        notes=(
            f"{over_trials(trials)}, paired with the whole model",
            "loss: mean −log p of the hidden tokens' true codes, in nats",
            f"clips: {', '.join(trials.clips)}",
        ),
        provenance={
            **provenance,
            "masked_share": trials.share,
            "mask_seeds": list(range(trials.seed, trials.seed + trials.masks)),
            "clips": list(trials.clips),
        },
        curves=tuple(_bars(kind, ordered) for kind in kinds),
        x_title=unit,
        y_title=RISE.format(unit),
        kind="bar",
        x_labels=names,
    )


def _bars(kind: str, ordered: Sequence[HeadEffect]) -> Curve:
    places = [at for at, one in enumerate(ordered) if module_family(one.module) == kind]
    mine = [ordered[at] for at in places]
    return Curve(
        name=kind,
        x=np.array(places, np.int64),
        y=np.array([one.mean for one in mine]),
        spread=np.array([one.half_width for one in mine]),
        hover=tuple(f"{head_name(one)}: {effect_words(one)}" for one in mine),
    )
