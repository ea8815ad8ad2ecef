"""What the model is shown: clips and prompts, read defensively."""

from phenaki_viz.data.clip import (
    CENTRE,
    Clip,
    Excerpt,
    as_rgb,
    clip_from_facts,
    crop_box,
    crop_spoken,
    fit_clip,
    picked,
    to_tensor,
)
from phenaki_viz.data.decode import ACCEPTED, load_clip, survey_clip
from phenaki_viz.data.limits import DEFAULT_LIMITS, ClipLimits
from phenaki_viz.data.prompts import Prompt, embed_words, read_prompt
from phenaki_viz.data.reading import AS_IT_IS, ChoiceError, Reading, Survey
from phenaki_viz.data.samples import (
    DIGIT_CLIPS,
    SAMPLES,
    SHIPPED_MODEL,
    digit_clip,
    sample_clip,
    shipped_clip,
)

__all__ = [
    "ACCEPTED",
    "AS_IT_IS",
    "CENTRE",
    "DEFAULT_LIMITS",
    "DIGIT_CLIPS",
    "SAMPLES",
    "SHIPPED_MODEL",
    "ChoiceError",
    "Clip",
    "ClipLimits",
    "Excerpt",
    "Prompt",
    "Reading",
    "Survey",
    "as_rgb",
    "clip_from_facts",
    "crop_box",
    "crop_spoken",
    "digit_clip",
    "embed_words",
    "fit_clip",
    "load_clip",
    "picked",
    "read_prompt",
    "sample_clip",
    "shipped_clip",
    "survey_clip",
    "to_tensor",
]
