"""What the dialog behind `?` says: the keys, the words, and a tour by the app's own links."""

from dataclasses import asdict, dataclass

from phenaki_viz.glossary import TERMS
from phenaki_viz.ui import keys
from phenaki_viz.ui.components.guide import guide


@dataclass(frozen=True)
class Stop:
    """One stop of the tour. link: relative to the app's address, of the shipped model."""

    title: str
    says: str
    link: str


TOUR = (
    Stop(
        "A patch reads a word",
        "The heading says in numbers what the outlined patch does. Click another patch, or press "
        "an arrow key: heading, frames and map follow. The small pictures are the same moment, of "
        "every head.",
        "?maps=Cross&layer=1&head=3&step=2&row=2&column=2&word=2",
    ),
    Stop(
        "A patch looks across time",
        "Self-attention: bright patches are what this one reads, most of it a moment before. "
        "Press ] and . for the next layer and head.",
        "?maps=Self&layer=1&head=1&step=2&row=2&column=2",
    ),
    Stop(
        "Which head reads which word",
        "Each cell of the table leads to the head of its layer that reads the word best. Below, "
        "another text is tried on the same clip: what it costs is what the text is worth.",
        "text?layer=1&head=3&word=2",
    ),
    Stop(
        "A video comes about",
        "From all tokens masked to none, one decoding step after the other. Drag the bar, then see "
        "the attention of that step.",
        "sampling",
    ),
    Stop(
        "Why it looks nearby",
        "What position alone adds to the score, whatever is on the patches. Move Δt: this head "
        "keeps to its own moment.",
        "position?head=3",
    ),
)


def draw_guide() -> None:
    """Mount the dialog; it is on every page."""
    guide(
        keys={
            "Keys, anywhere": [*_listed(keys.EVERYWHERE), ("?", "this")],
            "Keys, in a picture": _listed(keys.IN_PICTURES),
        },
        terms=[
            {"name": term.name, "means": term.means, "source": term.source}
            for term in sorted(TERMS.values(), key=lambda term: term.name.strip("× ").casefold())
        ],
        stops=[asdict(stop) for stop in TOUR],
    )


def _listed(table: tuple[keys.Key, ...]) -> list[tuple[str, str]]:
    return [(key.press, key.does) for key in table]
