"""One small picture of each kind: odd, unequal sizes, and names that somebody might type."""

from typing import Any

import numpy as np

from phenaki_viz.figures import (
    Arrows,
    Axis,
    ColourScale,
    Curve,
    Curves,
    FilmStrip,
    HeadGrid,
    Heatmap,
    Surface,
    Table,
    TableColumn,
    TermBars,
    Tracks,
)
from phenaki_viz.figures.term_bars import stacked
from phenaki_viz.figures.tracks import TrackLine

HOSTILE = (
    "<script>alert(1)</script>",
    "$\\href{javascript:alert(1)}{x}$",
    "=cmd()",
    "a<br>b",
    "&lt;",
    "4",
    "%{z}",
)
PROVENANCE = {
    "weights": "sha256:3f9a…",
    "seed": 7,
    "layer": 3,
    "head": 5,
    "kind": "self",
    "prompt": "a seven, =cmd(); </script><b>moves</b> (\\left)",
}


def rows(i: int, j: int, seed: int = 0) -> np.ndarray:
    """'i j' float32, rows sum to 1."""
    weights = np.random.default_rng(seed).random((i, j)) ** 3
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def axis(title: str, cells: int, breaks: tuple[int, ...] = ()) -> Axis:
    """An axis with plain names and a group between any two breaks."""
    groups = tuple(f"time {at}" for at in range(len(breaks) + 1))
    names = tuple(f"{title} cell {at}" for at in range(cells))
    return Axis(title=title, names=names, breaks=breaks, groups=groups)


def heatmap(**changes: Any) -> Heatmap:
    """5 queries, 7 keys; two cells masked."""
    hidden = np.zeros((5, 7), bool)
    hidden[0, 5:] = True
    given: dict[str, Any] = {
        "name": "self_L03_H05",
        "title": "L3 H5 · self attention",
        "notes": ("colour linear from 0 to 0.8, ends from this head",),
        "provenance": PROVENANCE,
        "values": rows(5, 7),
        "hidden": hidden,
        "query": axis("query", 5, (2,)),
        "key": axis("key", 7, (1, 4)),
        "scale": ColourScale(low=0, high=0.8),
        "unit": "attention weight",
        "uniform": np.full(5, 1 / 7, np.float32),
    }
    return Heatmap(**given | changes)


def strip(**changes: Any) -> FilmStrip:
    """5 frames of 6 × 9 pixels in 3 time steps, 3 × 3 patches; one step without weights."""
    weights = rows(3, 9, seed=1).reshape(3, 3, 3)
    weights[2] = np.nan
    weights[0, 0, 1] = np.nan
    given: dict[str, Any] = {
        "name": "self_L03_H05_over_video",
        "title": "L3 H5 over the video",
        "notes": ("one scale for all frames",),
        "provenance": PROVENANCE,
        "frames": np.random.default_rng(2).integers(0, 256, (5, 6, 9, 3), np.uint8),
        "steps": ((0,), (1, 2), (3, 4)),
        "weights": weights,
        "places": ((1, 2, 0),),
        "scale": ColourScale(low=0, high=0.5),
        "unit": "attention weight",
        "uniform": 1 / 9,
    }
    return FilmStrip(**given | changes)


def grid(**changes: Any) -> HeadGrid:
    """3 layers, 2 heads, thumbnails of 5 × 7; a masked cell and a wrong row."""
    thumbnails = rows(6 * 5, 7, seed=3).reshape(3, 2, 5, 7)
    thumbnails[0, 1, 0, 6] = np.nan
    thumbnails[2, 0, 4] = np.inf
    given: dict[str, Any] = {
        "name": "self_heads",
        "title": "self attention, all heads",
        "notes": ("each cell is the mean of 3 × 3 weights",),
        "provenance": {"weights": "sha256:3f9a…", "kind": "self"},
        "thumbnails": thumbnails,
        "layers": ("L0", "L1", "L2"),
        "heads": ("H0", "H1"),
        "scales": ColourScale(low=0, high=0.6, scope="all heads"),
        "selected": (1, 0),
        "unit": "attention weight",
    }
    return HeadGrid(**given | changes)


def surface(**changes: Any) -> Surface:
    """5 rows of offsets, 7 columns; trained on ±1 and ±2."""
    z = np.random.default_rng(4).normal(size=(5, 7)).astype(np.float32)
    given: dict[str, Any] = {
        "name": "position_bias_H01",
        "title": "H1 · continuous position bias",
        "notes": ("one module serves every layer",),
        "provenance": {"module": "bias", "head": 1},
        "z": z,
        "x": np.arange(-3, 4).astype(np.float32),
        "y": np.arange(-2, 3).astype(np.float32),
        "x_title": "Δ column, query − key (patches)",
        "y_title": "Δ row, query − key (patches)",
        "z_title": "added to the score",
        "scale": ColourScale(low=-2.5, high=2.5, palette="RdBu_r"),
        "trained": (-2.0, 2.0, -1.0, 1.0),
    }
    return Surface(**given | changes)


def curves(**changes: Any) -> Curves:
    """3 lines over 5 places, the middle one highlighted."""
    x = np.arange(5)
    given: dict[str, Any] = {
        "name": "alibi_penalty",
        "title": "ALiBi: what distance alone costs",
        "notes": ("added to the score before softmax",),
        "provenance": {"module": "alibi"},
        "curves": tuple(
            Curve(name=f"H{at}", x=x, y=-slope * x, highlighted=at == 1)
            for at, slope in enumerate((0.5, 0.1, 1 / 3))
        ),
        "x_title": "distance (tokens)",
        "y_title": "added to the score",
    }
    return Curves(**given | changes)


def arrows(**changes: Any) -> Arrows:
    """3 layers, 2 heads; one looks nowhere."""
    shifts = np.random.default_rng(5).normal(size=(3, 2, 3))
    shifts[2, 1] = np.nan
    given: dict[str, Any] = {
        "name": "self_shifts",
        "title": "self attention: where heads look from the query",
        "notes": ("mean over 60 queries",),
        "provenance": {"weights": "sha256:3f9a…", "kind": "self"},
        "shifts": shifts,
        "layers": ("L0", "L1", "L2"),
        "heads": ("H0", "H1"),
        "selected": (1, 0),
    }
    return Arrows(**given | changes)


def term_bars(**changes: Any) -> TermBars:
    """3 keys of 2 terms each, one of them unknown."""
    values = np.array([[0.9, 2.5], [-0.4, 1.25], [np.nan, -1.5]])
    given: dict[str, Any] = {
        "name": "self_L03_H05_query_4_terms",
        "title": "L3 H5 · its strongest keys",
        "notes": ("each term less its mean",),
        "provenance": PROVENANCE,
        "names": ("t2 r4 c2", "t2 r0 c2", "=cmd()"),
        "parts": ("content", "position"),
        "labels": ("content", "position"),
        "values": values,
        "starts": stacked(values),
        "totals": ("0.133", "0.104", "+0.06"),
        "unit": "logit, around the row's mean",
    }
    return TermBars(**given | changes)


def track_line(name: str, *places: tuple[int, int], **changes: Any) -> TrackLine:
    """A path over 3 time steps; the second is the start's."""
    given: dict[str, Any] = {
        "name": name,
        "score": "in 1 of 2",
        "places": np.array(places),
        "weights": np.array([0.2, np.nan, 0.05], np.float32),
        "shares": np.array([0.7, np.nan, 0.15], np.float32),
        "judged": np.array([1, -1, 0]),
    }
    return TrackLine(**given | changes)


def tracks(**changes: Any) -> Tracks:
    """2 heads over 5 frames of 6 × 9 pixels in 3 time steps of 2 × 3 patches."""
    given: dict[str, Any] = {
        "name": "self_tracks_t1_r1_c1",
        "title": "Tracks from time 1, row 1, column 1 · self attention",
        "notes": ("of every other time step the key with the largest weight",),
        "provenance": PROVENANCE,
        "frames": np.random.default_rng(6).integers(0, 256, (5, 6, 9, 3), np.uint8),
        "steps": ((0,), (1, 2), (3, 4)),
        "grid": (2, 3),
        "lines": (
            track_line("L2 H5", (0, 0), (1, 1), (0, 2)),
            track_line("=cmd()", (1, 0), (1, 1), (-1, -1), score="<b>"),
        ),
        "start": (1, 1, 1),
        "truth": np.array([[0, 0], [1, 1], [1, 2]]),
        "truth_name": "two",
        "chance": 0.5,
    }
    return Tracks(**given | changes)


def table(**changes: Any) -> Table:
    """3 lines under 4 columns: names that somebody might type, whole numbers, one not known."""
    given: dict[str, Any] = {
        "name": "heads",
        "title": "3 heads, 1 on one word",
        "notes": ("mean over 60 queries",),
        "provenance": PROVENANCE,
        "naming": 2,
        "columns": (
            TableColumn(name="maps", title="Maps", values=np.array(["self", "=cmd()", "<b>x</b>"])),
            TableColumn(name="head", title="Head", values=np.array([0, 5, 11])),
            TableColumn(name="entropy", title="Entropy", unit="nats", means="of a row",
                        values=np.array([1.25, np.nan, 1 / 3])),
            TableColumn(name="sentence", title="In words", values=np.array(["a " * 30, "b", ""])),
        ),
    }  # fmt: skip
    return Table(**given | changes)


def every_kind() -> tuple[Any, ...]:
    """One of each."""
    return (heatmap(), strip(), grid(), surface(), curves(), arrows(), term_bars(), tracks(),
            table())  # fmt: skip
