"""Names of keys, of which no two read alike: a word that stands twice in the text is two keys."""

from collections import Counter
from collections.abc import Sequence

from phenaki_viz.figures.words import plain

BLANK = "(blank)"  # a word of letters that cannot be shown
ENDINGS = {1: "st", 2: "nd", 3: "rd"}


def told_apart(names: Sequence[str]) -> tuple[str, ...]:
    """The names as they can be shown, each one once.

    ('two', 'and', 'two') are 'two (1st)', 'and', 'two (2nd)': what reads the same is counted, the
    rest stays as it is.
    """
    shown = [plain(name) or BLANK for name in names]
    often, seen = Counter(shown), Counter[str]()
    found = []
    for name in shown:
        seen[name] += 1
        found.append(name if often[name] == 1 else f"{name} ({ordinal(seen[name])})")
    # A file may hold a name such as 'two (1st)' beside 'two' and 'two': its place decides then.
    often = Counter(found)
    return tuple(name if often[name] == 1 else f"{at}: {name}" for at, name in enumerate(found))


def shortly(one: str, other: str, longest: int) -> tuple[str, str]:
    """Two texts in `longest` letters each: where one is longer, from where they differ.

    '“a long tale of two dogs”' and '“a long tale of six dogs”' are '“… two dogs”' and '“… six
    dogs”': quotation marks around both stay. Where that is still long, up to where they are
    alike again.
    """
    pair = plain(one), plain(other)
    if max(map(len, pair)) <= longest:
        return pair
    if all(text[0] + text[-1] == "“”" for text in pair if text):
        inner = shortly(pair[0][1:-1], pair[1][1:-1], longest - 2)
        return f"“{inner[0]}”", f"“{inner[1]}”"
    words = [text.split() for text in pair]
    alike = [first == second for first, second in zip(*words, strict=False)]
    at = alike.index(False) if False in alike else len(alike)
    if at in map(len, words):  # one is the other's beginning
        at = max(0, at - 1)
    left = [each[at:] for each in words]
    after = 0
    if max(len(" ".join(each)) for each in left) > longest - 2:  # the end they share is left, too
        pairs = zip(*(each[:0:-1] for each in left), strict=False)
        after = next((n for n, (a, b) in enumerate(pairs) if a != b), min(map(len, left)) - 1)
    ends = (" ".join(["…"][:at] + each[: len(each) - after] + ["…"][:after]) for each in left)
    first, second = (plain(end, longest) for end in ends)
    return first, second


def ordinal(number: int) -> str:
    """'1st', '2nd', '3rd', '4th', '11th', '21st', …"""
    teen = number % 100 in (11, 12, 13)
    return f"{number}{'th' if teen else ENDINGS.get(number % 10, 'th')}"
