"""The exact arrays of a picture as NPZ, for programs."""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from phenaki_viz.errors import ExportError
from phenaki_viz.export.made_by import made_by_json
from phenaki_viz.figures import (
    Arrows,
    Curves,
    FilmStrip,
    HeadGrid,
    Heatmap,
    Picture,
    Surface,
    TermBars,
    Tracks,
)
from phenaki_viz.figures.colour import ColourScale
from phenaki_viz.figures.table import Table


def to_npz(picture: Picture) -> bytes:
    """Every array of the picture, names and the record of what made it; loads without pickle."""
    arrays: dict[str, Any] = {
        "kind": _words(type(picture).__name__),
        "title": _words(picture.title),
        "notes": _words(picture.notes),
        "made_by": _words(made_by_json(picture)),
        **arrays_of(picture),
    }
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def _words(text: str | Sequence[str]) -> np.ndarray:
    return np.array(text, dtype=str)


def arrays_of(picture: Picture) -> dict[str, np.ndarray]:
    """The numbers and names of a picture. Raises ExportError for a kind that has none."""
    match picture:
        case Heatmap():
            return _heatmap_arrays(picture)
        case FilmStrip():
            return _strip_arrays(picture)
        case HeadGrid():
            return _grid_arrays(picture)
        case Surface():
            return _surface_arrays(picture)
        case Curves():
            return _curve_arrays(picture)
        case Arrows():
            return {
                "shifts": _float32(picture.shifts),
                "layers": _words(picture.layers),
                "heads": _words(picture.heads),
                **_if_given("selected", picture.selected, np.int64),
            }
        case Table():
            return {one.name: np.asarray(one.values) for one in picture.columns}
        case TermBars():
            return _bar_arrays(picture)
        case Tracks():
            return _track_arrays(picture)
    raise ExportError(f"{type(picture).__name__} has no numbers to export")


def _heatmap_arrays(picture: Heatmap) -> dict[str, np.ndarray]:
    return {
        "values": _float32(picture.values),
        "unit": _words(picture.unit),
        "query_names": _words(picture.query.names),
        "key_names": _words(picture.key.names),
        "query_breaks": np.array(picture.query.breaks, np.int64),
        "key_breaks": np.array(picture.key.breaks, np.int64),
        "wrong": np.array(picture.wrong, np.int64),
        **_if_given("hidden", picture.hidden, bool),
        **_if_given("left_out", picture.left_out, bool),
        **_if_given("uniform", picture.uniform, np.float32),
    }


def _strip_arrays(picture: FilmStrip) -> dict[str, np.ndarray]:
    pairs = [(step, frame) for step, frames in enumerate(picture.steps) for frame in frames]
    return {
        "weights": _float32(picture.weights),
        "unit": _words(picture.unit),
        "frames": np.asarray(picture.frames, np.uint8),
        "steps_frames": np.array(pairs, np.int64),
        **_if_given("query", picture.query, np.int64),
        **_if_given("uniform", picture.uniform, np.float32),
    }


def _track_arrays(picture: Tracks) -> dict[str, np.ndarray]:
    pairs = [(step, frame) for step, frames in enumerate(picture.steps) for frame in frames]
    return {
        "heads": _words([line.name for line in picture.lines]),
        "places": np.array([line.places for line in picture.lines], np.int64),
        "weights": _float32(np.array([line.weights for line in picture.lines])),
        "shares": _float32(np.array([line.shares for line in picture.lines])),
        "judged": np.array([line.judged for line in picture.lines], np.int64),
        "grid": np.array(picture.grid, np.int64),
        "frames": np.asarray(picture.frames, np.uint8),
        "steps_frames": np.array(pairs, np.int64),
        **_if_given("start", picture.start, np.int64),
        **_if_given("true_path", picture.path, np.int64),
        **_if_given("chance", picture.chance, np.float64),
    }


def _grid_arrays(picture: HeadGrid) -> dict[str, np.ndarray]:
    return {
        "thumbnails": _float32(picture.thumbnails),
        "unit": _words(picture.unit),
        "layers": _words(picture.layers),
        "heads": _words(picture.heads),
        "colour_ends": _ends(picture.scales),
        **_if_given("values", picture.values, np.float32),
        **_if_given("selected", picture.selected, np.int64),
    }


def _ends(scales: ColourScale | tuple[tuple[ColourScale, ...], ...]) -> np.ndarray:
    if isinstance(scales, ColourScale):
        return np.array([scales.low, scales.high], np.float64)
    return np.array([[(scale.low, scale.high) for scale in row] for row in scales], np.float64)


def _surface_arrays(picture: Surface) -> dict[str, np.ndarray]:
    return {
        "z": _float32(picture.z),
        "x": np.asarray(picture.x),
        "y": np.asarray(picture.y),
        "titles": _words((picture.x_title, picture.y_title, picture.z_title)),
        **_if_given("trained", picture.trained, np.float64),
    }


def _curve_arrays(picture: Curves) -> dict[str, np.ndarray]:
    arrays = {
        "names": _words([curve.name for curve in picture.curves]),
        "titles": _words((picture.x_title, picture.y_title)),
        "x_labels": _words(picture.x_labels),
    }
    for at, curve in enumerate(picture.curves):
        arrays[f"x_{at}"], arrays[f"y_{at}"] = np.asarray(curve.x), np.asarray(curve.y)
        if curve.spread is not None:
            arrays[f"spread_{at}"] = np.asarray(curve.spread)
    return arrays


def _bar_arrays(picture: TermBars) -> dict[str, np.ndarray]:
    return {
        "values": np.asarray(picture.values, np.float64),
        "starts": np.asarray(picture.starts, np.float64),
        "names": _words(picture.names),
        "parts": _words(picture.labels),
        "told": _words(picture.told),
        "unit": _words(picture.unit),
    }


def _float32(values: np.ndarray) -> np.ndarray:
    return np.asarray(values, np.float32)


def _if_given(name: str, value: Any, dtype: Any) -> dict[str, np.ndarray]:
    return {} if value is None else {name: np.asarray(value, dtype)}
