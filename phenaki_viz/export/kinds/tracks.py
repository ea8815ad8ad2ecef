"""The faces of where heads look through the frames, as paths."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from phenaki_viz.export.faces import Arrays, PlotlyFaces, Rows
from phenaki_viz.export.numbers import (
    as_float32,
    as_text,
    as_words,
    frame_pairs,
    guarded,
    if_given,
)
from phenaki_viz.figures.theme import Theme
from phenaki_viz.figures.tracks import Tracks
from phenaki_viz.figures.tracks_figure import tracks_figure

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from phenaki_viz.export.paper import Sheet


class TracksFaces(PlotlyFaces[Tracks]):
    """A path a head over the frames of a clip."""

    kind = Tracks

    def figure(self, picture: Tracks, theme: Theme, *, bare: bool) -> "go.Figure":
        """Frames with a path each head."""
        return tracks_figure(picture, theme, bare=bare)

    def sheet(self, picture: Tracks, *, vector: bool) -> "Sheet":
        """Frames with a path each head."""
        from phenaki_viz.export.paper_tracks import tracks_sheet

        return tracks_sheet(picture, vector=vector)

    def arrays(self, picture: Tracks) -> Arrays:
        """Places 'head t 2', their weights and shares, what is judged a hit."""
        return {
            "heads": as_words([line.name for line in picture.lines]),
            "places": np.array([line.places for line in picture.lines], np.int64),
            "weights": as_float32(np.array([line.weights for line in picture.lines])),
            "shares": as_float32(np.array([line.shares for line in picture.lines])),
            "judged": np.array([line.judged for line in picture.lines], np.int64),
            "grid": np.array(picture.grid, np.int64),
            "frames": np.asarray(picture.frames, np.uint8),
            "steps_frames": frame_pairs(picture.steps),
            **if_given("start", picture.start, np.int64),
            **if_given("true_path", picture.path, np.int64),
            **if_given("chance", picture.chance, np.float64),
        }

    def rows(self, picture: Tracks) -> Rows:
        """A line a head and time step."""
        yield ["head", "time", "row", "column", "weight", "share of the step", "hit", "true row",
               "true column"]  # fmt: skip
        path = picture.path
        for line in picture.lines:
            for step, place in enumerate(line.places):
                hit = "" if line.judged[step] < 0 else int(line.judged[step])
                true = (-1, -1) if path is None else path[step]
                numbers = as_text(as_float32([line.weights[step], line.shares[step]]))
                yield [guarded(line.name), step, *_known(place), *numbers, hit, *_known(true)]

    def remarks(self, picture: Tracks) -> Iterator[str]:
        """What empty cells mean."""
        yield "row, column empty: no patch of that step is seen; hit empty: does not count"

    def small(self, picture: Tracks) -> np.ndarray:
        """The frames in one."""
        return picture.exposure


def _known(place: Sequence[int] | np.ndarray) -> list[Any]:
    """Row and column, or nothing."""
    return ["" if at < 0 else int(at) for at in place]


FACES = TracksFaces()
