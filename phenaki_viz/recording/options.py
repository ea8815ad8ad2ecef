"""What of a model's attention is recorded, and how much of it may be kept."""

import operator
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict, cast, get_args

import torch

from phenaki_viz.errors import RecordingError
from phenaki_viz.recording.places import Grid, fits

DEFAULT_LIMIT = 2 * 2**30  # bytes of dense maps
FACTORED_LIMIT = 4 * 2**30  # bytes of factored maps
Extra = Literal["queries", "keys", "values", "written"]
StorageChoice = Literal["auto", "dense", "factored"]


class OptionsByName(TypedDict, total=False):
    """The fields of `RecordOptions`, as `record(model, …)` takes them by their names."""

    modules: Collection[str] | None
    heads: Sequence[int] | None
    batch_items: Sequence[int] | None
    extras: Collection[Extra]
    storage: StorageChoice
    dtype: torch.dtype
    limit_bytes: int
    factored_limit_bytes: int
    verify_items: int
    verify_rows: int
    words: Sequence[str]
    grid: Grid | None


@dataclass(frozen=True, kw_only=True)
class RecordOptions:
    """What `record` keeps, and how. None keeps all of it; indices count from 0.

    modules: dotted names. heads, batch_items: indices. extras: kept as well, "queries", "keys" and
    "values", or "written": norms of what each key and head writes (`Written`; a few per cent of a
    long forward). storage: "dense", "factored", or "auto": dense while all maps together stay
    within `limit_bytes`, factored beyond, and factored where that is recorded cheaper: maps of a
    million weights or more of a model that hands over their factors; `Recording.storage` says which
    and why. dtype: of dense maps, float32 or float16. limit_bytes: of dense maps;
    factored_limit_bytes: of
    factored maps. verify_items, verify_rows: how many batch items and query rows each verification
    checks. words: the text, so that keys of cross-attention have names. grid: 't h w' of the
    tokens, for models that do not tell their transformers the video's shape.
    Raises RecordingError for anything that no model could be asked for.
    """

    modules: Collection[str] | None = None
    heads: Sequence[int] | None = None
    batch_items: Sequence[int] | None = None
    extras: frozenset[Extra] = frozenset()
    storage: StorageChoice = "auto"
    dtype: torch.dtype = torch.float32
    limit_bytes: int = DEFAULT_LIMIT
    factored_limit_bytes: int = FACTORED_LIMIT
    verify_items: int = 4
    verify_rows: int = 16
    words: Sequence[str] = ()
    grid: Grid | None = None

    def __post_init__(self) -> None:
        if self.dtype not in (torch.float32, torch.float16):
            raise RecordingError(f"maps are kept as float32 or float16, got {self.dtype}")
        if self.storage not in _STORAGES:
            raise RecordingError(f"storage is 'auto', 'dense' or 'factored', got {self.storage!r}")
        for name, read in _READ.items():
            value = getattr(self, name)
            if value is not getattr(RecordOptions, name):  # most are what they are by default
                self._set(name, read(name, value))
        unknown = sorted(self.extras - _EXTRAS)
        if unknown:
            known = ", ".join(get_args(Extra))
            raise RecordingError(f"extras has {', '.join(unknown)}; there are {known}")

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def check_heads(self, heads: Mapping[str, int]) -> None:
        """Raise RecordingError when a chosen head is missing in one of these modules."""
        if self.heads is None:
            return
        for name, count in heads.items():
            missing = [head for head in self.heads if head >= count]
            if missing:
                raise RecordingError(
                    f"heads has {', '.join(map(str, missing))}; {name} has {count} heads, counted "
                    "from 0: choose other heads, or fewer modules"
                )

    @property
    def asks_of_calls(self) -> bool:
        """Whether anything was asked for that may not fit a call."""
        return self.batch_items is not None or self.grid is not None or bool(self.words)

    def check_call(
        self, name: str, batch: int, queries: int, keys: int | None, shaped: bool
    ) -> None:
        """Raise RecordingError, before a call is computed, when what was asked does not fit it.

        keys: words of the text that it reads, None for self-attention. shaped: whether the model
        says itself how its tokens lie.
        """
        missing = [item for item in self.batch_items or () if item >= batch]
        if missing:
            raise RecordingError(
                f"batch_items has {', '.join(map(str, missing))}; {name} was called with {batch} "
                "items, counted from 0"
            )
        if self.grid is not None and not shaped and not fits(self.grid, batch, queries):
            raise RecordingError(
                f"grid is {' × '.join(map(str, self.grid))}, and {name} was called with {batch} "
                f"items of {queries} tokens, which do not lie on it: give the grid of the tokens, "
                "leave it out, or choose the modules that it is of"
            )
        if keys is not None and len(self.words) > keys:
            raise RecordingError(
                f"words has {len(self.words)} names, and {name} reads {keys} text tokens: give "
                "the tokens as the text encoder cuts them, its marks included, or leave words out"
            )

    def kept(self, batch: int, heads: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The batch items and heads to keep of a call that has so many."""
        items = range(batch) if self.batch_items is None else self.batch_items
        kept_heads = range(heads) if self.heads is None else self.heads
        return tuple(items), tuple(kept_heads)

    def share(self, batch: int, heads: int) -> float:
        """The share of a call with so many batch items and heads that is kept."""
        of_items = 1.0 if self.batch_items is None else len(self.batch_items) / max(batch, 1)
        of_heads = 1.0 if self.heads is None else len(self.heads) / max(heads, 1)
        return of_items * of_heads


def named_options(options: OptionsByName) -> RecordOptions:
    """The options that are given by name. Raises TypeError for a name that is none."""
    known = RecordOptions.__dataclass_fields__
    unknown = sorted(options.keys() - known.keys())
    if unknown:
        raise TypeError(f"record() has no option {', '.join(unknown)}; it has {', '.join(known)}")
    return RecordOptions(**cast(Any, options))  # `extras` of any collection becomes a frozenset


def _texts(name: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, (str, bytes)) or not isinstance(value, Collection):
        raise RecordingError(f"{name} is a list of texts, got {value!r:.60}")
    wrong = [one for one in value if not isinstance(one, str)]
    if wrong:
        raise RecordingError(f"{name} is a list of texts, and {wrong[0]!r:.60} is none")
    return tuple(value)


def _names(name: str, value: Any) -> tuple[str, ...]:
    return _once(name, _texts(name, value))


def _indices(name: str, value: Any) -> tuple[int, ...]:
    if isinstance(value, (str, bytes, Mapping)) or not hasattr(value, "__iter__"):
        raise RecordingError(f"{name} is a list of whole numbers, got {value!r:.60}")
    found = tuple(_number(name, one, 0) for one in value)
    return _once(name, found)


def _number(name: str, value: Any, least: int) -> int:
    try:
        if isinstance(value, bool):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise RecordingError(f"{name} takes whole numbers, got {value!r:.60}") from None
    if number < least:
        raise RecordingError(f"{name} takes whole numbers from {least}, got {number}")
    return number


def _once(name: str, value: tuple[Any, ...]) -> tuple[Any, ...]:
    twice = list(dict.fromkeys(one for one in value if value.count(one) > 1))
    if twice:
        raise RecordingError(f"{name} has {', '.join(map(str, twice))} more than once")
    return value


def _some(name: str, value: tuple[Any, ...]) -> tuple[Any, ...]:
    if not value:
        raise RecordingError(f"{name} is empty, so nothing would be recorded: None is all of them")
    return value


def _grid(value: Any) -> Grid:
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence) or len(value) != 3:
        raise RecordingError(f"grid is (steps, rows, columns), got {value!r:.60}")
    t, h, w = (_number("grid", side, 1) for side in value)
    return t, h, w


def _unless_all(read: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
    """`read` of what may be None, which is all."""
    return lambda name, value: None if value is None else _some(name, read(name, value))


_STORAGES, _EXTRAS = get_args(StorageChoice), frozenset(get_args(Extra))
_READ: dict[str, Callable[[str, Any], Any]] = {  # in the order in which faults are told
    "modules": _unless_all(_names),
    "heads": _unless_all(_indices),
    "batch_items": _unless_all(_indices),
    "extras": lambda name, value: frozenset(_names(name, value)),
    "words": _texts,
    "grid": lambda name, value: None if value is None else _grid(value),
    "limit_bytes": lambda name, value: _number(name, value, 0),
    "factored_limit_bytes": lambda name, value: _number(name, value, 0),
    "verify_items": lambda name, value: _number(name, value, 1),
    "verify_rows": lambda name, value: _number(name, value, 1),
}
