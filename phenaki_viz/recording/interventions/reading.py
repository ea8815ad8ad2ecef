"""Another text, or none: what cross-attention is given instead of its words."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from einops import repeat
from torch import nn

from phenaki_viz.errors import RecordingError
from phenaki_viz.recording.families.phenaki import AttentionModule, null_keys
from phenaki_viz.recording.interventions.kinds import DropText, SwapText

Heard = tuple[torch.Tensor, torch.Tensor | None]  # context 'b n c', mask 'b n' bool


@dataclass(frozen=True, eq=False)
class Reading:
    """context: '1 n c', seen: '1 n' bool, the words that are read instead; None for no text."""

    context: torch.Tensor | None
    seen: torch.Tensor | None

    def instead(
        self, module: AttentionModule, context: torch.Tensor, mask: torch.Tensor | None
    ) -> Heard:
        """What a call of cross-attention reads. Raises RecordingError where nothing is left."""
        if self.context is None or self.seen is None:
            if not null_keys(module):
                raise RecordingError(
                    "the text cannot be dropped: this cross-attention has no null keys, so nothing "
                    "would be left to read"
                )
            return context, context.new_zeros(context.shape[:2], dtype=torch.bool)
        new = repeat(self.context.to(context), "1 n c -> b n c", b=len(context))
        seen = repeat(self.seen.to(context.device), "1 n -> b n", b=len(context))
        # A pass that was asked without its text is asked so still.
        return new, seen if mask is None else seen & mask.any(dim=1, keepdim=True)


def reading_of(model: nn.Module, given: Sequence[DropText | SwapText]) -> Reading | None:
    """What is read instead of the text; None for the text itself. Raises RecordingError."""
    if not given:
        return None
    if len(given) > 1:
        raise RecordingError("the text is both dropped and swapped, or swapped twice: choose one")
    (one,) = given
    if isinstance(one, DropText):
        return Reading(None, None)
    encode = getattr(model, "encode_texts", None)
    if encode is None:
        raise RecordingError(
            "the text cannot be swapped: this model has no text encoder to make vectors of another"
        )
    with torch.no_grad():
        context, seen = encode([one.text])
    return Reading(context, seen)
