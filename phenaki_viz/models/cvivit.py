"""C-ViViT: a clip becomes tokens and a clip again; attention within frames, then along time."""

from collections.abc import Sequence
from typing import Any, Literal

import torch
import torch.nn.functional as F
from einops import rearrange, repeat
from einops.layers.torch import Rearrange
from torch import nn

from phenaki_viz.errors import ConfigError, ShapeError
from phenaki_viz.models.layers import PegLayout
from phenaki_viz.models.patches import PatchEmbedding, PatchSize, grid_of
from phenaki_viz.models.position import ContinuousPositionBias
from phenaki_viz.models.quantiser import Quantiser
from phenaki_viz.models.transformer import Transformer

Grid = tuple[int, int, int]


class CViViT(PatchEmbedding):
    """Video 'b c f H W' in 0..1 → codes 'b t h w' → video.

    image_size, patch_size: pixels, one number or (height, width). Encoder: spatial layers, then
    temporal ones (causal, ALiBi, PEG); decoder: the reverse. One position bias serves both.
    Not in the published class: fsq_levels chooses a finite scalar quantiser instead of LFQ or
    VectorQuantize; codebook_dim makes the codes of VectorQuantize narrower than the model, and
    codes_by_angle finds them as its older releases did, see `Quantiser`; causal and spatial_peg
    are as older releases had them; peg_layout, see `PEG`.
    The perceptual and adversarial losses of training are left out: use_vgg_and_gan is refused.
    Source: Villegas et al. 2022, Phenaki (arXiv 2210.02399), section 2.1; phenaki-pytorch 0.5.0,
    CViViT.
    """

    def __init__(
        self,
        *,
        dim: int,
        codebook_size: int,
        image_size: PatchSize,
        patch_size: PatchSize,
        temporal_patch_size: int,
        spatial_depth: int,
        temporal_depth: int,
        dim_head: int = 64,
        heads: int = 8,
        channels: int = 3,
        use_vgg_and_gan: bool = False,
        attn_dropout: float = 0.0,
        ff_dropout: float = 0.0,
        lookup_free_quantization: bool = True,
        lookup_free_quantization_kwargs: dict[str, Any] | None = None,
        ff_mult: float = 4,
        fsq_levels: Sequence[int] = (),
        codebook_dim: int | None = None,
        codes_by_angle: bool = False,
        causal: bool = True,
        spatial_peg: bool = False,
        peg_layout: PegLayout = "published",
    ) -> None:
        super().__init__(
            dim=dim,
            channels=channels,
            patch_size=patch_size,
            temporal_patch_size=temporal_patch_size,
        )
        height, width = (image_size,) * 2 if isinstance(image_size, int) else image_size
        if use_vgg_and_gan:
            raise ConfigError(
                "the perceptual and adversarial losses are left out here: pass "
                "use_vgg_and_gan=False"
            )
        _, h, w = grid_of(1, height, width, self.patch_size, temporal_patch_size)
        self.image_size = height, width
        self.patch_height_width = h, w
        self.spatial_rel_pos_bias = ContinuousPositionBias(dim=dim, heads=heads)
        shared: dict[str, Any] = {
            "dim_head": dim_head,
            "heads": heads,
            "attn_dropout": attn_dropout,
            "ff_dropout": ff_dropout,
            "ff_mult": ff_mult,
        }
        convolved: dict[str, Any] = {"peg": True, "peg_causal": True, "peg_layout": peg_layout}
        spatial = convolved if spatial_peg else {}
        temporal = {"causal": causal, **convolved}
        self.enc_spatial_transformer = Transformer(dim, depth=spatial_depth, **shared, **spatial)
        self.enc_temporal_transformer = Transformer(dim, depth=temporal_depth, **shared, **temporal)
        kind: Literal["lfq", "vq", "fsq"] = "lfq" if lookup_free_quantization else "vq"
        self.quantiser = Quantiser("fsq" if fsq_levels else kind, codebook_dim, codes_by_angle)
        self.vq = self.quantiser.build(
            dim, codebook_size, fsq_levels, lookup_free_quantization_kwargs or {}
        )
        self.codebook_size = codebook_size
        self.dec_spatial_transformer = Transformer(dim, depth=spatial_depth, **shared, **spatial)
        self.dec_temporal_transformer = Transformer(dim, depth=temporal_depth, **shared, **temporal)
        p1, p2 = self.patch_size
        pt = temporal_patch_size
        self.to_pixels_first_frame = nn.Sequential(
            nn.Linear(dim, channels * p1 * p2),
            Rearrange("b 1 h w (c p1 p2) -> b c 1 (h p1) (w p2)", p1=p1, p2=p2),
        )
        self.to_pixels = nn.Sequential(
            nn.Linear(dim, channels * p1 * p2 * pt),
            Rearrange("b t h w (c pt p1 p2) -> b c (t pt) (h p1) (w p2)", p1=p1, p2=p2, pt=pt),
        )

    def embed(self, video: torch.Tensor) -> torch.Tensor:
        """Patches of a video, 'b t h w d'. Raises ShapeError when it is of another size."""
        if tuple(video.shape[-2:]) != self.image_size:
            raise ShapeError(
                f"frames are {video.shape[-2]}×{video.shape[-1]}; this C-ViViT was made for "
                f"{self.image_size[0]}×{self.image_size[1]}: resize the clip"
            )
        return super().forward(video)

    def encode(self, tokens: torch.Tensor) -> torch.Tensor:
        """Embedded patches 'b t h w d' through the encoder, same shape."""
        return self._along_time(
            self.enc_temporal_transformer, self._in_frames(self.enc_spatial_transformer, tokens)
        )

    def quantise(self, tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Encoded tokens 'b t h w d' → the same on the codebook, codes 'b t h w', own loss."""
        grid = dict(zip(("t", "h", "w"), tokens.shape[1:4], strict=True))
        flat = rearrange(tokens, "b t h w d -> b (t h w) d")
        quantised, codes, loss = self.quantiser(self.vq, flat)
        quantised = rearrange(quantised, "b (t h w) d -> b t h w d", **grid)
        return quantised, rearrange(codes, "b (t h w) -> b t h w", **grid), loss

    def codes_of(self, video: torch.Tensor) -> torch.Tensor:
        """Codebook indices 'b t h w' int64 of a video."""
        _, codes, _ = self.quantise(self.encode(self.embed(video)))
        return codes

    def decode(self, tokens: torch.Tensor) -> torch.Tensor:
        """Quantised tokens 'b t h w d' or 'b (t h w) d' → video 'b c f H W'."""
        if tokens.ndim == 3:
            h, w = self.patch_height_width
            tokens = rearrange(tokens, "b (t h w) d -> b t h w d", h=h, w=w)
        tokens = self._along_time(self.dec_temporal_transformer, tokens)
        tokens = self._in_frames(self.dec_spatial_transformer, tokens)
        first = self.to_pixels_first_frame(tokens[:, :1])
        return torch.cat((first, self.to_pixels(tokens[:, 1:])), dim=2)

    def decode_from_codebook_indices(self, indices: torch.Tensor) -> torch.Tensor:
        """Codes 'b t h w' or 'b (t h w)' → video 'b c f H W'."""
        flat = rearrange(indices, "b ... -> b (...)")
        return self.decode(self.quantiser.vectors(self.vq, flat))

    def forward(
        self,
        video: torch.Tensor,
        mask: torch.Tensor | None = None,
        return_recons: bool = False,
        return_recons_only: bool = False,
        return_only_codebook_ids: bool = False,
    ) -> Any:
        """video: 'b c f H W', or one frame 'b c H W'. mask: 'b f' bool, False for padding.

        Returns the mean squared error, with the reconstruction when `return_recons`; or the
        reconstruction or the codes 'b t h w' alone.
        """
        is_image = video.ndim == 4
        if is_image:
            video = rearrange(video, "b c h w -> b c 1 h w")
        quantised, codes, _ = self.quantise(self.encode(self.embed(video)))
        if return_only_codebook_ids:
            return codes
        recons = self.decode(quantised)
        shown = rearrange(recons, "b c 1 h w -> b c h w") if is_image else recons
        if return_recons_only:
            return shown
        error = F.mse_loss(recons, video, reduction="none")
        if mask is not None:
            error = error[repeat(mask, "b f -> b c f", c=video.shape[1])]
        return (error.mean(), shown) if return_recons else error.mean()

    @property
    def image_num_tokens(self) -> int:
        """Tokens of one frame."""
        h, w = self.patch_height_width
        return h * w

    def get_video_patch_shape(self, num_frames: int, include_first_frame: bool = True) -> Grid:
        """The token grid 't h w' of a number of frames.

        include_first_frame: False for frames that follow others, all in whole temporal patches.
        Raises ShapeError when the frames do not divide into tokens.
        """
        frames = num_frames - 1 if include_first_frame else num_frames
        if frames < 0 or frames % self.temporal_patch_size:
            start = "1 + " if include_first_frame else ""
            raise ShapeError(
                f"{num_frames} frames do not divide into tokens: use {start}a multiple of "
                f"{self.temporal_patch_size}"
            )
        steps = frames // self.temporal_patch_size + int(include_first_frame)
        return steps, *self.patch_height_width

    def num_tokens_per_frames(self, num_frames: int, include_first_frame: bool = True) -> int:
        """Tokens of a number of frames; see `get_video_patch_shape`."""
        t, h, w = self.get_video_patch_shape(num_frames, include_first_frame)
        return t * h * w

    def _in_frames(self, transformer: Transformer, tokens: torch.Tensor) -> torch.Tensor:
        b, t, h, w, _ = tokens.shape
        x = rearrange(tokens, "b t h w d -> (b t) (h w) d")
        bias = self.spatial_rel_pos_bias(h, w, device=tokens.device, dense=False)
        x = transformer(x, video_shape=(b, t, h, w), attn_bias=bias, tokens="frame")
        return rearrange(x, "(b t) (h w) d -> b t h w d", b=b, h=h)

    def _along_time(self, transformer: Transformer, tokens: torch.Tensor) -> torch.Tensor:
        b, t, h, w, _ = tokens.shape
        x = rearrange(tokens, "b t h w d -> (b h w) t d")
        x = transformer(x, video_shape=(b, t, h, w), tokens="patch")
        return rearrange(x, "(b h w) t d -> b t h w d", b=b, h=h)
