"""What an atlas is made of and how: plain data, which any worker anywhere can be sent."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from phenaki_viz.analysis.head_columns import COLUMNS
from phenaki_viz.analysis.head_facts import NUMBERS
from phenaki_viz.errors import AtlasError, ConfigError
from phenaki_viz.recording.records import Kind

LAYOUT = 1  # of the files: to be raised when a column of them changes
MEASURES = 2  # to be raised when a number of `COLUMNS` or `NUMBERS` comes to mean another thing
# How a setting is spoken of where two atlases differ in it.
SPOKEN = {
    "layout": "layout of the files",
    "version": "version of the measures",
    "weights_digest": "weights",
    "corrections": "corrected settings (--set)",
    "share": "masked share (--masked)",
    "seed": "seed of the masks (--seed)",
    "frames": "frames (--frames)",
    "axes": "axes of arrays (--axes)",
    "stride": "frames that are taken (--stride)",
    "kind": "kind of maps (--kind)",
    "stack": "stack (--stack)",
    "measures": "measures (--measures)",
    "masks": "masks of the sweep (--sweep, --masks)",
    "sweep_share": "masked share of the sweep (--sweep-masked)",
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All that decides the rows of a clip, besides the clip.

    weights_digest: of the model's state, as recordings carry it. corrections: settings of the
    checkpoint that were corrected, (name, value) each. share, seed, frames: see `RunOptions`.
    axes, stride: of the files, see `data.Reading`.
    kind, stack: of these maps alone. measures: columns that are kept, () for all. masks,
    sweep_share: of the trials on which heads are switched off; 0 masks for none.
    """

    weights_digest: str
    corrections: tuple[tuple[str, str], ...] = ()
    share: float = 0.5
    seed: int = 0
    frames: int | None = None
    axes: str | None = None
    stride: int = 1
    kind: Kind | None = None
    stack: str | None = None
    measures: tuple[str, ...] = ()
    masks: int = 0
    sweep_share: float = 0.9
    layout: int = LAYOUT
    version: int = MEASURES

    def __post_init__(self) -> None:
        for name in self.measures:
            if name not in COLUMNS:
                raise ConfigError(f"{name[:40]!r} is no measure: choose of {', '.join(COLUMNS)}")
        if self.kind not in (None, "self", "cross"):
            raise ConfigError(f"maps of the kind {self.kind!r}: use self or cross")
        if not 0 <= self.share <= 1 or not 0 < self.sweep_share <= 1 or self.masks < 0:
            raise ConfigError(
                f"shares of {self.share:g} and {self.sweep_share:g} with {self.masks} masks: use "
                "shares from 0 to 1, of the sweep above 0, and no fewer than 0 masks"
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are kept."""
        return self.measures or tuple(COLUMNS)

    @property
    def values(self) -> dict[str, Any]:
        """By name, as JSON has them: tuples are lists."""
        found: dict[str, Any] = json.loads(json.dumps(vars(self)))
        return found

    @property
    def digest(self) -> str:
        """12 hex digits of all of it."""
        decides = self.values | {"numbers": list(NUMBERS)}
        return digest_of(json.dumps(decides, sort_keys=True))


def settings_from(values: Mapping[str, Any]) -> Settings:
    """Out of the JSON of a file. Raises AtlasError."""
    wanted = {field.name for field in fields(Settings)}
    if set(values) != wanted:
        raise AtlasError("its settings are not those of an atlas of this version")
    found = dict(values)
    for name in ("layout", "version"):
        if found[name] != getattr(Settings, name):
            raise AtlasError(
                f"its {SPOKEN[name]} is {str(found[name])[:20]}, this program's is "
                f"{getattr(Settings, name)}: make the atlas anew, or open it with the version of "
                "phenaki-viz that made it"
            )
    try:
        found["corrections"] = tuple((str(a), str(b)) for a, b in found["corrections"])
        found["measures"] = tuple(map(str, found["measures"]))
        return Settings(**found)
    except (TypeError, ValueError) as error:
        raise AtlasError(f"its settings cannot be read: {error}") from error


def differences(one: Settings, other: Settings) -> str:
    """'masked share (--masked): 0.5 there, 0.9 now; …'. one: there. other: now."""
    there, now = one.values, other.values
    return "; ".join(
        f"{title}: {_said(there[name])} there, {_said(now[name])} now"
        for name, title in SPOKEN.items()
        if there[name] != now[name]
    )


def _said(value: Any) -> str:
    if value is None or value == []:
        return "all"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


@dataclass(frozen=True, kw_only=True)
class ClipName:
    """A clip by its name, never its pixels.

    name: as it is shown, which of generated clips says how they are made. path: where it is read;
    "" of a generated one. prompt: what it shows. digest: of the file's bytes, "" where it could not
    be read. Who reads it, and where, does not matter: `identity`.
    """

    name: str
    path: str = ""
    prompt: str = ""
    digest: str = ""

    @property
    def identity(self) -> tuple[str, str, str]:
        """What two names of one clip have in common."""
        return self.name, self.prompt, self.digest


@dataclass(frozen=True, kw_only=True)
class Job:
    """What a worker gets once. weights: path of the checkpoint. out: the folder of the parts."""

    weights: str
    settings: Settings
    out: str


@dataclass(frozen=True, kw_only=True)
class Part:
    """Some clips whose rows become one file. name: of the file."""

    name: str
    clips: tuple[ClipName, ...]


def part_of(settings: Settings, clips: Sequence[ClipName]) -> Part:
    """The part that these clips are: its name is made of them and of all that decides its rows."""
    text = json.dumps([settings.digest, *(clip.identity for clip in clips)])
    return Part(name=f"part-{digest_of(text)}.parquet", clips=tuple(clips))


def digest_of(text: str) -> str:
    """12 hex digits of BLAKE2b."""
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
