"""Settings of the models, checked before anything is built, and as JSON in a file's header."""

import reprlib
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any, get_type_hints

import msgspec

from phenaki_viz.errors import ConfigError
from phenaki_viz.models.cvivit import CViViT
from phenaki_viz.models.layers import PegLayout
from phenaki_viz.models.maskgit import MaskGit, SelfCritic, TokenCritic
from phenaki_viz.models.patches import grid_of
from phenaki_viz.models.phenaki import Phenaki
from phenaki_viz.models.quantiser import Kind
from phenaki_viz.models.text import WordEmbedding

_LIMITS = {
    "dim": 8192,
    "dim_context": 16384,
    "dim_head": 1024,
    "heads": 256,
    "depth": 256,
    "spatial_depth": 256,
    "temporal_depth": 256,
    "codebook_size": 2**24,
    "codebook_dim": 8192,
    "num_tokens": 2**24,
    "max_seq_len": 2**20,
    "channels": 16,
    "temporal_patch_size": 256,
    "most_words": 1024,
    "steps": 1000,
    "null_kv": 64,
}
MOST_FF_MULT = 64
MOST_LEVELS = 24  # of a finite scalar quantiser; the paper has 6
_MAY_BE_0 = ("null_kv", "dim_context", "codebook_dim")


class _Checked:
    """Whole numbers from 1 (depths from 0) up to a limit that no real model reaches."""

    def __post_init__(self) -> None:
        for name, most in _LIMITS.items():
            value = getattr(self, name, None)
            least = 0 if "depth" in name or name in _MAY_BE_0 else 1
            if value is None:
                continue
            whole = isinstance(value, int) and not isinstance(value, bool)
            if not whole or not least <= value <= most:
                raise ConfigError(
                    f"{name} is {value!r}; it must be a whole number {least} to {most:,}"
                )
        mult = getattr(self, "ff_mult", 1)
        if not 0 < mult <= MOST_FF_MULT:  # NaN is neither
            raise ConfigError(f"ff_mult is {mult}; it must be above 0, up to {MOST_FF_MULT}")


@dataclass(frozen=True, kw_only=True)
class CViViTConfig(_Checked):
    """Arguments of `CViViT`. image_size, patch_size: (height, width) in pixels.

    codebook_dim: width of a learned code, 0 when it is as wide as the model. spatial_peg,
    codes_by_angle (see `Quantiser`) and a temporal transformer that is not causal: older files.
    """

    dim: int
    codebook_size: int
    image_size: tuple[int, int]
    patch_size: tuple[int, int]
    temporal_patch_size: int
    spatial_depth: int
    temporal_depth: int
    dim_head: int = 64
    heads: int = 8
    channels: int = 3
    ff_mult: float = 4
    quantiser: Kind = "lfq"
    fsq_levels: tuple[int, ...] = ()
    codebook_dim: int = 0
    codes_by_angle: bool = False
    causal: bool = True
    spatial_peg: bool = False
    peg_layout: PegLayout = "published"

    def __post_init__(self) -> None:
        super().__post_init__()
        sizes = (*self.image_size, *self.patch_size)
        if len(sizes) != 4 or max(sizes) > 8192:
            raise ConfigError(f"frames and patches of {sizes} pixels: use up to 8192")
        if (self.quantiser == "fsq") != bool(self.fsq_levels):
            raise ConfigError("give fsq_levels for the quantiser 'fsq', and only for it")
        if len(self.fsq_levels) > MOST_LEVELS or max(self.fsq_levels, default=0) > 2**16:
            raise ConfigError(f"fsq_levels: up to {MOST_LEVELS} numbers, each up to {2**16:,}")
        if self.quantiser != "vq" and (self.codebook_dim or self.codes_by_angle):
            raise ConfigError(
                "codebook_dim and codes_by_angle are of a learned codebook: give them for the "
                f"quantiser 'vq', not for {self.quantiser!r}"
            )
        grid_of(1, *self.image_size, self.patch_size, self.temporal_patch_size)

    def build(self) -> CViViT:
        """The model, weights random."""
        return CViViT(
            dim=self.dim,
            codebook_size=self.codebook_size,
            image_size=self.image_size,
            patch_size=self.patch_size,
            temporal_patch_size=self.temporal_patch_size,
            spatial_depth=self.spatial_depth,
            temporal_depth=self.temporal_depth,
            dim_head=self.dim_head,
            heads=self.heads,
            channels=self.channels,
            ff_mult=self.ff_mult,
            lookup_free_quantization=self.quantiser == "lfq",
            fsq_levels=self.fsq_levels,
            codebook_dim=self.codebook_dim or None,
            codes_by_angle=self.codes_by_angle,
            causal=self.causal,
            spatial_peg=self.spatial_peg,
            peg_layout=self.peg_layout,
        )

    def grid(self, frames: int) -> tuple[int, int, int]:
        """Tokens 't h w' of a clip of `frames` frames."""
        return grid_of(frames, *self.image_size, self.patch_size, self.temporal_patch_size)


@dataclass(frozen=True, kw_only=True)
class MaskGitConfig(_Checked):
    """Arguments of `MaskGit`. dim_context: width of the text's vectors, 0 when unconditional."""

    dim: int
    num_tokens: int
    max_seq_len: int
    depth: int
    heads: int = 8
    dim_head: int = 64
    dim_context: int = 0
    ff_mult: float = 4
    unconditional: bool = False

    def build(self) -> MaskGit:
        """The model, weights random."""
        return MaskGit(
            dim=self.dim,
            num_tokens=self.num_tokens,
            max_seq_len=self.max_seq_len,
            depth=self.depth,
            heads=self.heads,
            dim_head=self.dim_head,
            unconditional=self.unconditional,
            dim_context=self.dim_context or None,
            ff_mult=self.ff_mult,
        )


@dataclass(frozen=True, kw_only=True)
class CriticConfig(_Checked):
    """Arguments of `TokenCritic`. dim_context 0: it reads no text."""

    dim: int
    num_tokens: int
    max_seq_len: int
    depth: int
    heads: int = 8
    dim_head: int = 64
    dim_context: int = 0
    null_kv: int = 2
    ff_mult: float = 4

    def build(self) -> TokenCritic:
        """The model, weights random."""
        return TokenCritic(
            dim=self.dim,
            num_tokens=self.num_tokens,
            max_seq_len=self.max_seq_len,
            depth=self.depth,
            heads=self.heads,
            dim_head=self.dim_head,
            has_cross_attn=self.dim_context > 0,
            dim_context=self.dim_context or None,
            attn_num_null_kv=self.null_kv,
            ff_mult=self.ff_mult,
        )


@dataclass(frozen=True, kw_only=True)
class TextConfig(_Checked):
    """Arguments of `WordEmbedding`."""

    words: tuple[str, ...]
    dim: int
    most_words: int

    def build(self) -> WordEmbedding:
        """The word list with random vectors."""
        return WordEmbedding(self.words, self.dim, self.most_words)


@dataclass(frozen=True, kw_only=True)
class PhenakiConfig(_Checked):
    """A whole Phenaki. text: learned words, or None for text from elsewhere (T5, or none).

    self_critic: a `SelfCritic` on MaskGit, instead of a critic of its own.
    """

    cvivit: CViViTConfig
    maskgit: MaskGitConfig
    text: TextConfig | None = None
    critic: CriticConfig | None = None
    self_critic: bool = False
    steps: int = 18

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.cvivit.codebook_size != self.maskgit.num_tokens:
            raise ConfigError(
                f"C-ViViT has {self.cvivit.codebook_size} codes, MaskGit predicts "
                f"{self.maskgit.num_tokens}: they were not made for each other"
            )
        if self.text is not None and self.text.dim != self.maskgit.dim_context:
            raise ConfigError(
                f"words have {self.text.dim} features, MaskGit reads {self.maskgit.dim_context}"
            )

    def build(self) -> Phenaki:
        """The model, weights random."""
        maskgit = self.maskgit.build()
        critic = SelfCritic(maskgit) if self.self_critic else None
        return Phenaki(
            cvivit=self.cvivit.build(),
            maskgit=maskgit,
            critic=self.critic.build() if self.critic else critic,
            encode_texts=self.text.build() if self.text else None,
            steps=self.steps,
        )

    def most_frames(self) -> int:
        """The longest video MaskGit has positions for, in frames."""
        _, h, w = self.cvivit.grid(1)
        steps = self.maskgit.max_seq_len // (h * w)
        return 1 + (steps - 1) * self.cvivit.temporal_patch_size


_PARTS: dict[str, Any] = {
    "cvivit": CViViTConfig,
    "maskgit": MaskGitConfig,
    "text": TextConfig,
    "critic": CriticConfig,
}


def as_json(config: Any) -> dict[str, Any]:
    """A config as plain JSON values."""
    return asdict(config)


def from_json(kind: Any, found: Any) -> Any:
    """A config of the class `kind` from JSON values; what is read is checked.

    Raises ConfigError that names fields which are unknown, missing, or of the wrong kind.
    """
    if not isinstance(found, Mapping):
        raise ConfigError(f"a {kind.__name__} is an object of settings, got {type(found).__name__}")
    known = {field.name: field for field in fields(kind)}
    declared = get_type_hints(kind)
    unknown = sorted(str(name)[:40] for name in set(found) - set(known))
    needed = {name for name, field in known.items() if field.default is MISSING}
    missing = sorted(needed - set(found))
    if unknown or missing:
        raise ConfigError(
            f"{kind.__name__}: unknown settings {', '.join(unknown[:5]) or 'none'}; "
            f"missing {', '.join(missing[:5]) or 'none'}"
        )
    return kind(**{name: _value(name, declared[name], value) for name, value in found.items()})


def layers_of(config: Any) -> int:
    """Layers of all transformers that a config asks for: each has tensors of its own."""
    parts = (getattr(config, name, None) for name in _PARTS)
    depths = ("depth", "spatial_depth", "temporal_depth")
    own = sum(getattr(config, name, 0) for name in depths)
    return own + sum(layers_of(part) for part in parts if part is not None)


def _value(name: str, declared: Any, value: Any) -> Any:
    """One setting, of the kind that its field declares."""
    if name in _PARTS:
        return None if value is None else from_json(_PARTS[name], value)
    try:
        return msgspec.convert(value, declared)
    except msgspec.ValidationError as error:
        what = str(error).partition(" - at ")[0]
        raise ConfigError(
            f"{name} is {reprlib.repr(value)}: {what[:1].lower()}{what[1:]}"
        ) from error
