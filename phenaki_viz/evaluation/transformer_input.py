"""What a transformer inside a model is given: caught while the model runs, to be given again."""

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from einops import rearrange
from torch import nn

from phenaki_viz.errors import RecordingError
from phenaki_viz.numerics.footprint import weight_count
from phenaki_viz.recording import AttentionRecord
from phenaki_viz.recording.families.phenaki import attention_modules, transformer_modules
from phenaki_viz.recording.places import Counts, Places, infer_places
from phenaki_viz.recording.switches import Switches, switched

NOTHING = Switches()
ALONG_TIME: dict[Counts, str] = {
    "video": "b (t n) d -> t (b n) d",
    "frame": "(b t) n d -> t (b n) d",
    "patch": "bn t d -> t bn d",
    "sequence": "b t d -> t b d",
}
BACK: dict[Counts, str] = {
    "video": "t (b n) d -> b (t n) d",
    "frame": "t (b n) d -> (b t) n d",
    "patch": "t bn d -> bn t d",
    "sequence": "t b d -> b t d",
}


@dataclass(frozen=True, eq=False, kw_only=True)
class TransformerInput:
    """One call of one transformer, as it was made inside its model.

    stack: its name in the model. tokens: what it was given, '(…) n d'. args, kwargs: what it was
    given beside them. places: how the tokens lie in the video. switches: what is off meanwhile.
    """

    model: nn.Module
    stack: str
    tokens: torch.Tensor
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    places: Places
    switches: Switches = NOTHING

    @property
    def transformer(self) -> nn.Module:
        """The transformer itself."""
        return self.model.get_submodule(self.stack)

    @property
    def steps(self) -> int:
        """Time steps that its tokens lie in."""
        return self.places.grid[0]

    def by_step(self, tokens: torch.Tensor) -> torch.Tensor:
        """Tokens 'batch n d' in their time steps, 't rest d'."""
        counts = self.places.batch_counts
        return rearrange(tokens, ALONG_TIME[counts], **self._sizes(tokens, "t"))

    def with_step(self, tokens: torch.Tensor, step: int, replacement: torch.Tensor) -> torch.Tensor:
        """A copy of tokens 'batch n d' with those of one time step, 'rest d', replaced."""
        changed = self.by_step(tokens).clone()
        changed[step] = replacement
        counts = self.places.batch_counts
        return rearrange(changed, BACK[counts], **self._sizes(tokens, "b")).contiguous()

    def _sizes(self, tokens: torch.Tensor, axis: str) -> dict[str, int]:
        """The length of the axis that a pattern cannot know: the time steps, or the videos."""
        if self.places.batch_counts not in ("video", "frame"):
            return {}
        videos = len(tokens) // self.places.items_per_video
        return {axis: self.steps if axis == "t" else videos}


def transformer_input(
    model: nn.Module,
    stack: str,
    forward: Callable[[], object],
    *,
    switches: Switches = NOTHING,
    counts: Counts | None = None,
) -> TransformerInput:
    """What the transformer called `stack` is given when `forward()` runs the model.

    Of several calls, the first counts. counts: what its batch axis counts, where shapes and names
    do not tell. Raises RecordingError where there is no such transformer, it does not run, or it is
    given tokens that are not finite.
    """
    transformer = transformer_modules(model).get(stack)
    if transformer is None:
        named = ", ".join(transformer_modules(model)) or "none"
        raise RecordingError(f"there is no transformer {stack!r} in this model; there are: {named}")
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
    thread = threading.get_ident()

    def catch(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if threading.get_ident() == thread and not calls:
            calls.append((args, dict(kwargs)))

    with torch.inference_mode(), switched(model, switches):
        handle = transformer.register_forward_pre_hook(catch, with_kwargs=True)
        try:
            forward()
        finally:
            handle.remove()
    if not calls:
        raise RecordingError(f"{stack or 'the model'} did not run: nothing was given to it")
    (args, kwargs) = calls[0]
    tokens, *rest = args or (kwargs.pop("x"),)
    if not torch.isfinite(tokens).all():
        raise RecordingError(f"{stack or 'the model'} is given tokens that are not finite")
    shape = kwargs.get("video_shape", rest[0] if rest else None)
    return TransformerInput(
        model=model,
        stack=stack,
        tokens=tokens,
        args=tuple(rest),
        kwargs=kwargs,
        places=_places(tokens, shape, stack, counts),
        switches=switches,
    )


def _places(tokens: torch.Tensor, shape: Any, stack: str, counts: Counts | None) -> Places:
    batch, n, _ = tokens.shape
    if shape is None or counts is None:
        return infer_places(batch, n, shape, causal=False, bias_dimensions=None, stack=stack)
    _, t, h, w = shape
    found = Places((t, h, w), counts)
    if n != found.tokens or batch % found.items_per_video:
        raise RecordingError(
            f"{stack}: {batch} items of {n} tokens are no {counts} maps of a grid {t} × {h} × {w}"
        )
    return found


def work_of(model: nn.Module, records: Sequence[AttentionRecord]) -> int:
    """Multiply-adds of one run of a transformer, from what was recorded of its attention.

    records: of all its layers, of one run.
    """
    if not records:
        return 0
    first = records[0]
    parameters = weight_count(model.get_submodule(first.stack))
    cells = sum(_batch(one) * math.prod(one.map.shape[2:]) * _width(model, one) for one in records)
    return _batch(first) * first.map.shape[2] * parameters + 2 * cells


def _batch(record: AttentionRecord) -> int:
    return record.batch or max(record.batch_items) + 1


def _width(model: nn.Module, record: AttentionRecord) -> int:
    """Numbers of a query, over all heads."""
    return int(attention_modules(model)[record.module].to_q.out_features)
