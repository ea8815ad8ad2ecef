"""What can be changed in a model while it runs, as data: each kind frozen, hashable, checked.

    (ZeroHead(module="maskgit.transformer.layers.3.1", head=3), ScalePosition(factor=0.0))

A tuple of them is in force together, and their order changes nothing: each acts at a place of its
own. The text comes first (what cross-attention reads), then inside a call the products of queries
and keys (`ScaleAttention`), what is added to them (`ScalePosition`, `ScaleAlibi`), which edges are
left (`CutEdges`), what a head gives to the output (`ZeroHead`, `MeanHead`), and last which layers
there are (`CutDepth`). Factors of one head are multiplied, cuts of one module united.

module: dotted name of an attention module or of a part of the model that holds some, "" for all of
it. head: None for every head.
"""

import math
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal, get_args

from phenaki_viz.errors import ConfigError

Reads = Literal[
    "own step", "other steps", "earlier steps", "later steps", "words", "one word", "null keys"
]
MOST_FACTOR = 100.0
MOST_NUMBER = 1e30
MOST_HEADS = 4096
MOST_WIDTH = 4096
LONGEST_NAME = 300
LONGEST_TEXT = 1000


def _check_name(kind: str, name: Any) -> None:
    if not isinstance(name, str) or len(name) > LONGEST_NAME or not name.isprintable():
        raise ConfigError(f"{kind}: a module is named by up to {LONGEST_NAME} printable characters")


def _check_number(kind: str, what: str, value: Any, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < most:
        raise ConfigError(f"{kind}: {what} is {str(value)[:20]!r}; use 0 to {most - 1:,}")


def _is_number(value: Any) -> bool:
    """Whether it is a finite number; a whole one may be too long for a float."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return abs(value) < MOST_NUMBER and not math.isnan(value)


@dataclass(frozen=True, kw_only=True)
class ZeroHead:
    """A head gives nothing to the output: its share of what `to_out` reads is zero.

    Its map is still there, and is what it would do. Source: Michel et al. 2019, section 2.3.
    """

    kind: ClassVar[str] = "zero head"
    module: str
    head: int

    def __post_init__(self) -> None:
        _check_name(self.kind, self.module)
        _check_number(self.kind, "the head", self.head, MOST_HEADS)

    @property
    def said(self) -> str:
        """In words."""
        return f"{self.module} head {self.head} off"


@dataclass(frozen=True, kw_only=True)
class MeanHead:
    """A head gives the same to every token: its mean output over clips.

    mean: 'd', what `to_out` reads of the head, averaged. over: what it was averaged over, in words.
    """

    kind: ClassVar[str] = "mean head"
    module: str
    head: int
    mean: tuple[float, ...]
    over: str

    def __post_init__(self) -> None:
        _check_name(self.kind, self.module)
        _check_number(self.kind, "the head", self.head, MOST_HEADS)
        object.__setattr__(self, "mean", tuple(self.mean))
        if not 0 < len(self.mean) <= MOST_WIDTH or not all(map(_is_number, self.mean)):
            raise ConfigError(f"{self.kind}: a mean is 1 to {MOST_WIDTH:,} finite numbers")
        _check_text(self.kind, self.over)

    @property
    def said(self) -> str:
        """In words."""
        return f"{self.module} head {self.head} at its mean over {self.over}"


@dataclass(frozen=True, kw_only=True)
class _Scale:
    """A factor on a part of the scores."""

    factor: float
    module: str = ""
    head: int | None = None

    kind: ClassVar[str]
    what: ClassVar[str]

    def __post_init__(self) -> None:
        _check_name(self.kind, self.module)
        if self.head is not None:
            _check_number(self.kind, "the head", self.head, MOST_HEADS)
        if not _is_number(self.factor) or not 0 <= self.factor <= MOST_FACTOR:
            raise ConfigError(
                f"{self.kind}: the factor is {str(self.factor)[:20]}; use 0 to {MOST_FACTOR:g}"
            )
        object.__setattr__(self, "factor", float(self.factor))

    @property
    def said(self) -> str:
        """In words."""
        head = "" if self.head is None else f" head {self.head}"
        return f"{self.what} × {self.factor:g} in {self.module or 'the whole model'}{head}"


@dataclass(frozen=True, kw_only=True)
class ScalePosition(_Scale):
    """The position bias that is added to the scores, times a factor."""

    kind: ClassVar[str] = "scale position"
    what: ClassVar[str] = "position bias"


@dataclass(frozen=True, kw_only=True)
class ScaleAlibi(_Scale):
    """ALiBi's slopes, times a factor."""

    kind: ClassVar[str] = "scale alibi"
    what: ClassVar[str] = "ALiBi"


@dataclass(frozen=True, kw_only=True)
class ScaleAttention(_Scale):
    """The products of queries and keys, times a factor: below 1 flatter, above 1 sharper rows."""

    kind: ClassVar[str] = "scale attention"
    what: ClassVar[str] = "attention scale"


@dataclass(frozen=True, kw_only=True)
class CutEdges:
    """Queries of a module may not read keys of one kind.

    reads: which: patches of the query's own time step, or of other, earlier or later ones; words of
    the text, or one of them; null keys. word: which one, counted from 0. head: in this head alone.
    step, patch: queries of this time step, at this (row, column), alone. renormalise: what is left
    of a row sums to 1, as with a mask; else the other weights stay what they were, and the row sums
    to less (such a map cannot be recorded). Refused, while the model runs, where a query would be
    left with nothing to read. A text without that word has nothing that is cut.
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

    def __post_init__(self) -> None:
        _check_name(self.kind, self.module)
        if not isinstance(self.reads, str) or self.reads not in get_args(Reads):
            raise ConfigError(
                f"{self.kind}: what is not read is {str(self.reads)[:20]!r}; use "
                + ", ".join(get_args(Reads))
            )
        if not isinstance(self.renormalise, bool):
            raise ConfigError(f"{self.kind}: renormalise is yes or no")
        if (self.reads == "one word") != (self.word is not None):
            raise ConfigError(f"{self.kind}: a word is named where one word is not read")
        for what, value in (("the word", self.word), ("the head", self.head),
                            ("the time step", self.step)):  # fmt: skip
            if value is not None:
                _check_number(self.kind, what, value, MOST_HEADS)
        self._check_patch()

    def _check_patch(self) -> None:
        if self.patch is None:
            return
        if not isinstance(self.patch, (tuple, list)) or len(self.patch) != 2:
            raise ConfigError(f"{self.kind}: a patch is its row and its column")
        for what, value in zip(("the row", "the column"), self.patch, strict=True):
            _check_number(self.kind, what, value, MOST_HEADS)
        object.__setattr__(self, "patch", tuple(self.patch))

    @property
    def keys(self) -> str:
        """What is not read, in words: 'own step', 'word 2'."""
        return self.reads if self.word is None else f"word {self.word + 1}"

    @property
    def queries(self) -> str:
        """Who does not read it, in words; empty for all: 'time 2, row 1, column 3'."""
        step = [] if self.step is None else [f"time {self.step}"]
        at = self.patch or ()
        return ", ".join(
            [*step, *(f"{n} {v}" for n, v in zip(("row", "column"), at, strict=False))]
        )

    @property
    def said(self) -> str:
        """In words."""
        left = "" if self.renormalise else ", rows not renormalised"
        head = "" if self.head is None else f" head {self.head}"
        by = f" by {self.queries}" if self.queries else ""
        where = f"{self.module or 'the whole model'}{head}"
        return f"nothing read from {self.keys}{by} in {where}{left}"


@dataclass(frozen=True, kw_only=True)
class DropText:
    """Cross-attention reads no word, only its null keys: the model is asked without its text."""

    kind: ClassVar[str] = "drop text"

    @property
    def said(self) -> str:
        """In words."""
        return "text dropped"


@dataclass(frozen=True, kw_only=True)
class SwapText:
    """Cross-attention reads another text; passes that have none still have none."""

    kind: ClassVar[str] = "swap text"
    text: str

    def __post_init__(self) -> None:
        _check_text(self.kind, self.text)

    @property
    def said(self) -> str:
        """In words."""
        return f"text swapped for “{self.text}”"


@dataclass(frozen=True, kw_only=True)
class CutDepth:
    """The layers of a transformer after the first `kept` add nothing and are not recorded.

    module: of the transformer.
    """

    kind: ClassVar[str] = "cut depth"
    module: str
    kept: int

    def __post_init__(self) -> None:
        _check_name(self.kind, self.module)
        _check_number(self.kind, "layers kept", self.kept, MOST_HEADS)

    @property
    def said(self) -> str:
        """In words."""
        layers = "layer" if self.kept == 1 else "layers"
        return f"{self.module or 'the transformer'} cut to {self.kept} {layers}"


def _check_text(kind: str, text: Any) -> None:
    is_text = isinstance(text, str) and len(text) <= LONGEST_TEXT and text.isprintable()
    if not is_text or not text.strip():
        raise ConfigError(f"{kind}: give a text of 1 to {LONGEST_TEXT:,} printable characters")


Intervention = (
    ZeroHead
    | MeanHead
    | ScalePosition
    | ScaleAlibi
    | ScaleAttention
    | CutEdges
    | DropText
    | SwapText
    | CutDepth
)
Interventions = tuple[Intervention, ...]
KINDS: dict[str, type[Any]] = {one.kind: one for one in get_args(Intervention)}


def as_dict(one: Intervention) -> dict[str, Any]:
    """Plain values, for JSON: 'do' says which kind."""
    plain = {each.name: getattr(one, each.name) for each in fields(one)}
    return {"do": one.kind, **{k: list(v) if isinstance(v, tuple) else v for k, v in plain.items()}}
