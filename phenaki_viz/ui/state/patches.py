"""How chosen patches go together, the key beside the query, the walk, the strip; in the URL.

Which patches are chosen is the selection's own.
"""

import re
from typing import Any, Literal, cast

from phenaki_viz.analysis.overlay import Combine
from phenaki_viz.analysis.words import first_word
from phenaki_viz.figures.laid_over import Drawn
from phenaki_viz.figures.naming import key_axis
from phenaki_viz.recording import AttentionRecord
from phenaki_viz.ui import session
from phenaki_viz.ui.components.film_strip import (
    MOST_PATCHES,
    SLOW_WALK,
    PatchPick,
    StripStyle,
    Walk,
)
from phenaki_viz.ui.state.link import in_link, say_in_url, whole_number
from phenaki_viz.ui.state.offers import expect_within
from phenaki_viz.ui.state.selection import ALSO, Selection
from phenaki_viz.ui.state.wishes import wish

COMBINE, KEY, WALK = "queries.combine", "queries.key", "queries.walk"
WORD = "word"
_BOX, _LAST = "word.box", "word.last"
LOOK, FIRST_LOOK = "queries.look", "queries.look.first"
SHOWN: dict[str, Literal["lines", "beside", "bare"]] = {
    "lines": "lines", "apart": "beside", "bare": "bare",
}  # fmt: skip
CONTRAST = re.compile(r"x[0-9]{1,2}(\.[0-9])?")
MOST_CONTRAST = 10.0
WALKS = ("frames", "row", "column", "all")
FASTEST = 12


def combine() -> Combine:
    """How the weights of several patches are put together."""
    chosen = session.first(COMBINE, in_link("combine", "mean"))
    how: Literal["mean", "sum"] = "sum" if chosen == "sum" else "mean"
    say_in_url("combine", "" if how == "mean" else how)
    return how


def key_of(selection: Selection) -> int | None:
    """The key that was picked beside the query, a column of the map; None for none."""
    most = selection.record.map.shape[3] - 1
    if not session.has(KEY):
        session.put(KEY, whole_number(in_link("key")))
        expect_within("key", 0, most, [in_link("key")])
    key: int | None = session.held(KEY)
    say_in_url("key", "" if key is None else str(key))
    return key if key is not None and key <= most else None


def word_of(selection: Selection) -> int:
    """The key that the words of cross-attention are looked at from: a null key or a word."""
    return word_at(selection.record)


def word_shown(selection: Selection) -> int | None:
    """The key whose readers are shown, where the keys are a text; None where they are patches."""
    return word_of(selection) if selection.record.reads_words else None


def word_at(record: AttentionRecord, box: str = "map") -> int:
    """The key that is chosen of a cross-attention map: a column, as a word may stand there twice.

    The link says its number, the first word is not said. box: which widget draws it; another
    kind of widget cannot read what the one before left in the session, and is set anew.
    """
    names, first = key_axis(record, 0).names, first_word(record)
    if not session.has(WORD):
        session.put(WORD, _word_in_url(names, first))
        expect_within(WORD, 0, len(names) - 1, [in_link(WORD)])
    if session.get(_BOX, box) != box:
        session.put(WORD, session.get(_LAST, first))
    if session.held(WORD) not in range(len(names)):
        session.put(WORD, len(names) - 1)
    at = int(session.held(WORD))
    session.put_all({_BOX: box, _LAST: at})
    say_in_url(WORD, "" if at == first else str(at))
    return at


def _word_in_url(names: tuple[str, ...], first: int) -> int:
    """A link's number; older links said '4: two', or 'two'."""
    word = in_link(WORD)
    at = whole_number(word.partition(":")[0])
    if at is None:
        return names.index(word) if word in names else first
    return min(at, len(names) - 1)


def walk() -> Walk:
    """How the patch walks by itself."""
    chosen = session.first(WALK, _walk_in_url())
    usual = chosen == SLOW_WALK
    say_in_url("walk", "" if usual else f"{chosen['along']}.{chosen['pace']}")
    return cast(Walk, chosen)


def first_look() -> StripStyle | None:
    """How a link draws the strip. It stays as it is: the browser knows what was changed since."""
    first: StripStyle | None = session.first(FIRST_LOOK, _look_in_url())
    now = session.first(LOOK, first)
    say_in_url("strip", _look_text(now) if now else "")
    return first


def keep_look(style: StripStyle) -> None:
    """How the user draws the strip; a callback."""
    session.put(LOOK, style)


def drawn() -> Drawn:
    """How the user draws the strip, for its files."""
    now: StripStyle | None = session.get(LOOK)
    if now is None:
        return Drawn()
    return Drawn(
        opacity=float(now["opacity"]),
        contrast=float(now["contrast"]),
        lines=bool(now["lines"]),
        beside=bool(now["beside"]),
        hatched=not now["bare"],
    )


def pick_patches(pick: PatchPick) -> None:
    """What was picked on the film strip, for the next run; a callback."""
    place, *also = ((int(t), int(h), int(w)) for t, h, w in pick["places"])
    wish(place=place)
    session.put(ALSO, tuple(also)[:MOST_PATCHES])
    session.put(COMBINE, pick["combine"])


def keep_walk(chosen: Walk) -> None:
    """How the user lets the patch walk; a callback."""
    session.put(WALK, {"along": chosen["along"], "pace": int(chosen["pace"])})


def pick_key(key: int | None) -> None:
    """The key that was picked on a map, and no patches beside the query; call it in a callback."""
    session.put(KEY, key)
    session.put(ALSO, ())


def _walk_in_url() -> dict[str, Any]:
    along, _, written = in_link("walk").partition(".")
    pace = whole_number(written) or 0
    fine = along in WALKS and 1 <= pace <= FASTEST
    return {"along": along, "pace": pace} if fine else dict(SLOW_WALK)


def _look_text(look: StripStyle) -> str:
    """'60-x2.5-lines-apart': opacity in per cent, contrast if it is not 1, and what is on."""
    on = [name for name, field in SHOWN.items() if look[field]]
    contrast = [] if look["contrast"] == 1 else [f"x{look['contrast']:g}"]
    return "-".join([f"{100 * look['opacity']:.0f}", *contrast, *on])


def _look_in_url() -> StripStyle | None:
    opacity, *on = in_link("strip").split("-")
    percent = whole_number(opacity)
    if percent is None or percent > 100:
        return None
    contrast = next((float(one[1:]) for one in on if CONTRAST.fullmatch(one)), 1.0)
    return {
        "opacity": percent / 100,
        "contrast": min(max(contrast, 1.0), MOST_CONTRAST),
        "lines": "lines" in on,
        "beside": "apart" in on,
        "bare": "bare" in on,
    }
