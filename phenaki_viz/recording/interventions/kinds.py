"""What can be changed in a model while it runs, as data: each kind frozen, hashable, checked.

    (ZeroHead(module="maskgit.transformer.layers.3.1", head=3), ScalePosition(factor=0.0))

A tuple of them is in force together, and their order changes nothing: each acts at a place of its
own. The text comes first (what cross-attention reads), then inside a call the products of queries
and keys (`ScaleAttention`), what is added to them (`ScalePosition`, `ScaleAlibi`), which edges are
left (`CutEdges`), the map of another run in their place (`TransferMap`: of that head nothing before
it counts), what a head gives to the output (`ZeroHead`, `MeanHead`), and last which layers there
are (`CutDepth`). Factors of one head are multiplied, cuts of one module united.

module: dotted name of an attention module or of a part of the model that holds some, "" for all of
it. head: None for every head.
"""

from dataclasses import dataclass, fields
from typing import Any, ClassVar, get_args

from phenaki_viz.errors import ConfigError
from phenaki_viz.recording.interventions.checks import LONGEST_TEXT as LONGEST_TEXT
from phenaki_viz.recording.interventions.checks import (
    MOST_HEADS,
    MOST_WIDTH,
    check_name,
    check_number,
    check_text,
    is_number,
    take_plain,
)
from phenaki_viz.recording.interventions.cut_edges import CutEdges as CutEdges
from phenaki_viz.recording.interventions.cut_edges import Reads as Reads
from phenaki_viz.recording.interventions.transfer_map import TransferMap as TransferMap

MOST_FACTOR = 100.0


@dataclass(frozen=True, kw_only=True)
class ZeroHead:
    """A head gives nothing to the output: its share of what `to_out` reads is zero.

    Its map is still there, and is what it would do. Source: Michel et al. 2019, section 2.3.
    """

    kind: ClassVar[str] = "zero head"
    module: str
    head: int

    def __post_init__(self) -> None:
        take_plain(self)
        check_name(self.kind, self.module)
        check_number(self.kind, "the head", self.head, MOST_HEADS)

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
        take_plain(self)
        check_name(self.kind, self.module)
        check_number(self.kind, "the head", self.head, MOST_HEADS)
        object.__setattr__(self, "mean", tuple(self.mean))
        if not 0 < len(self.mean) <= MOST_WIDTH or not all(map(is_number, self.mean)):
            raise ConfigError(f"{self.kind}: a mean is 1 to {MOST_WIDTH:,} finite numbers")
        check_text(self.kind, self.over)

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
        take_plain(self)
        check_name(self.kind, self.module)
        if self.head is not None:
            check_number(self.kind, "the head", self.head, MOST_HEADS)
        if not is_number(self.factor) or not 0 <= self.factor <= MOST_FACTOR:
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
        take_plain(self)
        check_text(self.kind, self.text)

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
        take_plain(self)
        check_name(self.kind, self.module)
        check_number(self.kind, "layers kept", self.kept, MOST_HEADS)

    @property
    def said(self) -> str:
        """In words."""
        layers = "layer" if self.kept == 1 else "layers"
        return f"{self.module or 'the transformer'} cut to {self.kept} {layers}"


Intervention = (
    ZeroHead
    | MeanHead
    | ScalePosition
    | ScaleAlibi
    | ScaleAttention
    | CutEdges
    | TransferMap
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
