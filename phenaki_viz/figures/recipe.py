"""What a figure for a paper is made of, as data: read from JSON, written into every file of it."""

import re
from typing import Annotated, Any, Literal, get_args

import msgspec

from phenaki_viz.errors import ConfigError
from phenaki_viz.figures.colour import Law

Shows = Literal["map", "grid", "word", "patch", "track"]
Typeface = Literal["sans", "serif", "computer modern"]
LightOrDark = Literal["light", "dark"]
Words = Literal["out", "in"]
Table = Literal["magma_r", "magma", "viridis", "cividis"]
WIDTHS = {"single": 84.0, "double": 174.0, "slide": 254.0}  # millimetres
MOST_PANELS, MOST_COLUMNS = 24, 8
MOST_ALSO = 4  # heads beside the first of a track
Count = Annotated[int, msgspec.Meta(ge=0, le=100_000)]
NUMBERED = re.compile(r"(?P<what>[LH])(?P<number>[0-9]{1,5})")


class Panel(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """One picture of a figure.

    shows: the map of a head, all heads of a stack (grid), the tokens that read a word, where a
    patch looks, over the video, or what it looks at most in every time step (track). A grid with a
    patch shows its time step: where it looks, or with a word as well, who reads it. maps: "self",
    "cross", "encoder spatial" …, a part of the name will do; None takes the first kind there is.
    layer, head: counted from 0, as recorded. word: the key of a word, null keys counted too.
    patch: (time step, row, column). also: of a track, further heads, (layer, head) each. which:
    the pass, as "without the text"; "first" is the one that a page opens on. video: of a batch.
    """

    shows: Shows = "map"
    maps: str | None = None
    layer: Count | None = None
    head: Count | None = None
    word: Count | None = None
    patch: tuple[Count, Count, Count] | None = None
    also: Annotated[tuple[tuple[Count, Count], ...], msgspec.Meta(max_length=MOST_ALSO)] = ()
    which: str = "first"
    video: Count | None = None

    def __post_init__(self) -> None:
        needed = {"map": ("layer", "head"), "grid": (), "word": ("layer", "head", "word"),
                  "patch": ("layer", "head", "patch"),
                  "track": ("layer", "head", "patch")}[self.shows]  # fmt: skip
        for name in needed:
            if getattr(self, name) is None:
                raise ValueError(f"a panel that shows a {self.shows} needs its {name}")
        may = {"word", "patch"} if self.shows == "grid" else set()
        for name in {"layer", "head", "word", "patch"} - set(needed) - may:
            if getattr(self, name) is not None:
                raise ValueError(f"a panel that shows a {self.shows} has no {name}")
        if may and self.word is not None and self.patch is None:
            raise ValueError("a grid of a word's readers needs a patch, whose time step it shows")
        if self.also and self.shows != "track":
            raise ValueError(f"a panel that shows a {self.shows} has one head")


class Recipe(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A whole figure.

    columns: panels in a row; None takes up to three. width: of the figure, in millimetres. points:
    size of the labels' type; ticks are smaller by an eighth, panel letters larger. words: titles
    and notes in the figure, or out of it, for the caption. shared: one colour scale for all panels,
    and one bar; else each its own. colours: what they follow. up_to_largest: they end at the
    largest weight, not at the 99.5th percentile. palette: None is magma, from its light end on a
    light ground. dpi: of PNG.
    """

    panels: Annotated[tuple[Panel, ...], msgspec.Meta(min_length=1, max_length=MOST_PANELS)]
    columns: Annotated[int, msgspec.Meta(ge=1, le=MOST_COLUMNS)] | None = None
    width: Annotated[float, msgspec.Meta(ge=20, le=1000)] = WIDTHS["single"]
    points: Annotated[float, msgspec.Meta(ge=3, le=36)] = 7.0
    typeface: Typeface = "sans"
    letters: bool = True
    words: Words = "out"
    shared: bool = True
    colours: Law = "sqrt"
    up_to_largest: bool = False
    palette: Table | None = None
    theme: LightOrDark = "light"
    transparent: bool = False
    dpi: Annotated[int, msgspec.Meta(ge=72, le=1200)] = 600

    @property
    def table(self) -> Table:
        """The palette that is drawn with."""
        return self.palette or ("magma_r" if self.theme == "light" else "magma")

    @property
    def across(self) -> int:
        """Panels in a row."""
        return min(self.columns or 3, len(self.panels))


def read_recipe(text: str | bytes) -> Recipe:
    """A recipe from its JSON. Raises ConfigError, which names the field, for any other text."""
    try:
        return msgspec.json.decode(text, type=Recipe)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise ConfigError(f"this is no recipe of a figure: {error}") from error


def recipe_of(given: Any) -> Recipe:
    """A recipe from what a program says: a Recipe, or its fields as a dict. Raises ConfigError."""
    try:
        return given if isinstance(given, Recipe) else msgspec.convert(given, Recipe)
    except msgspec.MsgspecError as error:
        raise ConfigError(f"this is no recipe of a figure: {error}") from error


def as_data(recipe: Recipe) -> dict[str, Any]:
    """The recipe as JSON has it: only what is not as by default."""
    made: dict[str, Any] = msgspec.to_builtins(recipe)
    return made


def panel_said(text: str) -> Panel:
    """A panel from words: "self L1 H3", "cross grid", "L2 H0 word 3", "self L1 H3 patch 2,1,4",
    "self L1 H3 L2 H0 track 2,1,4", "cross grid word 3 patch 2,1,4".

    Raises ConfigError, with an example, for other words.
    """
    words = text.split()
    given: dict[str, Any] = {}
    kind: list[str] = []
    numbers: list[tuple[str, int]] = []
    grid = False
    while words:
        word = words.pop(0)
        found = NUMBERED.fullmatch(word)
        if found:
            numbers.append((found["what"], int(found["number"])))
        elif word == "grid":
            grid = True
        elif word in ("word", "patch", "track") and words:
            what = "patch" if word == "track" else word
            given |= {"shows": word, what: _value(word, words.pop(0), text)}
        else:
            kind.append(word)
    given |= _heads(numbers, text)
    if grid and given.get("shows") != "track":
        given["shows"] = "grid"
    try:
        return msgspec.convert({"maps": " ".join(kind) or None, **given}, Panel)
    except msgspec.MsgspecError as error:
        raise ConfigError(
            f"--panel {text!r}: {error}, as in 'self L1 H3' or 'cross grid'"
        ) from error


def _heads(numbers: list[tuple[str, int]], text: str) -> dict[str, Any]:
    """The first layer and head, and pairs of further ones: L1 H3 L2 H0. Raises ConfigError."""
    named = dict(numbers[:2])
    more = numbers[2:]
    given = {field: named[name] for name, field in (("L", "layer"), ("H", "head")) if name in named}
    if "".join(name for name, _ in more) != "LH" * (len(more) // 2):
        raise ConfigError(f"--panel {text!r}: heads come in pairs, as in L1 H3 L2 H0")
    counts = [number for _, number in more]
    also = [list(pair) for pair in zip(counts[::2], counts[1::2], strict=True)]
    return {**given, **({"also": also} if also else {})}


def _value(word: str, said: str, text: str) -> int | list[int]:
    try:
        return int(said) if word == "word" else [int(one) for one in said.split(",")]
    except ValueError as error:
        wanted = "a number" if word == "word" else "time,row,column"
        raise ConfigError(f"--panel {text!r}: after {word!r} comes {wanted}") from error


TYPEFACES: tuple[str, ...] = get_args(Typeface)
TABLES: tuple[str, ...] = get_args(Table)
