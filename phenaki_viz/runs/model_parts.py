"""What of a model takes part in a run: what sees clips, fills in tokens, reads a text."""

from typing import Any

from torch import nn

from phenaki_viz.models import CViViT, MaskGit, Phenaki, TokenCritic


def eyes_of(model: nn.Module) -> CViViT | None:
    """The C-ViViT of a model, if it has one."""
    if isinstance(model, Phenaki):
        return model.cvivit
    return model if isinstance(model, CViViT) else None


def filler_of(model: nn.Module) -> MaskGit | TokenCritic | None:
    """The MaskGit of a model, or the critic that it is."""
    if isinstance(model, Phenaki):
        return model.maskgit
    return model if isinstance(model, (MaskGit, TokenCritic)) else None


def encoder_of(model: nn.Module) -> Any:
    """What makes vectors of a model's text; None where the file brought nothing."""
    return getattr(model, "encode_texts", None)


def text_width(model: nn.Module) -> int:
    """Features of the words that a model's cross-attention reads; 0 when it reads no text."""
    filler = filler_of(model)
    layers = () if filler is None else filler.named_modules()
    crossed = (
        module.to_kv.in_features
        for name, module in layers
        if name.endswith("layers.0.2") and hasattr(module, "to_kv")
    )
    return int(next(crossed, 0))


def most_frames(model: nn.Module, found: int) -> int:
    """How many of `found` frames a model takes: 1 + k · temporal patch, within its positions."""
    eyes = eyes_of(model)
    if eyes is None:
        return found
    most = found
    if isinstance(model, Phenaki):
        steps = model.maskgit.max_seq_len // eyes.image_num_tokens
        most = min(found, 1 + max(0, steps - 1) * eyes.temporal_patch_size)
    return 1 + (most - 1) // eyes.temporal_patch_size * eyes.temporal_patch_size
