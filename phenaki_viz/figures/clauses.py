"""Figures inside sentences: shares, multiples of uniform, counts; each written in one way."""

import re
from collections.abc import Mapping
from math import log2

from phenaki_viz.analysis.regions import Mass

CLAUSE = re.compile(r"(?:“[^”]*”|[^(;])*")  # what a prompt says may hold a bracket itself
LEAST, TIMES = 0.25, 1.3  # a region is worth a clause from this mass and these multiples of uniform


def count(keys: float) -> str:
    """A number of keys, which may be a mean: '1,200', '12', '2.7'."""
    whole = keys >= 10 or abs(keys - round(keys)) < 1e-4
    return f"{keys:,.0f}" if whole else f"{keys:.1f}"


def telling(regions: Mapping[str, Mass], least: float = LEAST) -> list[str]:
    """Regions that were chosen, the most telling first: by mass × log2(multiples of uniform)."""
    chosen = [n for n, one in regions.items() if one.mass >= least and one.ratio >= TIMES]
    return sorted(chosen, key=lambda name: -regions[name].mass * log2(regions[name].ratio))


def percent(mass: float) -> str:
    """A share of the weight: '71 %', '4.2 %'."""
    return f"{mass:.0%}".replace("%", " %") if mass >= 0.095 else f"{mass:.1%}".replace("%", " %")


def times(mass: Mass) -> str:
    """The share against an even one, in brackets: ' (4.3 × uniform)'."""
    return f" ({mass.ratio:.1f} × uniform)" if mass.ratio < 10 else f" ({mass.ratio:.0f} × uniform)"


def against(mass: Mass) -> str:
    """The share and what uniform attention would put there."""
    return f"{mass.mass:.2f} of its weight; {mass.uniform:.2f} would be uniform"


def held(mass: Mass) -> str:
    """A share and what uniform attention would put there, as an object of a verb: '0.63 of its
    weight (0.33 would be uniform)'.
    """
    return f"{mass.mass:.2f} of its weight ({mass.uniform:.2f} would be uniform)"


def with_sign(value: float, places: int = 2) -> str:
    """'+0.11', '−2.20', and '0.00' for what rounds to it: neither risen nor fallen."""
    text = f"{value:+.{places}f}"
    return text.replace("-", "−") if text.strip("+-0.") else text[1:]


def span(low: int, high: int) -> str:
    """'6' or '1 to 5'."""
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def lead_of(sentence: str) -> str:
    """What a sentence of clauses says first, without its figures: 'Looks across time steps'."""
    found = CLAUSE.match(sentence)
    return found.group().rstrip(" .") if found else ""


def joined(names: list[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
