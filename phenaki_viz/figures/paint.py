"""Numbers to colours for everything that is an image: print, thumbnails, the video strip."""

from typing import Any

import numpy as np
import plotly.colors

from phenaki_viz.figures.colour import MASKED_COLOUR, WRONG_COLOUR, ColourScale, Palette, lut


def painted(values: np.ndarray, scale: ColourScale) -> np.ndarray:
    """Colours of raw values: '... 3' uint8. Where the value is NaN the colour is meaningless."""
    place = np.nan_to_num(scale.unit(values), nan=0.0)
    return lut(scale.palette)[np.rint(place * 255).astype(np.intp)]


def flagged(colours: np.ndarray, masked: np.ndarray | None, wrong: np.ndarray | None) -> np.ndarray:
    """Colours '... 3' uint8 with masked and wrong cells in their own; a new array."""
    colours = colours.copy()
    for cells, colour in ((masked, MASKED_COLOUR), (wrong, WRONG_COLOUR)):
        if cells is not None:
            colours[cells] = rgb(colour)
    return colours


def rgb(colour: str) -> tuple[int, int, int]:
    """'#19c3e6' as three numbers from 0 to 255."""
    red, green, blue = plotly.colors.hex_to_rgb(colour)
    return red, green, blue


def raw_colourscale(scale: ColourScale) -> list[list[Any]]:
    """A plotly colour scale for raw values, so that z is never anything but the number itself.

    A scale of another law is the same 256 colours, placed by that law between the ends.
    """
    low, high = scale.ends
    places = np.linspace(0, 1, 256)
    if scale.log:
        places = (low * (high / low) ** places - low) / (high - low)
        places[0], places[-1] = 0, 1
    elif scale.law == "sqrt":
        places = places**2
    return _stops(scale.palette, places)


def unit_colourscale(palette: Palette) -> list[list[Any]]:
    """A plotly colour scale for values already moved onto 0..1 by `ColourScale.unit`."""
    return _stops(palette, np.linspace(0, 1, 256))


def _stops(palette: Palette, places: np.ndarray) -> list[list[Any]]:
    return [
        [float(at), f"rgb({red},{green},{blue})"]
        for at, (red, green, blue) in zip(places, lut(palette).tolist(), strict=True)
    ]


def line_over(palette: Palette) -> str:
    """A line colour that shows on this palette's cells."""
    return "#1b2230" if palette in ("RdBu_r", "magma_r") else "#ffffff"
