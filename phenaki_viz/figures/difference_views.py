"""Two heads laid on each other as pictures: B − A as a map and over the frames, the heads' grid."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from phenaki_viz.analysis.difference import HeadDistance, LaidMaps
from phenaki_viz.analysis.divergence import DISTANCE
from phenaki_viz.analysis.overlay import Overlay
from phenaki_viz.analysis.weight_range import drawn_range
from phenaki_viz.figures.colour import DIVERGING, ColourScale, Palette
from phenaki_viz.figures.film_strip import FilmStrip
from phenaki_viz.figures.head import Head, origin_notes, wrong_notes
from phenaki_viz.figures.head_grid import HeadGrid, number_tiles
from phenaki_viz.figures.heatmap import Heatmap
from phenaki_viz.figures.naming import (
    key_axis,
    listed_head,
    module_family,
    query_axis,
    row_label,
)
from phenaki_viz.figures.overlays import frame_steps, word_weights
from phenaki_viz.figures.picture import Axis
from phenaki_viz.figures.table import Table, TableColumn
from phenaki_viz.figures.weight_colours import Colours
from phenaki_viz.recording import AttentionRecord, Place

UNIT = "weight, B − A"
JS = "JS distance"


def centred_scale(
    values: np.ndarray, palette: Palette = "RdBu_r", scope: str = "this difference"
) -> ColourScale:
    """Signed numbers with zero in the middle and equal ends: the 99.5th percentile of their size.

    Ends and bar are alike on both sides, so what lies beyond is said with the scope. They are ±1
    where nothing differs.
    """
    top, most = drawn_range(np.abs(values[np.isfinite(values)]))
    end = top or most or 1.0
    beyond = f", the largest {most:.2g}" if most > end else ""
    return ColourScale(low=-end, high=end, palette=palette, scope=f"{scope}{beyond}")


def common_scale(maps: LaidMaps, colours: Colours | None = None) -> ColourScale:
    """One scale for the weights of both maps."""
    return (colours or Colours("sqrt")).over(*drawn_range(maps.one, maps.other), "both maps")


def laid_keys(one: Head, other: Head) -> Axis:
    """The keys of both maps; where words at one place differ, both: 'two | seven'."""
    a, b = key_axis(one.record, one.item), key_axis(other.record, other.item)
    names = tuple(x if x == y else f"{x} | {y}" for x, y in zip(a.names, b.names, strict=True))
    return replace(a, names=names)


def difference_heatmap(
    one: Head, other: Head, maps: LaidMaps, scale: ColourScale, descriptions: tuple[str, str]
) -> Heatmap:
    """B − A of every weight. maps: with every cell. descriptions: what A and B are, in words."""
    wrong = np.flatnonzero(np.isinf(maps.difference).any(axis=1))
    hidden = np.isnan(maps.difference)
    return Heatmap(
        name=f"{one.stem}_difference",
        title=f"{one.title} · B − A",
        notes=(*_sides(descriptions), scale.describe(), *wrong_notes(wrong.tolist()), *one.notes),
        provenance=_provenance(one, other, scale, descriptions),
        values=maps.difference,
        hidden=hidden if hidden.any() else None,
        wrong=tuple(int(row) for row in wrong),
        query=query_axis(one.record, one.item),
        key=laid_keys(one, other),
        scale=scale,
        unit=UNIT,
    )


def changes_overlay(
    one: Head, other: Head, place: Place | None, word: int | None = None
) -> np.ndarray:
    """B − A of one patch's row, or of who reads one key of a text, at its places.

    Returns 't h w' float32. Raises ValueError without either.
    """
    if word is not None:
        return word_weights(other, word) - word_weights(one, word)
    if place is None:
        raise ValueError("a row of which patch?")
    a, b = (Overlay(head.map, [place]).weights[0] for head in (one, other))
    return np.asarray(b - a, np.float32)


def difference_overlay(
    heads: tuple[Head, Head],
    changes: np.ndarray,
    frames: np.ndarray,
    temporal_patch: int,
    scale: ColourScale,
    descriptions: tuple[str, str],
    place: Place | None = None,
) -> FilmStrip:
    """What changed for one patch, over the frames of A. changes: see `changes_overlay`."""
    one, other = heads
    return FilmStrip(
        name=f"{one.stem}_difference_over_video",
        title=f"{one.title} · B − A",
        notes=(*_sides(descriptions), scale.describe(), *one.notes),
        provenance=_provenance(one, other, scale, descriptions) | {"query": place},
        frames=frames,
        steps=frame_steps(len(frames), temporal_patch),
        weights=changes,
        places=() if place is None else (place,),
        scale=scale,
        unit=UNIT,
    )


def distances_grid(
    records: Sequence[AttentionRecord],
    values: np.ndarray,
    provenance: Mapping[str, Any],
    *,
    selected: tuple[int, int] | None = None,
) -> HeadGrid:
    """Every head coloured by how far it moved, from 0 to the farthest. values: 'l h'."""
    known = values[np.isfinite(values)]
    high = float(known.max(initial=0)) or 1.0
    scale = ColourScale(low=0.0, high=high, scope="these heads")
    return HeadGrid(
        name="heads_difference",
        title="How far each head moved from A to B",
        notes=(f"{DISTANCE}; mean over queries", scale.describe(), *origin_notes(provenance)),
        provenance={**provenance, "shows": "mean Jensen–Shannon distance of each head's rows"},
        thumbnails=number_tiles(values),
        layers=tuple(row_label(record, records) for record in records),
        heads=tuple(f"H{head}" for head in records[0].heads),
        scales=scale,
        selected=selected,
        values=values,
        unit=JS,
    )


def entropy_grid(
    records: Sequence[AttentionRecord],
    values: np.ndarray,
    provenance: Mapping[str, Any],
    theme: str,
) -> HeadGrid:
    """Every head by how much wider it spreads in B, in bits, where maps cannot be subtracted.

    values: 'l h', see `change_of` of the entropy; shown to a thousandth of a bit.
    """
    values = np.round(values, 3)
    picture = distances_grid(records, values, provenance)
    known = np.abs(values[np.isfinite(values)])
    end = float(known.max(initial=0)) or 1.0
    scale = ColourScale(low=-end, high=end, palette=DIVERGING[theme], scope="these heads")
    return replace(
        picture, name="heads_entropy_difference", title="How much wider each head spreads in B",
        notes=("entropy of a head's rows in bits, B − A", scale.describe()), scales=scale,
        unit="bits, B − A",
        provenance={**provenance, "shows": "entropy of each head's rows, B − A"},
    )  # fmt: skip


def distances_table(
    rows: Sequence[HeadDistance],
    provenance: Mapping[str, Any],
    descriptions: tuple[str, str],
    *,
    sampled: str = "",
    notes: Sequence[str] = (),
) -> Table:
    """How far every head moved, as a file's table. notes: what could not be compared."""
    over = (f"mean over {sampled}",) if sampled else ()
    return Table(
        name="heads_difference",
        title="How far each head moved from A to B",
        notes=(*_sides(descriptions), DISTANCE, *over, *notes),
        provenance={**provenance, "a": descriptions[0], "b": descriptions[1]},
        naming=4,
        columns=(
            _text("stack", "Stack", [row.stack for row in rows]),
            _text("maps", "Maps", [module_family(row.module, row.kind) for row in rows]),
            _whole("layer", "Layer", [row.layer for row in rows]),
            _whole("head", "Head", [row.head for row in rows]),
            _number("distance", JS, [row.mean for row in rows], "mean over the queries"),
            _number("spread", "Spread", [row.spread for row in rows],
                    "standard deviation over the queries"),
            _number("farthest", "Farthest", [row.most for row in rows],
                    "of the query whose rows are farthest apart"),
            _whole("farthest_item", "in item", [_at(row, 0) for row in rows]),
            _whole("farthest_query", "at query", [_at(row, 1) for row in rows]),
            _whole("queries", "Queries", [row.queries for row in rows]),
        ),
    )  # fmt: skip


def name_of(row: HeadDistance) -> str:
    """See `listed_head`."""
    return listed_head(row.module, row.stack, row.kind, row.layer, row.head)


def _at(row: HeadDistance, which: int) -> int:
    return -1 if row.farthest is None else row.farthest[which]


def _text(name: str, title: str, values: Sequence[str]) -> TableColumn:
    return TableColumn(name=name, title=title, values=np.array(values, np.str_))


def _whole(name: str, title: str, values: Sequence[int]) -> TableColumn:
    return TableColumn(name=name, title=title, values=np.array(values, np.int64))


def _number(name: str, title: str, values: Sequence[float], means: str) -> TableColumn:
    return TableColumn(
        name=name, title=title, values=np.array(values, np.float64), means=means, share=True
    )


def _sides(descriptions: tuple[str, str]) -> tuple[str, str]:
    return f"A: {descriptions[0]}", f"B: {descriptions[1]}"


def _provenance(
    one: Head, other: Head, scale: ColourScale, descriptions: tuple[str, str]
) -> dict[str, Any]:
    return {
        **one.provenance(scale),
        "shows": "difference B − A",
        "a": descriptions[0],
        "b": descriptions[1],
        "b_provenance": other.provenance(scale),
    }
