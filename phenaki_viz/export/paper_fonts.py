"""Fonts for printed words in any script, and stand-ins for words that no font here can write.

DejaVu Sans comes with matplotlib and writes Latin, Greek, Cyrillic, Hebrew and Arabic. For other
letters the fonts of this machine are looked through, once, for those that have them as outlines.
A run of letters that none has is drawn as ⟨1⟩, ⟨2⟩ …, each word its own number, and a note under
the picture says which letters they stand for.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.font_manager import (
    FontEntry,
    FontPath,
    FontProperties,
    findfont,
    fontManager,
    get_font,
)
from matplotlib.ft2font import LoadFlags

from phenaki_viz.figures.words import JOINER, is_mark, plain

OURS = "DejaVu Sans"
MOST_FONTS = 6  # beside ours; a prompt of more scripts than that gets stand-ins
MOST_SAID, LONGEST_SAID = 24, 12  # stand-ins, and letters of one, that a note explains
# They join or vary letters and are not seen themselves.
IGNORABLE = re.compile("[\u00ad\u034f\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\U000e0100-\U000e01ef]")
UNREADABLE = (OSError, RuntimeError, ValueError)  # what FreeType raises on a font it cannot use


class Lettering:
    """Fonts for the texts of one picture, in the order in which letters are looked for in them."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        lines = [plain(text) for text in texts]
        self.families: tuple[str, ...] = (OURS,)
        self.known = _letters_of_ours()
        self.numbers: dict[str, int] = {}
        self._learn("".join(lines))
        for line in lines:
            self.printable(line)

    def _learn(self, text: str) -> None:
        lacking = self._lacking(text)
        if lacking:
            families, found = fallbacks(frozenset(lacking), len(fontManager.ttflist))
            self.families += families
            self.known |= found

    def _lacking(self, text: str) -> set[str]:
        return {letter for letter in text if not self._has(letter)}

    def _has(self, letter: str) -> bool:
        return ord(letter) in self.known or IGNORABLE.match(letter) is not None

    def printable(self, text: str) -> str:
        """One line in which what no font can write is a numbered stand-in."""
        line = plain(text)
        if not self._lacking(line):
            return "".join(letter for letter in line if ord(letter) in self.known)
        written, run = [], ""
        for cluster in clusters(line):
            if self._lacking(cluster):
                run += cluster
                continue
            written += [self._stand_in(run), cluster]
            run = ""
        written.append(self._stand_in(run))
        return "".join(letter for part in written for letter in part if ord(letter) in self.known)

    def _stand_in(self, run: str) -> str:
        if not run:
            return ""
        return f"⟨{self.numbers.setdefault(run, len(self.numbers) + 1)}⟩"

    @property
    def notes(self) -> tuple[str, ...]:
        """What the stand-ins stand for; () where every word is written out."""
        if not self.numbers:
            return ()
        parts = [f"⟨{at}⟩ {_code_points(run)}" for run, at in self.numbers.items()][:MOST_SAID]
        more = len(self.numbers) - len(parts)
        return (
            "no font on this machine has the letters of "
            + ", ".join(parts)
            + (f" and {more} more" if more else ""),
        )


def _code_points(run: str) -> str:
    shown = " ".join(f"U+{ord(letter):04X}" for letter in run[:LONGEST_SAID])
    return shown + (" …" if len(run) > LONGEST_SAID else "")


def clusters(text: str) -> list[str]:
    """Letters with the marks that belong to them: what no line may be broken within."""
    found: list[str] = []
    joined = False
    for letter in text:
        marks = is_mark(letter) or IGNORABLE.match(letter)
        if found and (marks or joined):
            found[-1] += letter
        else:
            found.append(letter)
        joined = letter == JOINER
    return found


@lru_cache(1)
def _letters_of_ours() -> frozenset[int]:
    return frozenset(get_font(findfont(FontProperties(family=OURS))).get_charmap())


@lru_cache(64)
def fallbacks(letters: frozenset[str], fonts: int) -> tuple[tuple[str, ...], frozenset[int]]:
    """Families of this machine that have those letters, best first, and which ones they have.

    fonts: how many are known, so that one that is added later is looked at.
    """
    wanted = np.array(sorted(map(ord, letters)), np.uint32)
    having = {entry.name: _having(entry, wanted) for entry in _candidates()}
    chosen: list[str] = []
    found: set[int] = set()
    while len(chosen) < MOST_FONTS:
        best = max(having, key=lambda name: (len(having[name] - found), name), default=None)
        if best is None or not having[best] - found:
            break
        chosen.append(best)
        found |= having[best]
    return tuple(chosen), frozenset(found)


def _candidates() -> list[FontEntry]:
    """One upright font of each family, the one that text of normal weight is set in."""
    families: dict[str, FontEntry] = {}
    for entry in fontManager.ttflist:
        plainer = (entry.style != "normal", abs(_weight(entry) - 400), entry.fname)
        known = families.get(entry.name)
        if known is None or plainer < (
            known.style != "normal", abs(_weight(known) - 400), known.fname
        ):  # fmt: skip
            families[entry.name] = entry
    return [entry for name, entry in families.items() if not name.startswith("Last Resort")]


def _weight(entry: FontEntry) -> int:
    return entry.weight if isinstance(entry.weight, int) else 400


def _having(entry: FontEntry, wanted: np.ndarray) -> set[int]:
    """Which of these letters a font draws as outlines; colour bitmaps are none."""
    try:
        there = wanted[np.isin(wanted, _charmap(entry.fname, entry.index))]
        if not len(there):
            return set()
        font = get_font(FontPath(entry.fname, entry.index))
        return {int(letter) for letter in there if _outlined(font, int(letter))}
    except UNREADABLE:
        return set()


@lru_cache(4096)
def _charmap(path: str, index: int) -> np.ndarray:
    return np.array(sorted(get_font(FontPath(path, index)).get_charmap()), np.uint32)


def _outlined(font: Any, letter: int) -> bool:
    font.load_char(letter, flags=LoadFlags.NO_SCALE)
    return len(font.get_path()[0]) > 0 or chr(letter).isspace()


def texts_of(held: Any) -> Iterable[str]:
    """Every text that a picture may show, in the order of its fields."""
    if isinstance(held, str):
        yield held
    elif is_dataclass(held) and not isinstance(held, type):
        for field in fields(held):
            if field.name not in ("provenance", "name"):
                yield from texts_of(getattr(held, field.name))
    elif isinstance(held, Mapping):
        yield from texts_of(tuple(held.values()))
    elif isinstance(held, (tuple, list)):
        for one in held:
            yield from texts_of(one)
    elif isinstance(held, np.ndarray) and held.dtype.kind == "U":
        yield from map(str, held.flat)
