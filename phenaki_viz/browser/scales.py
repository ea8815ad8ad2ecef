"""Colour scales for the browser."""

from typing import Any

from phenaki_viz.figures.colour import BY_HAND, ColourScale


def scale_header(scale: ColourScale) -> dict[str, Any]:
    """A colour scale for the browser; `placer` of numbers/scale.js is `ColourScale.unit`."""
    low, high = scale.ends
    header = {
        **{"low": low, "high": high, "law": scale.law},
        **{"above": scale.cut_off, "most": None if scale.most is None else float(scale.most)},
        **{"scope": scale.scope, "hand": scale.scope == BY_HAND},
    }
    return header | ({"names": scale.swatches} if scale.names else {})
