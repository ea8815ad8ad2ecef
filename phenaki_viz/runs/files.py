"""A run as one file: its recording's attention, and beside it what it was shown and what came out.

To what `recording.files` writes, a run adds the fields `clip` (name), `prompt`, `temporal_patch`,
`seconds`, `saved` (the day) and `blank_clip` (no clip was given, the frames stand in for it), of
which older files lack the last two; the tensor `clip` (the frames, 'f H W c' uint8); and what came
out (`runs.results`).
"""

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
import torch

from phenaki_viz.data import clip_from_facts, read_prompt
from phenaki_viz.recording.files import HEADER as HEADER
from phenaki_viz.recording.files import Beside, Content, file_bytes, read_file, write_file
from phenaki_viz.recording.files import is_recording as is_recording
from phenaki_viz.recording.headers import Header, Size, Tensors
from phenaki_viz.recording.recording import Recording
from phenaki_viz.runs.model import Outcome
from phenaki_viz.runs.results import notes_from, outcome_from, sampled_from, tensors_of
from phenaki_viz.runs.run import Run
from phenaki_viz.runs.sampled import SampledRun
from phenaki_viz.tensor_files.sources import Source

NOTHING = Outcome()


class RunHeader(Header, frozen=True, kw_only=True):
    """What the header of a run's file says, the attention's part included."""

    clip: str
    prompt: str
    temporal_patch: Size
    seconds: Annotated[float, msgspec.Meta(ge=0)]
    blank_clip: bool = False
    saved: str = ""  # the day, as 2026-11-22


@dataclass(frozen=True, eq=False, kw_only=True)
class RecordedRun(Run):
    """A run that was opened from a file: its maps, its clip, no model.

    outcome, notes: of a look, as in `ModelRun`. sampled: the sampled video, when it was one.
    kept: where its numbers are now, and whether they were checked; one sentence. saved: the day on
    which the file was written, as 2026-11-22; empty for older files.
    """

    outcome: Outcome = NOTHING
    notes: tuple[str, ...] = ()
    sampled: SampledRun | None = None
    kept: str = ""
    saved: str = ""


def save_recording(path: Path, run: Run | Recording, *, blank_clip: bool = False) -> Path:
    """Write a run's recording and clip to one file; an older file is replaced, never written into.

    Maps are written as they are stored. A recording without a run is saved as `Recording.save`
    does. blank_clip: the clip stands in for none. Raises ExportError when the disk is full or
    read-only.
    """
    if isinstance(run, Recording):
        return run.save(path)
    return write_file(path, run.recording, _beside(run, blank_clip))


def recording_bytes(run: Run, *, blank_clip: bool = False) -> bytes:
    """The bytes of the file that `save_recording` writes. Raises ExportError."""
    return file_bytes(run.recording, _beside(run, blank_clip))


def open_recording(source: Source) -> RecordedRun:
    """Open a file of `save_recording`, or the name and content of an upload.

    What is shown afterwards is what was opened, whatever happens to the file. Raises
    RecordingError as `recording.files.read_file` does.
    """
    return read_file(source, RunHeader, _run)


def _beside(run: Run, blank_clip: bool) -> Beside:
    fields = {
        "clip": run.clip.name,
        "prompt": run.prompt.text,
        "temporal_patch": run.temporal_patch,
        "seconds": run.seconds,
        "blank_clip": blank_clip,
        "saved": date.today().isoformat(),
    }
    frames = torch.from_numpy(np.array(run.clip.frames))
    return Beside(fields, {"clip": frames} | tensors_of(run))


def _run(header: RunHeader, content: Content) -> RecordedRun:
    recording = content.recording
    clip = clip_from_facts(content.tensors["clip"].numpy(), header.clip, header.provenance)
    recording.clip = None if header.blank_clip else clip
    run = RecordedRun(
        clip=clip,
        prompt=read_prompt(header.prompt),
        recording=recording,
        temporal_patch=header.temporal_patch,
        seconds=header.seconds,
        kept=content.kept,
        saved=header.saved,
    )
    return with_what_came_out(run, content.tensors)


def with_what_came_out(run: RecordedRun, tensors: Tensors) -> RecordedRun:
    """The run and what came out of it, as far as the file holds it. Raises RecordingError."""
    provenance = run.recording.provenance
    return replace(
        run,
        outcome=outcome_from(provenance, tensors, run.clip),
        notes=notes_from(provenance),
        sampled=sampled_from(provenance, tensors, run),
    )
