"""What is trained, on what, and for how long."""

from dataclasses import dataclass, field

from phenaki_viz.data.digits import MOST_WORDS, WORDS, MovingDigits
from phenaki_viz.errors import ConfigError
from phenaki_viz.models.configs import CViViTConfig, MaskGitConfig, PhenakiConfig, TextConfig


@dataclass(frozen=True, kw_only=True)
class Stage:
    """How one model is optimised: AdamW, a short warm-up, then a cosine down to 2 %.

    betas, weight_decay: of AdamW. clip_norm: of the gradients. bfloat16: autocast.
    """

    steps: int
    batch: int = 16
    learning_rate: float
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: float = 0.01
    warm_up: int = 50
    clip_norm: float = 1.0
    bfloat16: bool = True

    def __post_init__(self) -> None:
        if min(self.steps, self.batch, self.warm_up) < 1 or not self.learning_rate > 0:
            raise ConfigError(
                f"{self.steps} steps of {self.batch} clips at a learning rate of "
                f"{self.learning_rate}: use 1 or more of each and a rate above 0"
            )


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A whole Phenaki on moving digits.

    seed: of weights, clips and masks. pool: clips that MaskGit learns from, encoded once.
    drop_text: share of clips whose text is hidden, for guidance. average: decay of the moving
    average of MaskGit's weights, which is what is kept. null_scale: the null key/values start this
    much smaller than published (1: as published).
    """

    model: PhenakiConfig
    data: MovingDigits = field(default_factory=MovingDigits)
    tokenizer: Stage
    maskgit: Stage
    seed: int = 0
    pool: int = 20_480
    drop_text: float = 0.15
    average: float = 0.998
    null_scale: float = 1.0


def _digits() -> Recipe:
    cvivit = CViViTConfig(
        dim=96,
        codebook_size=8 * 5 * 5 * 5,
        image_size=(48, 48),
        patch_size=(8, 8),
        temporal_patch_size=2,
        spatial_depth=2,
        temporal_depth=2,
        dim_head=32,
        heads=4,
        channels=1,
        quantiser="fsq",
        fsq_levels=(8, 5, 5, 5),
        peg_layout="rearranged",
    )
    t, h, w = cvivit.grid(MovingDigits().frames)
    maskgit = MaskGitConfig(
        dim=128,
        num_tokens=cvivit.codebook_size,
        max_seq_len=t * h * w,
        depth=4,
        dim_head=32,
        heads=4,
        dim_context=128,
        ff_mult=1,
    )
    text = TextConfig(words=WORDS, dim=128, most_words=MOST_WORDS)
    return Recipe(
        model=PhenakiConfig(cvivit=cvivit, maskgit=maskgit, text=text),
        tokenizer=Stage(steps=1800, learning_rate=2.5e-3),
        maskgit=Stage(
            steps=6500, learning_rate=1.5e-3, betas=(0.9, 0.98), weight_decay=0.02, warm_up=100
        ),
    )


DIGITS = _digits()
