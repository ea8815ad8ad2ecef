"""Where the marks of tracks lie: panels, lines, dots and boxes, for page, paper and thumbnails.

At the left all time steps in one panel with the whole paths, their points numbered by time; at its
right a panel a time step with where each head is then, and where it was the step before. Lengths
are frame pixels, rightwards and downwards.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from phenaki_viz.figures.tracks import LOOKS, MISS, TRUE_COLOUR, TrackLine, Tracks

GAP, CAPTION = 0.06, 0.19  # in frames: between panels, and under each for its words
DIMMED = 0.55  # of the brightness of all frames in one
RING = 0.24  # of a patch: how far from its middle the points of several heads lie


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A frame's place. step: None of all time steps. large: how many times its pixels."""

    step: int | None
    left: float
    top: float
    large: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Stage:
    """All panels, and how much room they take."""

    panels: tuple[Panel, ...]
    width: float
    height: float
    caption: float

    @property
    def whole(self) -> Panel:
        """The panel of all time steps."""
        return self.panels[0]


@dataclass(frozen=True, kw_only=True)
class Line:
    """A piece of a path. sure: 0 to 1, how wide. faint: of a step that is over. line: which head,
    None of the true path, which is dashed.
    """

    x0: float
    y0: float
    x1: float
    y1: float
    sure: float
    line: int | None
    faint: bool = False

    @property
    def colour(self) -> str:
        """Of its head, or of the truth."""
        return TRUE_COLOUR if self.line is None else LOOKS[self.line][0]


@dataclass(frozen=True, kw_only=True)
class Dot:
    """Where a head is at a time step. sure: 0 to 1, how large. hollow: not where the object is.

    number: written beside it; empty in the panel of its own step. large: in the panel of all.
    """

    x: float
    y: float
    sure: float
    line: int
    step: int
    hollow: bool
    number: str = ""
    large: bool = False

    @property
    def colour(self) -> str:
        """Of its head."""
        return LOOKS[self.line][0]


@dataclass(frozen=True, kw_only=True)
class Outline:
    """A patch that is outlined: the start, or where the object is (dashed)."""

    x: float
    y: float
    width: float
    height: float
    true: bool


def stage_of(picture: Tracks) -> Stage:
    """The large panel and beside it the time steps in rows."""
    _, height, width, _ = picture.frames.shape
    count = len(picture.steps)
    rows = 1 if count < 3 else max(2, round(math.sqrt(count / 2.2)))
    across = -(-count // rows)
    gap, caption = GAP * width, CAPTION * height
    down = height + caption
    large = (rows * down - caption) / height if rows > 1 else 1.0
    left = large * width + 2 * gap
    panels = [Panel(step=None, left=0, top=0, large=large)]
    panels += [
        Panel(step=step, left=left + step % across * (width + gap), top=step // across * down)
        for step in range(count)
    ]
    return Stage(
        panels=tuple(panels),
        width=left + across * (width + gap) - gap,
        height=rows * down,
        caption=caption,
    )


def shown_frame(picture: Tracks, panel: Panel) -> np.ndarray:
    """What a panel shows: 'H W 3' uint8; of several frames of a time step the middle one.

    All frames in one are darkened, so that paths stand out.
    """
    if panel.step is None:
        dimmed: np.ndarray = np.rint(picture.exposure * DIMMED).astype(np.uint8)
        return dimmed
    frames = picture.steps[panel.step]
    shown: np.ndarray = picture.frames[frames[len(frames) // 2]]
    return shown


def caption_of(picture: Tracks, panel: Panel) -> str:
    """What stands under a panel."""
    if panel.step is None:
        return "all time steps"
    is_start = picture.start is not None and picture.start[0] == panel.step
    return f"time {panel.step}{' · start' if is_start else ''}"


def patch_size(picture: Tracks) -> tuple[float, float]:
    """Height and width of one patch in frame pixels."""
    _, height, width, _ = picture.frames.shape
    return height / picture.grid[0], width / picture.grid[1]


def _point(picture: Tracks, panel: Panel, at: np.ndarray, line: int | None) -> tuple[float, float]:
    """A patch in a panel: its middle, or of several heads each its own place around it."""
    down, across = patch_size(picture)
    x, y = (float(at[1]) + 0.5) * across, (float(at[0]) + 0.5) * down
    count = len(picture.lines)
    if line is not None and count > 1:
        turn = 2 * math.pi * line / count - math.pi / 2
        x, y = x + RING * across * math.cos(turn), y + RING * down * math.sin(turn)
    return panel.left + panel.large * x, panel.top + panel.large * y


def lines_of(picture: Tracks, stage: Stage) -> Iterator[Line]:
    """The true path, then every head's: whole in the large panel, the last piece in the others."""
    ways: list[tuple[int | None, np.ndarray, np.ndarray]] = []
    if picture.path is not None:
        ways.append((None, picture.path, np.full(len(picture.steps), 0.4)))
    ways += [(at, one.places, _sure(one.shares)) for at, one in enumerate(picture.lines)]
    for panel in stage.panels:
        for line, places, sure in ways:
            there = np.flatnonzero((places >= 0).all(axis=1))
            for before, after in pairwise(there):
                if panel.step is not None and after != panel.step:
                    continue
                a, b = (_point(picture, panel, places[at], line) for at in (before, after))
                away = _farther(picture, int(before), int(after))
                yield Line(
                    x0=a[0], y0=a[1], x1=b[0], y1=b[1], sure=float(sure[away]), line=line,
                    faint=panel.step is not None,
                )  # fmt: skip


def _farther(picture: Tracks, before: int, after: int) -> int:
    """Of two time steps the one farther from the start: its share says how sure the piece is."""
    if picture.start is None:
        return after
    own = picture.start[0]
    return before if abs(before - own) > abs(after - own) else after


def _sure(shares: np.ndarray) -> np.ndarray:
    """Shares as widths: 0 where there is none."""
    return np.nan_to_num(np.asarray(shares, np.float64), nan=0.0)


def dots_of(picture: Tracks, stage: Stage) -> Iterator[Dot]:
    """Every head's places: one a place in the large panel, with its time steps; each in its own."""
    for at, line in enumerate(picture.lines):
        chosen = [step for step in range(len(picture.steps)) if _is_chosen(picture, line, step)]
        by_place: dict[tuple[int, ...], list[int]] = {}
        for step in chosen:
            by_place.setdefault(tuple(line.places[step].tolist()), []).append(step)
        for steps in by_place.values():
            yield _dot(picture, stage.whole, at, steps)
        for step in chosen:
            yield _dot(picture, stage.panels[1 + step], at, [step])


def _is_chosen(picture: Tracks, line: TrackLine, step: int) -> bool:
    """Whether a head has a place at a time step that it was not given."""
    own = picture.start is not None and picture.start[0] == step
    return bool(not own and (line.places[step] >= 0).all())


def _dot(picture: Tracks, panel: Panel, at: int, steps: Sequence[int]) -> Dot:
    line, whole = picture.lines[at], panel.step is None
    x, y = _point(picture, panel, line.places[steps[0]], at)
    return Dot(
        x=x, y=y, sure=float(_sure(line.shares)[list(steps)].max()), line=at, step=steps[0],
        hollow=bool((line.judged[list(steps)] == MISS).all()),
        number=_numbered(steps) if whole else "", large=whole,
    )  # fmt: skip


def _numbered(steps: Sequence[int]) -> str:
    """'2', '0 3', '1–4', '0 2 …'."""
    if len(steps) > 2 and steps[-1] - steps[0] == len(steps) - 1:
        return f"{steps[0]}–{steps[-1]}"
    return " ".join(map(str, steps[:2])) + (" …" if len(steps) > 2 else "")


def outlines_of(picture: Tracks, stage: Stage) -> Iterator[Outline]:
    """The patch that is asked, and where the object is at every time step."""
    down, across = patch_size(picture)
    for panel in stage.panels:
        wide, high = across * panel.large, down * panel.large
        marks: list[tuple[np.ndarray, bool]] = []
        if picture.path is not None and panel.step is not None:
            marks.append((picture.path[panel.step], True))
        if picture.start is not None and panel.step in (None, picture.start[0]):
            marks.append((np.array(picture.start[1:]), False))
        for place, true in marks:
            if (place >= 0).all():
                x, y = _point(picture, panel, place, None)
                yield Outline(x=x - wide / 2, y=y - high / 2, width=wide, height=high, true=true)


def place_at(picture: Tracks, panel: int, row: int, column: int) -> tuple[int, int, int] | None:
    """The patch (t, h, w) of a cell of a panel; None in that of all time steps."""
    step = stage_of(picture).panels[panel].step if panel <= len(picture.steps) else None
    inside = 0 <= row < picture.grid[0] and 0 <= column < picture.grid[1]
    return (step, row, column) if step is not None and inside else None
