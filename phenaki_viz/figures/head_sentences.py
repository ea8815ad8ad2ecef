"""Every head of a table in one sentence, and the table in one: by rules, each clause its figure."""

from collections import Counter
from collections.abc import Iterator

from phenaki_viz.analysis.character import CHOSEN, Spread, was_chosen
from phenaki_viz.analysis.head_columns import half_width, names_of, value
from phenaki_viz.analysis.head_facts import HeadFacts
from phenaki_viz.analysis.head_table import HeadRow, HeadTable
from phenaki_viz.analysis.regions import Mass
from phenaki_viz.figures.clauses import held, joined, percent, span
from phenaki_viz.figures.naming import listed_head, module_family
from phenaki_viz.figures.sentences import (
    HEAD,
    hardly_chooses,
    nothing_said,
    place_clauses,
    spread_clauses,
    word_clauses,
)
from phenaki_viz.figures.word_sentences import reads_clause
from phenaki_viz.figures.words import quoted
from phenaki_viz.nouns import counted

LEAST = 0.25  # of a row's logits: what position decides is worth a clause from here
MOVED = 4.0  # Calinski-Harabasz ratio of a word of motion that is worth a clause
FAR = 0.5  # patches or time steps: a mean displacement is worth a clause from here


# What a sentence says shares of, each with its error where it is estimated.
ERRING = (*(f"mass.{name}" for name in HEAD), "null", "share.position", "share.alibi")
SAID = {
    "itself": "{} on the query itself",
    "step before": "{} on the step before",
    "step after": "{} on the step after",
    "first step": "{} on the first step",
    "routes a word": "{} routing a word",
    "null keys": "{} on null keys",
    "one word": "{} on one word",
    "position": "{} by position",
    "ALiBi": "{} by ALiBi",
    "follows": "{} along with the object",
}


def row_name(row: HeadRow) -> str:
    """See `listed_head`."""
    return listed_head(row.module, row.stack, row.kind, row.layer, row.head)


def row_sentence(row: HeadRow, placed_word: str = "") -> str:
    """What the head does on the whole: 'Stays in its own time step (0.90 of its weight; …); …'.

    placed_word: of which a page says already where it is read; of another word it is said first.
    """
    facts = row.facts
    how = facts.spread
    if how is None:
        return nothing_said(sees=facts.wrong > 0)
    where = list(_where(row, how, placed_word))
    clauses = [*where, *_nulls(facts), *_away(row), *_position(row), *_follows(row), *_moves(row)]
    text = "; ".join([*clauses, *spread_clauses(how), *_estimated(row)]) + "."
    return text[:1].upper() + text[1:]


def _where(row: HeadRow, how: Spread, placed_word: str) -> Iterator[str]:
    facts = row.facts
    if hardly_chooses(how):
        return iter(("hardly chooses",))
    if facts.words and (reads := reads_clause(facts.reads, row.over)):
        return iter((*([] if placed_word in facts.reads else [reads]), *_most(facts)))
    if facts.words:
        return _words(facts)
    if was_chosen(facts.nulls):
        return iter(())  # said of them
    return place_clauses(facts.regions, row.sort, how, facts.off_video)


def _words(facts: HeadFacts) -> Iterator[str]:
    return word_clauses([(_named(name, mass, facts), mass) for name, mass in facts.words.items()])


def _most(facts: HeadFacts) -> Iterator[str]:
    """The key that is read most, behind where a word is read; null keys are said of them all."""
    if not was_chosen(facts.nulls):
        most = next(_words(facts))
        yield f"on the whole {most[:1].lower()}{most[1:]}"


def _named(name: str, mass: Mass, facts: HeadFacts) -> str:
    """A key of a text; of several clips, that only some say the word."""
    if name not in facts.words_alone:
        return name.replace("null", "null key")
    return quoted(name) + (" where it is said" if mass.queries < facts.queries else "")


def _nulls(facts: HeadFacts) -> Iterator[str]:
    nulls = facts.nulls
    if nulls is not None and was_chosen(nulls):
        yield f"its null keys hold {held(nulls)}"


def _away(row: HeadRow) -> Iterator[str]:
    """Where its weight lies on average, seen from the query, where that is a place apart.

    Apart, too, from where it would lie if uniform: a causal mask alone leaves what is back in time.
    """
    ways = (
        ("dt", "time step", "back", "ahead"),
        ("drow", "patch", "up", "down"),
        ("dcol", "patch", "left", "right"),
    )
    if said := [one for way in ways if (one := _way(row, *way))]:
        yield f"on average {joined(said)} of the query"


def _surely(row: HeadRow, name: str) -> float:
    """A mean displacement; NaN of one that an estimate may have made, of a long map."""
    by, of = value(row, name), _estimated_of(row)
    error = row.facts.error(name, of) if of else 0
    return by if abs(by) > 2 * error else float("nan")


def _way(row: HeadRow, name: str, what: str, below: str, above: str) -> str:
    by, even = _surely(row, name), row.facts.mean(f"even.{name}")
    if not (abs(by) >= FAR and abs(by - even) >= FAR):  # NaN too
        return ""
    uniform = f" ({_steps(even, what, below, above)} would be uniform)" if abs(even) >= 0.05 else ""
    return f"{_steps(by, what, below, above)}{uniform}"


def _steps(by: float, what: str, below: str, above: str) -> str:
    """'1.0 time step back'."""
    many = "" if f"{abs(by):.1f}" == "1.0" else ("es" if what == "patch" else "s")
    return f"{abs(by):.1f} {what}{many} {below if by < 0 else above}"


def _position(row: HeadRow) -> Iterator[str]:
    bias, alibi = value(row, "position_bias"), value(row, "alibi")
    for name, share in (("position", bias), ("ALiBi", alibi)):
        if share >= LEAST:
            column = "alibi" if name == "ALiBi" else "position_bias"
            said = f"{percent(share)}{_about(row, column)} of its choice"
            yield f"{name} makes {said}{', against other terms' if share > 1 else ''}"


def _about(row: HeadRow, column: str) -> str:
    """Half of the interval behind a share; nothing of one clip, or where it rounds to 0 %."""
    half = half_width(row, column)
    return f" ± {percent(half)}" if half >= 0.005 else ""


def _follows(row: HeadRow) -> Iterator[str]:
    found, chance = value(row, "follows"), value(row, "follows_chance")
    if found >= CHOSEN and found > chance:
        share = percent(found) + _about(row, "follows")
        yield (
            f"from the object it finds the object in {share} of other time steps "
            f"({percent(chance)} by chance)"
        )


def _moves(row: HeadRow) -> Iterator[str]:
    """Said where the places that read the word differ more between steps than within them."""
    moved = value(row, "moves")
    if moved >= MOVED:
        yield f"where it reads the word of motion moves from step to step (ratio {moved:.1f})"


def _estimated(row: HeadRow) -> Iterator[str]:
    """From how many rows of a long map this is told, and how sure its shares are."""
    of = _estimated_of(row)
    if not of:
        return
    (read,) = (one.read for one in row.taken)
    errors = [row.facts.error(name, of) for name in ERRING]
    said = f"estimated from {read:,} of {of:,} rows"
    most = max((one for one in errors if one > 0), default=0)  # NaN is not
    yield f"{said} (standard error of a share: {most:.2g} at most)" if most else said


def _estimated_of(row: HeadRow) -> int:
    """How many rows the one map has of which some were read; 0 where all were, and of clips."""
    return next((one.of for one in row.taken if row.over == 1 and one.read < one.of), 0)


def table_heading(table: HeadTable) -> str:
    """What the heads are, counted: '16 self heads: 4 spatial, 12 global'."""
    kinds = {module_family(row.module, row.kind) for row in table}
    what = f"{next(iter(kinds))} head" if len(kinds) == 1 else "head"
    counts = Counter(name for row in table for name in names_of(row))
    kind = [name for name in ("spatial", "temporal", "global", "even") if counts[name]]
    other = [name for name in SAID if counts[name]]
    said = [f"{counts[name]} {name}" for name in kind]
    said += [SAID[name].format(counts[name]) for name in other]
    return f"{counted(len(table), what)}{': ' if said else ''}{joined(said)}"


def taken_over(table: HeadTable) -> str:
    """Over what the figures were taken, and what did not count."""
    if not table.rows:
        return ""
    taken = {one for row in table for one in row.taken}
    counts = [one.counted for one in taken]
    of = {one.of for one in taken if one.read < one.of}
    alike = len({(one.read, one.of) for one in taken}) == 1
    spaced = f"evenly spaced of {max(of):,} " if of and alike else ""
    what = "query" if max(counts) == 1 else "queries"
    over = f"Mean over {span(min(counts), max(counts))} {spaced}{what}"
    if table.clips > 1:
        over += (
            f" of each of {table.clips:,} clips; ± is the 95 % interval over clips (Student's t)"
        )
    if of and not alike:
        over += "; where there are more, of evenly spaced ones"
    wrong = sum(row.facts.wrong for row in table)
    left = f". {counted(wrong, 'row')} that are no distribution do not count" if wrong else ""
    return f"{over}{left}."
