"""Paths of heads through the time steps of a clip, beside the true path: what such a picture has.

Where its marks lie is `figures.track_marks`, which every way of drawing it shares.
"""

from dataclasses import dataclass

import numpy as np

from phenaki_viz.analysis.following import UNKNOWN
from phenaki_viz.figures.picture import Picture
from phenaki_viz.figures.shapes import expect_count, expect_index, expect_shape
from phenaki_viz.figures.theme import INK, Swatch, Theme

# A colour and a mark for each head, on frames that are dark or bright. Colours after Okabe and Ito
# 2008 (told apart by those who see fewer), marks for those who print in grey.
LOOKS = (
    ("#e69f00", "●"), ("#cc79a7", "■"), ("#1cb589", "◆"), ("#e5602a", "▲"), ("#6aa8ff", "▼"),
)  # fmt: skip
MOST_LINES = len(LOOKS)
TRUE_COLOUR = "#ffffff"
HIT, MISS, UNJUDGED = 1, 0, -1


@dataclass(frozen=True, kw_only=True, eq=False)
class TrackLine:
    """One head's path. name: 'L2 H2'. score: how well it does, for the legend.

    places: 't 2' int, row and column, −1 where there is none. weights, shares: 't' float32, the
    weight there, and of all weight on its time step; NaN where it did not choose. judged: 't' int,
    `HIT`, `MISS` or `UNJUDGED`.
    """

    name: str
    score: str
    places: np.ndarray
    weights: np.ndarray
    shares: np.ndarray
    judged: np.ndarray


@dataclass(frozen=True, kw_only=True, eq=False)
class Tracks(Picture):
    """Paths over the frames.

    frames: 'f H W 3' uint8. steps: the frames of each time step. grid: rows and columns of patches.
    lines: the heads' paths, at most `MOST_LINES`. start: (t, h, w) of the patch that they begin
    from; None of a word's readers. truth: 't 2' int, the true path, −1 where it is not known; None
    where there is none. truth_name: whose it is. chance: what patches drawn at random would hit.
    direction: "row", where the patch looks; "column", who looks at it.
    Raises ShapeError when sizes disagree.
    """

    frames: np.ndarray
    steps: tuple[tuple[int, ...], ...]
    grid: tuple[int, int]
    lines: tuple[TrackLine, ...]
    start: tuple[int, int, int] | None = None
    truth: np.ndarray | None = None
    truth_name: str = ""
    chance: float | None = None
    direction: str = "row"

    def __post_init__(self) -> None:
        expect_shape("Tracks.frames", self.frames, {"f": None, "H": None, "W": None, "c": 3})
        for frame in (frame for step in self.steps for frame in step):
            expect_index("Tracks.steps frame", (frame,), self.frames.shape[:1])
        steps = len(self.steps)
        expect_count("Tracks.lines", self.lines[:MOST_LINES], len(self.lines), "paths")
        for line in self.lines:
            expect_shape("Tracks.lines places", line.places, {"t": steps, "at": 2})
            for what in ("weights", "shares", "judged"):
                expect_shape(f"Tracks.lines {what}", getattr(line, what), {"t": steps})
        if self.truth is not None:
            expect_shape("Tracks.truth", self.truth, {"t": steps, "at": 2})
        if self.start is not None:
            expect_index("Tracks.start", self.start, (steps, *self.grid))

    @property
    def path(self) -> np.ndarray | None:
        """The true path, 't 2' int, where any of it is known."""
        if self.truth is None or (self.truth == UNKNOWN).all():
            return None
        return self.truth

    @property
    def exposure(self) -> np.ndarray:
        """All frames in one, 'H W 3' uint8: the brightest of each pixel, of bright clips the mean.

        What moves over a dark ground is then seen wherever it has been, as under a stroboscope.
        """
        if np.median(self.frames) < 64:
            brightest: np.ndarray = self.frames.max(axis=0)
            return brightest
        return np.rint(self.frames.mean(axis=0)).astype(np.uint8)

    def swatches(self, theme: Theme, *, heads: bool = True) -> tuple[Swatch, ...]:
        """The legend: every head with how well it does, the true path, chance, misses.

        heads: False leaves them out, where what is beside the picture names them.
        """
        found = [
            Swatch(colour=colour, label=f"{line.name} {line.score}".strip(), mark=mark)
            for line, (colour, mark) in zip(self.lines if heads else (), LOOKS, strict=False)
        ]
        ink = INK[theme]
        chance = "" if self.chance is None else f"chance {self.chance:.2f}"
        if self.path is not None:
            whose = f"true path: {self.truth_name}" if self.truth_name else "true path"
            label = " · ".join(filter(None, (whose, chance)))
            found.append(Swatch(colour=ink.text, label=label, mark="┅"))
        if any((line.judged == MISS).any() for line in self.lines):
            found.append(Swatch(colour=ink.text, label="missed", mark="○"))
        return tuple(found)
