"""Up to four heads side by side on one scale; query and key are shared by all of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from phenaki_viz.browser.axes import Grid, MapAxis
from phenaki_viz.browser.packing import pack
from phenaki_viz.browser.scales import scale_header
from phenaki_viz.browser.weight_codes import coded
from phenaki_viz.errors import ShapeError
from phenaki_viz.figures.colour import (
    KEY_COLOUR,
    MASKED_COLOUR,
    QUERY_COLOUR,
    WRONG_COLOUR,
    ColourScale,
    lut,
)
from phenaki_viz.figures.paint import line_over
from phenaki_viz.ui.components import picks
from phenaki_viz.ui.components.assets import declare
from phenaki_viz.ui.components.attention_map import CellPick
from phenaki_viz.ui.components.shared import share
from phenaki_viz.ui.components.stamps import stamped

LINES = "pinned.lines"


@dataclass(frozen=True, kw_only=True)
class PinnedFilm:
    """Frames under which each head's row is seen, and the rows.

    frames: their name on the page's strip, see `film_of`. size: of a frame, (H, W). steps: the
    frames of each time step. grid: 't h w' of the video. side: whether rows are shown or, of maps
    whose keys are words, columns. lines: 'p t h w' float32, one a map, of row (or column) `own`:
    for maps whose weights are not all sent.
    """

    frames: Mapping[str, Any]
    size: tuple[int, int]
    steps: Sequence[Sequence[int]]
    grid: Grid
    side: Literal["row", "column"]
    own: int
    lines: np.ndarray


_mount = declare("pinned_maps")


def pinned_maps(
    values: np.ndarray,
    *,
    labels: Sequence[str],
    total: tuple[int, int],
    cell: tuple[int, int],
    scale: ColourScale,
    query_axis: MapAxis,
    key_axis: MapAxis,
    selected_query: int,
    uniform: np.ndarray,
    key: str,
    link: str | None = None,
    film: PinnedFilm | None = None,
    on_pick: Callable[[CellPick], None] | None = None,
    on_unpin: Callable[[int], None] | None = None,
    notes: Sequence[str] = (),
    shows: str = "",
) -> None:
    """Draw one map a label.

    values: 'p r c' weights, each the mean of `cell` of the `total` map; NaN is masked, infinite a
    wrong row; sent in two bytes each, exact to 1e-6. uniform: 'i', 1 / visible keys. link: these
    maps show the selection of the page, see `share_selection`. film: draws the selected row (or
    word's column) of each over frames, under its map. notes: lines under them. shows: what they are
    of, see `said`. on_pick is
    told the cell, on_unpin the number of the map, both before the page is drawn. Raises ShapeError
    when the shapes do not fit.
    """
    wanted = len(labels), -(-total[0] // cell[0]), -(-total[1] // cell[1])
    if values.shape != wanted or uniform.shape != total[:1]:
        raise ShapeError(
            f"{len(labels)} maps of {total} in cells of {cell} are {wanted} values and "
            f"{total[0]} uniform weights, got {values.shape} and {uniform.shape}"
        )
    event = picks.news(key)
    picked = [event["query"], event["key"]] if event else None
    shown = picks.shown(key, picked)
    kept = shown[1] if shown and shown[1] is not None and shown[1] < total[1] else None
    header = {
        "id": key,
        "labels": list(labels),
        "shape": values.shape[1:],
        "total": total,
        "cell": cell,
        "scale": scale_header(scale),
        "colours": {
            "query": QUERY_COLOUR,
            "key": KEY_COLOUR,
            "masked": MASKED_COLOUR,
            "wrong": WRONG_COLOUR,
            "line": line_over(scale.palette),
        },
        "query": query_axis.header(),
        "key": key_axis.header(),
        "link": link,
        **{"notes": list(notes), "shows": shows},
        **_film_header(film),
        "push": None if link else picks.push(key, [int(selected_query), kept], picked),
    }
    if film is not None and link is not None:  # apart: other at every click, where the maps are not
        about = {"of": link, "own": film.own, "count": len(labels)}
        share(LINES, about, lines=film.lines.astype(np.float32))
    parts = {"table": lut(scale.palette), "uniform": uniform.astype(np.float32), **coded(values)}
    _mount(
        key=key,
        data=stamped(key, pack(header, **parts)),
        on_pick_change=picks.answering(key, "pick", _cell(on_pick)),
        on_unpin_change=picks.answering(key, "unpin", _number(on_unpin)),
    )


def _film_header(film: PinnedFilm | None) -> dict[str, Any]:
    if film is None:
        return {"film": None}
    return {
        "film": dict(film.frames),
        "size": film.size,
        "steps": [list(step) for step in film.steps],
        "grid": film.grid,
        "side": film.side,
        "lines": LINES,
    }


def _cell(on_pick: Callable[[CellPick], None] | None) -> Callable[[picks.Event], None] | None:
    return None if on_pick is None else lambda event: on_pick(_as_pick(event))


def _as_pick(event: picks.Event) -> CellPick:
    return {"query": event["query"], "key": event["key"]}


def _number(on_unpin: Callable[[int], None] | None) -> Callable[[picks.Event], None] | None:
    return None if on_unpin is None else lambda event: on_unpin(int(event["map"]))
