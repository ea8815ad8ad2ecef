"""What a recording holds: one record per attention call, the position biases, and their origin."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast, overload

import numpy as np
import torch

from phenaki_viz import alignment
from phenaki_viz.errors import RecordingError
from phenaki_viz.numerics.offsets import OffsetBias
from phenaki_viz.recording.added import Added
from phenaki_viz.recording.asked_above import Figure, Shown, ask
from phenaki_viz.recording.choice import Hold
from phenaki_viz.recording.maps import AttentionMap, Span
from phenaki_viz.recording.places import Places
from phenaki_viz.recording.visibility import Visibility

if TYPE_CHECKING:
    from phenaki_viz.recording.passes import Pass

Kind = Literal["self", "cross"]
Verdict = Literal["passed", "failed", "unchecked"]


@dataclass(frozen=True, kw_only=True)
class Verification:
    """How far the recorded map is from what the module really did.

    The map times the values is compared with what the module gave to its output projection.
    verdict: "passed", "failed", or "unchecked" where they cannot be compared. max_abs_error: the
    largest difference; relative_error: the same as a share of the head's largest value, which a
    weighted mean never exceeds; tolerance: what that may be in this precision, `dtype`. None when
    nothing was compared. queries, of: how many query rows were checked. finite: False when NaN or
    infinity was among them. weight_error: of a recomputed map, the largest difference to the
    model's own weights on those rows, where the model made them. reason: why it is not "passed".
    """

    verdict: Verdict = "unchecked"
    max_abs_error: float | None = None
    relative_error: float | None = None
    tolerance: float | None = None
    weight_error: float | None = None
    queries: int = 0
    of: int = 0
    dtype: str = "float32"
    finite: bool = True
    reason: str = ""

    @property
    def said(self) -> str:
        """One sentence on what the check found."""
        rows = f"({self.queries} of {self.of} query rows)"
        rows += "" if self.finite else ", where it is finite"
        if self.verdict == "unchecked":
            return f"Not checked: {self.reason or 'nothing to compare with'}."
        if self.verdict == "failed":
            found = self.reason or (
                f"off by {self.relative_error:.1e} of the largest value, where {self.dtype} "
                f"explains {self.tolerance:.0e}"
            )
            return f"CHECK FAILED: this map is not what the model used: {found} {rows}."
        near = (
            f"within {self.relative_error:.1e} of them"
            if self.relative_error
            else "to the last digit"
        )
        return f"Checked: this map times the values is the heads' own output, {near} {rows}."


@dataclass(frozen=True, kw_only=True)
class Alibi:
    """ALiBi of one causal module: bias = −slope · |query − key|.

    slopes: 'h', of the recorded heads. max_abs_error: how far what the module added is from
    that formula, on the rows that were checked.
    """

    slopes: np.ndarray
    max_abs_error: float

    def bias(self, distance: np.ndarray) -> np.ndarray:
        """Penalty at each distance, 'h …' float32, same units as the scores before softmax."""
        return alignment.alibi(self.slopes, np.abs(distance).astype(np.float32))


@dataclass(frozen=True, kw_only=True)
class PositionBias:
    """A continuous position bias, once for every distinct offset.

    module: its name; one module serves every layer that got its output. dimensions: the grid it
    was asked for. surface: 'h (2d-1)…' float32; the value for an offset (query − key) of o along
    an axis of length d stands at index o + d − 1.
    """

    module: str
    dimensions: tuple[int, ...]
    surface: np.ndarray

    @cached_property
    def table(self) -> OffsetBias:
        """The same, to be read for any queries and keys; one for all maps that it was added to."""
        return OffsetBias(torch.from_numpy(self.surface), self.dimensions)


@dataclass(frozen=True, kw_only=True)
class AttentionRecord:
    """One call of one attention module.

    module: dotted name. stack, layer: the transformer it is in and its layer there.
    kind: self or cross. call: how many calls of this module came before, in this recording.
    forward: how many runs of its transformer (or, outside of one, of the model) came before: the
    calls of one run belong together. use: how many calls of the same module came before in this
    run. shared: the names of all layers that this one module serves, if there are several; then
    `module` and `layer` are those of this use.
    branch, step: labels set by `Recording.mark` (guidance branch, sampling step), or None.
    heads, batch_items: original indices of what the map holds. batch: items that the call had, 0
    where an older file does not say. places: where the queries are.
    words: the text keys of cross-attention. num_null_kv: null key/values, which come first.
    causal, key_mask: who may see whom; key_mask is 'b j' bool over the real keys, or None.
    alibi, position_bias, dense_bias: what was added to the scores; position_bias names an entry
    of `Recording.position_biases`, which `position` is; dense_bias is 'h i n' or 'b h i n' over the
    real keys when a bias came from elsewhere.
    queries, keys, values: 'b h n d' float32 if asked for (normalised and scaled, nulls first).
    first_non_finite: (batch item, token) of the first NaN or infinity that came in, or None.
    """

    module: str
    stack: str
    layer: int
    kind: Kind
    call: int
    map: AttentionMap
    heads: tuple[int, ...]
    batch_items: tuple[int, ...]
    places: Places
    num_null_kv: int
    causal: bool
    scale: float
    branch: str | None = None
    step: int | None = None
    words: tuple[str, ...] = ()
    key_mask: np.ndarray | None = None
    alibi: Alibi | None = None
    position_bias: str | None = None
    position: PositionBias | None = field(default=None, repr=False)
    dense_bias: np.ndarray | None = None
    queries: np.ndarray | None = None
    keys: np.ndarray | None = None
    values: np.ndarray | None = None
    verification: Verification | None = None
    first_non_finite: tuple[int, int] | None = None
    forward: int = -1
    use: int = 0
    shared: tuple[str, ...] = ()
    batch: int = 0

    def settle(self, verification: Verification) -> None:
        """Say what a check found that was under way; before anybody reads this record."""
        object.__setattr__(self, "verification", verification)

    def __post_init__(self) -> None:
        if self.forward < 0:  # all that an older file knows
            object.__setattr__(self, "forward", self.call)

    def hidden(self, b: int, rows: Span, columns: Span) -> np.ndarray:
        """Cells no mask lets through, 'rows columns' bool; null keys are always visible."""
        later, padding = self.hidden_by(b, rows, columns)
        return later | padding[None]

    def hidden_by(self, b: int, rows: Span, columns: Span) -> tuple[np.ndarray, np.ndarray]:
        """Cells that causality hides, 'rows columns' bool; keys that padding does, 'columns'."""
        query, key = torch.arange(*rows), torch.arange(*columns)
        masks = self.added.visibility
        return masks.later(query, key).numpy(), masks.padding(b, key).numpy()

    def visible(self, b: int, queries: Sequence[int] | np.ndarray) -> np.ndarray:
        """Which keys these queries may look at: 'q j' bool."""
        query, key = torch.as_tensor(queries), torch.arange(self.map.shape[3])
        hidden: np.ndarray = self.added.visibility.hidden(b, query, key).numpy()
        return ~hidden

    def visible_keys(self, b: int) -> np.ndarray:
        """How many keys each query may look at, 'i' int; 0 is a row with nothing to see."""
        return self.added.visibility.counts(b).contiguous().numpy()

    @property
    def is_masked(self) -> bool:
        """Whether there is a mask that could hide a key from a query."""
        return self.added.visibility.hides

    @cached_property
    def added(self) -> Added:
        """What was added to the products of queries and keys, and the masks; on the host.

        Of all recorded heads, as the record says it, however its map is held.
        """
        _, _, i, j = self.map.shape
        visibility = Visibility(
            queries=i,
            keys=j,
            nulls=self.num_null_kv,
            causal=self.causal,
            key_mask=_tensor(self.key_mask),
        )
        slopes = _tensor(self.alibi.slopes) if self.alibi else None
        return Added(visibility=visibility, bias=self._bias, slopes=slopes)

    @property
    def _bias(self) -> OffsetBias | torch.Tensor | None:
        """The bias of the recorded heads."""
        if self.position is None:
            return _tensor(self.dense_bias)
        if list(self.heads) == list(range(len(self.position.surface))):
            return self.position.table
        surface = torch.from_numpy(self.position.surface)[list(self.heads)]
        return OffsetBias(surface, self.position.dimensions)

    @property
    def failed(self) -> bool:
        """Whether the check found that this map is not what the model used."""
        return self.verification is not None and self.verification.verdict == "failed"

    @property
    def finite(self) -> bool:
        """Whether neither NaN nor infinity was seen in what came in, or in what was checked."""
        checked = self.verification
        return self.first_non_finite is None and (checked is None or checked.finite)

    def item_of(self, original: int) -> int:
        """Position in the recorded batch of an original batch index.

        Raises RecordingError when that item was not recorded.
        """
        if original not in self.batch_items:
            raise RecordingError(
                f"{self.module}: batch item {original} was not recorded; "
                f"recorded are {_brief(self.batch_items)}"
            )
        return self.batch_items.index(original)


@dataclass(frozen=True, kw_only=True)
class Holding:
    """How maps were to be held, and what that decided on.

    hold: what was asked for. stored_bytes: of all maps, were they stored. limit_bytes: up to which
    they are stored if left to choose.
    """

    hold: Hold = "auto"
    stored_bytes: int = 0
    limit_bytes: int = 0


@dataclass(repr=False)
class Recording:
    """Everything that one `record()` caught; all that the floors above need.

    records: in order of the calls. position_biases: by module and size. made_by: JSON-able origin
    (config, weights digest, seed, input digest, versions, whether the weights are random).
    holding: whether maps are stored or by parts, and why. missed: what ran and is not in here, or
    why nothing is, in sentences; known when the block has ended. recomputed: calls that a backward
    pass ran again (gradient checkpointing), which are not recorded a second time. clip: what the
    model was shown, if a file or `save` said so. source: of a part, the recording it was taken
    from.

    recording[3] is the fourth record, recording["decoder.layers.0.1"] the one call of that module.
    """

    records: list[AttentionRecord] = field(default_factory=list)
    position_biases: dict[str, PositionBias] = field(default_factory=dict)
    made_by: dict[str, Any] = field(default_factory=dict)
    labels: dict[str, Any] = field(default_factory=dict)
    holding: Holding = field(default_factory=Holding)
    missed: tuple[str, ...] = ()
    recomputed: int = 0
    clip: Shown | None = None
    source: "Recording | None" = None
    _passes: "tuple[int, tuple[Pass, ...]] | None" = field(default=None, init=False, compare=False)

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
            self.made_by | labels,
            holding=self.holding,
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
        from phenaki_viz.recording.passes import select

        asked = {"stack": stack, "kind": kind, "layer": layer, "step": step, "branch": branch}
        return select(self, {name: at for name, at in asked.items() if at is not None}, item)

    def one_pass(
        self, *, branch: str | None = None, step: int | None = None, number: int | None = None
    ) -> "Recording":
        """The passes with these labels, and all of stacks that have no such label.

        number: which of several passes with the same labels, from 0, the last where there are
        fewer; None keeps them all, and `stacks` then says which is looked at.
        """
        from phenaki_viz.recording.passes import one_pass

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
        branch: str | None = None,
        step: int | None = None,
        item: int | None = None,
        colours: Literal["linear", "sqrt", "log"] = "sqrt",
        shared: bool = False,
    ) -> Figure:
        """One picture: the map of a head, or all heads of a stack where no head is named.

        kind: "self", "cross", "spatial", "encoder temporal" …, a part of the name will do; None is
        the first stack there is. layer, head: counted from 0, as recorded. branch, step, item: as
        for `select`; of several passes the one with the text, of several runs the last whole one,
        of a batch the first item. colours: the law that they follow. shared: colours on one scale
        with all heads of the stack, not on the head's own (all of their maps are then read).
        Raises RecordingError or ConfigError when it is not there, and says what there is.
        """
        asked = {"kind": kind, "layer": layer, "head": head, "law": colours, "shared": shared}
        labels = {"branch": branch, "step": step, "item": item}
        return cast(Figure, ask("figure", self, labels=labels, **asked))

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[AttentionRecord]:
        return iter(self.records)

    @overload
    def __getitem__(self, at: int | str) -> AttentionRecord: ...

    @overload
    def __getitem__(self, at: slice) -> list[AttentionRecord]: ...

    def __getitem__(self, at: int | str | slice) -> AttentionRecord | list[AttentionRecord]:
        from phenaki_viz.recording.passes import record_at

        return self.records[at] if isinstance(at, slice) else record_at(self, at)

    def __repr__(self) -> str:
        from phenaki_viz.recording.described import described

        return described(self)

    def _repr_html_(self) -> str:
        from phenaki_viz.recording.described import as_html

        return as_html(self)

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

    def passes(self) -> "tuple[Pass, ...]":
        """Every pass of every stack, in the order in which they began."""
        from phenaki_viz.recording.passes import passes_of

        if self._passes is None or self._passes[0] != len(self.records):
            self._passes = len(self.records), passes_of(self.records)
        return self._passes[1]

    def stacks(self) -> dict[tuple[str, Kind], list[AttentionRecord]]:
        """Records by (stack, kind), in layer order, of one pass: the one to look at first.

        With guidance that is the pass with the text; of several alike, the last whole one.
        `passes` has them all.
        """
        from phenaki_viz.recording.passes import shown_first

        groups: dict[tuple[str, Kind], list[Pass]] = {}
        for one in self.passes():
            groups.setdefault((one.stack, one.kind), []).append(one)
        return {key: list(shown_first(group).records) for key, group in groups.items()}

    def bias_surface(self, record: AttentionRecord) -> PositionBias | None:
        """The continuous position bias that was added in this call, if one was."""
        return self.position_biases.get(record.position_bias or "")


def describe_holding(recording: Recording) -> str:
    """One line on how the maps are held, and why."""
    holding = recording.holding
    parted = sum(record.map.held == "by parts" for record in recording)
    if not parted:
        asked = ", as asked" if holding.hold == "stored" else ""
        return f"all {len(recording)} maps stored ({_size(recording.nbytes)}){asked}"
    which = f"{parted} of {len(recording)} maps" if parted < len(recording) else "maps"
    recomputed = "recomputed where shown" + _how_near(recording)
    reason = "as asked"
    if holding.hold == "auto":
        limit = _size(holding.limit_bytes)
        reason = f"stored they would take {_size(holding.stored_bytes)}, more than {limit}"
    return f"{which} held by their parts and {recomputed} ({_size(recording.nbytes)}); {reason}"


def _how_near(recording: Recording) -> str:
    """How near recomputed maps are to the model's own, as it was measured."""
    checks = [
        record.verification
        for record in recording
        if record.map.held == "by parts" and record.verification
    ]
    errors = [check.relative_error for check in checks if check.relative_error is not None]
    dtypes = sorted({check.dtype for check in checks if check.relative_error is not None})
    if any(check.verdict == "failed" for check in checks):
        return ", wrongly: see the check"
    if not errors:
        return ", unchecked"
    if dtypes in (["float32"], ["float64"]):
        return " exactly"
    weights = [check.weight_error for check in checks if check.weight_error is not None]
    off = f"weights within {max(weights):.0e}" if weights else f"within {max(errors):.0e}"
    return f" in {' and '.join(dtypes)}, {off} of the model's own"


def describe_failures(records: Sequence[AttentionRecord]) -> str:
    """One sentence on the maps that are not what the model used; empty when there are none."""
    failed = [record for record in records if record.failed]
    if not failed:
        return ""
    named = _brief([record.module for record in failed], 3)
    worst = max(
        (record.verification.relative_error or 0) for record in failed if record.verification
    )
    off = f"off by up to {worst:.1e} of the largest value" if worst else "not finite alike"
    return (
        f"CHECK FAILED for {len(failed)} of {len(records)} maps ({named}): they are not what the "
        f"model used, {off}. Do not trust these pictures"
    )


def describe_non_finite(recording: Recording) -> str:
    """One sentence on where NaN or infinity began; empty when all is finite."""
    first = recording.first_non_finite
    if first is None:
        return ""
    if first.first_non_finite is None:
        return (
            f"NaN or infinity from {first.module} on: what came in was finite, what it computed "
            "is not"
        )
    item, token = first.first_non_finite
    return (
        f"NaN or infinity from {first.module} on: it came in with token {token} of batch item "
        f"{item}"
    )


def describe_origin(made_by: Mapping[str, Any]) -> str:
    """One line on where the weights come from; says so when they are random."""
    digest = made_by.get("weights_digest", "unknown")
    taken_out = "".join(f"; {said}" for said in _taken_out(made_by))
    if made_by.get("random_weights"):
        seed = made_by.get("seed")
        return f"random weights (seed {seed}), not trained; digest {digest}{taken_out}"
    trained = f", trained {made_by['trained']}" if made_by.get("trained") else ""
    return f"weights {digest}{trained}{taken_out}"


def _taken_out(made_by: Mapping[str, Any]) -> list[str]:
    """Which heads were off and which layers cut away, in words."""
    off, depth = made_by.get("heads_off"), made_by.get("depth_kept")
    said = []
    if isinstance(off, list) and off:
        said.append(f"{len(off)} head{'' if len(off) == 1 else 's'} off: {_brief(off, 3)}")
    if isinstance(depth, list) and depth:
        said.append(f"layers kept: {_brief(depth, 3)}")
    return said


def _tensor(array: np.ndarray | None) -> torch.Tensor | None:
    return None if array is None else torch.from_numpy(array)


def _size(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size < 1e9 else f"{size / 1e9:,.1f} GB"


def _brief(items: Sequence[Any], most: int = 5) -> str:
    shown = ", ".join(
        " ".join(map(str, item)) if isinstance(item, list) else str(item) for item in items[:most]
    )
    return shown + (f", … ({len(items)} in all)" if len(items) > most else "")
