"""A model, what it was shown, and what its attention did."""

from dataclasses import dataclass

from torch import nn

from phenaki_viz.data import Clip, Prompt
from phenaki_viz.recording.records import Recording


@dataclass(frozen=True, eq=False, kw_only=True)
class Run:
    """All a page needs.

    clip: as the model saw it, cropped and resized. temporal_patch: frames a later time step
    covers. seconds: of the recorded forward alone.
    """

    clip: Clip
    prompt: Prompt
    model: nn.Module
    recording: Recording
    temporal_patch: int
    seconds: float
