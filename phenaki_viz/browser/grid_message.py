"""Every head of a stack for the browser: what is drawn, how it stands, and the message."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from einops import rearrange

from phenaki_viz.analysis.thumbnails import with_means
from phenaki_viz.browser.packing import pack
from phenaki_viz.errors import ShapeError
from phenaki_viz.figures.colour import (
    KEY_COLOUR,
    MASKED_COLOUR,
    QUERY_COLOUR,
    WRONG_COLOUR,
    ColourScale,
    lut,
)
from phenaki_viz.figures.head_grid import HeadGrid, number_tiles
from phenaki_viz.figures.paint import rgb
from phenaki_viz.figures.weight_colours import Colours

Scales = ColourScale | Sequence[Sequence[ColourScale]]
LAST_CODE, WRONG, MASKED = 253, 254, 255
MOST_PINS = 4


@dataclass(frozen=True, kw_only=True, eq=False)
class GridPicture:
    """What is drawn of a grid of heads.

    thumbs: 'l h y x' float32, raw values; NaN is masked, infinite is a wrong row. scale: one for
    all tiles, or 'l h' of them. values: 'l h', a number of each head, told and drawn as a bar
    under its tile; NaN where there is none. filled: the tiles are the colour of that number, which
    stands on them instead. means: thumbs, scales and values hold a mean row and a mean column
    behind the named ones. order: the heads to draw, in this order, each with its own label; None
    draws all by layer and head. notes: lines under it. slim: in lines of 44 pixels, layer after
    layer, for pages that only choose a head by it; without means and order. framed: tiles are
    frames of the video and keep their proportions. Raises ShapeError when names or values do not
    fit the thumbs.
    """

    thumbs: np.ndarray
    scale: Scales
    layers: Sequence[str]
    heads: Sequence[str]
    values: np.ndarray | None = None
    label: str = ""
    filled: bool = False
    means: bool = False
    order: Sequence[tuple[int, int]] | None = None
    notes: Sequence[str] = ()
    slim: bool = False
    framed: bool = False

    @classmethod
    def of_numbers(cls, values: np.ndarray, scale: ColourScale, **how: Any) -> "GridPicture":
        """Tiles that are coloured by a number each, which stands on them. values: 'l h'.

        how: any other field.
        """
        tiles = number_tiles(values)
        return cls(thumbs=tiles, scale=scale, values=values, filled=True, **how)

    @classmethod
    def with_means(cls, picture: HeadGrid, colours: Colours, **how: Any) -> "GridPicture":
        """A grid of heads with its mean row and mean column; with numbers, as `of_numbers`.

        colours: of the means too, where each tile has a scale of its own. how: any other field.
        """
        drawn: dict[str, Any] = {"layers": picture.layers, "heads": picture.heads, "means": True}
        drawn["framed"] = picture.framed
        if picture.values is None:
            tiles = with_means(picture.thumbnails)
        else:
            numbers = with_means(picture.values)
            tiles = number_tiles(numbers)
            drawn |= {"values": numbers, "label": picture.unit, "filled": True}
        alike = isinstance(picture.scales, ColourScale)
        scale = picture.scales if alike else colours.of_each(tiles)
        return cls(thumbs=tiles, scale=scale, **drawn | how)

    @classmethod
    def blank(cls, scale: ColourScale, **how: Any) -> "GridPicture":
        """Tiles with nothing on them yet. how: any other field, of them `layers` and `heads`."""
        nothing = np.zeros((len(how["layers"]), len(how["heads"])), np.float32)
        return cls(thumbs=number_tiles(nothing), scale=scale, **how)

    def __post_init__(self) -> None:
        named = len(self.layers) + self.means, len(self.heads) + self.means
        if self.thumbs.ndim != 4 or self.thumbs.shape[:2] != named:
            raise ShapeError(
                f"{named} layers and heads are named, the thumbs are {self.thumbs.shape}"
            )
        if self.values is not None and self.values.shape != named:
            raise ShapeError(f"one value a head is {named}, got values {self.values.shape}")


def grid_message(
    picture: GridPicture,
    *,
    id: str,
    push: Mapping[str, Any],
    arrange: Mapping[str, Any] | None = None,
    repeats: bool = False,
    shows: str = "",
) -> bytes:
    """The message for the panel `head_grid`. id: what its pick is remembered by.

    push: the head that Python has, {"rev", "value": [layer, head], "seen"}. arrange: the same of
    what is isolated and pinned; None where neither can be. repeats: whether it is told
    the head that is picked already, once more. shows: what it is of, for texts.
    """
    order = picture.order
    header = {
        "id": id,
        **{"layers": list(picture.layers), "heads": list(picture.heads)},
        "cell": picture.thumbs.shape[2:],
        "label": picture.label,
        "colours": {"query": QUERY_COLOUR, "pin": KEY_COLOUR},
        **{"means": picture.means, "filled": picture.filled, "slim": picture.slim},
        "framed": picture.framed,
        "order": None if order is None else [list(map(int, head)) for head in order],
        "most": MOST_PINS,
        **{"notes": list(picture.notes), "shows": shows},
        **{"arrange": arrange, "repeats": repeats, "push": push},
    }
    codes = tile_codes(picture.thumbs, picture.scale)
    return pack(header, table=_table(picture.scale), codes=codes, **_numbers(picture.values))


def tile_codes(thumbs: np.ndarray, scale: Scales) -> np.ndarray:
    """Colour codes 'l h y x' uint8: 0..253 along the palette, 254 wrong row, 255 masked."""
    if isinstance(scale, ColourScale):
        unit = scale.unit(thumbs)
    else:
        unit = np.stack(
            [
                np.stack([one.unit(tile) for one, tile in zip(row, tiles, strict=True)])
                for row, tiles in zip(scale, thumbs, strict=True)
            ]
        )
    codes = np.rint(np.nan_to_num(unit) * LAST_CODE).astype(np.uint8)
    codes[np.isinf(thumbs)] = WRONG
    codes[np.isnan(thumbs)] = MASKED
    return codes


def _table(scale: Scales) -> np.ndarray:
    palette = scale.palette if isinstance(scale, ColourScale) else scale[0][0].palette
    along = np.rint(np.linspace(0, 255, LAST_CODE + 1)).astype(np.intp)
    flags = np.array([rgb(WRONG_COLOUR), rgb(MASKED_COLOUR)], np.uint8)
    return np.concatenate([lut(palette)[along], flags])


def _numbers(values: np.ndarray | None) -> dict[str, np.ndarray]:
    return {} if values is None else {"values": rearrange(values, "l h -> (l h)").astype("f4")}
