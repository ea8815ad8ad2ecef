"""Words in any script on paper: written where a font has them, else told apart and explained."""

import io
import warnings

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager
from PIL import Image

from phenaki_viz.export import paper_fonts
from phenaki_viz.export.formats import render
from phenaki_viz.export.paper_fonts import Lettering, clusters, texts_of
from phenaki_viz.export.paper_text import broken, printable, rules, width_of
from phenaki_viz.figures import Axis, Heatmap
from phenaki_viz.figures.words import plain, shortened
from tests.figures.samples import heatmap

# Letters that no font can have, so that every machine lacks them, and ones that DejaVu has.
NOWHERE = ("\u0378\u0379", "\u0379\u0378", "\u0380", "\U0003fffd")
OURS = ("кот", "שלום", "سلام", "été", "e\u0301te\u0301", "ơ\u0323", "Ω")


def picture(*words: str, **fields: object) -> Heatmap:
    """Five queries that look at these words and at blank ones."""
    names = (*words, *("–" * at for at in range(1, 8 - len(words))))
    return heatmap(**{"key": Axis(title="key", names=names)} | fields)


def font_of(letters: dict[str, int], family: str, path) -> None:
    """A font whose letters are boxes of these heights."""
    names = {ord(letter): f"g{at}" for at, letter in enumerate(letters)}
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", *names.values()])
    builder.setupCharacterMap(names)
    drawn = {".notdef": TTGlyphPen(None).glyph()}
    for letter, height in letters.items():
        pen = TTGlyphPen(None)
        if height:
            pen.moveTo((50, 0))
            for corner in ((50, height), (800, height), (800, 0)):
                pen.lineTo(corner)
            pen.closePath()
        drawn[names[ord(letter)]] = pen.glyph()
    builder.setupGlyf(drawn)
    builder.setupHorizontalMetrics({name: (850, 0) for name in drawn})
    builder.setupHorizontalHeader(ascent=900, descent=-100)
    builder.setupNameTable({"familyName": family, "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=900, usWinAscent=900, usWinDescent=100)
    builder.setupPost()
    builder.save(path)


@pytest.fixture
def fonts(tmp_path):
    """Add fonts to this machine for one test."""
    before = list(font_manager.fontManager.ttflist)

    def add(family: str, **letters: int) -> None:
        path = tmp_path / f"{family}.ttf"
        font_of(letters, family, path)
        font_manager.fontManager.addfont(path)
        paper_fonts.fallbacks.cache_clear()

    yield add
    font_manager.fontManager.ttflist[:] = before
    paper_fonts.fallbacks.cache_clear()


def pixels(content: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image.convert("L"))


def test_words_that_no_font_has_are_numbered_and_explained():
    lettering = Lettering(NOWHERE)
    assert [lettering.printable(word) for word in NOWHERE] == ["⟨1⟩", "⟨2⟩", "⟨3⟩", "⟨4⟩"]
    assert lettering.printable("“\u0380” again") == "“⟨3⟩” again"
    (note,) = lettering.notes
    assert "⟨1⟩ U+0378 U+0379" in note and "⟨2⟩ U+0379 U+0378" in note
    assert "⟨4⟩ U+3FFFD" in note


@pytest.mark.parametrize("word", OURS)
def test_words_that_ours_has_are_written_out(word):
    lettering = Lettering([word])
    assert lettering.printable(word) == word and lettering.notes == ()
    assert lettering.families == ("DejaVu Sans",)


@pytest.mark.parametrize("form", ["png", "svg", "pdf"])
def test_no_two_words_look_the_same_and_nothing_warns(form):
    drawn = set()
    for word in NOWHERE[:3]:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # "Glyph … missing from font(s)" among others
            drawn.add(render(picture(word, "x"), form))
    assert len(drawn) == 3


def test_a_font_of_the_machine_is_found_by_the_letters_it_has(fonts):
    first, second = "\u0378", "\u0380"
    fonts("Unknown A", **{first: 700})
    fonts("Unknown B", **{second: 300})
    lettering = Lettering([first + second, "\u0379"])
    assert set(lettering.families) == {"DejaVu Sans", "Unknown A", "Unknown B"}
    assert lettering.printable(first + second) == first + second
    assert lettering.printable("\u0379") == "⟨1⟩"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert render(picture(first, second), "pdf")
        written = render(picture(first, second), "svg")
        assert written != render(picture(second, first), "svg")
    with rules([first]):
        assert width_of(first, 10) == pytest.approx(0.85 * 10 / 72, rel=0.02)


def test_a_font_that_has_a_letter_only_as_an_empty_outline_does_not_count(fonts):
    fonts("Bitmaps", **{"\u0378": 0})
    lettering = Lettering(["\u0378"])
    assert lettering.families == ("DejaVu Sans",) and lettering.printable("\u0378") == "⟨1⟩"


def test_the_sheet_grows_by_the_note():
    with_note, without = (pixels(render(picture(word, "x"), "png")) for word in ("\u0378", "yy"))
    assert with_note.shape[0] > without.shape[0] + 20


def test_numbers_follow_the_picture_not_the_process():
    one = render(picture("\u0378", "x"), "svg")
    render(picture("\u0379", "\u0380", "x"), "svg")
    assert render(picture("\u0378", "x"), "svg") == one
    assert printable("\u0378") != "\u0378"


def test_every_text_of_a_picture_is_gathered_but_not_its_record():
    shown = picture("word", notes=("a note",), provenance={"prompt": "\u0378"})
    texts = list(texts_of(shown))
    assert {"word", "a note", "query", "attention weight"} <= set(texts)
    assert "\u0378" not in texts and shown.name not in texts


def test_lines_break_between_letters_with_their_marks():
    assert clusters("ae\u0301👩\u200d🚀b") == ["a", "e\u0301", "👩\u200d🚀", "b"]
    word = "e\u0301" * 300
    lines = broken(word, 8, 2.0)
    assert len(lines) > 1 and all(line.startswith("e") for line in lines)
    assert "".join(lines) == plain(word)


def test_a_cut_tears_no_mark_off():
    assert plain("abce\u0301f", 5) == "abc…"
    assert plain("ab👩\u200d🚀cd", 5) == "ab…"


def test_names_that_differ_only_at_the_end_stay_apart():
    long = tuple(f"antidisestablishmentarian{end}" for end in ("ism", "ist"))
    assert len(set(shortened(long))) == 2
    assert all(len(name) <= 16 for name in shortened(long))
    twins = tuple(f"antidises{middle}hmentarian" for middle in ("tablis", "tabliz"))
    assert len(set(shortened(twins))) == 2
    assert shortened(("same word that is long",) * 2) == ("same word that …",) * 2
