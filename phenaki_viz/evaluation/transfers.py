"""Maps of other runs, made or opened before they can be put in.

A `TransferMap` names the run that its map is made of, so that a link or a file can hold it; here
that run is made, or found among opened recordings, and its map is kept under its digest.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from torch import nn

from phenaki_viz.data import read_prompt, shipped_clip
from phenaki_viz.errors import RecordingError
from phenaki_viz.recording import Recording
from phenaki_viz.recording.interventions import (
    Intervention,
    Interventions,
    TransferMap,
    is_kept,
    keep_map,
)
from phenaki_viz.runs.model import RunOptions, run_model
from phenaki_viz.runs.model_parts import most_frames

Recordings = Mapping[str, Recording]  # by the digests of their files, or their names
NONE: Recordings = {}


def with_maps(
    model: nn.Module, given: Iterable[Intervention], recordings: Recordings = NONE
) -> Interventions:
    """Interventions with each map of another run that they put in kept, and named by its digest.

    The runs of this model that maps are made of are made, each once, with nothing changed. Raises
    VideoError for a clip that does not come with the project, RecordingError for a recording that
    is not among these, or that lacks the call or the head.
    """
    made: dict[TransferMap, Recording] = {}
    return tuple(_with_map(model, one, recordings, made) for one in given)


def options_of(model: nn.Module, one: TransferMap) -> RunOptions:
    """The options of the run that a map is made of."""
    frames = most_frames(model, len(shipped_clip(one.clip).frames))
    return RunOptions(share=one.share, seed=one.seed, frames=frames)


def of_recording(one: TransferMap, recording: Recording) -> TransferMap:
    """The map of a recording, kept. Raises RecordingError where it has no such call or head."""
    calls = [record for record in recording if record.module == one.module]
    if one.call >= len(calls):
        raise RecordingError(
            f"{one.of} has {len(calls)} calls of {one.module}: number {one.call}, counted from 0, "
            "is not there"
        )
    return replace(one, digest=keep_map(calls[one.call], one.head).digest)


def _with_map(
    model: nn.Module, one: Intervention, recordings: Recordings, made: dict[TransferMap, Recording]
) -> Intervention:
    if not isinstance(one, TransferMap) or is_kept(one.digest):
        return one
    if one.recording:
        found = recordings.get(one.recording)
        if found is None:
            raise RecordingError(f"{one.of} is not open here: open the file that it names")
        return of_recording(one, found)
    if not one.clip:
        return one  # `intervened` says that it is not here
    run = replace(one, module="", head=None, digest="", call=0)  # all that decides the run
    if run not in made:
        clip, prompt = shipped_clip(one.clip), read_prompt(one.prompt)
        made[run] = run_model(model, clip, prompt, options_of(model, one)).recording
    return of_recording(one, made[run])
