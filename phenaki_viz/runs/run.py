"""What a model was shown, and what its attention did: all that a page needs, and no model."""

from dataclasses import dataclass

from phenaki_viz.data import Clip, Prompt
from phenaki_viz.recording.options import Extra
from phenaki_viz.recording.recording import Recording

KEPT: tuple[Extra, ...] = ("written",)  # beside the maps, of a run that pages look into


@dataclass(frozen=True, eq=False, kw_only=True)
class Run:
    """One run of a model: numbers and texts alone, so that it can be pickled and sent.

    clip: as the model saw it, cropped and resized. temporal_patch: frames a later time step
    covers. seconds: of the recorded forward alone. Its model, in the process that ran it:
    `phenaki_viz.runs.live.model_of`.
    """

    clip: Clip
    prompt: Prompt
    recording: Recording
    temporal_patch: int
    seconds: float
