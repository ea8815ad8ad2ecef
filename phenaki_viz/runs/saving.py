"""A recording from Python as a file that the page opens, and back."""

from pathlib import Path

import numpy as np

from phenaki_viz.data import Clip, read_prompt
from phenaki_viz.errors import RecordingError, VideoError
from phenaki_viz.recording.asked_above import Shown
from phenaki_viz.recording.places import Grid
from phenaki_viz.recording.recording import Recording
from phenaki_viz.runs.files import open_recording, save_recording
from phenaki_viz.runs.run import Run

NO_CLIP = "no clip"
PATCH = 8  # pixels a side of a token, where there is no clip to be seen


def save(recording: Recording, path: Path, clip: Shown | np.ndarray | None) -> Path:
    """Write a recording to one file, over grey frames where no clip is known.

    Raises as `Recording.save` says.
    """
    if not recording.records:
        raise RecordingError(f"nothing was recorded, so there is nothing to save in {path.name}")
    run = run_of(recording, clip)
    return save_recording(path, run, blank_clip=run.clip.name == NO_CLIP)


def run_of(recording: Recording, clip: Shown | np.ndarray | None = None) -> Run:
    """A recording as a run: with the clip it knows, else over grey frames named `NO_CLIP`.

    clip: as for `Recording.save`. Raises VideoError when its frames do not fit the tokens.
    """
    given = recording.clip if clip is None else clip
    shown = None if given is None else _clip(given)
    grid = grid_of(recording)
    prompt = str(recording.provenance.get("prompt") or " ".join(_words(recording)))
    return Run(
        clip=blank(grid) if shown is None else shown,
        prompt=read_prompt(prompt),
        recording=recording,
        temporal_patch=1 if shown is None else frames_a_step(shown, grid),
        seconds=0.0,
    )


def open_path(path: "str | Path") -> Recording:
    """Open a recording's file: up to 128 MB are read into memory, of a larger one a private copy is
    made, of which maps are read as they are looked at.

    `clip` of what comes back is the clip that is in the file, if one was given. Raises
    RecordingError when the file is no recording, is damaged, or was written by a later version.
    """
    return open_recording(Path(path).expanduser()).recording


def grid_of(recording: Recording) -> Grid:
    """The grid of the video: of the first stack whose tokens lie on one, else tokens in a row."""
    places = [record.places for record in recording]
    known = (one.grid for one in places if one.batch_counts != "sequence")
    return next(known, places[0].grid)


def blank(grid: Grid) -> Clip:
    """Grey frames, one a time step."""
    t, h, w = grid
    return Clip(np.full((t, PATCH * h, PATCH * w, 1), 40, np.uint8), NO_CLIP)


def frames_a_step(clip: Clip, grid: Grid) -> int:
    """Frames of a later time step: the first step has one. Raises VideoError when none fits."""
    later, steps = len(clip.frames) - 1, grid[0] - 1
    if later == steps == 0:
        return 1
    if steps and later and later % steps == 0:
        return later // steps
    wanted = f"{grid[0]} or 1 + a multiple of {steps} of them" if steps else "the one it saw"
    raise VideoError(
        f"{clip.name} has {len(clip.frames)} frames, and the tokens have {grid[0]} time steps: "
        f"give the frames as the model saw them, {wanted}"
    )


def _clip(given: Shown | np.ndarray) -> Clip:
    if isinstance(given, Clip):
        return given
    if isinstance(given, np.ndarray):
        return Clip(given, "clip")
    return Clip(np.asarray(getattr(given, "frames", given)), str(getattr(given, "name", "clip")))


def _words(recording: Recording) -> tuple[str, ...]:
    return next((record.words for record in recording if record.words), ())
