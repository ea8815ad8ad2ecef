"""A number over two offsets, as data, and what its drawings have in common."""

from dataclasses import dataclass

import numpy as np

from phenaki_viz.figures.colour import ColourScale
from phenaki_viz.figures.paint import flagged, painted
from phenaki_viz.figures.picture import Picture
from phenaki_viz.figures.shapes import expect_scale, expect_shape
from phenaki_viz.figures.theme import INK, Swatch, Theme

Edges = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True, eq=False)
class Surface(Picture):
    """z: 'y x' float32 over x: 'x' and y: 'y', offsets in patches, rising.

    trained: (xlo, xhi, ylo, yhi), the offsets the model has seen; marked by a rectangle.
    Raises ShapeError when sizes disagree.
    """

    z: np.ndarray
    x: np.ndarray
    y: np.ndarray
    x_title: str
    y_title: str
    z_title: str
    scale: ColourScale
    trained: Edges | None = None

    def __post_init__(self) -> None:
        expect_shape("Surface.z", self.z, {"y": None, "x": None})
        expect_shape("Surface.y", self.y, {"y": self.z.shape[0]})
        expect_shape("Surface.x", self.x, {"x": self.z.shape[1]})
        expect_scale("Surface.scale", self.scale)
        if self.trained is not None:
            expect_shape("Surface.trained", self.trained, {"xlo, xhi, ylo, yhi": 4})

    @property
    def rectangle(self) -> Edges | None:
        """The trained range with its outermost cells whole, within the picture."""
        if self.trained is None:
            return None
        xlo, xhi, ylo, yhi = self.trained
        return *_around(self.x, xlo, xhi), *_around(self.y, ylo, yhi)


def _around(places: np.ndarray, low: float, high: float) -> tuple[float, float]:
    half = (float(places[1]) - float(places[0])) / 2 if len(places) > 1 else 0.5
    first, last = float(places[0]), float(places[-1])
    return max(low, first) - half, min(high, last) + half


def surface_image(picture: Surface) -> np.ndarray:
    """The numbers as 'y x 3' uint8, one pixel each; what is no number is grey."""
    return flagged(painted(picture.z, picture.scale), ~np.isfinite(picture.z), None)


def trained_swatch(picture: Surface, theme: Theme) -> tuple[Swatch, ...]:
    """The legend of the rectangle, when there is one."""
    if picture.trained is None:
        return ()
    return (Swatch(colour=INK[theme].text, label="range the model has seen", mark="▭"),)


def signed(offset: int) -> str:
    """'+2', '0', '−3'."""
    return f"{offset:+d}".replace("-", "−") if offset else "0"
