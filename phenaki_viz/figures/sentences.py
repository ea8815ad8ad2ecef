"""What a head does, as a sentence: made of its numbers by rules, each clause with its figure.

Nothing here says that a head recognises or understands: a weight says where it reads.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import numpy as np

from phenaki_viz.analysis.character import (
    CHOSEN,
    EVEN,
    Sort,
    Spread,
    key_masses,
    sort_of,
    spread,
    was_chosen,
)
from phenaki_viz.analysis.regions import Mass, off_video, region_masses, sound_rows, visible_to
from phenaki_viz.figures.clauses import against, count, held, percent, telling, times
from phenaki_viz.figures.head import Head
from phenaki_viz.figures.naming import key_axis, place_name, said_token
from phenaki_viz.recording import Place

Direction = Literal["row", "column"]

AROUND = "on and around"
PATCH = {
    "itself": "keeps {mass} of its weight on itself",
    "around": "puts {mass} of its weight on itself and the patches around it",
    "own step": "puts {mass} of its weight on its own time step",
    "own place": "puts {mass} of its weight {at} its own place at other times",
    "step before": "puts {mass} of its weight on the time step before",
    "step after": "puts {mass} of its weight on the time step after",
    "first step": "puts {mass} of its weight on the first time step",
    "earlier": "puts {mass} of its weight on earlier time steps",
    "later": "puts {mass} of its weight on later time steps",
}
HEAD = {
    "itself": "{mass} on the patch itself",
    "around": "{mass} within one patch",
    "own step": "{mass} in its own time step",
    "own place": "{mass} {at} its own place at other times",
    "step before": "{mass} one time step back",
    "step after": "{mass} one time step ahead",
    "first step": "{mass} from later time steps on the first",
    "earlier": "{mass} on earlier time steps",
    "later": "{mass} on later time steps",
}
SORTS = {
    "spatial": ("Stays in its own time step", "own step"),
    "temporal": ("Looks at and around its own place in other time steps", "own place"),
}


def patch_sentence(head: Head, place: Place, direction: Direction = "row") -> str:
    """What one patch does with this head: 'Time 2, row 2, column 2 puts 57 % of its weight on …'.

    direction: see `patch_clause`.
    """
    return f"{place_name(*place).capitalize()} {patch_clause(head, place, direction)}."


def patch_clause(head: Head, place: Place, direction: Direction = "row") -> str:
    """What stands behind the name of a patch: 'puts 57 % of its weight on …'.

    direction: "column" says who looks at it instead; of cross-attention, where patches are no
    keys, it makes no difference.
    """
    key = head.record.key_axis(head.item).index(place) if direction == "column" else None
    return _patch_clause(head, head.map.row_of(place)) if key is None else _reader_clause(head, key)


def _reader_clause(head: Head, key: int) -> str:
    """How much a key gets, and from whom most of all."""
    column = head.map.columns([key])[:, 0]
    rows = sound_rows(head.map, range(len(column)))
    rows = rows[visible_to(head.map, rows, key)]
    if not len(rows):
        return "is seen by no query"
    even = float((1 / head.map.visible_keys[rows]).sum())
    mass = Mass(weight=float(column[rows].sum()), even=even, queries=len(rows))
    most = int(rows[np.argmax(column[rows])])
    if not column[most] > 0:
        return "gets nothing of any query's weight"
    queries = head.record.query_axis(head.item)
    named = said_token(queries, queries.name(most), most)
    return (
        f"gets {percent(mass.mass)} of a query's weight on average{times(mass)}, most from "
        f"{named}: {percent(float(column[most]))}"
    )


def _patch_clause(head: Head, query: int) -> str:
    record = head.record
    how = spread(head.map, [query])
    if how is None:
        return "has no weights: no key is visible, or they are not a distribution"
    if not record.reads_words and how.share < EVEN:
        off = off_video(head.map, [query])
        if off is not None and was_chosen(off):
            return _off_clause(head, query, off, how)
        regions = region_masses(head.map, [query])
        for name in telling(regions):
            at = AROUND if _runs_in_space(head) else "on"
            said = PATCH[name].format(mass=percent(regions[name].mass), at=at)
            return said + times(regions[name])
    return _strongest(head, query, how)


def _off_clause(head: Head, query: int, off: Mass, how: Spread) -> str:
    """Of a row that chose keys which are no patch: the one that holds most of it, or all."""
    if float(head.map.rows([query]).max()) >= CHOSEN:
        return _strongest(head, query, how)
    return f"puts {percent(off.mass)} of its weight on keys that are no patch{times(off)}"


def _strongest(head: Head, query: int, how: Spread) -> str:
    """The key that gets most of a row; said to be little where the row hardly chooses."""
    record = head.record
    (row,) = head.map.rows([query])
    key = int(np.argmax(row))
    mass = Mass(weight=float(row[key]), even=1 / how.of, queries=1)
    named = _key(head, key)
    if how.of == 1:  # which is no choice
        return f"sees one key alone, {named}"
    if how.share >= EVEN:
        return f"hardly chooses: its strongest key, {named}, gets {mass.ratio:.1f} × uniform"
    if record.reads_words:
        return f"puts {percent(mass.mass)} of its weight on {named}{times(mass)}"
    return f"looks most at {named}: {percent(mass.mass)} of its weight{times(mass)}"


def head_sentence(head: Head) -> str:
    """What the head does on the whole, mean over its queries: 'Stays in its own time step (…).'."""
    record = head.record
    how = spread(head.map)
    if how is None:
        return nothing_said(sees=bool((head.map.visible_keys > 0).any()))
    if hardly_chooses(how):
        clauses = ["hardly chooses"]
    else:
        clauses = list(_words_clauses(head) if record.reads_words else _place_clauses(head, how))
    text = "; ".join([*clauses, *spread_clauses(how)]) + "."
    return text[:1].upper() + text[1:]


def nothing_said(*, sees: bool) -> str:
    """Of a map without a row that counts. sees: whether some query may look at a key."""
    why = "No row of this map is a distribution" if sees else "No query of this map sees a key"
    return f"{why}: its weights mean nothing."


def hardly_chooses(how: Spread) -> bool:
    """Whether a head has keys to choose from, and gives them about as much each."""
    return how.share >= EVEN and how.of > 1


def _runs_in_space(head: Head) -> bool:
    """Whether patches of its map lie at other places than its queries."""
    axis = head.record.key_axis(head.item)
    return len(np.unique(axis.places[axis.is_patch][:, 1:], axis=0)) > 1


def _place_clauses(head: Head, how: Spread) -> Iterator[str]:
    regions, off = region_masses(head.map), off_video(head.map)
    return place_clauses(regions, sort_of(head.record, regions, how, off), how, off)


def place_clauses(
    regions: Mapping[str, Mass], sort: Sort | None, how: Spread, off: Mass | None = None
) -> Iterator[str]:
    """Where the head looks: what kind it is, and the region that tells most about it.

    off: the weight on keys that are no patch, where there are such.
    """
    said: set[str] = set()
    if off is not None and was_chosen(off):
        yield f"keys that are no patch hold {held(off)}"
        return
    if sort == "global" and "own step" in regions:
        yield _across(regions["own step"], off)
        said.add("own step")
    elif sort in SORTS and SORTS[sort][1] in regions:
        words, region = SORTS[sort]
        yield f"{words} ({against(regions[region])})"
        said.add(region)
    elif how.of == 1:
        yield "Sees one key alone"
    for name in telling(regions, least=0.15):
        if name in said:
            continue
        at = AROUND if sort else "on"  # over time alone there is nothing around a place
        said_of = HEAD[name].format(mass=f"{regions[name].mass:.2f} of its weight", at=at)
        yield said_of + times(regions[name])
        return


def _across(own: Mass, off: Mass | None) -> str:
    """Of a head that is neither spatial nor temporal: how much lies in other time steps."""
    lost, even_lost = (off.mass, off.uniform) if off is not None else (0.0, 0.0)
    others, even = max(0.0, 1 - own.mass - lost), max(0.0, 1 - own.uniform - even_lost)
    if others >= CHOSEN:
        where = "outside its own" if off is None else "in others"
        return f"Looks across time steps ({others:.2f} {where}; {even:.2f} would be uniform)"
    if own.mass >= CHOSEN:
        return f"Looks mostly at its own time step ({against(own)})"
    return (
        f"Puts {own.mass:.2f} of its weight in its own time step, {others:.2f} in others and "
        f"{lost:.2f} on keys that are no patch ({own.uniform:.2f}, {even:.2f} and {even_lost:.2f} "
        "would be uniform)"
    )


def _words_clauses(head: Head) -> Iterator[str]:
    masses = key_masses(head.map)
    return word_clauses([(_key(head, key), mass) for key, mass in enumerate(masses)])


def word_clauses(masses: Sequence[tuple[str, Mass]]) -> Iterator[str]:
    """Which keys of a text are read most: the first two. masses: of every key, with its name."""
    ordered = sorted(masses, key=lambda one: -one[1].mass)
    for (name, mass), words in zip(ordered, ("Reads {} most ({})", "then {} ({})"), strict=False):
        figure = against(mass) if words.startswith("Reads") else f"{mass.mass:.2f}"
        yield words.format(name, figure)


def spread_clauses(how: Spread) -> Iterator[str]:
    """How widely it spreads: 'spread as if evenly over 23 of 180 keys'; of one key nothing."""
    if how.of > 1:
        yield f"spread as if evenly over {count(how.equal_keys)} of {count(how.of)} keys"


def _key(head: Head, key: int) -> str:
    """A key in words: “two”, null key 1, time 2, row 0, column 3."""
    names = key_axis(head.record, head.item).names
    return said_token(head.record.key_axis(head.item), names[key], key)
