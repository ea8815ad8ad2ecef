"""Where the frames of a strip lie: in rows, time steps apart; and where patches lie on them."""

import math
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phenaki_viz.figures.film_strip import FilmStrip

MOST_IN_ROW = 6
FRAME_GAP, STEP_GAP, ROW_GAP = 0.05, 0.2, 0.5  # in frames


@dataclass(frozen=True, kw_only=True)
class Spot:
    """Where one frame lies on the strip: its left upper corner in frame pixels.

    alone: no frame, but the weights of its step by themselves.
    """

    step: int
    frame: int
    left: int
    top: int
    alone: bool = False


@dataclass(frozen=True, kw_only=True)
class Layout:
    """All frames in rows, time steps apart. width, height: of the strip in frame pixels."""

    spots: tuple[Spot, ...]
    width: int
    height: int

    def of_step(self, step: int) -> list[Spot]:
        """The frames of one time step, left to right."""
        return [spot for spot in self.spots if spot.step == step]

    def last(self, step: int) -> Spot:
        """The last frame of a time step."""
        return [spot for spot in self.of_step(step) if not spot.alone][-1]


def strip_layout(picture: "FilmStrip", most: int = MOST_IN_ROW) -> Layout:
    """Frames in even rows of about `most`, never breaking a time step."""
    _, height, width, _ = picture.frames.shape
    gap, apart = math.ceil(FRAME_GAP * width), math.ceil(STEP_GAP * width)
    more = height + gap if picture.beside else 0
    down = height + more + math.ceil(ROW_GAP * height)
    spots: list[Spot] = []
    rows = _rows(picture.steps, most)
    for row, steps in enumerate(rows):
        left = 0
        for step in steps:
            for frame in picture.steps[step]:
                spots.append(Spot(step=step, frame=frame, left=left, top=row * down))
                left += width + gap
            if picture.beside:
                first = picture.steps[step][0]
                middle = left - (width + gap) * (len(picture.steps[step]) + 1) // 2
                spots.append(
                    Spot(step=step, frame=first, left=middle, top=row * down + more, alone=True)
                )
            left += apart - gap
    right = max((spot.left + width for spot in spots), default=width)
    return Layout(spots=tuple(spots), width=right, height=max(len(rows), 1) * down)


def _rows(steps: tuple[tuple[int, ...], ...], most: int) -> list[list[int]]:
    counts = [len(step) for step in steps]
    total = sum(counts)
    rows = max(1, math.ceil(total / most))
    found: list[list[int]] = [[] for _ in range(rows)]
    for step, (count, end) in enumerate(zip(counts, accumulate(counts), strict=True)):
        middle = end - count / 2
        found[min(rows - 1, int(middle * rows / max(total, 1)))].append(step)
    return [row for row in found if row]


def step_caption(picture: "FilmStrip", step: int) -> tuple[str, str]:
    """'time 2' and 'frames 3–4'."""
    return f"time {step}", step_words(picture.steps[step])


def step_words(frames: tuple[int, ...]) -> str:
    """'frame 0', 'frames 3–4'."""
    return f"frame {frames[0]}" if len(frames) == 1 else f"frames {frames[0]}–{frames[-1]}"


def query_boxes(picture: "FilmStrip", layout: Layout) -> list[tuple[float, float, float, float]]:
    """The outlined patches in each frame of their time step: left, top, width, height."""
    down, across = picture.patch
    return [
        (spot.left + column * across, spot.top + row * down, across, down)
        for step, row, column in picture.places
        for spot in layout.of_step(step)
    ]
