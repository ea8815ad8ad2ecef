"""A row of weights laid over every frame of the clip, on one common scale."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from einops import rearrange

from phenaki_viz.errors import ShapeError
from phenaki_viz.figures.colour import KEY_COLOUR, MASKED_COLOUR, QUERY_COLOUR, ColourScale
from phenaki_viz.figures.film_layout import (
    Layout,
    Spot,
)
from phenaki_viz.figures.laid_over import Drawn, hatched
from phenaki_viz.figures.paint import painted
from phenaki_viz.figures.picture import Picture
from phenaki_viz.figures.shapes import expect_count, expect_index, expect_scale, expect_shape
from phenaki_viz.figures.theme import Swatch
from phenaki_viz.recording import Place

OPACITY = 0.6  # of flat colours over the frame
LINE = 0.28  # of a line between patches
NATS = "nats"  # the unit of losses


@dataclass(frozen=True, kw_only=True, eq=False)
class FilmStrip(Picture):
    """Frames of a clip under the weights of one query or key.

    frames: 'f H W 3' uint8. steps: the frames of each time step. weights: 't h w' float32, NaN
    where a patch is no key of this map: no colour at all. places: of the patches that are
    chosen, the first one first; side: whether they look (their rows) or are looked at (columns).
    word: the key whose readers these are, a column of the map, where it is no chosen patch.
    uniform: the weight of a query that does not choose; uniforms: 't h w', where patches differ in
    it or several are put together: what each weight is a multiple of. masked: 't h w' bool, patches
    that the model was not shown. drawn: how the page lays weights over frames; None for flat
    colours. Raises ShapeError.
    """

    frames: np.ndarray
    steps: tuple[tuple[int, ...], ...]
    weights: np.ndarray
    scale: ColourScale
    unit: str
    places: tuple[Place, ...] = ()
    side: Literal["row", "column"] = "row"
    word: int | None = None
    uniform: float | None = None
    uniforms: np.ndarray | None = None
    masked: np.ndarray | None = None
    drawn: Drawn | None = None

    def __post_init__(self) -> None:
        expect_shape("FilmStrip.frames", self.frames, {"f": None, "H": None, "W": None, "c": 3})
        expect_shape("FilmStrip.weights", self.weights, {"t": None, "h": None, "w": None})
        if self.frames.dtype != np.uint8:
            raise ShapeError(f"FilmStrip.frames are uint8, got {self.frames.dtype}")
        for name in ("uniforms", "masked"):
            beside = getattr(self, name)
            if beside is not None:
                sizes = dict(zip("thw", self.weights.shape, strict=True))
                expect_shape(f"FilmStrip.{name}", beside, sizes)
        expect_scale("FilmStrip.scale", self.scale)
        expect_count("FilmStrip.steps", self.steps, self.weights.shape[0], "time steps of weights")
        for frame in (frame for step in self.steps for frame in step):
            expect_index("FilmStrip.steps frame", (frame,), self.frames.shape[:1])
        for place in self.places:
            expect_index("FilmStrip.places", place, self.weights.shape)

    @property
    def beside(self) -> bool:
        """Whether weights lie under the frames."""
        return self.drawn is not None and self.drawn.beside

    @property
    def hatches(self) -> np.ndarray | None:
        """The patches that are hatched as masked, 't h w' bool; None where none is marked."""
        return self.masked if self.drawn is None or self.drawn.hatched else None

    @property
    def coloured(self) -> np.ndarray:
        """What the colours follow, 't h w' float32: the weights, or their multiples of uniform."""
        uniform = self.uniform if self.uniforms is None else self.uniforms
        return self.scale.measured(self.weights, uniform)

    @property
    def outline(self) -> str:
        """Colour of the outlines: a query's or a key's."""
        return KEY_COLOUR if self.side == "column" else QUERY_COLOUR

    @property
    def patch(self) -> tuple[float, float]:
        """Height and width of one patch in frame pixels."""
        _, height, width, _ = self.frames.shape
        _, h, w = self.weights.shape
        return height / h, width / w


def strip_image(picture: FilmStrip, layout: Layout) -> np.ndarray:
    """All frames without weights: 'H W 4' uint8, clear between them."""
    _, height, width, _ = picture.frames.shape
    canvas = np.zeros((layout.height, layout.width, 4), np.uint8)
    for spot in layout.spots:
        if spot.alone:
            continue
        place = canvas[spot.top : spot.top + height, spot.left : spot.left + width]
        frame = picture.frames[spot.frame]
        place[..., :3] = frame if picture.hatches is None else _hatched(picture, spot, frame)
        place[..., 3] = 255
    return canvas


def _hatched(picture: FilmStrip, spot: Spot, frame: np.ndarray) -> np.ndarray:
    if picture.hatches is None:
        return frame
    return hatched(frame, picture.hatches[spot.step])


def query_swatch(picture: FilmStrip) -> tuple[Swatch, ...]:
    """The legend of the outlined patches and of the hatched ones, when there are any."""
    hidden = picture.hatches is not None and picture.hatches.any()
    found = (Swatch(colour=MASKED_COLOUR, label="masked input", mark="▨"),) if hidden else ()
    if not picture.places:
        return found
    what = "key" if picture.side == "column" else "query"
    label = f"{what} patches" if len(picture.places) > 1 else f"{what} patch"
    return (Swatch(colour=picture.outline, label=label, mark="□"), *found)


def overlaid_image(picture: FilmStrip, layout: Layout) -> np.ndarray:
    """The strip with the weights laid over: 'H W 4' uint8, clear between the frames."""
    canvas = strip_image(picture, layout)
    _, height, width, _ = picture.frames.shape
    for spot in layout.spots:
        place = canvas[spot.top : spot.top + height, spot.left : spot.left + width]
        if spot.alone and picture.drawn is not None:
            over = _cells_of(
                picture.drawn.patches(picture.coloured[spot.step], picture.scale), place
            )
            over[..., 3] *= 255
            place[:] = np.rint(over)
        elif not picture.beside:
            place[..., :3] = _laid_over(picture, spot, picture.frames[spot.frame])
    return canvas


def _cells_of(patches: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Each patch as large as it is in a frame: 'H W c' from 'h w c'."""
    height, width = place.shape[:2]
    h, w = patches.shape[:2]
    return patches[np.arange(height) * h // height][:, np.arange(width) * w // width]


def _laid_over(picture: FilmStrip, spot: Spot, frame: np.ndarray) -> np.ndarray:
    """A frame under the weights of its step, with masked patches hatched: 'H W 3' uint8."""
    if picture.drawn is None:
        return _hatched(picture, spot, _blended(picture, spot, frame))
    over = picture.drawn.patches(picture.coloured[spot.step], picture.scale)
    height, width, _ = frame.shape
    h, w, _ = over.shape
    rows, columns = np.arange(height) * h // height, np.arange(width) * w // width
    over = over[rows][:, columns]
    mixed = frame + (over[..., :3] - frame) * over[..., 3:]
    if picture.drawn.lines:
        mixed = _with_lines(mixed, rows, columns)
    return _hatched(picture, spot, np.rint(mixed).astype(np.uint8))


def _with_lines(frame: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """A thin light line where a patch ends."""
    edge = np.zeros(frame.shape[:2], bool)
    edge[1:][np.diff(rows) > 0] = True
    edge[:, 1:][:, np.diff(columns) > 0] = True
    return np.where(edge[..., None], frame + (255 - frame) * LINE, frame)


def _blended(picture: FilmStrip, spot: Spot, shown: np.ndarray) -> np.ndarray:
    """One frame with flat patch colours over it where there are weights: 'H W 3' uint8."""
    frame = shown.astype(np.float32)
    height, width, _ = frame.shape
    _, h, w = picture.weights.shape
    rows, columns = np.arange(height) * h // height, np.arange(width) * w // width
    colours = painted(picture.coloured[spot.step], picture.scale)
    over = colours[rows][:, columns].astype(np.float32)
    here = rearrange(~np.isnan(picture.weights[spot.step]), "h w -> h w 1")[rows][:, columns]
    return np.rint(np.where(here, frame + (over - frame) * OPACITY, frame)).astype(np.uint8)
