"""Every head of a stack at once: layers down, heads across, one mosaic image."""

from dataclasses import dataclass

import numpy as np
from einops import rearrange, repeat

from phenaki_viz.figures.colour import MASKED_COLOUR, ColourScale, lut
from phenaki_viz.figures.paint import flagged, painted
from phenaki_viz.figures.picture import Picture
from phenaki_viz.figures.shapes import expect_count, expect_index, expect_scale, expect_shape
from phenaki_viz.figures.theme import Swatch, masked_swatch, wrong_swatch

GAP = 0.08  # between tiles, in tiles
MOST_NUMBERS = 120  # tiles that still have room for a number each

Scales = ColourScale | tuple[tuple[ColourScale, ...], ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class HeadGrid(Picture):
    """Thumbnails of all heads.

    thumbnails: 'l h y x' float32; NaN is masked, infinite is a row that is no distribution.
    scales: one for all, or one for each head ('l h'). values: 'l h' float32, a metric per head:
    when given, each tile is that number's colour and the scale is the metric's. selected: (l, h).
    unit: what the colours are. framed: tiles are frames of the video and keep their proportions.
    Raises ShapeError when sizes disagree.
    """

    thumbnails: np.ndarray
    layers: tuple[str, ...]
    heads: tuple[str, ...]
    scales: Scales
    selected: tuple[int, int] | None = None
    values: np.ndarray | None = None
    unit: str = ""
    framed: bool = False

    def __post_init__(self) -> None:
        sizes = {"l": None, "h": None, "y": None, "x": None}
        expect_shape("HeadGrid.thumbnails", self.thumbnails, sizes)
        layers, heads, _, _ = self.thumbnails.shape
        expect_count("HeadGrid.layers", self.layers, layers, "layers")
        expect_count("HeadGrid.heads", self.heads, heads, "heads")
        self._expect_scales(layers, heads)
        if self.values is not None:
            expect_shape("HeadGrid.values", self.values, {"l": layers, "h": heads})
        if self.selected is not None:
            expect_index("HeadGrid.selected", self.selected, (layers, heads))

    def _expect_scales(self, layers: int, heads: int) -> None:
        if isinstance(self.scales, ColourScale):
            expect_scale("HeadGrid.scales", self.scales)
            return
        expect_count("HeadGrid.scales", self.scales, layers, "layers")
        for row in self.scales:
            expect_count("HeadGrid.scales", row, heads, "heads")
            for scale in row:
                expect_scale("HeadGrid.scales", scale)

    @property
    def shown(self) -> np.ndarray:
        """What the tiles show, raw: 'l h y x' float32; the metric fills its whole tile."""
        if self.values is None:
            return np.asarray(self.thumbnails, np.float32)
        _, _, y, x = self.thumbnails.shape
        return repeat(np.asarray(self.values, np.float32), "l h -> l h y x", y=y, x=x)

    @property
    def units(self) -> np.ndarray:
        """Colours of the tiles as places from 0 to 1: 'l h y x' float32."""
        shown = np.where(np.isinf(self.shown), np.float32(np.nan), self.shown)
        if isinstance(self.scales, ColourScale):
            return self.scales.unit(shown)
        rows = zip(shown, self.scales, strict=True)
        return np.stack([[s.unit(t) for t, s in zip(*row, strict=True)] for row in rows])

    @property
    def bar_unit(self) -> str:
        """What stands over the colour bar; says so when each head has a scale of its own."""
        if isinstance(self.scales, ColourScale):
            return self.unit
        return f"{self.unit}, each head on its own scale".removeprefix(", ")

    @property
    def bar_scale(self) -> ColourScale:
        """The scale whose palette the colour bar shows."""
        return self.scales if isinstance(self.scales, ColourScale) else self.scales[0][0]


def number_tiles(values: np.ndarray) -> np.ndarray:
    """A tile of one cell for the number of each head: 'l h 1 1' float32 from 'l h'."""
    return rearrange(values.astype(np.float32), "l h -> l h 1 1")


@dataclass(frozen=True, kw_only=True)
class Mosaic:
    """How tiles are laid into one image. step: from one tile to the next, gap included, cells."""

    layers: int
    heads: int
    y: int
    x: int
    framed: bool = False

    @property
    def gap(self) -> tuple[int, int]:
        """Cells between tiles, down and across."""
        return max(1, round(GAP * self.y)), max(1, round(GAP * self.x))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the whole image."""
        down, across = self.gap
        return self.layers * (self.y + down) - down, self.heads * (self.x + across) - across

    @property
    def ratio(self) -> float:
        """Height of a cell over its width, such that no tile is longer than twice its width.

        Patches of a frame are square.
        """
        if self.framed:
            return 1.0
        return float(np.clip(self.y / self.x, 0.5, 2)) * self.x / self.y

    def corner(self, layer: int, head: int) -> tuple[int, int]:
        """First row and first column of a tile."""
        down, across = self.gap
        return layer * (self.y + down), head * (self.x + across)

    def lay(self, tiles: np.ndarray, between: float) -> np.ndarray:
        """'l h y x' tiles as one 'row column' image with `between` in the gaps."""
        down, across = self.gap
        padded = np.pad(tiles, ((0, 0), (0, 0), (0, down), (0, across)), constant_values=between)
        rows, columns = self.shape
        return rearrange(padded, "l h y x -> (l y) (h x)")[:rows, :columns]


def mosaic_of(picture: HeadGrid) -> Mosaic:
    """The layout of a grid's tiles."""
    layers, heads, y, x = picture.thumbnails.shape
    return Mosaic(layers=layers, heads=heads, y=y, x=x, framed=picture.framed)


def grid_swatches(picture: HeadGrid) -> tuple[Swatch, ...]:
    """Legend entries of masked cells and wrong rows, when there are any."""
    found = [masked_swatch()] if np.isnan(picture.shown).any() else []
    if picture.values is not None and found:
        found = [Swatch(colour=MASKED_COLOUR, label="no number")]
    wrong = np.argwhere(np.isinf(picture.shown).any(axis=(2, 3)))
    if len(wrong):
        names = [f"{picture.layers[layer]} {picture.heads[head]}" for layer, head in wrong[:3]]
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        found.append(wrong_swatch("rows in " + ", ".join(names) + more))
    return tuple(found)


def mosaic_image(picture: HeadGrid) -> np.ndarray:
    """The mosaic as 'row column 4' uint8, clear in the gaps."""
    mosaic, raw = mosaic_of(picture), picture.shown
    unit = ColourScale(low=0, high=1, palette=picture.bar_scale.palette)
    tiles = flagged(painted(picture.units, unit), np.isnan(raw), np.isinf(raw))
    seen = np.full((*raw.shape, 1), 255, np.uint8)
    channels = np.concatenate([tiles, seen], axis=-1)
    return np.stack([mosaic.lay(channels[..., c], 0) for c in range(4)], axis=-1)


def bar_words(picture: HeadGrid) -> tuple[list[float], list[str]] | None:
    """Ticks of a bar that has no common numbers: each head's own ends; None with one scale."""
    if isinstance(picture.scales, ColourScale):
        return None
    return [0, 1], ["lowest", "highest"]


def tile_numbers(picture: HeadGrid) -> list[tuple[int, int, str, str]]:
    """Layer, head, number and ink of each tile's number, when tiles show a metric."""
    if picture.values is None or picture.values.size > MOST_NUMBERS:
        return []
    colours = lut(picture.bar_scale.palette)
    found = []
    for layer, head in np.argwhere(np.isfinite(picture.values)):
        place = picture.units[layer, head, 0, 0]
        red, green, blue = colours[round(float(place) * 255)]
        light = 0.299 * red + 0.587 * green + 0.114 * blue > 140
        number = f"{picture.values[layer, head]:.2g}".replace("-", "−")
        found.append((int(layer), int(head), number, "#111111" if light else "#ffffff"))
    return found
