"""Whose work a head's choices are, in words: made of the ledger's numbers by rules."""

from collections.abc import Mapping

import numpy as np

from phenaki_viz.analysis.ledger import RowLedger, WeightLedger
from phenaki_viz.analysis.term_maps import TermShares
from phenaki_viz.analysis.writing import HeadWrites
from phenaki_viz.figures.clauses import joined, with_sign
from phenaki_viz.figures.head import Head
from phenaki_viz.figures.naming import key_axis, said_token
from phenaki_viz.figures.words import powers
from phenaki_viz.nouns import counted

NAMES = {
    "content": "content",
    "position": "position",
    "alibi": "ALiBi",
    "dense": "the added bias",
}
MOST_OF_IT = 0.6  # share from which one term is said to decide
LITTLE = 0.1  # a share that is said no more of in the heading
HOW = "Share of a term: cov(term, logit) / var(logit) over the keys that a query may see"


def percent(share: float) -> str:
    """A share, which may be below 0 or above 1: '81 %', '−12 %'."""
    return f"{round(100 * share)} %".replace("-", "−")


def decides(shares: TermShares) -> str:
    """What stands behind the head's name: 'decides by position: 81 % of its choice'."""
    means = shares.means
    if not shares.queries:
        return "has no choice to explain: no query sees keys whose logits are known to differ"
    if len(means) == 1:
        return "decides by content alone: nothing else is added to its logits"
    (first, most), *others = sorted(means.items(), key=lambda one: -one[1])
    against = [name for name, share in others if share < -LITTLE]
    if most >= MOST_OF_IT:
        said = f"decides by {NAMES[first]}: {percent(most)} of its choice"
        return f"{said}, against {joined([NAMES[name] for name in against])}" if against else said
    telling = [(first, most), *((name, share) for name, share in others if share >= LITTLE)]
    names = joined([NAMES[name] for name, _ in telling])
    return f"weighs {names}: {joined([percent(share) for _, share in telling])} of its choice"


def shares_sentence(shares: TermShares) -> str:
    """Every term's share, over what it was taken and how far the queries differ."""
    if not shares.queries:
        return f"{HOW}."
    if len(shares.tallies) == 1:
        return "No bias of position, no ALiBi and no other bias is added to its logits."
    spreads = shares.spreads
    apart = {name: f" ± {100 * spread:.0f}" if spread else "" for name, spread in spreads.items()}
    ordered = sorted(shares.means.items(), key=lambda one: -one[1])
    each = joined([f"{NAMES[name]} {percent(mean)}{apart[name]}" for name, mean in ordered])
    each = each[:1].upper() + each[1:]
    queries = counted(shares.queries, "query")
    of = "" if shares.read == shares.of else f" of {shares.of:,}, evenly spaced"
    return f"{each} (mean ± standard deviation over {queries}{of}). {HOW}."


def row_clause(row: RowLedger) -> str:
    """What stands behind the name of a patch: 'is decided by position 94 %, content 6 %'."""
    if row.terms.blind[0]:
        return "sees no key: its weights are alike over all of them, and no term decides"
    shares = {name: share for name, share in row.shares.items() if np.isfinite(share)}
    if not shares:
        return "has no choice to explain: the logits of its keys are not known to differ"
    if len(shares) == 1:
        return "is decided by content alone"
    ordered = sorted(shares.items(), key=lambda one: -one[1])
    return "is decided by " + joined([f"{NAMES[name]} {percent(share)}" for name, share in ordered])


def key_words(head: Head, key: int) -> str:
    """A key in words: “two”, null key 1, time 2, row 0, column 3."""
    names = key_axis(head.record, head.item).names
    return said_token(head.record.key_axis(head.item), names[key], key)


def weight_heading(found: WeightLedger, key: str) -> str:
    """'Why time 2, row 4, column 2 gets 0.133'. key: its name, in words."""
    if found.blind:
        return f"{key} gets as much as any key"
    if found.hidden:
        return f"{key} gets nothing: a mask hides it"
    if not np.isfinite(found.weight):
        return f"{key} gets no number"
    return f"Why {key} gets {powers(f'{found.weight:.3g}')}"


def weight_sentence(found: WeightLedger) -> str:
    """The sum of the terms and what softmax makes of it, in numbers."""
    if found.blind:
        return f"The query sees no key, and gives each of them {powers(f'{found.weight:.3g}')}."
    if found.hidden:
        return "Its logit is −∞, whatever the terms are."
    if not found.is_known:
        why = "0 in the dense map" if found.weight == 0 else "no number"
        return f"Its weight is {why}: its logit is not known."
    total = sum(found.apart.values())
    said = (
        f"Key {found.rank:,} of {found.of:,} by weight: {with_sign(total)} around the row's mean, "
        f"less the row's log-sum-exp {with_sign(found.level)}, so "
        f"e^{with_sign(total - found.level)} = {powers(f'{found.made:.3g}')}."
    )
    if found.logsumexp is None:
        return f"{said} Content is what the other terms leave of the stored weight."
    raw = " ".join(f"{NAMES[name]} {with_sign(value)}" for name, value in found.terms.items())
    return f"{said} As added: {raw}, logit {with_sign(found.logit)}, log-sum-exp " + (
        f"{with_sign(found.logsumexp)}."
    )


def writes_sentence(writes: HeadWrites | None, label: str) -> str:
    """How much of what the module returns this head writes. label: of the head."""
    if writes is None:
        return (
            "How much is written was not recorded: ask for it with extras=(“written”,). The "
            "program's own runs do, but for older files, samplings and projections that are no "
            "plain linear map."
        )
    return (
        f"{label} writes a vector {writes.length:.2f} × as long as what the module returns "
        f"(± {writes.spreads[writes.head]:.2f} over {writes.queries:,} queries): number "
        f"{writes.rank} of {counted(len(writes.lengths), 'recorded head')} by that length. Heads "
        "may work against each other, so lengths do not sum to 1."
    )


def counterfactual_name(names: tuple[str, ...], every: tuple[str, ...]) -> str:
    """'If only position counted'; 'Without ALiBi' where more than one term is left."""
    if len(names) == 1:
        return f"If only {NAMES[names[0]]} counted"
    return f"Without {joined([NAMES[one] for one in every if one not in names])}"


def counterfactuals(every: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """The maps that are worth a look, by name: each term alone, and all but each of them."""
    if len(every) < 2:
        return {}
    alone = [(name,) for name in reversed(every)]
    without = [tuple(one for one in every if one != name) for name in every if len(every) > 2]
    return {counterfactual_name(names, every): names for names in (*alone, *without)}
