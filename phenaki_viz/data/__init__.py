"""What the model is shown: clips and prompts, read defensively."""

from phenaki_viz.data.clip import Clip, as_rgb, fit_clip, to_tensor
from phenaki_viz.data.decode import ACCEPTED, load_clip
from phenaki_viz.data.limits import DEFAULT_LIMITS, ClipLimits
from phenaki_viz.data.prompts import Prompt, embed_words, read_prompt
from phenaki_viz.data.samples import (
    DIGIT_CLIPS,
    SAMPLES,
    SHIPPED_MODEL,
    digit_clip,
    sample_clip,
)

__all__ = [
    "ACCEPTED",
    "DEFAULT_LIMITS",
    "DIGIT_CLIPS",
    "SAMPLES",
    "SHIPPED_MODEL",
    "Clip",
    "ClipLimits",
    "Prompt",
    "as_rgb",
    "digit_clip",
    "embed_words",
    "fit_clip",
    "load_clip",
    "read_prompt",
    "sample_clip",
    "to_tensor",
]
