"""Where one query looks, over all frames, on one colour scale."""

from collections.abc import Callable, Sequence
from typing import Any, TypedDict, cast
from zlib import crc32

import numpy as np
from PIL import Image

from phenaki_viz.errors import ShapeError
from phenaki_viz.figures.colour import MASKED_COLOUR, QUERY_COLOUR, ColourScale, lut
from phenaki_viz.ui.components import picks
from phenaki_viz.ui.components.assets import declare
from phenaki_viz.ui.components.attention_map import scale_header
from phenaki_viz.ui.components.axes import Grid, Place
from phenaki_viz.ui.components.packing import pack
from phenaki_viz.ui.components.stamps import stamped

LARGEST = 160  # pixels a side that are sent; a frame is shown about as large


class PatchPick(TypedDict):
    """The patch that was picked: step, row, column."""

    t: int
    h: int
    w: int


_mount = declare(
    "film_strip",
    "<div class='panel'><div class='head'><span class='title'></span><div class='tools'></div>"
    "</div><div class='strip' tabindex='0' role='img'></div>"
    "<div class='foot'><output class='said'></output><div class='legend'></div></div>"
    "<span class='aloud' aria-live='polite'></span></div>",
)


def film_strip(
    frames: np.ndarray,
    *,
    steps: Sequence[Sequence[int]],
    weights: np.ndarray,
    query: Place | None,
    grid: Grid,
    scale: ColourScale,
    key: str,
    uniform: float | None = None,
    direction: str = "looks at",
    unit: str = "weight",
    still: bool = False,
    bare: bool = False,
    on_pick: Callable[[PatchPick], None] | None = None,
) -> PatchPick | None:
    """Draw the strip; returns the patch in the run in which one was picked, else None.

    frames: 'f H W 3' uint8. steps: the frames of each time step. weights: 't h w' float32, raw;
    NaN has no colour (masked, or not a key of this map). query: the patch that is outlined.
    uniform: 1 / visible keys. direction: what stands after the query's name, or alone when
    `still`: then there is nothing to pick, only to read. bare: frames alone, no weights to read
    either. on_pick is called before the page is
    drawn: set state there. Raises ShapeError when the shapes do not fit.
    """
    _check(frames, steps, weights, grid)
    event = picks.news(key)
    picked = [event["t"], event["h"], event["w"]] if event else None
    pixels = small_frames(frames)
    header = {
        "id": key,
        "frames": pixels.shape,
        "film": crc32(pixels.data),  # the same frames are unpacked once
        "steps": [list(step) for step in steps],
        "grid": grid,
        "scale": scale_header(scale),
        "uniform": uniform,
        "direction": direction,
        "unit": unit,
        "still": still,
        "bare": bare,
        "colours": {"query": QUERY_COLOUR, "masked": MASKED_COLOUR},
        "push": picks.push(key, [int(at) for at in query] if query else None, picked),
    }
    shown = {"table": lut(scale.palette), "weights": weights.astype("f4"), "frames": pixels}
    _mount(
        key=key,
        data=stamped(key, pack(header, **shown)),
        on_pick_change=picks.answering(key, "pick", cast(Any, on_pick)),
    )
    return cast(PatchPick | None, event)


def small_frames(frames: np.ndarray) -> np.ndarray:
    """At most 160 pixels a side, 'f H W c' uint8; c is 1 when all frames are grey."""
    _, height, width, _ = frames.shape
    ratio = max(height, width) / LARGEST
    if ratio > 1:
        size = max(1, round(width / ratio)), max(1, round(height / ratio))
        frames = np.stack(
            [np.asarray(Image.fromarray(one).resize(size, Image.Resampling.BOX)) for one in frames]
        )
    grey = (frames[..., :1] == frames).all()
    return np.ascontiguousarray(frames[..., :1] if grey else frames)


def _check(
    frames: np.ndarray, steps: Sequence[Sequence[int]], weights: np.ndarray, grid: Grid
) -> None:
    if frames.ndim != 4 or frames.shape[3] != 3 or frames.dtype != np.uint8:
        raise ShapeError(f"frames are 'f H W 3' uint8, got {frames.shape} {frames.dtype}")
    if weights.shape != tuple(grid) or len(steps) != grid[0]:
        raise ShapeError(
            f"grid {grid}: weights are {weights.shape} and there are {len(steps)} time steps"
        )
    if max((frame for step in steps for frame in step), default=-1) >= len(frames):
        raise ShapeError(f"the steps name frames beyond the {len(frames)} that there are")
