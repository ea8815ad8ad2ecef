"""What is known of one attention call: map, place, what was added, how it was checked."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch

from phenaki_viz.errors import RecordingError
from phenaki_viz.numerics.offsets import OffsetBias
from phenaki_viz.recording.added import Added
from phenaki_viz.recording.added import Alibi as Alibi
from phenaki_viz.recording.added import PositionBias as PositionBias
from phenaki_viz.recording.axes import Layout, TokenAxis
from phenaki_viz.recording.maps import AttentionMap, Span, check_item, check_span, chosen_of
from phenaki_viz.recording.places import Place, Places
from phenaki_viz.recording.segments import Null, Words
from phenaki_viz.recording.verdicts import Verdict as Verdict
from phenaki_viz.recording.verdicts import Verification as Verification
from phenaki_viz.recording.visibility import HOST, Visibility
from phenaki_viz.recording.written import Written

if TYPE_CHECKING:
    from phenaki_viz.recording.head import HeadMap

Kind = Literal["self", "cross"]


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
    cut_edges: 'i j' bool over all keys, edges that an intervention cut in every head; 'h i j' where
    heads differ; or None.
    put_in: heads, as the model counts them, whose map an intervention took from another run: it is
    what was used, and no term of this call makes it.
    alibi, position_bias, dense_bias: what was added to the scores; position_bias names an entry
    of `Recording.position_biases`, which `position` is; dense_bias is 'h i n' or 'b h i n' over the
    real keys when a bias came from elsewhere.
    queries, keys, values: 'b h n d' float32 if asked for (normalised and scaled, nulls first).
    first_non_finite: (batch item, token) of the first NaN or infinity that came in, or None.
    written: how much each key, each head and the module wrote, if asked for; None as well where the
    output projection is no plain linear map.
    query_layout, key_layout: what the tokens of either side are, where it is another than `places`,
    `words` and `num_null_kv` say: ask `query_axis` and `key_axis`.
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
    cut_edges: np.ndarray | None = None
    put_in: tuple[int, ...] = ()
    alibi: Alibi | None = None
    position_bias: str | None = None
    position: PositionBias | None = field(default=None, repr=False)
    dense_bias: np.ndarray | None = None
    queries: np.ndarray | None = None
    keys: np.ndarray | None = None
    values: np.ndarray | None = None
    verification: Verification | None = None
    first_non_finite: tuple[int, int] | None = None
    written: Written | None = None
    forward: int = -1
    use: int = 0
    shared: tuple[str, ...] = ()
    batch: int = 0
    query_layout: Layout | None = None
    key_layout: Layout | None = None

    def head(self, head: int, item: int = 0) -> "HeadMap":
        """One head's map: its numbers, masks, and the terms that its weights are made of.

        head, item: counted in what was recorded. Raises RecordingError when there is no such one.
        """
        from phenaki_viz.recording.head import HeadMap

        check_item(self.map.shape, item, head)
        return HeadMap(self, item, head)

    def settle(self, verification: Verification) -> None:
        """Say what a check found that was under way; before anybody reads this record."""
        object.__setattr__(self, "verification", verification)

    def __post_init__(self) -> None:
        if self.forward < 0:  # all that an older file knows
            object.__setattr__(self, "forward", self.call)
        self._check_layouts()

    def _check_layouts(self) -> None:
        """That layouts, where they are given, are of as many tokens as the map has."""
        if self.query_layout is None and self.key_layout is None:
            return
        _, _, i, j = self.map.shape
        for side, layout, count in (
            ("query", self.query_layout, i),
            ("key", self.key_layout, j),
        ):
            found = count if layout is None else len(layout.axis(self.batch_items[0]))
            if found != count:
                raise RecordingError(
                    f"{self.module}: a {side} layout of {found} tokens for a map of {i} queries "
                    f"and {j} keys"
                )

    def hidden(self, b: int, rows: Span, columns: Span, head: int | None = None) -> np.ndarray:
        """Cells no mask lets through, 'rows columns' bool; only a cut edge hides a null key.

        head: a recorded one, in which edges may be cut that are not in others; None for all.
        Raises RecordingError for what is not there.
        """
        check_item(self.map.shape, b, head or 0)
        query, key = self._cells(rows, columns)
        hidden: np.ndarray = self.added.visibility.hidden(b, query, key, head).numpy()
        return hidden

    def hidden_by(self, b: int, rows: Span, columns: Span) -> tuple[np.ndarray, np.ndarray]:
        """Cells that causality hides, 'rows columns' bool; keys that padding does, 'columns'.

        Raises RecordingError for what is not there.
        """
        check_item(self.map.shape, b, 0)
        query, key = self._cells(rows, columns)
        masks = self.added.visibility
        return masks.later(query, key).numpy(), masks.padding(b, key).numpy()

    def _cells(self, rows: Span, columns: Span) -> tuple[torch.Tensor, torch.Tensor]:
        check_span("rows", rows, self.map.shape[2])
        check_span("columns", columns, self.map.shape[3])
        return _run(rows), _run(columns)

    def visible(
        self, b: int, queries: Sequence[int] | np.ndarray, head: int | None = None
    ) -> np.ndarray:
        """Which keys these queries may look at: 'q j' bool. head, errors: see `hidden`."""
        check_item(self.map.shape, b, head or 0)
        query = chosen_of("rows", queries, self.map.shape[2])
        key = _run((0, self.map.shape[3]))
        hidden: np.ndarray = self.added.visibility.hidden(b, query, key, head).numpy()
        return ~hidden

    def visible_keys(self, b: int, head: int | None = None) -> np.ndarray:
        """How many keys each query may look at, 'i' int; 0 is a row with nothing to see.

        head, errors: see `hidden`.
        """
        check_item(self.map.shape, b, head or 0)
        return self.added.visibility.counts(b, head).contiguous().numpy()

    @property
    def heads_differ(self) -> bool:
        """Whether heads may look at different keys, as edges of single ones are cut."""
        return self.cut_edges is not None and self.cut_edges.ndim == 3

    @property
    def knows_places(self) -> bool:
        """Whether something is added that is decided by where query and key are."""
        return self.position is not None or self.alibi is not None

    @property
    def is_masked(self) -> bool:
        """Whether there is a mask that could hide a key from a query."""
        return self.added.visibility.hides

    @cached_property
    def added(self) -> Added:
        """What was added to the products of queries and keys, and the masks; on the host.

        Of all recorded heads, as the record says it, however its map is stored.
        """
        _, _, i, j = self.map.shape
        visibility = Visibility(
            queries=i,
            keys=j,
            nulls=self.num_null_kv,
            causal=self.causal,
            key_mask=_tensor(self.key_mask),
            cut=_tensor(self.cut_edges),
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

    def query_axis(self, b: int) -> TokenAxis:
        """What the rows of a recorded batch item's maps are."""
        layout = self.query_layout or Layout((self.places,))
        return layout.axis(self.batch_items[b])

    def key_axis(self, b: int) -> TokenAxis:
        """What the columns of a recorded batch item's maps are: null keys first."""
        layout = self.key_layout or Layout((Null(self.num_null_kv), self._tokens))
        return layout.axis(self.batch_items[b])

    @property
    def _tokens(self) -> Words | Places:
        """The real keys, as far as `kind`, `words` and `places` tell."""
        if self.kind == "self":
            return self.places
        count = self.map.shape[3] - self.num_null_kv
        return Words(self.words or tuple(f"token {at + 1}" for at in range(count)))

    @property
    def reads_itself(self) -> bool:
        """Whether the keys are the queries, token for token."""
        return [*self.query_axis(0).parts] == [*self.key_axis(0).parts]

    @cached_property
    def is_cross(self) -> bool:
        """Whether the keys are of something else than the queries: not of their text or video."""
        queries, keys = self.query_axis(0), self.key_axis(0)
        real = [segment for _, segment in keys.parts if not isinstance(segment, Null)]
        if real == [segment for _, segment in queries.parts]:
            return False
        return keys.reads_words or keys.whole != queries.whole

    @property
    def reads_words(self) -> bool:
        """Whether the keys are a text, and no patch is among them."""
        return self.key_axis(0).reads_words

    @property
    def failed(self) -> bool:
        """Whether the check found that this map is not what the model used."""
        return self.verification is not None and self.verification.verdict == "failed"

    @property
    def finite(self) -> bool:
        """Whether neither NaN nor infinity was seen in what came in, or in what was checked."""
        checked = self.verification
        return self.first_non_finite is None and (checked is None or checked.finite)

    def nearest(self, place: Place, video: int = 0) -> Place:
        """The place itself, or the same token of the nearest batch item of its video that was
        recorded. One of its items has to be.
        """
        original, token = self.places.locate(place, video)
        if original in self.batch_items:
            return place
        each = self.places.items_per_video
        there = [item for item in self.batch_items if item // each == video]
        return self.places.place(min(there, key=lambda item: abs(item - original)), token)

    def item_of(self, original: int) -> int:
        """Position in the recorded batch of an original batch index.

        Raises RecordingError when that item was not recorded.
        """
        if original not in self.batch_items:
            raise RecordingError(
                f"{self.module}: batch item {original} was not recorded; "
                f"recorded are {brief(self.batch_items)}"
            )
        return self.batch_items.index(original)


def _run(span: Span) -> torch.Tensor:
    """Rows or columns on the host, whatever device PyTorch makes tensors on unless told."""
    return torch.arange(*span, device=HOST)


def _tensor(array: np.ndarray | None) -> torch.Tensor | None:
    return None if array is None else torch.from_numpy(array)


def brief(items: Sequence[Any], most: int = 5) -> str:
    """The first of some items, and how many there are: '0, 1, 2, 3, 4, … (12 in all)'."""
    shown = ", ".join(
        " ".join(map(str, item)) if isinstance(item, list) else str(item) for item in items[:most]
    )
    return shown + (f", … ({len(items)} in all)" if len(items) > most else "")
