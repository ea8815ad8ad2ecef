"""How the map of one attention call is kept: as it was, or by the parts it is recomputed from."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace

import torch

from phenaki_viz.errors import RecordingError
from phenaki_viz.numerics.edits import NONE, Edits
from phenaki_viz.numerics.offsets import OffsetBias
from phenaki_viz.numerics.precision import Precision, autocast_dtype, working
from phenaki_viz.recording.estimates import Sizes
from phenaki_viz.recording.families.phenaki import AttentionModule
from phenaki_viz.recording.maps import AttentionMap, DenseMap, Storage
from phenaki_viz.recording.options import RecordOptions
from phenaki_viz.recording.parts import FactoredMap
from phenaki_viz.recording.records import PositionBias, Verification
from phenaki_viz.recording.select import select_map
from phenaki_viz.recording.transfers import Transfers
from phenaki_viz.recording.verify import (
    UNSEEN,
    Mixed,
    Sample,
    indices,
    is_short,
    keys_of,
    queries_of,
    values_of,
    verify,
)
from phenaki_viz.recording.written import Writing

ROWS = 2  # query rows of a factored map that are checked, at least
EACH = 256  # beyond that, one in so many
# How far recomputed weights may be from a map that was made in the open; 1e-6 is usual in float32.
# In half precision a score on the border of two steps may take the other one.
AGREES = {torch.float64: 1e-5, torch.float32: 1e-4, torch.float16: 1e-2, torch.bfloat16: 5e-2}

# ALiBi's, 'h', and how far the module was from them, on its device
Slopes = tuple[torch.Tensor, torch.Tensor | float]


@dataclass(frozen=True)
class Parts:
    """q: 'b h i d', k: 'b h j d', logsumexp: 'b h i', of the model's device."""

    q: torch.Tensor
    k: torch.Tensor
    logsumexp: torch.Tensor
    precision: Precision


@dataclass
class Call:
    """What is known of one attention call while it runs, and until it is settled.

    x: what came in, 'b n d'; None once the call waits. tokens: of what it reads instead of x, or
    None. sample: which of its rows are checked.
    q, kv: what the projections returned, where they are listened to. values: 'b h j d', as the
    map mixed them, where the model told them. size: bytes that its map will take. autocast: its
    format while the call ran, or None. came_in: of a call that has to wait, a copy of x, or where
    that is long its `sums_of`. edits: what an intervention changes in it.
    """

    x: torch.Tensor | None
    sizes: Sizes
    mask: torch.Tensor | None
    tokens: int | None
    attn_bias: torch.Tensor | OffsetBias | None
    storage: Storage
    sample: Sample
    edits: Edits = NONE
    size: int = 0
    autocast: torch.dtype | None = None
    attn: torch.Tensor | None = None
    parts: Parts | None = None
    q: torch.Tensor | None = None
    kv: torch.Tensor | None = None
    values: torch.Tensor | None = None
    alibi: Slopes | None = None
    mixed: Mixed = UNSEEN
    writing: Writing = field(default_factory=Writing)
    came_in: torch.Tensor | None = None

    def wait(self) -> None:
        """Hold on to what is needed later, as it is now, and let go of the rest."""
        x, self.x = required(self.x), None
        # What came in may be written to.
        x = x.detach() if x.requires_grad else x
        self.came_in = x.clone() if is_short(x) else sums_of(x)

    @property
    def is_silent(self) -> bool:
        """Whether the module never handed over its map, or what that mixed."""
        return (self.kv is None and self.values is None) or (
            self.attn is None and self.parts is None
        )

    @property
    def device(self) -> torch.device:
        """Where the model runs."""
        return required(self.kv if self.values is None else self.values).device

    @property
    def values_dtype(self) -> torch.dtype:
        """The format of its values."""
        return required(self.kv if self.values is None else self.values).dtype

    def values_of(self, module: AttentionModule, items: slice) -> torch.Tensor:
        """Values of some batch items, 'b h j d', the null ones first."""
        if self.values is not None:
            return self.values if items.step == 1 else self.values[items]
        return values_of(module, required(self.kv)[items])

    @property
    def sums(self) -> torch.Tensor | None:
        """`sums_of` what came in, of a call that has waited."""
        came_in = self.came_in
        return came_in if came_in is None or came_in.ndim == 2 else sums_of(came_in)

    def as_it_was(self) -> AbstractContextManager[object]:
        """Autocast as it was while the call ran."""
        device = self.device
        if self.came_in is None or autocast_dtype(device) == self.autocast:
            return nullcontext()
        enabled = self.autocast is not None
        return torch.autocast(device.type, dtype=self.autocast, enabled=enabled)

    @property
    def waiting_bytes(self) -> int:
        """Bytes that are held until the call is settled, at most."""
        told = 0 if self.values is None else 2 * self.values.nbytes  # beside its keys, as they came
        held = (self.kv, self.q, self.attn, self.came_in, self.mixed.kept)
        return told + sum([tensor.nbytes for tensor in held if tensor is not None])

    def see_mixed(self, module: AttentionModule, given: object, choice: RecordOptions) -> None:
        """Take what `to_out` is given, as far as it is checked."""
        sizes = self.sizes
        shape = sizes.batch, sizes.queries, sizes.heads * sizes.dim_head
        self.mixed = Mixed.of(given, shape, self.sample)
        asked = "written" in choice.extras and not self.mixed.given
        if asked and isinstance(given, torch.Tensor):
            self.writing.see_mixed(module, given)


def sums_of(x: torch.Tensor) -> torch.Tensor:
    """One number a token, '… n d' → '… n' float64, finite only if all of it is.

    Wide enough that no sum overflows.
    """
    return x.sum(dim=-1, dtype=torch.float64)


@dataclass(frozen=True)
class KeptMap:
    """A map, how it was verified, and the ALiBi that was in it."""

    map: AttentionMap
    verification: Verification
    alibi: Slopes | None


@dataclass(frozen=True)
class Checked:
    """A call's factored map, or None for a dense one, and what the check found."""

    parts: FactoredMap | None
    verification: Verification


def map_of_call(
    module: AttentionModule,
    call: Call,
    bias: PositionBias | None,
    choice: RecordOptions,
    transfers: Transfers,
    checked: Checked | None = None,
) -> KeptMap:
    """Keep the chosen part of a call's map, and check it against what `to_out` was given.

    bias: the position bias that the call was given, if it came from a module. checked: the check,
    if it was made before. A map is checked where the model runs; its way to the host is begun,
    unless it stays there: `transfers` knows when it ends.
    """
    items, heads = choice.kept(call.sizes.batch, call.sizes.heads)
    alibi = call.alibi
    if checked is None:
        checked = _check(module, call, bias, alibi)
    if checked.parts is not None:
        parts = transfers.kept(checked.parts.select(items, heads))
        return KeptMap(parts, checked.verification, alibi)
    attn = required(call.attn)
    stored = DenseMap(select_map(attn, items, heads, choice.dtype), Precision(weights=attn.dtype))
    return KeptMap(transfers.kept(stored), checked.verification, alibi)


def _check(
    module: AttentionModule,
    call: Call,
    bias: PositionBias | None,
    alibi: Slopes | None,
) -> Checked:
    """Look at one call, and wait for what is seen."""
    sample = call.sample

    def check(picked: torch.Tensor, precision: Precision, *, recomputed: bool) -> Verification:
        of = call.sizes.batch * call.sizes.queries
        return verify(
            module, picked, call.values_of(module, sample.items), call.mixed, sample, precision, of,
            recomputed=recomputed,
        )  # fmt: skip

    if call.storage == "factored":
        parts = parts_of(module, call, bias, alibi)
        rows_of = [parts.rows_of_heads(b, sample.rows) for b in indices(sample.items)]
        picked = rows_of[0][None] if len(rows_of) == 1 else torch.stack(rows_of)
        error = None if call.attn is None else float(furthest(picked, sample.of_map(call.attn)))
        if error is None or error <= AGREES[parts.precision.coarsest]:
            checked = check(picked, parts.precision, recomputed=True)
            return Checked(parts, replace(checked, weight_error=error))
    attn = required(call.attn)
    precision = Precision(weights=attn.dtype)
    return Checked(None, check(sample.of_map(attn), precision, recomputed=False))


def sample_of(storage: Storage, batch: int, queries: int, choice: RecordOptions) -> Sample:
    """Which rows of a call are checked."""
    rows = choice.verify_rows
    if storage == "factored":  # recomputed for this: of a short forward that would be a share
        rows = min(rows, max(ROWS, queries // EACH))
    return Sample.of(batch, queries, choice.verify_items, rows)


def required(caught: torch.Tensor | None) -> torch.Tensor:
    """What a hook was to catch. Raises RecordingError when it did not."""
    if caught is None:
        raise RecordingError("a projection was not seen: to_q or to_kv was not called as a module")
    return caught


def parts_of(
    module: AttentionModule, call: Call, bias: PositionBias | None, alibi: Slopes | None
) -> FactoredMap:
    """A call's map by its parts, where the model runs."""
    told = call.parts
    added = _bias(call, bias, call.device)
    if told is not None:
        q, k, scale, precision = told.q, told.k, 1.0, told.precision
    else:
        q, k, scale, precision = _made_again(module, call, added, alibi)
    return FactoredMap.of(
        q=q,
        k=k,
        logsumexp=None if told is None else told.logsumexp,
        bias=added,
        slopes=None if alibi is None else alibi[0].to(q.device).reshape(-1),
        scale=scale,
        precision=precision,
        causal=bool(getattr(module, "causal", False)),
        key_mask=None if call.mask is None else call.mask.detach(),
        nulls=call.sizes.nulls,
        cut_edges=call.edits.cut,
    )


def _made_again(
    module: AttentionModule,
    call: Call,
    bias: OffsetBias | torch.Tensor | None,
    alibi: Slopes | None,
) -> tuple[torch.Tensor, torch.Tensor, float, Precision]:
    """Queries, keys and their scale as the published class multiplies them, and what it rounds.

    Its products are rounded, then scaled; a bias that is wider makes the scores wider.
    """
    q, k = queries_of(module, required(call.q)), keys_of(module, required(call.kv))
    products = autocast_dtype(q.device) or torch.result_type(q, k)
    given = call.attn_bias
    wider = [] if given is None else [given.surface if isinstance(given, OffsetBias) else given]
    wider += [] if alibi is None else [alibi[0]]
    scores = products
    for added in wider:
        scores = torch.promote_types(scores, added.dtype)
    weights = products if call.attn is None else call.attn.dtype
    wide = working(products)
    scale = float(getattr(module, "scale", 1.0))
    q, k = q.to(products), k.to(products)
    if products == wide:  # nothing is rounded in between: scaled once, not at every look
        q, scale = q * scale, 1.0
    return q, k, scale, Precision(products, added=wide, scores=scores, weights=weights)


def _bias(
    call: Call, bias: PositionBias | None, device: torch.device
) -> OffsetBias | torch.Tensor | None:
    if bias is not None:
        # Not the model's own table, which may hold the dense bias that its layers share.
        return bias.table.on(device)
    if isinstance(call.attn_bias, OffsetBias):
        return OffsetBias(call.attn_bias.surface.detach(), call.attn_bias.dimensions)
    return None if call.attn_bias is None else call.attn_bias.detach()


def furthest(ours: torch.Tensor, theirs: torch.Tensor) -> torch.Tensor:
    """The largest difference of weights; NaN is like NaN, and infinitely far from all else."""
    error = (ours - theirs).abs()
    error = torch.where(ours.isnan() & theirs.isnan(), 0, error)
    return error.nan_to_num(nan=torch.inf).max()
