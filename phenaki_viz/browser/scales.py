"""Colour scales for the browser."""

from typing import Any

from phenaki_viz.figures.colour import BY_HAND, ColourScale
from phenaki_viz.figures.paint import raw_ends


def scale_header(scale: ColourScale) -> dict[str, Any]:
    """A colour scale for the browser; `placer` of numbers/scale.js is `ColourScale.unit`."""
    low, high = raw_ends(scale)
    above = scale.cut_off
    most = None if scale.most is None else float(scale.most)
    said = {"above": above, "most": most, "scope": scale.scope, "hand": scale.scope == BY_HAND}
    ends = {"low": low, "high": high, "law": scale.law, **said}
    return ends | ({"names": scale.swatches} if scale.names else {})
