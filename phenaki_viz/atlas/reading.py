"""An atlas is opened: its parts, read one after the other, merge to a table of heads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phenaki_viz.analysis.head_rows import HeadTable
from phenaki_viz.analysis.incremental import Incremental, incremental
from phenaki_viz.atlas.files import PATTERN, Source, name_of, parts_in
from phenaki_viz.atlas.job import Settings
from phenaki_viz.atlas.merging import Merging
from phenaki_viz.errors import AtlasError
from phenaki_viz.evaluation.effects import HeadEffect
from phenaki_viz.files import shown

MOST_FAILED = 1000  # clips that failed, of which the reason is kept


@dataclass(frozen=True, eq=False, kw_only=True)
class Atlas:
    """What every head does over a corpus.

    name: of its folder. table: a row a head, means over clips. effects: of switching each head off,
    a number a clip; () where that was not measured. clips: that were measured. failed: clips that
    could not be, with the reason, the first thousand; all_failed: how many. parts: files. model:
    its class. versions: of what computed it, several where they changed.
    """

    name: str
    settings: Settings
    table: HeadTable
    effects: tuple[HeadEffect, ...]
    clips: int
    failed: tuple[tuple[str, str], ...]
    all_failed: int
    parts: int
    model: str
    versions: Mapping[str, tuple[str, ...]]

    @property
    def provenance(self) -> dict[str, Any]:
        """For the files that are made of it: see `Picture`."""
        return {
            "model": self.model,
            "weights_digest": self.settings.weights_digest,
            "masked_share": self.settings.share,
            "mask_seed": self.settings.seed,
            "atlas": {
                "name": self.name, "clips": self.clips, "failed": self.all_failed,
                "parts": self.parts, "settings": self.settings.values,
            },
            "versions": {name: ", ".join(found) for name, found in self.versions.items()},
        }  # fmt: skip

    def of_stack(self, stack: str | None = None, kind: str | None = None) -> HeadTable:
        """The heads of one stack, of one kind of map; None for all."""
        rows = (
            row for row in self.table if stack in (None, row.stack) and kind in (None, row.kind)
        )
        return HeadTable(rows=tuple(rows))


@incremental
def read_atlas(source: Path | Sequence[Source]) -> Incremental[Atlas]:
    """The atlas of a folder, of one part, or of some parts as they were uploaded. A step is a part.

    Raises AtlasError where there is none, a part is damaged, or they are not of one atlas.
    """
    name, sources = _sources(source)
    merging = Merging()
    for at, one in enumerate(sources):
        yield at / len(sources)
        merging.add(one)
    return _atlas(name, merging)


def _sources(source: Path | Sequence[Source]) -> tuple[str, list[Source]]:
    if not isinstance(source, Path):
        found: list[Source] = sorted(source, key=name_of)
        return (name_of(found[0]) if len(found) == 1 else f"{len(found)} parts"), found
    if not source.is_dir():
        return source.name, [source]
    paths: list[Source] = list(parts_in(source))
    if not paths:
        raise AtlasError(
            f"{shown(str(source))} holds no part of an atlas ({PATTERN}): make one with "
            "`phenaki-viz atlas`"
        )
    return source.absolute().name, paths


def _atlas(name: str, merging: Merging) -> Atlas:
    header = merging.header
    if header is None:
        raise AtlasError("no part of an atlas is given")
    left_out = merging.left_out
    return Atlas(
        name=name,
        settings=header.settings,
        table=merging.table,
        effects=merging.effects,
        clips=merging.clips,
        failed=tuple(left_out[:MOST_FAILED]),
        all_failed=len(left_out),
        parts=merging.parts,
        model=header.model,
        versions={one: tuple(sorted(found)) for one, found in merging.versions.items()},
    )
