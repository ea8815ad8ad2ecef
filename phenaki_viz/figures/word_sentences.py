"""Which tokens read a word, in sentences: made of the numbers by rules, each clause with its own.

A word that is read where there is something is routed there; nothing here says that it is
recognised.
"""

from collections.abc import Mapping

import numpy as np

from phenaki_viz.analysis.character import CHOSEN
from phenaki_viz.analysis.reading import LEAST_AUC, Reading, WordRead
from phenaki_viz.figures.clauses import percent
from phenaki_viz.figures.naming import head_label
from phenaki_viz.figures.words import quoted

ROUTING = "A weight says where a word is read (routing, not recognition)."


def key_said(name: str, nulls: int, key: int) -> str:
    """A key in words: “two”, null key 1. nulls: how many null keys come before the words."""
    return f"null key {key + 1}" if key < nulls else quoted(name)


def word_heading(label: str, said: str, auc: float) -> str:
    """Whether a head reads a key more where there is something: 'L1 H3 reads “two” most where …'.

    label: of the head. said: the key in words. auc: see `Reading`; NaN where it means nothing.
    """
    if np.isnan(auc):
        return f"{label} · tokens that read {said}"
    if auc >= LEAST_AUC:
        return f"{label} reads {said} more where there is something (AUC {auc:.2f})"
    if auc <= 1 - LEAST_AUC:
        return f"{label} reads {said} more where there is nothing (AUC {auc:.2f})"
    return f"{label} reads {said} about alike everywhere (AUC {auc:.2f})"


def word_sentence(found: Reading, key: int, layer: int, head: int, mean: float, keys: float) -> str:
    """How much of the tokens' weight a key gets, and from which tokens.

    mean: over all tokens. keys: that a token sees, on average; uniform would be 1 / keys.
    """
    if np.isnan(mean):
        return "No token's weights are a distribution here: they mean nothing."
    there, elsewhere = found.there[key, layer, head], found.elsewhere[key, layer, head]
    whole = f"{percent(mean)} of all weight goes to it ({mean * keys:.1f} × uniform)"
    if np.isnan(there) or np.isnan(elsewhere):
        return f"{whole}."
    return (
        f"{whole}: tokens with something on them give it {percent(there)}, the others "
        f"{percent(elsewhere)}."
    )


def reads_clause(reads: Mapping[str, WordRead], clips: int = 1) -> str:
    """The word that one head reads where there is something: 'reads “two” where there is …'.

    Empty where it reads none so, or in fewer than half of the clips. reads: see `HeadFacts`. clips:
    over how many.
    """
    many = sum(one.clips for one in reads.values())
    if not many or many < CHOSEN * clips:
        return ""
    word = quoted(next(iter(reads))) if len(reads) == 1 else "a word"
    over = f" in {many:,} of {clips:,} clips" if clips > 1 else ""
    there, elsewhere = (
        sum(getattr(one, name) for one in reads.values()) / many for name in ("there", "elsewhere")
    )
    return (
        f"reads {word} where there is something{over} ({there:.2f} of a token's weight there, "
        f"{elsewhere:.2f} elsewhere)"
    )


def routing_sentence(label: str, names: tuple[str, str], alike: float) -> str:
    """Whether two words are read by the same tokens, and what a map cannot say.

    label: of the head. names: the words. alike: the correlation of their weights over all tokens,
    NaN where it means nothing: then nothing is said of it.
    """
    said = "" if np.isnan(alike) else (
        f"{label} over all tokens: the weights on {quoted(names[0])} and on {quoted(names[1])} "
        f"have a correlation of {alike:.2f}. "
    )  # fmt: skip
    return (
        f"{said}A map says where a word is read (routing), not whether it fits what is there; "
        "that shows in the loss."
    )


def best_said(found: Reading, key: int, said: str, layers: tuple[int, ...]) -> str:
    """Which head tells best where there is something, or that none does.

    layers: the number of each layer.
    """
    best = found.best(key)
    if best is None:
        return f"Where there is something in the picture cannot be told: {said} has no best head."
    label, auc = head_label(layers[best[0]], best[1]), found.auc[(key, *best)]
    if auc < LEAST_AUC:
        return f"No head reads {said} more there (the best, {label}, has an AUC of {auc:.2f})."
    return f"{label} reads {said} most where there is something (AUC {auc:.2f})."
