"""From position biases to pictures: ALiBi's slopes and penalties, the continuous bias's surface."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from phenaki_viz.alignment import alibi
from phenaki_viz.analysis.position import offsets, plane, reach
from phenaki_viz.figures.colour import ColourScale, Palette, largest
from phenaki_viz.figures.curves import Curve, Curves
from phenaki_viz.figures.head import origin_notes
from phenaki_viz.figures.head_grid import HeadGrid
from phenaki_viz.figures.surface import Surface, signed
from phenaki_viz.nouns import subject
from phenaki_viz.recording import AttentionRecord, PositionBias

SHARED = "one module serves every layer: there is no layer to choose"


def slopes_picture(
    record: AttentionRecord, provenance: Mapping[str, Any], head: int, whose: str = ""
) -> Curves:
    """ALiBi's slope of every head, the chosen one marked. With a number of heads that is no power
    of two they are not in order, so each carries its head.

    whose: the part of the model that has them, in words.
    """
    slopes = _slopes(record)
    names = tuple(f"H{at}" for at in record.heads)
    hover = tuple(
        f"{name}: slope {slope:.4g}, "
        + (f"halves a weight every {tokens:.3g} tokens" if slope else "distance costs nothing")
        for name, slope, tokens in zip(names, slopes, reach(slopes), strict=True)
    )
    at = np.arange(len(slopes))
    return Curves(
        name="alibi_slopes",
        title=" · ".join(filter(None, ("ALiBi slope of each head", whose))),
        notes=origin_notes(provenance),
        provenance={**provenance, "shows": "ALiBi slopes", "module": record.module},
        curves=tuple(
            Curve(
                name=named,
                x=at[which],
                y=slopes[which],
                hover=tuple(hover[one] for one in at[which]),
                highlighted=named != "other heads",
            )
            for named, which in (
                ("other heads", at != head),
                (f"{names[head]}, chosen", at == head),
            )
            if which.any()
        ),
        x_title="head",
        y_title="slope (score per token)",
        kind="dot",
        log_y=bool((slopes > 0).all()),
        x_labels=names,
    )


def penalty_picture(
    record: AttentionRecord,
    provenance: Mapping[str, Any],
    head: int,
    distance: int,
    whose: str = "",
) -> Curves:
    """ALiBi's penalty on the score over distance, one line a head, the selected one thick.

    whose: the part of the model that has it, in words.
    """
    at = np.arange(distance + 1)
    penalties = alibi(_slopes(record), at)
    trained = record.map.shape[3] - 1
    beyond = f"; the model was run up to distance {trained}" if distance > trained else ""
    return Curves(
        name="alibi_penalty",
        title=" · ".join(filter(None, ("ALiBi: what distance alone costs", whose))),
        notes=(f"added to the score before softmax{beyond}", *origin_notes(provenance)),
        provenance={**provenance, "shows": "ALiBi penalty", "module": record.module},
        curves=tuple(
            Curve(name=f"H{name}", x=at, y=penalty, highlighted=row == head)
            for row, (name, penalty) in enumerate(zip(record.heads, penalties, strict=True))
        ),
        x_title="distance from query to key (tokens)",
        y_title="added to the score",
        kind="line",
    )


def bias_scale(
    bias: PositionBias, heads: Sequence[int], dt: int | None = None, palette: Palette = "RdBu_r"
) -> ColourScale:
    """Signed colours, zero in the middle, one scale for these heads.

    dt: ends are taken from this Δt alone; None takes them from all. palette: a diverging one.
    """
    three = len(bias.dimensions) == 3
    alone = dt is not None and three
    shown = [plane(bias, head, dt or 0) if alone else bias.surface[head] for head in heads]
    most = largest(np.abs(np.stack(shown))) or 1.0
    scope = "this head" if len(heads) == 1 else "all heads"
    when = ("at this Δt" if alone else "at all Δt") if three else ""
    whole = ", ".join(filter(None, (scope, when)))
    return ColourScale(low=-most, high=most, palette=palette, scope=whole)


def bias_picture(
    bias: PositionBias,
    provenance: Mapping[str, Any],
    head: int,
    dt: int = 0,
    used: tuple[int, ...] | None = None,
    *,
    alone: bool = True,
    palette: Palette = "RdBu_r",
) -> Surface:
    """One head's continuous position bias over (Δ row, Δ column), at one Δ step.

    used: the grid the model ran on; what lies beyond it is extrapolated, and is marked. alone:
    colours end where this Δt does, else where the head does. palette: a diverging one.
    """
    *_, rows, columns = offsets(bias)
    lost = int((~np.isfinite(plane(bias, head, dt))).sum())
    gone = (
        (f"{subject(lost, 'offset', 'has', 'have')} no finite bias and no colour",) if lost else ()
    )
    of_tokens = len(bias.dimensions) == 1
    h, w = (1, *(used or bias.dimensions))[-2:]
    box = None
    if (h, w) != (1, *bias.dimensions)[-2:]:
        box = 1.0 - w, w - 1.0, 1.0 - h, h - 1.0
    three = len(bias.dimensions) == 3
    when = f" · Δt, query − key: {signed(dt)}" if three else ""
    beyond = ("outside the rectangle the model never looked: extrapolated",) if box else ()
    scale = bias_scale(bias, [head], dt if alone else None, palette)
    return Surface(
        name=f"position_bias_H{head:02d}" + (f"_dt{dt:+d}" if three else ""),
        title=f"H{head} · continuous position bias{when}",
        notes=(SHARED, scale.describe(), *beyond, *gone, *origin_notes(provenance)),
        provenance={
            **provenance,
            "module": bias.module,
            "head": head,
            "dt": dt,
            "size": bias.dimensions,
        },
        z=plane(bias, head, dt),
        x=columns.astype(np.float32),
        y=rows.astype(np.float32),
        x_title=f"Δ {'token' if of_tokens else 'column'}, query − key"
        f" ({'tokens' if of_tokens else 'patches'})",
        y_title="" if of_tokens else "Δ row, query − key (patches)",
        z_title="added to the score",
        scale=scale,
        trained=box,
    )


def bias_heads(
    bias: PositionBias,
    provenance: Mapping[str, Any],
    selected: int,
    dt: int = 0,
    *,
    alone: bool = True,
    palette: Palette = "RdBu_r",
) -> HeadGrid:
    """Every head's bias beside each other on one signed scale; see `bias_picture`."""
    heads = range(bias.surface.shape[0])
    scale = bias_scale(bias, list(heads), dt if alone else None, palette)
    planes = np.stack([plane(bias, head, dt) for head in heads])
    return HeadGrid(
        name="position_bias_heads",
        title="Continuous position bias, all heads",
        notes=(SHARED, scale.describe(), *origin_notes(provenance)),
        provenance={**provenance, "module": bias.module, "dt": dt, "size": bias.dimensions},
        thumbnails=planes[None],
        layers=("all",),
        heads=tuple(f"H{head}" for head in heads),
        scales=scale,
        selected=(0, selected),
        unit="added to the score",
    )


def _slopes(record: AttentionRecord) -> np.ndarray:
    if record.alibi is None:
        return np.zeros(len(record.heads))
    return record.alibi.slopes.astype(np.float64)
