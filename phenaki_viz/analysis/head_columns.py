"""The columns of the table of heads: what each number is called, its unit, what it means.

One definition serves the page's tooltips, the files and the docs.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from phenaki_viz.analysis import intervals
from phenaki_viz.analysis.character import CHOSEN, EVEN, TIMES, was_chosen
from phenaki_viz.analysis.head_facts import HeadFacts
from phenaki_viz.analysis.head_rows import MergedRow
from phenaki_viz.analysis.head_table import HeadRow, HeadTable
from phenaki_viz.analysis.sinks import DEFINITION

SHARE = "share"  # the unit of what lies between 0 and 1


@dataclass(frozen=True, kw_only=True)
class Column:
    """title: over it, short. unit: of its numbers. means: one sentence. of: a head's facts → its
    number, NaN where it means nothing for that head.
    """

    title: str
    unit: str
    means: str
    of: Callable[[HeadFacts], float]


def _mean(name: str) -> Callable[[HeadFacts], float]:
    return lambda facts: facts.mean(name)


def _of(title: str, unit: str, means: str, name: str) -> Column:
    return Column(title=title, unit=unit, means=means, of=_mean(name))


def _equal_keys(facts: HeadFacts) -> float:
    return float(2 ** facts.mean("entropy"))


COLUMNS: dict[str, Column] = {
    "entropy": _of("Entropy", "bits", "Of a row: 0 is one key, log2 of the visible keys is uniform "
        "(Clark et al. 2019)", "entropy"),
    "entropy_share": _of("Entropy, of the most", SHARE, "Entropy as a share of log2 of the "
        "visible keys; 1 of a query that sees one", "entropy_share"),
    "equal_keys": Column(title="As spread as", unit="equal keys", means="2 to the mean entropy: "
        "how many equal keys would be as spread", of=_equal_keys),
    "keys_90": _of("Keys for 90 %", "keys", "The fewest keys that hold 90 % of a row", "top"),
    "keys_90_share": _of("Keys for 90 %, of all", SHARE, "The fewest keys that hold 90 % of a row, "
        "as a share of the visible ones", "top_share"),
    "position": Column(title="Position share", unit=SHARE, means="How much of a row's logits "
        "position (bias and ALiBi) decides: cov(term, logit) / var(logit); above 1 where others "
        "work against it",
        of=lambda facts: facts.position_share),
    "position_bias": _of("Bias share", SHARE, "How much of a row's logits the position bias "
        "decides", "share.position"),
    "alibi": _of("ALiBi share", SHARE, "How much of a row's logits ALiBi decides", "share.alibi"),
    "content": _of("Content share", SHARE, "How much of a row's logits query · key decides",
        "share.content"),
    "own_step": _of("Own step", SHARE, "Weight on keys of the query's own time step",
        "mass.own step"),
    "own_step_uniform": _of("Own step, if uniform", SHARE, "What uniform attention would put on "
        "its own time step", "even.own step"),
    "same_patch": _of("Same patch", SHARE, "Weight on its own place, one patch around, in other "
        "time steps", "mass.own place"),
    "same_patch_uniform": _of("Same patch, if uniform", SHARE, "What uniform attention would put "
        "on its own place in other time steps", "even.own place"),
    "itself": _of("Itself", SHARE, "Weight on the query's own token", "mass.itself"),
    "previous_step": _of("Step before", SHARE, "Weight on the time step before",
        "mass.step before"),
    "next_step": _of("Step after", SHARE, "Weight on the time step after", "mass.step after"),
    "first_step": _of("First step", SHARE, "Weight on the first time step, by queries of later "
        "ones", "mass.first step"),
    "dt": _of("Δ time", "time steps", "Mean of key − query in time, by weight; − is back", "dt"),
    "dt_uniform": _of("Δ time, if uniform", "time steps", "Δ time of uniform attention: what a "
        "causal mask alone leaves", "even.dt"),
    "drow": _of("Δ row", "patches", "Mean of key − query in rows, by weight; − is up", "drow"),
    "dcol": _of("Δ column", "patches", "Mean of key − query in columns, by weight; − is left",
        "dcol"),
    "time": _of("Time away", "time steps", "Mean distance in time, by weight", "time"),
    "space": _of("Patches away", "patches", "Mean distance within the frame, by weight "
        "(Raghu et al. 2021)", "space"),
    "null": _of("Null keys", SHARE, "Weight on the null keys", "null"),
    "text": _of("Words", SHARE, "Weight on the words of the text", "text"),
    "first": _of("First token", SHARE, "Weight on the first key that is no null key", "first"),
    "diversity": _of("Queries differ", "bits", "Jensen–Shannon divergence of all rows: entropy of "
        "the mean row − mean entropy; 0 where every query reads the same", "diversity"),
    "sinks": _of("Sinks", "keys", "How many keys take far more than their share: "
        f"{DEFINITION}", "sinks"),
    "sink_mass": _of("On sinks", SHARE, "Weight on the sinks", "sink_mass"),
    "sink_values": _of("Sinks carry", "× median key", "‖v W_O‖ of the sinks beside that of the "
        "median key: below 1 they carry little (Wen et al. 2025)", "sink_values"),
    "follows": _of("Follows object", SHARE, "From the patch on the object, how often the strongest "
        "key of another time step is within one patch of the object there (DiffTrack 2025)",
        "follows"),
    "follows_chance": _of("Follows, by chance", SHARE, "How often a random key would be",
        "follows_chance"),
    "follows_mass": _of("On the object", SHARE, "Weight of that patch on the object's patch in "
        "another time step", "follows_mass"),
    "moves": _of("Moves with the word", "ratio", "How separable the places that read a word of "
        "motion are between time steps: variance of the steps' middles over variance within them, "
        "each by its degrees of freedom (Calinski & Harabasz 1974, as in IMAP 2026, there of "
        "features); 0 stands still", "moves"),
    "moves_features": _of("Moves in features", "ratio", "The same of the head's queries instead of "
        "places, as in IMAP 2026: how separable time steps are in what the head compares, where "
        "the word of motion is read; known where queries are kept (factored maps, or recorded "
        "with them)", "moves_features"),
}  # fmt: skip


def value(row: HeadRow, column: str) -> float:
    """One number of a head: the mean over clips of each clip's own; NaN where none has one."""
    if isinstance(row, MergedRow):
        return row.value(column)
    found = _known(row, column)
    return float(found.mean()) if len(found) else math.nan


def half_width(row: HeadRow, column: str) -> float:
    """Half of the 95 % interval of that mean by Student's t; NaN of fewer than two clips."""
    if isinstance(row, MergedRow):
        return row.half_width(column)
    return intervals.half_width(_known(row, column))


def _known(row: HeadRow, column: str) -> np.ndarray:
    each = np.array([COLUMNS[column].of(facts) for facts in row.clips], np.float64)
    return each[~np.isnan(each)]


def columns_of(table: HeadTable) -> tuple[str, ...]:
    """The columns in which some head has a number."""
    return tuple(name for name in COLUMNS if any(not math.isnan(value(row, name)) for row in table))


# ---- what a head is called: each name by a stated rule, of the sums over all clips

_CHOSE = f"at least {CHOSEN:.0%} of its weight, and {TIMES:g} × uniform, on "
NAMES = {
    "even": f"an entropy of {EVEN:.0%} or more of the highest",
    "spatial": f"{_CHOSE}the query's own time step",
    "temporal": f"{_CHOSE}its own place (one patch around) in other time steps",
    "global": "none of these, over space and time",
    "itself": f"{_CHOSE}the query's own token",
    "step before": f"{_CHOSE}the time step before",
    "step after": f"{_CHOSE}the time step after",
    "first step": f"{_CHOSE}the first time step",
    "routes a word": f"in at least {CHOSEN:.0%} of clips, tokens with something on them put at "
    f"least {CHOSEN:.0%} of their weight, and {TIMES:g} × that of the others, on one word",
    "null keys": f"{_CHOSE}the null keys",
    "one word": f"{_CHOSE}one word, the same in every clip",
    "position": f"the position bias decides at least {CHOSEN:.0%} of its logits",
    "ALiBi": f"ALiBi decides at least {CHOSEN:.0%} of its logits",
    "follows": f"it finds the object in at least {CHOSEN:.0%} of other time steps, and "
    f"{TIMES:g} × as often as by chance",
}


def names_of(row: HeadRow) -> tuple[str, ...]:
    """What a head is called, by the rules of `NAMES`, the kind first; () of one without queries."""
    facts = row.facts
    how = facts.spread
    if how is None:
        return ()
    if how.share >= EVEN and how.of > 1:
        return ("even",)
    return tuple(name for name in NAMES if _is(name, row, facts))


def _is(name: str, row: HeadRow, facts: HeadFacts) -> bool:
    match name:
        case "spatial" | "temporal" | "global":
            return row.sort == name
        case "itself" | "step before" | "step after" | "first step":
            return was_chosen(facts.regions.get(name))
        case "routes a word":
            routed = sum(one.routed for one in facts.reads.values())
            return routed >= max(CHOSEN * row.over, 1)
        case "null keys":
            return was_chosen(facts.nulls)
        case "one word":
            words = (one for one in facts.words_alone.values() if one.queries == facts.queries)
            return any(map(was_chosen, words))
        case "position" | "ALiBi":
            term = "share.alibi" if name == "ALiBi" else "share.position"
            return facts.mean(term) >= CHOSEN
        case "follows":
            found = facts.mean("follows")
            return found >= CHOSEN and found >= TIMES * facts.mean("follows_chance")
    return False
