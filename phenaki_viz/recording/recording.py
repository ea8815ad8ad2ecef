"""Everything that one block recorded, and what is asked of it: calls, passes, pictures, files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Unpack, cast, overload

import numpy as np

from phenaki_viz.answers import ask
from phenaki_viz.recording.asked_above import Figure, Shown
from phenaki_viz.recording.described import as_html, described
from phenaki_viz.recording.passes import (
    CallLabels,
    Pass,
    call_labels,
    one_pass,
    passes_of,
    record_at,
    select,
    shown_first,
)
from phenaki_viz.recording.records import AttentionRecord, Kind, PositionBias
from phenaki_viz.recording.storage import StorageReport as StorageReport


@dataclass(repr=False)
class Recording:
    """Everything that one `record()` caught; all that the floors above need.

    records: in order of the calls. position_biases: by module and size. provenance: JSON-able
    origin (config, weights digest, seed, input digest, versions, whether the weights are random).
    storage: whether maps are dense or factored, and why. missed: what ran and is not in here, or
    why nothing is, in sentences; known when the block has ended. recomputed: calls that a backward
    pass ran again (gradient checkpointing), which are not recorded a second time. clip: what the
    model was shown, if a file or `save` said so. source: of a part, the recording it was taken
    from.

    recording[3] is the fourth record, recording["decoder.layers.0.1"] the one call of that module.
    """

    records: list[AttentionRecord] = field(default_factory=list)
    position_biases: dict[str, PositionBias] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)
    labels: dict[str, Any] = field(default_factory=dict)
    storage: StorageReport = field(default_factory=StorageReport)
    missed: tuple[str, ...] = ()
    recomputed: int = 0
    clip: Shown | None = None
    source: "Recording | None" = None
    _passes: tuple[int, tuple[Pass, ...]] | None = field(default=None, init=False, compare=False)

    def mark(self, *, branch: str | None = None, step: int | None = None) -> None:
        """Label the calls that follow, until the next mark."""
        self.labels = {"branch": branch, "step": step}

    def where(self, *, branch: str | None = None, step: int | None = None) -> "Recording":
        """The calls with these labels, with the same origin and position biases."""
        kept = [
            record
            for record in self.records
            if branch in (None, record.branch) and step in (None, record.step)
        ]
        return self.part(kept, branch=branch, step=step)

    def part(self, records: Sequence[AttentionRecord], **labels: Any) -> "Recording":
        """Some of the records, with the same origin and position biases. labels: of the origin."""
        return Recording(
            list(records),
            self.position_biases,
            self.provenance | labels,
            storage=self.storage,
            missed=self.missed,
            recomputed=self.recomputed,
            clip=self.clip,
            source=self.whole,
        )

    @property
    def whole(self) -> "Recording":
        """The recording that this is a part of, or itself."""
        return self.source or self

    def select(
        self,
        *,
        stack: str | None = None,
        kind: Kind | None = None,
        layer: int | None = None,
        step: int | None = None,
        branch: str | None = None,
        item: int | None = None,
    ) -> "Recording":
        """The calls that are all of what is given; item: their maps cut to one batch item.

        stack: as in `AttentionRecord`, "" is the model itself. Raises RecordingError when there is
        none, and says what there is.
        """
        labels = {"stack": stack, "kind": kind, "layer": layer, "step": step, "branch": branch}
        return select(self, {name: at for name, at in labels.items() if at is not None}, item)

    def one_pass(
        self, *, branch: str | None = None, step: int | None = None, number: int | None = None
    ) -> "Recording":
        """The passes with these labels, and all of stacks that have no such label.

        number: which of several passes with the same labels, from 0, the last where there are
        fewer; None keeps them all, and `stacks` then says which is looked at. Raises RecordingError
        for one that is counted from the end.
        """
        return one_pass(self, branch, step, number)

    def save(self, path: str | Path, clip: Shown | np.ndarray | None = None) -> Path:
        """Write all of it to one file, which `phenaki_viz.open` and the page open.

        clip: what the model was shown, 'f H W c' uint8; without one (and none was opened with it)
        the page lays the maps over grey frames. Raises VideoError when the clip's frames do not go
        with the tokens' time steps, RecordingError when nothing was recorded, ExportError when the
        file cannot be written.
        """
        return cast(Path, ask("save", self, Path(path), clip))

    def figure(
        self,
        kind: str | None = None,
        layer: int | None = None,
        head: int | None = None,
        *,
        colours: Literal["linear", "sqrt", "log"] = "sqrt",
        shared: bool = False,
        recipe: Any = None,
        **labels: Unpack[CallLabels],
    ) -> Figure:
        """One picture: the map of a head, or all heads of a stack where no head is named.

        kind: "self", "cross", "spatial", "encoder temporal" …, a part of the name will do; None is
        the first stack there is. layer, head: counted from 0, as recorded. labels: branch, step,
        item, as for `select`; of several passes the one with the text, of several runs the last
        whole one, of a batch the first item. colours: the law that they follow. shared: colours on
        one scale with all heads of the stack, not on the head's own (all of their maps are then
        read). recipe: several panels as one figure for a paper, see `figures.recipe.Recipe`;
        its fields as a dict, and nothing else is said then: {"panels": [{"layer": 1, "head": 3}]}.
        Raises RecordingError or ConfigError when it is not there, and says what there is.
        """
        if recipe is not None:
            return cast(Figure, ask("compose", self, recipe))
        which = {"kind": kind, "layer": layer, "head": head, "law": colours, "shared": shared}
        return cast(Figure, ask("figure", self, labels=call_labels(labels), **which))

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[AttentionRecord]:
        return iter(self.records)

    @overload
    def __getitem__(self, at: int | str) -> AttentionRecord: ...

    @overload
    def __getitem__(self, at: slice) -> list[AttentionRecord]: ...

    def __getitem__(self, at: int | str | slice) -> AttentionRecord | list[AttentionRecord]:
        return self.records[at] if isinstance(at, slice) else record_at(self, at)

    def __repr__(self) -> str:
        return described(self)

    def show(
        self,
        *,
        kind: str | None = None,
        layer: int | None = None,
        head: int | None = None,
        branch: str | None = None,
        step: int | None = None,
        colours: Literal["linear", "sqrt", "log"] = "sqrt",
        clip: Shown | np.ndarray | None = None,
    ) -> Any:
        """Look at it: see `phenaki_viz.show`."""
        which = {"kind": kind, "layer": layer, "head": head, "branch": branch, "step": step}
        return ask("show", self, **which, colours=colours, clip=clip)

    def _repr_html_(self) -> str:
        return as_html(self) + str(ask("picture", self))

    def to_host(self) -> "Recording":
        """Move maps that still lie on a GPU to the host, and give its memory back; returns itself.

        Parts of this recording that were taken before keep theirs where they are.
        """
        self.records[:] = [
            replace(record, map=record.map.moved(lambda tensor: tensor.cpu()))
            if record.map.device.type != "cpu"
            else record
            for record in self.records
        ]
        self._passes = None
        return self

    @property
    def nbytes(self) -> int:
        """Bytes of all maps, where they lie."""
        return sum(record.map.nbytes for record in self.records)

    @property
    def max_abs_error(self) -> float | None:
        """Largest error of all verifications; None when nothing could be compared."""
        errors = [
            record.verification.max_abs_error
            for record in self.records
            if record.verification and record.verification.max_abs_error is not None
        ]
        return max(errors, default=None)

    @property
    def failed(self) -> list[AttentionRecord]:
        """The calls whose map is not what the model used, in their order; empty is good."""
        return [record for record in self.records if record.failed]

    @property
    def first_non_finite(self) -> AttentionRecord | None:
        """The first call in which NaN or infinity was seen; None when all is finite."""
        return next((record for record in self.records if not record.finite), None)

    def passes(self) -> tuple[Pass, ...]:
        """Every pass of every stack, in the order in which they began."""
        if self._passes is None or self._passes[0] != len(self.records):
            self._passes = len(self.records), passes_of(self.records)
        return self._passes[1]

    def pass_of(self, record: AttentionRecord) -> Pass | None:
        """The pass that a record is in, here or in the whole that this is a part of, if any."""
        return next((one for one in self.whole.passes() if one.holds(record)), None)

    def stacks(self) -> dict[tuple[str, Kind], list[AttentionRecord]]:
        """Records by (stack, kind), in layer order, of one pass: the one to look at first.

        With guidance that is the pass with the text; of several alike, the last whole one.
        `passes` has them all.
        """
        groups: dict[tuple[str, Kind], list[Pass]] = {}
        for one in self.passes():
            groups.setdefault((one.stack, one.kind), []).append(one)
        return {key: list(shown_first(group).records) for key, group in groups.items()}

    def bias_surface(self, record: AttentionRecord) -> PositionBias | None:
        """The continuous position bias that was added in this call, if one was."""
        return self.position_biases.get(record.position_bias or "")
