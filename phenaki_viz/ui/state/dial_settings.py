"""What the sidebar dials: one frozen dataclass that is cache key, test input and link at once."""

from dataclasses import dataclass

from phenaki_viz.models.dial import DialConfig, Layout
from phenaki_viz.recording import StorageChoice
from phenaki_viz.runs.dialled import Padding

SIZES = (32, 64, 96, 128)
PATCHES = (4, 8, 16, 32)
WIDTHS = (32, 64, 128, 192, 256, 384, 512)
HEAD_WIDTHS = (8, 16, 32, 64, 128)
HEADS = (1, 16)
DEPTH = (1, 12)
TEMPORAL_PATCHES = (1, 4)
NULLS = (0, 4)
WORD_PADDING = (0, 8)
STEP_PADDING = (0, 4)
MOST_FRAMES = 33
DEFAULT_PROMPT = "seven moving right and two moving down"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that decides a run. clip: id of a sample or of an upload. storage: of its maps."""

    layout: Layout = "joint"
    heads: int = 8
    depth: int = 4
    dim_head: int = 32
    dim: int = 128
    size: int = 64
    patch: int = 8
    temporal_patch: int = 2
    frames: int = 9
    causal: bool = False
    peg: bool = True
    peg_causal: bool = False
    peg_rearranged: bool = False
    cross: bool = True
    prompt: str = DEFAULT_PROMPT
    null_kv: int = 2
    position_bias: bool = True
    word_padding: int = 0
    step_padding: int = 0
    seed: int = 0
    clip: str = "moving_digits"
    storage: StorageChoice = "auto"

    @property
    def config(self) -> DialConfig:
        """The model these settings dial. Raises ConfigError or VideoError when none can be."""
        return DialConfig(
            layout=self.layout,
            heads=self.heads,
            depth=self.depth,
            dim_head=self.dim_head,
            dim=self.dim,
            patch=self.patch,
            temporal_patch=self.temporal_patch,
            frames=self.frames,
            height=self.size,
            width=self.size,
            causal=self.causal,
            peg=self.peg,
            peg_causal=self.peg_causal,
            peg_layout="rearranged" if self.peg_rearranged else "published",
            cross=self.cross and self.layout == "joint",
            null_kv=self.null_kv,
            position_bias=self.position_bias,
            seed=self.seed,
        )

    @property
    def padding(self) -> Padding:
        """Padding that fits the clip: at least one step stays."""
        steps = self.config.grid[0]
        return Padding(words=self.word_padding, steps=min(self.step_padding, steps - 1))


def frame_counts(temporal_patch: int, most: int) -> tuple[int, ...]:
    """Frame counts that become tokens: 1 + a multiple of the temporal patch, up to `most`."""
    return tuple(range(1, max(1, most) + 1, temporal_patch))


def nearest(value: int, options: tuple[int, ...]) -> int:
    """The option closest to a value that may no longer be one; the smaller of two."""
    return min(options, key=lambda option: (abs(option - value), option))
