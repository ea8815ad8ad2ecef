"""Interventions in few words, as a page lists them: 'self L3 H3 off', 'position bias × 0'."""

from collections.abc import Mapping, Sequence
from typing import Any

from phenaki_viz.errors import ConfigError
from phenaki_viz.figures.clauses import joined
from phenaki_viz.figures.naming import head_label, module_family
from phenaki_viz.nouns import counted
from phenaki_viz.recording.interventions import (
    CutDepth,
    CutEdges,
    DropText,
    Intervention,
    MeanHead,
    ScaleAlibi,
    ScaleAttention,
    ScalePosition,
    SwapText,
    TransferMap,
    ZeroHead,
    from_plain,
)
from phenaki_viz.recording.select import stack_and_layer

WHOLE = {"": "", "maskgit": "", "cvivit": "C-ViViT"}
SCALED = {
    ScalePosition: "position bias",
    ScaleAlibi: "ALiBi",
    ScaleAttention: "attention scale",
}


def place_name(module: str, head: int | None = None) -> str:
    """'self L3 H3' of a head, 'self L3' of a module, the part of the model for one that holds some.

    Empty for all of the MaskGit.
    """
    if module in WHOLE:
        return " ".join(filter(None, (WHOLE[module], "" if head is None else f"H{head}")))
    _, layer = stack_and_layer(module)
    which = f"L{layer}" if head is None else head_label(layer, head)
    return f"{module_family(module)} {which}"


def intervention_name(one: Intervention, words: Sequence[str] = ()) -> str:
    """What is changed, and where. words: of the text at hand, for a cut of one by its number."""
    if isinstance(one, ZeroHead):
        return f"{place_name(one.module, one.head)} off"
    if isinstance(one, MeanHead):
        return f"{place_name(one.module, one.head)} at its mean"
    if isinstance(one, CutDepth):
        return f"cut to {counted(one.kept, 'layer')}" + _where(one.module)
    if isinstance(one, CutEdges):
        left = "" if one.renormalise else ", not renormalised"
        by = f" by {one.queries}" if one.queries else ""
        keys = f"{one.keys}{_quoted(one.word, words)}"
        return f"nothing read from {keys}{by}{left}{_where(one.module, one.head)}"
    if isinstance(one, TransferMap):
        return f"{place_name(one.module, one.head)} with the map of {_source(one)}"
    if isinstance(one, DropText):
        return "no text"
    if isinstance(one, SwapText):
        return f"text “{one.text}”"
    return f"{SCALED[type(one)]} × {one.factor:g}{_where(one.module, one.head)}"


def edge_name(cut: CutEdges, words: Sequence[str] = ()) -> str:
    """One edge that could be cut: 'self L3 H3: time 2, row 1, column 3 reads word 2 “moving”'."""
    keys = f"{cut.keys}{_quoted(cut.word, words)}"
    return f"{place_name(cut.module, cut.head)}: {cut.queries} reads {keys}"


def all_names(given: Sequence[Intervention], most: int = 3) -> str:
    """All of them, joined: 'self L3 H3 off, position bias × 0 and 2 more changes'."""
    names = [intervention_name(one) for one in given[:most]]
    more = len(given) - most
    return joined([*names, counted(more, "more change")] if more > 0 else names)


def changes_told(provenance: Mapping[str, Any]) -> str:
    """'with position bias × 0', for the title of what was made so; empty where nothing was changed.

    Of a file it is somebody else's word: nothing is said of what is no intervention.
    """
    try:
        given = from_plain(provenance.get("interventions") or [])
    except ConfigError:
        return ""
    return f"with {all_names(given, 2)}" if given else ""


def _source(one: TransferMap) -> str:
    """Of which run a map is: the clip with another text, where the text is not what it is called.

    A seed is named where it is not the usual one.
    """
    if not one.clip:
        return one.of
    text = (
        "" if one.prompt == one.clip else f" with “{one.prompt}”" if one.prompt else " without text"
    )
    seed = f", seed {one.seed}" if one.seed else ""
    return f"“{one.clip}”{text}{seed}"


def _quoted(word: int | None, words: Sequence[str]) -> str:
    return f" “{words[word]}”" if word is not None and word < len(words) else ""


def _where(module: str, head: int | None = None) -> str:
    named = place_name(module.removesuffix(".transformer"), head)
    return f", {named}" if named else ""
