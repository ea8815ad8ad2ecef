"""What is known of a clip beforehand, in tokens: where its objects are at every time step."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from phenaki_viz.data.digit_paths import paths_of
from phenaki_viz.data.digits import DIRECTIONS
from phenaki_viz.recording.places import Grid
from phenaki_viz.runs.run import Run

MOTIONS = tuple(DIRECTIONS)  # words that say where something moves


@dataclass(frozen=True, eq=False, kw_only=True)
class Truth:
    """names: of the objects. paths: 't 2' int each, the row and column of the patch that holds an
    object's middle at every time step.
    """

    names: tuple[str, ...] = ()
    paths: tuple[np.ndarray, ...] = ()


UNKNOWN = Truth()


def truth_of(run: Run) -> Truth:
    """Where the objects of a run's clip are; `UNKNOWN` of a clip that did not come with them."""
    known = paths_of(run.clip)
    grid = next((one.places.grid for one in run.recording if one.places.grid[1] > 1), None)
    if not known or grid is None:
        return UNKNOWN
    _, height, width, _ = run.clip.frames.shape
    steps = _steps(len(run.clip.frames), run.temporal_patch)
    if len(steps) != grid[0]:
        return UNKNOWN
    return Truth(
        names=tuple(one.name for one in known),
        paths=tuple(path_in_patches(one.centres, (height, width), grid, steps) for one in known),
    )


def path_in_patches(
    centres: np.ndarray, size: tuple[int, int], grid: Grid, steps: Sequence[Sequence[int]]
) -> np.ndarray:
    """The patch that holds an object's middle at every time step: 't 2' int, row and column.

    centres: 'f 2', row and column in pixels, of which a step's frames are averaged. size: 'H W' of
    a frame. grid: 't h w'. steps: the frames of each time step.
    """
    middle = np.stack([np.asarray(centres)[list(frames)].mean(axis=0) for frames in steps])
    patch = np.array(size) / np.array(grid[1:])
    return np.clip(middle // patch, 0, np.array(grid[1:]) - 1).astype(np.int64)


def _steps(frames: int, temporal_patch: int) -> list[range]:
    """Frames of each time step: the first alone, then `temporal_patch` each."""
    later = range(1, frames, temporal_patch)
    return [range(1), *(range(first, min(first + temporal_patch, frames)) for first in later)]
