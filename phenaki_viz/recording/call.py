"""What is known of one attention call while it runs, and until its record is made."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import NamedTuple

import torch

from phenaki_viz.errors import RecordingError
from phenaki_viz.nouns import counted
from phenaki_viz.numerics.edits import NONE, Edits
from phenaki_viz.numerics.offsets import OffsetBias
from phenaki_viz.numerics.precision import Precision, autocast_dtype
from phenaki_viz.recording.biases import Far, NamedBias
from phenaki_viz.recording.estimates import Sizes
from phenaki_viz.recording.families.phenaki import AttentionModule
from phenaki_viz.recording.maps import Storage
from phenaki_viz.recording.options import RecordOptions
from phenaki_viz.recording.parts import FactoredMap
from phenaki_viz.recording.samples import UNSEEN, Mixed, Sample, is_short
from phenaki_viz.recording.verify import values_of
from phenaki_viz.recording.written import Writing

# ALiBi's, 'h', and how far the module was from them, on its device
Slopes = tuple[torch.Tensor, torch.Tensor | float]


@dataclass(kw_only=True)
class CallContext:
    """Where a call happened.

    name: of the layer. count: calls by that name before. forward, use, shared: see
    `AttentionRecord`. video_shape: 'b t h w' as its transformer was told, or None. branch, step: of
    the sampling, or None. bias: the position bias it was given and its name, or None; or one that
    is on its way from a GPU, and has been named when a record is built.
    """

    name: str
    count: int
    forward: int
    use: int
    shared: tuple[str, ...]
    video_shape: Sequence[int] | None
    branch: str | None
    step: int | None
    bias: NamedBias | Far | None = None

    @property
    def named(self) -> NamedBias | tuple[None, None]:
        """The position bias and its name, once it has one."""
        given = self.bias.named if isinstance(self.bias, Far) else self.bias
        return given or (None, None)


class Parts(NamedTuple):
    """q: 'b h i d', k: 'b h j d', logsumexp: 'b h i', of the model's device."""

    q: torch.Tensor
    k: torch.Tensor
    logsumexp: torch.Tensor
    precision: Precision


@dataclass(eq=False)
class Call:
    """What is known of one attention call while it runs, and until its record is made.

    x: what came in, 'b n d'; None once the call waits. tokens: of what it reads instead of x, or
    None. sample: which of its rows are checked.
    q, kv: what the projections returned, where they are listened to. values: 'b h j d', as the
    map mixed them, where the model told them. size: bytes that its map will take. autocast: its
    format while the call ran, or None. came_in: of a call that has to wait, a copy of x, or where
    that is long its `sums_of`. edits: what an intervention changes in it. factored: its map by its
    parts, where the model runs, once it was made to be checked.
    """

    module: AttentionModule
    around: CallContext
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
    writing: Writing | None = None
    came_in: torch.Tensor | None = None
    factored: FactoredMap | None = None

    def wait(self) -> None:
        """Hold on to what is needed later, as it is now, and let go of the rest."""
        x, self.x = required(self.x), None
        # What came in may be written to.
        x = x.detach() if x.requires_grad else x
        self.came_in = x.clone() if is_short(x) else sums_of(x)

    def see_map(self, attn: torch.Tensor, choice: RecordOptions) -> None:
        """Take the map that was made, 'b h i j'.

        It knows its sizes: a window or a frame of what came in may be a batch item, and what is
        read may have come in by another name than `context`.
        """
        self.attn = attn
        if attn.shape == self.sizes[:4] or attn.ndim != 4:
            return
        batch, heads, queries, keys = attn.shape
        nulls = self.sizes.nulls
        self.sizes = Sizes(batch, heads, queries, keys, nulls, self.sizes.dim_head)
        self.sample = Sample.of(batch, queries, choice.verify_items, choice.verify_rows)
        if self.tokens is not None or keys - nulls != queries:
            self.tokens = keys - nulls
        if self.mask is not None and self.mask.shape != (batch, keys - nulls):
            self.mask = None

    @property
    def unreadable(self) -> str:
        """Why its map cannot be read; empty where it can."""
        if self.attn is None or self.attn.ndim == 4:
            return ""
        found = " × ".join(map(str, self.attn.shape))
        return f"its map is {found}; maps are read as batch × heads × queries × keys"

    @property
    def shared_keys(self) -> str:
        """That heads share keys and values, which are read a pair a head; empty where they do not.

        As in grouped-query attention (Ainslie et al. 2023).
        """
        heads, width = self.module.heads, 2 * self.sizes.dim_head
        there = 0 if self.kv is None else self.kv.shape[-1] // width
        if not 0 < there < heads or heads % there:
            return ""
        return (
            f"its {heads} heads share {counted(there, 'head')} of keys and values (grouped-query "
            "attention); maps are read where each head has its own"
        )

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

    def values_of(self, items: slice) -> torch.Tensor:
        """Values of some batch items, 'b h j d', the null ones first."""
        if self.values is not None:
            return self.values if items.step == 1 else self.values[items]
        return values_of(self.module, required(self.kv)[items])

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
        held = 0 if self.values is None else 2 * self.values.nbytes  # beside its keys, as they came
        for tensor in (self.kv, self.q, self.attn, self.came_in, self.mixed.kept):
            held += 0 if tensor is None else tensor.nbytes
        return held

    def see_mixed(self, given: object, choice: RecordOptions) -> None:
        """Take what `to_out` is given, as far as it is checked."""
        sizes = self.sizes
        shape = sizes.batch, sizes.queries, sizes.heads * sizes.dim_head
        self.mixed = Mixed.of(given, shape, self.sample)
        wanted = "written" in choice.extras and not self.mixed.given
        if wanted and isinstance(given, torch.Tensor):
            self.writing = Writing.of_mixed(self.module, given)


def sums_of(x: torch.Tensor) -> torch.Tensor:
    """One number a token, '… n d' → '… n' float64, finite only if all of it is.

    Wide enough that no sum overflows.
    """
    return x.sum(dim=-1, dtype=torch.float64)


def required(caught: torch.Tensor | None) -> torch.Tensor:
    """What a hook was to catch. Raises RecordingError when it did not."""
    if caught is None:
        raise RecordingError("a projection was not seen: to_q or to_kv was not called as a module")
    return caught
