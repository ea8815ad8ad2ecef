"""From pixels to tokens as C-ViViT does: the first frame alone, then several frames a token."""

import torch
from einops.layers.torch import Rearrange
from torch import nn

from phenaki_viz.errors import ConfigError, ShapeError

PatchSize = int | tuple[int, int]  # height and width, in pixels


def grid_of(
    frames: int, height: int, width: int, patch_size: PatchSize, temporal_patch_size: int
) -> tuple[int, int, int]:
    """The token grid (t, h, w) of a clip, sizes in frames and pixels.

    Raises ShapeError naming the sizes that would fit, ConfigError for a patch below 1.
    """
    patch_height, patch_width = _pair(patch_size)
    if min(patch_height, patch_width, temporal_patch_size) < 1:
        raise ConfigError(
            f"a patch of {patch_height}×{patch_width} pixels and {temporal_patch_size} frames: "
            "use at least 1 of each"
        )
    if min(height, width) < 1 or height % patch_height or width % patch_width:
        (low, high), (left, right) = _around(height, patch_height), _around(width, patch_width)
        raise ShapeError(
            f"frames of {height}×{width} do not divide into patches of "
            f"{patch_height}×{patch_width}: use {low}×{left} or {high}×{right}"
        )
    if frames < 1 or (frames - 1) % temporal_patch_size:
        fewer = max(0, frames - 1) // temporal_patch_size * temporal_patch_size + 1
        raise ShapeError(
            f"clip has {frames} frames; temporal patch {temporal_patch_size} needs 1 + a multiple "
            f"of {temporal_patch_size}: use {fewer} or {fewer + temporal_patch_size}"
        )
    return 1 + (frames - 1) // temporal_patch_size, height // patch_height, width // patch_width


class PatchEmbedding(nn.Module):
    """Video 'b c f H W' to tokens 'b t h w d'.

    Step 0 is frame 0 alone; later steps cover `temporal_patch_size` frames each.
    Source: Villegas et al. 2022, Phenaki (arXiv 2210.02399), section 2.1; phenaki-pytorch 0.5.0,
    CViViT.
    """

    def __init__(
        self, *, dim: int, channels: int = 3, patch_size: PatchSize, temporal_patch_size: int
    ) -> None:
        super().__init__()
        p1, p2 = _pair(patch_size)
        pt = temporal_patch_size
        for name, size in {"dim": dim, "channels": channels, "patch": min(p1, p2, pt)}.items():
            if size < 1:
                raise ConfigError(f"a patch embedding with {name} {size}: use at least 1")
        self.channels = channels
        self.patch_size = p1, p2
        self.temporal_patch_size = pt
        self.to_patch_emb_first_frame = nn.Sequential(
            Rearrange("b c 1 (h p1) (w p2) -> b 1 h w (c p1 p2)", p1=p1, p2=p2),
            *_embed(channels * p1 * p2, dim),
        )
        self.to_patch_emb = nn.Sequential(
            Rearrange("b c (t pt) (h p1) (w p2) -> b t h w (c pt p1 p2)", p1=p1, p2=p2, pt=pt),
            *_embed(channels * p1 * p2 * pt, dim),
        )

    def forward(self, video: torch.Tensor) -> torch.Tensor:
        """video: 'b c f H W' → 'b t h w d'. One frame is one step.

        Raises ShapeError when the video does not fit the patch grid or has other channels.
        """
        found = " × ".join(map(str, video.shape))
        if video.ndim != 5 or video.shape[1] != self.channels:
            raise ShapeError(
                f"a video is batch × {self.channels} (channels) × frames × height × width; "
                f"got {found}"
            )
        _, _, frames, height, width = video.shape
        grid_of(frames, height, width, self.patch_size, self.temporal_patch_size)
        first, later = video[:, :, :1], video[:, :, 1:]
        return torch.cat((self.to_patch_emb_first_frame(first), self.to_patch_emb(later)), dim=1)


def _embed(inputs: int, dim: int) -> tuple[nn.Module, ...]:
    return nn.LayerNorm(inputs), nn.Linear(inputs, dim), nn.LayerNorm(dim)


def _pair(size: PatchSize) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else size


def _around(size: int, patch: int) -> tuple[int, int]:
    """The nearest multiples of a patch that are at least one patch: not above, and above."""
    fewer = max(1, size // patch)
    return fewer * patch, fewer * patch if size == fewer * patch else (fewer + 1) * patch
