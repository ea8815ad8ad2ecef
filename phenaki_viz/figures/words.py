"""Words on pictures: text from outside is shown as it is, never interpreted."""

import html
import re
import textwrap
import unicodedata
from collections import Counter

# Controls, marks that turn the reading direction, halves of characters: invisible or not writable.
UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
POWER = re.compile(r"(?<=[0-9])e-0*(?=[0-9])")  # its hyphen, where a line may break
TIE = "\u00a0"  # a space where no line breaks
JOINER = "\u200d"
LONGEST = 400
LONGEST_LABEL = 16
LONGEST_WORD = 28
ORDINAL = re.compile(r" \([0-9]+(st|nd|rd|th)\)$")  # of `told_apart`


def plain(text: str, longest: int = LONGEST) -> str:
    """One printable line: controls become spaces, spaces are joined, the rest is cut with '…'."""
    line = " ".join(UNPRINTABLE.sub(" ", str(text)).split())
    return line if len(line) <= longest else line[: _before(line, longest - 1)] + "…"


def quoted(word: str) -> str:
    """A word of a prompt in a sentence, of which it may not take a line by itself."""
    return f"“{plain(word, LONGEST_WORD)}”"


def powers(text: str) -> str:
    """A line in which no power of ten breaks at its sign: '4.9e-07' as '4.9e−7'."""
    return POWER.sub("e−", text)


def _before(line: str, cut: int) -> int:
    """The last place up to `cut` where a mark or a joined sign is not torn off its letter."""
    while cut > 1 and (is_mark(line[cut]) or line[cut - 1] == JOINER):
        cut -= 1
    return cut


def is_mark(letter: str) -> bool:
    """Whether a sign belongs to the letter before it."""
    return letter == JOINER or unicodedata.category(letter) in ("Mn", "Me", "Mc")


def literal(text: str) -> str:
    """Text for a plotly label that plotly shows letter by letter.

    plotly reads `<b>`, `<a href>` and `<br>` as markup, `$…$` as TeX (whose links can hold
    scripts) and `%{…}` as a template. Quotes stay: plotly does not decode their entities.
    """
    escaped = html.escape(plain(text), quote=False)
    return escaped.replace("$", "&#36;").replace("%{", "%&#123;")


def wrapped(text: str, width: int) -> list[str]:
    """Lines of at most `width` letters and about equal length; [] for ''.

    Short parts between ' · ' stay together, long words are broken.
    """
    line = tied(text, width * 2 // 3)
    lines = _even(line, width, textwrap.wrap(line, width))
    return [broken.replace(TIE, " ") for broken in lines]


def tied(text: str, longest: int) -> str:
    """One line in which parts between ' · ' of at most `longest` letters have tied spaces."""
    parts = plain(text).split(" · ")
    return " · ".join(part.replace(" ", TIE) if len(part) <= longest else part for part in parts)


def _even(line: str, width: int, lines: list[str]) -> list[str]:
    for narrower in range(1 + len(line) // max(len(lines), 1), width):
        if len(even := textwrap.wrap(line, narrower)) == len(lines):
            return even
    return lines


def shortened(names: tuple[str, ...]) -> tuple[str, ...]:
    """Short names for ticks: what all names share is left out, the rest cut with '…'.

    ('time 0, row 3', 'time 1, row 3') are 'time 0' and 'time 1'.
    """
    parts = [name.split(", ") for name in names]
    if len({len(part) for part in parts}) == 1 and len(set(names)) > 1:
        varies = [len(set(column)) > 1 for column in zip(*parts, strict=True)]
        names = tuple(
            ", ".join(word for word, kept in zip(part, varies, strict=True) if kept)
            for part in parts
        )
    return _apart(tuple(map(plain, names)))


def _apart(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names cut to a label's length; those that would become equal keep their ends instead."""
    made = {name: _short(name) for name in names}
    for cut in (_middle_out, lambda name: name):
        clashing = Counter(made.values())
        made = {name: cut(name) if clashing[short] > 1 else short for name, short in made.items()}
    return tuple(made[name] for name in names)


def _middle_out(name: str) -> str:
    if len(name) <= LONGEST_LABEL:
        return name
    half = LONGEST_LABEL // 2
    end = len(name) - half
    while end < len(name) - 1 and (is_mark(name[end]) or name[end - 1] == JOINER):
        end += 1
    return f"{name[: _before(name, half - 1)]}…{name[end:]}"


def _short(name: str) -> str:
    """At most 16 letters; which of several equal words it is stays at the end."""
    which = ORDINAL.search(name)
    if which is None:
        return plain(name, LONGEST_LABEL)
    room = LONGEST_LABEL - len(which[0])
    return plain(name[: which.start()], max(room, 2)) + which[0]


def distinct(names: tuple[str, ...]) -> list[str]:
    """Names for plotly's category axes: literal, each one once, none that looks like a number.

    Equal names would share one cell and '4' would be a position, so each name ends in as many
    zero-width spaces as it takes.
    """
    seen: dict[str, int] = {}
    found = []
    for name in map(literal, names):
        seen[name] = seen.get(name, 0) + 1
        found.append(name + "\u200b" * seen[name])
    return found


def spoken(value: float, digits: int = 4) -> str:
    """A number as a label: so many digits, a real minus, no padded exponent."""
    text = f"{value or 0.0:.{digits}g}"  # no zero has a sign
    mantissa, e, exponent = text.partition("e")
    return (mantissa + (f"e{int(exponent)}" if e else "")).replace("-", "−")


def listed(items: tuple[int, ...], most: int = 4) -> str:
    """'3, 7, 9' or '3, 7, 9, 11 and 5 more'."""
    shown = ", ".join(map(str, items[:most]))
    return shown if len(items) <= most else f"{shown} and {len(items) - most} more"
