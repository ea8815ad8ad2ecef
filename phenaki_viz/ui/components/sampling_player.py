"""The decoding steps of a sampled video, played in the browser: tokens over the frames."""

from collections.abc import Callable, Sequence
from typing import Any, TypedDict, cast

import numpy as np

from phenaki_viz.browser.axes import Grid
from phenaki_viz.browser.packing import pack
from phenaki_viz.errors import ShapeError
from phenaki_viz.figures.colour import QUERY_COLOUR
from phenaki_viz.ui.components import picks
from phenaki_viz.ui.components.assets import declare
from phenaki_viz.ui.components.stamps import stamped

# Colours that differ in lightness too, for every kind of eye.
FILLED_COLOUR, CHANGED_COLOUR, AGAIN_COLOUR = "#19c3e6", "#f2a900", "#d62f6b"


class StepPick(TypedDict):
    """The step that was chosen, and a token if one was clicked; -1 where none was."""

    step: int
    t: int
    h: int
    w: int


_mount = declare("sampling_player")


def sampling_player(
    previews: np.ndarray,
    *,
    steps: Sequence[Sequence[int]],
    masked: np.ndarray,
    changed: np.ndarray,
    again: np.ndarray,
    confidence: np.ndarray,
    given: int,
    selected: tuple[int, int, int, int],
    key: str,
    shows: str = "",
    on_pick: Callable[[StepPick], None] | None = None,
) -> StepPick | None:
    """Draw the player; returns what was picked in the run in which it was, else None.

    previews: 's f H W c' uint8, c is 1 or 3, what the codes of each decoding step decode to.
    steps: the frames of each time step. masked, changed, again: 's t h w' bool; confidence:
    's t h w' float32, see `runs.sampled.DecodingStep`. given: time steps of priming.
    selected: (decoding step, t, h, w). shows: what it is of, see `said`. Raises ShapeError
    when the shapes do not fit.
    """
    _check(previews, steps, masked, confidence)
    event = picks.news(key)
    picked = [event[name] for name in ("step", "t", "h", "w")] if event else None
    decoding, t, h, w = masked.shape
    grid: Grid = (t, h, w)
    flags = (
        masked.astype(np.uint8) | (changed.astype(np.uint8) << 1) | (again.astype(np.uint8) << 2)
    )
    header = {
        "id": key,
        "frames": previews.shape,
        "steps": [list(step) for step in steps],
        "decoding": decoding,
        "grid": grid,
        "given": given,
        "shows": shows,
        "colours": {
            "query": QUERY_COLOUR,
            "filled": FILLED_COLOUR,
            "changed": CHANGED_COLOUR,
            "again": AGAIN_COLOUR,
        },
        "push": picks.push(key, [int(at) for at in selected], picked),
    }
    shown = {
        "confidence": confidence.astype("f4"),
        "flags": flags,
        "previews": np.ascontiguousarray(previews),
    }
    _mount(
        key=key,
        data=stamped(key, pack(header, **shown)),
        on_pick_change=picks.answering(key, "pick", cast(Any, on_pick)),
    )
    return cast(StepPick | None, event)


def _check(
    previews: np.ndarray, steps: Sequence[Sequence[int]], masked: np.ndarray, weights: np.ndarray
) -> None:
    if previews.ndim != 5 or previews.shape[-1] not in (1, 3) or previews.dtype != np.uint8:
        raise ShapeError(f"previews are 's f H W c' uint8, got {previews.shape} {previews.dtype}")
    if masked.ndim != 4 or masked.shape != weights.shape or len(masked) != len(previews):
        raise ShapeError(
            f"{len(previews)} previews with masks {masked.shape} and confidence {weights.shape}"
        )
    if len(steps) != masked.shape[1] or max(map(max, steps)) >= previews.shape[1]:
        raise ShapeError(f"{len(steps)} time steps do not fit the masks {masked.shape}")
