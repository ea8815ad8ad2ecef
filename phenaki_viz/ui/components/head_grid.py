"""The navigator: every head of a stack as a small map, layers down, heads across."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from einops import rearrange

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
from phenaki_viz.figures.paint import rgb
from phenaki_viz.ui.components import picks
from phenaki_viz.ui.components.assets import declare
from phenaki_viz.ui.components.stamps import stamped

Scales = ColourScale | Sequence[Sequence[ColourScale]]
LAST_CODE, WRONG, MASKED = 253, 254, 255
MOST_PINS = 4

_mount = declare("head_grid")


@dataclass(frozen=True)
class Arrangement:
    """How the grid stands. alone: only the selected head, large. pins: heads held side by side."""

    alone: bool = False
    pins: tuple[tuple[int, int], ...] = ()


def head_grid(
    thumbs: np.ndarray,
    *,
    scale: Scales,
    layers: Sequence[str],
    heads: Sequence[str],
    selected: tuple[int, int],
    key: str,
    values: np.ndarray | None = None,
    value_label: str | None = None,
    filled: bool = False,
    means: bool = False,
    order: Sequence[tuple[int, int]] | None = None,
    arranged: Arrangement | None = None,
    on_pick: Callable[[int, int], None] | None = None,
    on_arrange: Callable[[Arrangement], None] | None = None,
    notes: Sequence[str] = (),
    shows: str = "",
) -> tuple[int, int] | None:
    """Draw the grid; returns (layer, head) in the run in which one was picked, else None.

    thumbs: 'l h y x' float32, raw values; NaN is masked, infinite is a wrong row. scale: one for
    all tiles, or 'l h' of them. values: 'l h', a number of each head, told and drawn as a bar
    under its tile; NaN where there is none. filled: the tiles are the colour of that number, which
    stands on them instead. means: thumbs, scales and values hold a mean row and a
    mean column behind the named ones. order: the heads to draw, in this order, each with its own
    label; None draws all by layer and head. arranged: lets heads be isolated and pinned; what the
    user does is told to on_arrange. notes: lines under it. shows: what it is of, see `said`.
    on_pick(layer, head) is called before the page is
    drawn: set state there. Raises ShapeError when names or values do not fit the thumbs.
    """
    _check(thumbs, layers, heads, values, means)
    event = picks.news(key)
    picked = [event["layer"], event["head"]] if event else None
    header = {
        "id": key,
        "layers": list(layers),
        "heads": list(heads),
        "cell": thumbs.shape[2:],
        "label": value_label or "",
        "colours": {"query": QUERY_COLOUR, "pin": KEY_COLOUR},
        **{"means": means, "filled": filled},
        "order": None if order is None else [list(map(int, head)) for head in order],
        "most": MOST_PINS,
        **{"notes": list(notes), "shows": shows},
        "arrange": _arrange(key, arranged),
        "push": picks.push(key, [int(at) for at in selected], picked),
    }
    codes = tile_codes(thumbs, scale)
    _mount(
        key=key,
        data=stamped(key, pack(header, table=_table(scale), codes=codes, **_numbers(values))),
        on_pick_change=picks.answering(key, "pick", _two(on_pick)),
        on_arrange_change=picks.answering(key, "arrange", _whole(on_arrange)),
    )
    return (picked[0], picked[1]) if picked else None


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


def _two(on_pick: Callable[[int, int], None] | None) -> Callable[[picks.Event], None] | None:
    return None if on_pick is None else lambda event: on_pick(event["layer"], event["head"])


def _arrange(key: str, arranged: Arrangement | None) -> dict[str, Any] | None:
    if arranged is None:
        return None
    event = picks.news(key, "arrange")
    told = {"alone": arranged.alone, "pins": [list(pin) for pin in arranged.pins]}
    return picks.push(key, told, event, "arrange")


def _whole(
    on_arrange: Callable[[Arrangement], None] | None,
) -> Callable[[picks.Event], None] | None:
    if on_arrange is None:
        return None
    return lambda event: on_arrange(
        Arrangement(bool(event["alone"]), tuple((one[0], one[1]) for one in event["pins"]))
    )


def _check(
    thumbs: np.ndarray,
    layers: Sequence[str],
    heads: Sequence[str],
    values: np.ndarray | None,
    means: bool,
) -> None:
    named = len(layers) + means, len(heads) + means
    if thumbs.ndim != 4 or thumbs.shape[:2] != named:
        raise ShapeError(f"{named} layers and heads are named, the thumbs are {thumbs.shape}")
    if values is not None and values.shape != named:
        raise ShapeError(f"one value a head is {named}, got values {values.shape}")
