"""Where a token is: from (batch item, index) to (step, row, column) and back.

C-ViViT batches its spatial maps as '(b t) (h w)' and its temporal maps as '(b h w) t'; MaskGit
keeps 'b (t h w)'. What the batch axis counts is therefore part of a record.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from phenaki_viz.errors import RecordingError

Counts = Literal["video", "frame", "patch", "sequence"]
Grid = tuple[int, int, int]  # t h w
Place = tuple[int, int, int]  # step, row, column


@dataclass(frozen=True)
class Places:
    """How the tokens of one call lie in the video.

    grid: 't h w' of the whole video. batch_counts: what the batch axis counts: whole videos
    (tokens are 't h w'), frames (tokens are 'h w') or patches (tokens are 't').
    """

    grid: Grid
    batch_counts: Counts

    @property
    def tokens(self) -> int:
        """Tokens in one batch item."""
        t, h, w = self.grid
        return {"video": t * h * w, "frame": h * w, "patch": t}.get(self.batch_counts, t)

    @property
    def items_per_video(self) -> int:
        """Batch items that one video takes."""
        t, h, w = self.grid
        return {"video": 1, "frame": t, "patch": h * w}.get(self.batch_counts, 1)

    @property
    def token_grid(self) -> Grid:
        """The grid that the tokens of one batch item fill: 't h w', 1 where they do not run."""
        t, h, w = self.grid
        return {"video": self.grid, "frame": (1, h, w), "patch": (t, 1, 1)}.get(
            self.batch_counts, (t, 1, 1)
        )

    def locate(self, place: Place, video: int = 0) -> tuple[int, int]:
        """(batch item, token) of a place. Raises RecordingError outside the grid."""
        self._check(place)
        (t, h, w), (_, rows, columns) = place, self.grid
        item, token = {
            "frame": (t, h * columns + w),
            "patch": (h * columns + w, t),
        }.get(self.batch_counts, (0, (t * rows + h) * columns + w))
        return video * self.items_per_video + item, token

    def place(self, item: int, token: int) -> Place:
        """(step, row, column) of a token of a batch item."""
        t, h, w = self._at(item, np.int64(token))
        return int(t), int(h), int(w)

    def coordinates(self, item: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Step, row and column of every token of a batch item, each 'tokens' int."""
        t, h, w = np.broadcast_arrays(*self._at(item, np.arange(self.tokens)))
        return t, h, w

    def _at(self, item: int, token: Any) -> tuple[Any, Any, Any]:
        """Step, row and column of one token or of an array of them."""
        item %= self.items_per_video
        _, rows, columns = self.grid
        if self.batch_counts == "frame":
            return item, token // columns, token % columns
        if self.batch_counts == "patch":
            return token, item // columns, item % columns
        return token // (rows * columns), token // columns % rows, token % columns

    def _check(self, place: Place) -> None:
        if any(not 0 <= at < size for at, size in zip(place, self.grid, strict=True)):
            raise RecordingError(f"place {place} is outside the grid {self.grid}")


def fits(grid: Grid, batch: int, tokens: int) -> bool:
    """Whether so many batch items of so many tokens can lie on a grid: as videos, frames
    or patches.
    """
    t, h, w = grid
    return (
        tokens == t * h * w
        or (tokens == h * w and batch % t == 0)
        or (tokens == t and batch % (h * w) == 0)
    )


def infer_places(
    batch: int,
    tokens: int,
    video_shape: Sequence[int] | None,
    *,
    causal: bool,
    bias_dimensions: Sequence[int] | None,
    stack: str = "",
) -> Places:
    """What the batch axis counts, from the video's shape 'b t h w' and the tokens' shape.

    With as many steps as patches a frame, shapes alone cannot tell spatial from temporal: then
    a two-dimensional position bias or "spatial" in the name says spatial, causality or
    "temporal" says temporal. Without a video shape the tokens are one row: 'sequence'.
    """
    if video_shape is None:
        if bias_dimensions is not None and len(bias_dimensions) == 3:
            t, h, w = bias_dimensions
            return Places((t, h, w), "video")
        if bias_dimensions is not None and len(bias_dimensions) == 2:
            h, w = bias_dimensions
            return Places((batch, h, w), "frame")
        return Places((tokens, 1, 1), "sequence")
    b, t, h, w = video_shape
    fits: dict[Counts, bool] = {
        "video": (batch, tokens) == (b, t * h * w),
        "frame": (batch, tokens) == (b * t, h * w),
        "patch": (batch, tokens) == (b * h * w, t),
    }
    if not any(fits.values()):
        return Places((tokens, 1, 1), "sequence")
    spatial = (bias_dimensions is not None and len(bias_dimensions) == 2) or "spatial" in stack
    if fits["frame"] and fits["patch"] and not fits["video"]:
        temporal = not spatial and (causal or "temporal" in stack)
        return Places((t, h, w), "patch" if temporal else "frame")
    return Places((t, h, w), next(counts for counts, fit in fits.items() if fit))
