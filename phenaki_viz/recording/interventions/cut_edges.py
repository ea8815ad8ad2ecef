"""Edges that are cut: which queries may not read which keys."""

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

from phenaki_viz.errors import ConfigError
from phenaki_viz.recording.interventions.checks import (
    MOST_HEADS,
    check_name,
    check_number,
    place,
    take_plain,
)

Reads = Literal[
    "own step",
    "other steps",
    "earlier steps",
    "later steps",
    "one patch",
    "words",
    "one word",
    "null keys",
]


@dataclass(frozen=True, kw_only=True)
class CutEdges:
    """Queries of a module may not read keys of one kind.

    reads: which: patches of the query's own time step, or of other, earlier or later ones, or one
    patch; words of the text, or one of them; null keys. word: which one, counted from 0. key_patch:
    the (row, column) of the one patch, key_step: at this time step, None for all. head: in this
    head alone. step, patch: queries of this time step, at this (row, column), alone. renormalise:
    what is left of a row sums to 1, as with a mask; else the other weights stay what they were, and
    the row sums to less (such a map cannot be recorded). Refused, while the model runs, where a
    query would be left with nothing to read. A text without that word, or a grid without that
    patch, has nothing that is cut.
    Source: attention knockout, Geva et al. 2023, Dissecting Recall of Factual Associations.
    """

    kind: ClassVar[str] = "cut edges"
    reads: Reads
    module: str = ""
    renormalise: bool = True
    word: int | None = None
    head: int | None = None
    step: int | None = None
    patch: tuple[int, int] | None = None
    key_step: int | None = None
    key_patch: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        take_plain(self)
        check_name(self.kind, self.module)
        if not isinstance(self.reads, str) or self.reads not in get_args(Reads):
            raise ConfigError(
                f"{self.kind}: what is not read is {str(self.reads)[:20]!r}; use "
                + ", ".join(get_args(Reads))
            )
        if not isinstance(self.renormalise, bool):
            raise ConfigError(f"{self.kind}: renormalise is yes or no")
        if (self.reads == "one word") != (self.word is not None):
            raise ConfigError(f"{self.kind}: a word is named where one word is not read")
        of_patch = self.key_patch is not None
        if (self.reads == "one patch") != of_patch or (self.key_step is not None and not of_patch):
            raise ConfigError(f"{self.kind}: a key_patch is named where one patch is not read")
        for what, value in (
            ("the word", self.word),
            ("the head", self.head),
            ("the time step", self.step),
            ("the key's time step", self.key_step),
        ):
            if value is not None:
                check_number(self.kind, what, value, MOST_HEADS)
        for name in ("patch", "key_patch"):
            self._check_patch(name)

    def _check_patch(self, name: str) -> None:
        given = getattr(self, name)
        if given is None:
            return
        if not isinstance(given, (tuple, list)) or len(given) != 2:
            raise ConfigError(f"{self.kind}: a patch is its row and its column")
        for what, value in zip(("the row", "the column"), given, strict=True):
            check_number(self.kind, what, value, MOST_HEADS)
        object.__setattr__(self, name, tuple(given))

    @property
    def keys(self) -> str:
        """What is not read, in words: 'own step', 'word 2', 'time 0, row 1, column 3'."""
        if self.key_patch is not None:
            return place(self.key_step, self.key_patch)
        return self.reads if self.word is None else f"word {self.word + 1}"

    @property
    def queries(self) -> str:
        """Who does not read it, in words; empty for all: 'time 2, row 1, column 3'."""
        return place(self.step, self.patch)

    @property
    def said(self) -> str:
        """In words."""
        left = "" if self.renormalise else ", rows not renormalised"
        head = "" if self.head is None else f" head {self.head}"
        by = f" by {self.queries}" if self.queries else ""
        where = f"{self.module or 'the whole model'}{head}"
        return f"nothing read from {self.keys}{by} in {where}{left}"
