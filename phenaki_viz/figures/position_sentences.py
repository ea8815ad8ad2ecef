"""What position alone does to a head, in sentences made of its numbers."""

import numpy as np

from phenaki_viz.analysis.position import masses_alone, reach
from phenaki_viz.analysis.regions import Mass
from phenaki_viz.figures.clauses import percent, telling, times, with_sign
from phenaki_viz.figures.sentences import AROUND, HEAD
from phenaki_viz.figures.surface import signed
from phenaki_viz.figures.words import spoken
from phenaki_viz.nouns import counted
from phenaki_viz.recording import AttentionRecord, PositionBias

RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
TOO_MANY = np.log(1e12)  # of a difference of scores: the factor is told by its power of ten
PLAIN = 0.05  # of the score: a bias that varies less than that chooses nothing


def bias_heading(bias: PositionBias, head: int, whose: str) -> str:
    """Where position alone would put a head's weight: 'MaskGit H3: by position alone …'.

    whose: the part of the model that the bias belongs to.
    """
    named = f"{whose} H{head}"
    surface = bias.surface[head]
    regions = masses_alone(bias, head)
    if not regions and not np.isfinite(surface).all():
        return f"{named}: its position bias is not finite everywhere"
    if float(np.ptp(surface)) < PLAIN:
        return f"{named}: position alone chooses nothing (its bias varies by {np.ptp(surface):.2g})"
    for name in telling(regions):
        clause = _clause(name, regions[name])
        return f"{named}: by position alone, {clause}{times(regions[name])}"
    most = max(regions, key=lambda name: regions[name].ratio, default="")
    if not most:
        least, high = float(surface.min()), float(surface.max())
        return f"{named}: its position bias runs from {spoken(least, 2)} to {spoken(high, 2)}"
    clause = _clause(most, regions[most])
    return f"{named}: position alone favours little; {clause}{times(regions[most])}"


def bias_sentence(bias: PositionBias, head: int, dt: int) -> str:
    """How far the bias of one head goes, over all offsets and at the Δt that is shown."""
    surface = bias.surface[head].astype(np.float64)
    if not np.isfinite(surface).all():
        return "Offsets without a finite bias are not drawn."
    low, high, alike = _ends(surface)
    if alike:
        return f"It adds {low} to the score wherever a patch is: position alone chooses nothing."
    whole = (
        f"It adds {low} to {high} to the score, so that the best-placed patch outweighs the "
        f"worst-placed {_factor(np.ptp(surface))} times"
    )
    if surface.ndim < 3:
        return f"{whole}."
    there = surface[dt + bias.dimensions[0] - 1]
    low, high, alike = _ends(there)
    shown = f"{whole}; at Δt {signed(dt)} it adds {low}"
    return f"{shown} to all." if alike else f"{shown} to {high}: {_factor(np.ptp(there))} times."


def alibi_sentence(record: AttentionRecord, head: int) -> str:
    """What ALiBi's slope costs a head, beside how far its queries can look."""
    if record.alibi is None:
        return ""
    slope = float(record.alibi.slopes[head])
    if slope == 0:
        return f"H{record.heads[head]} has a slope of 0: distance costs it nothing."
    furthest = record.map.shape[3] - 1
    half = float(reach(np.array([slope]))[0])
    left = percent(float(np.exp(-slope * furthest)))
    return (
        f"H{record.heads[head]} halves a weight every {half:.3g} tokens of distance; at the "
        f"furthest it can look here ({counted(furthest, 'token')}), {left} of it is left."
    )


def _clause(name: str, mass: Mass) -> str:
    return HEAD[name].format(mass=f"{percent(mass.mass)} of its weight", at=AROUND)


def _ends(surface: np.ndarray) -> tuple[str, str, bool]:
    """Lowest and highest as they are written, and whether that is the same."""
    low, high = with_sign(float(surface.min())), with_sign(float(surface.max()))
    return low, high, low == high


def _factor(difference: float) -> str:
    if difference > TOO_MANY:
        return f"more than 10{str(int(difference / np.log(10))).translate(RAISED)}"
    factor = float(np.exp(difference))
    for least, word in ((1e9, "billion"), (1e6, "million")):
        if factor >= least:
            return f"{factor / least:,.1f} {word}"
    return f"{factor:.1f}" if factor < 10 else f"{factor:,.0f}"
