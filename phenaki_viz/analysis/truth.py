"""What is known of a clip beforehand, in tokens: where its objects are, which hold something."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from phenaki_viz.analysis.words import content_patches
from phenaki_viz.data.digit_paths import paths_of
from phenaki_viz.data.digits import DIRECTIONS
from phenaki_viz.recording.places import Grid
from phenaki_viz.runs.run import Run

MOTIONS = tuple(DIRECTIONS)  # words that say where something moves


@dataclass(frozen=True, eq=False, kw_only=True)
class Truth:
    """names: of the objects. paths: 't 2' int each, the row and column of the patch that holds an
    object's middle at every time step. held: 't h w' bool, which tokens have something on them,
    see `content_patches`; None where frames and tokens do not fit each other.
    """

    names: tuple[str, ...] = ()
    paths: tuple[np.ndarray, ...] = ()
    held: np.ndarray | None = None


UNKNOWN = Truth()


def truth_of(run: Run) -> Truth:
    """Which tokens hold something, and where the objects are of a clip that came with them."""
    known = paths_of(run.clip)
    grid = next((one.places.grid for one in run.recording if one.places.grid[1] > 1), None)
    if grid is None:
        return UNKNOWN
    count, height, width, _ = run.clip.frames.shape
    steps = _steps(count, run.temporal_patch)
    if len(steps) != grid[0]:
        return UNKNOWN
    fits = count == 1 + run.temporal_patch * (grid[0] - 1)
    fits = fits and not (height % grid[1] or width % grid[2])
    held = Truth(held=content_patches(run.clip.frames, grid, steps) if fits else None)
    return replace(
        held,
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
