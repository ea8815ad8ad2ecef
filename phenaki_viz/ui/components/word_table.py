"""Which head reads which word: a row a word, a column a layer, each cell a way to that head."""

from collections.abc import Callable
from typing import Any, TypedDict, cast

from phenaki_viz.browser.word_message import WordPicture, word_message
from phenaki_viz.ui.components import selection_sync as sync
from phenaki_viz.ui.components.assets import declare
from phenaki_viz.ui.session import named


class WordPick(TypedDict):
    """The key whose cell was chosen, and the layer and head that it names."""

    key: int
    layer: int
    head: int


_mount = declare("word_table")


def word_table(
    picture: WordPicture,
    *,
    selected: tuple[int, int, int],
    key: str,
    shows: str = "",
    on_pick: Callable[[WordPick], None] | None = None,
) -> WordPick | None:
    """Draw the table; returns what was picked in the run in which it was, else None.

    selected: (key, layer, head). shows: what it is of, see `said`.
    """
    key = named(key)
    event = sync.new_event(key)
    picked = [event[name] for name in ("key", "layer", "head")] if event else None
    push = sync.pending(key, [int(at) for at in selected], picked)
    _mount(
        key,
        word_message(picture, id=key, push=push, shows=shows),
        on_pick_change=sync.answering(key, "pick", cast(Any, on_pick)),
    )
    return cast(WordPick | None, event)
