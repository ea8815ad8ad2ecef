"""Every head of a stack at once: layers down, heads across, one mosaic image."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from einops import rearrange, repeat

from phenaki_viz.figures.cells import Cells, cell_traces
from phenaki_viz.figures.colour import MASKED_COLOUR, ColourScale, lut
from phenaki_viz.figures.paint import flagged, painted, unit_colourscale
from phenaki_viz.figures.picture import Picture
from phenaki_viz.figures.shapes import expect_count, expect_index, expect_scale, expect_shape
from phenaki_viz.figures.theme import (
    BAR_ROOM,
    EDGE,
    INK,
    LETTER,
    SMALL,
    Ink,
    Plan,
    Swatch,
    Theme,
    bar_trace,
    colour_bar,
    colour_bar_with,
    dress,
    masked_swatch,
    wrong_swatch,
)
from phenaki_viz.figures.words import distinct, literal, plain

GAP = 0.08  # between tiles, in tiles
LONGEST_NAME = 10
HEADS_ROOM = 18  # pixels for the names between colour bar and mosaic
MOST_NUMBERS = 120  # tiles that still have room for a number each
WIDE, WIDEST_TILE, TALLEST = 640, 140, 720

Scales = ColourScale | tuple[tuple[ColourScale, ...], ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class HeadGrid(Picture):
    """Thumbnails of all heads.

    thumbnails: 'l h y x' float32; NaN is masked, infinite is a row that is no distribution.
    scales: one for all, or one for each head ('l h'). values: 'l h' float32, a metric per head:
    when given, each tile is that number's colour and the scale is the metric's. selected: (l, h).
    unit: what the colours are. Raises ShapeError when sizes disagree.
    """

    thumbnails: np.ndarray
    layers: tuple[str, ...]
    heads: tuple[str, ...]
    scales: Scales
    selected: tuple[int, int] | None = None
    values: np.ndarray | None = None
    unit: str = ""

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


@dataclass(frozen=True, kw_only=True)
class Mosaic:
    """How tiles are laid into one image. step: from one tile to the next, gap included, cells."""

    layers: int
    heads: int
    y: int
    x: int

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
        """Height of a cell over its width, such that no tile is longer than twice its width."""
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
    return Mosaic(layers=layers, heads=heads, y=y, x=x)


def head_grid_figure(picture: HeadGrid, theme: Theme = "light", *, bare: bool = False) -> go.Figure:
    """The grid as one image; hover says layer, head and the raw number.

    bare: without title and notes.
    """
    ink, mosaic = INK[theme], mosaic_of(picture)
    bar = bar_trace(picture.bar_scale, _bar(picture, theme))
    figure = go.Figure([*_tiles(picture, mosaic), bar])
    figure.update_layout(
        xaxis=_heads(picture, mosaic, ink),
        yaxis=_layers(picture, mosaic, ink),
        shapes=[*_frames(picture, mosaic, ink), *_outline(picture, mosaic, ink)],
        annotations=_numbers(picture, mosaic),
    )
    dress(figure, picture, theme, bare=bare, plan=_plan(picture, mosaic))
    return figure


def _plan(picture: HeadGrid, mosaic: Mosaic) -> Plan:
    rows, columns = mosaic.shape
    wide = min(WIDE, WIDEST_TILE * mosaic.heads)
    longest = max(len(plain(name, LONGEST_NAME)) for name in picture.layers)
    return Plan(
        body=float(np.clip(wide * rows * mosaic.ratio / columns, 60, TALLEST)),
        left=EDGE + LETTER * longest,
        under=4,
        over=BAR_ROOM + HEADS_ROOM,
        unit=picture.bar_unit,
        swatches=grid_swatches(picture),
    )


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


def _bar(picture: HeadGrid, theme: Theme) -> dict[str, Any]:
    words = bar_words(picture)
    bar = colour_bar_with(*words, theme) if words else colour_bar(picture.bar_scale, theme)
    return bar | {"ypad": 4 + HEADS_ROOM}


def _tiles(picture: HeadGrid, mosaic: Mosaic) -> list[go.Heatmap]:
    raw, unit = picture.shown, picture.units
    outside = float("nan")
    number = f"<b>{literal(picture.unit)} %{{customdata:.4~g}}</b>"
    cells = Cells(
        values=mosaic.lay(unit, outside),
        x=distinct(_cell_names(picture.heads, mosaic.x, mosaic.gap[1], "column")),
        y=distinct(_cell_names(picture.layers, mosaic.y, mosaic.gap[0], "row")),
        where="%{y}<br>%{x}",
        masked=mosaic.lay(np.isnan(raw), False),
        wrong=mosaic.lay(np.isinf(raw), False),
    )
    return cell_traces(
        cells,
        zmin=0,
        zmax=1,
        colorscale=unit_colourscale(picture.bar_scale.palette),
        customdata=mosaic.lay(raw, outside),
        hovertemplate=f"%{{y}}<br>%{{x}}<br>{number}<extra></extra>",
    )


def _cell_names(names: tuple[str, ...], cells: int, gap: int, what: str) -> tuple[str, ...]:
    rows = [
        f"{name} · {what} {at}" if at < cells else " "
        for name in names
        for at in range(cells + gap)
    ]
    return tuple(rows[:-gap])


def _middles(tiles: int, cells: int, gap: int) -> list[float]:
    return [at * (cells + gap) + (cells - 1) / 2 for at in range(tiles)]


def _names(names: tuple[str, ...], selected: int | None) -> list[str]:
    labels = [literal(plain(name, LONGEST_NAME)) for name in names]
    return [f"<b>{label}</b>" if at == selected else label for at, label in enumerate(labels)]


def _heads(picture: HeadGrid, mosaic: Mosaic, ink: Ink) -> dict[str, Any]:
    selected = picture.selected[1] if picture.selected else None
    return _axis(ink) | {
        "side": "top",
        "tickvals": _middles(mosaic.heads, mosaic.x, mosaic.gap[1]),
        "ticktext": _names(picture.heads, selected),
        "range": [-0.5, mosaic.shape[1] - 0.5],
    }


def _layers(picture: HeadGrid, mosaic: Mosaic, ink: Ink) -> dict[str, Any]:
    selected = picture.selected[0] if picture.selected else None
    return _axis(ink) | {
        "tickvals": _middles(mosaic.layers, mosaic.y, mosaic.gap[0]),
        "ticktext": _names(picture.layers, selected),
        "range": [mosaic.shape[0] - 0.5, -0.5],
        "scaleanchor": "x",
        "scaleratio": mosaic.ratio,
        "constraintoward": "top",
    }


def _axis(ink: Ink) -> dict[str, Any]:
    return {
        "type": "category",
        "constrain": "domain",
        "tickmode": "array",
        "tickangle": 0,
        "ticks": "",
        "tickfont": {"size": SMALL, "color": ink.text},
        "showgrid": False,
        "zeroline": False,
    }


def _frames(picture: HeadGrid, mosaic: Mosaic, ink: Ink) -> list[dict[str, Any]]:
    """A faint line around each tile where the palette's middle is the colour of the page."""
    if picture.bar_scale.palette != "RdBu_r":
        return []
    line = {"color": ink.line, "width": 1}
    return [
        {"type": "rect", "name": "tile", "line": line, **_box(mosaic, layer, head, 0)}
        for layer in range(mosaic.layers)
        for head in range(mosaic.heads)
    ]


def _box(mosaic: Mosaic, layer: int, head: int, beyond: float) -> dict[str, float]:
    """Corners of a tile, moved out by a part of the gap around it."""
    row, column = mosaic.corner(layer, head)
    down, across = (gap * beyond for gap in mosaic.gap)
    return {
        "x0": column - 0.5 - across,
        "x1": column + mosaic.x - 0.5 + across,
        "y0": row - 0.5 - down,
        "y1": row + mosaic.y - 0.5 + down,
    }


def _outline(picture: HeadGrid, mosaic: Mosaic, ink: Ink) -> list[dict[str, Any]]:
    if picture.selected is None:
        return []
    return [
        {
            "type": "rect",
            "name": "selected",
            "line": {"color": ink.text, "width": 2.5},
            **_box(mosaic, *picture.selected, 0.5),
        }
    ]


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


def _numbers(picture: HeadGrid, mosaic: Mosaic) -> list[dict[str, Any]]:
    across = _middles(mosaic.heads, mosaic.x, mosaic.gap[1])
    down = _middles(mosaic.layers, mosaic.y, mosaic.gap[0])
    return [
        {
            "name": "number",
            "text": number,
            "x": across[head],
            "y": down[layer],
            "showarrow": False,
            "font": {"size": SMALL, "color": colour},
        }
        for layer, head, number, colour in tile_numbers(picture)
    ]
