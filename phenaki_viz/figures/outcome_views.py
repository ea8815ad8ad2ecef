"""What a model made of a clip, over its frames: loss of every token, and how it changed."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from phenaki_viz.figures.attention_views import frame_steps, origin_notes
from phenaki_viz.figures.colour import ColourScale
from phenaki_viz.figures.film_strip import FilmStrip

NATS = "nats"


def loss_over_video(
    loss: np.ndarray,
    shown: np.ndarray,
    frames: np.ndarray,
    temporal_patch: int,
    made_by: Mapping[str, Any],
    *,
    high: float,
    name: str = "loss",
    title: str = "loss of each token",
) -> FilmStrip:
    """−log p of the true token. loss: 't h w'. shown: 't h w' bool, the tokens that count."""
    scale = ColourScale(low=0.0, high=max(high, 1e-6), scope="both texts")
    return _strip(loss, shown, frames, temporal_patch, made_by, scale, name, title)


def loss_change_over_video(
    before: np.ndarray,
    after: np.ndarray,
    shown: np.ndarray,
    frames: np.ndarray,
    temporal_patch: int,
    made_by: Mapping[str, Any],
) -> FilmStrip:
    """How much the loss of each token rose (red) or fell (blue), both 't h w' in nats."""
    change = after - before
    most = float(np.abs(change[shown]).max()) if shown.any() else 1.0
    scale = ColourScale(
        low=-(most or 1.0), high=most or 1.0, palette="RdBu_r", scope="this difference"
    )
    return _strip(
        change, shown, frames, temporal_patch, made_by, scale, "loss_change", "change of the loss"
    )


def made_over_video(
    frames: np.ndarray,
    filled: np.ndarray,
    temporal_patch: int,
    made_by: Mapping[str, Any],
    *,
    name: str,
    title: str,
) -> FilmStrip:
    """Frames that a model made; filled: 't h w' bool, the tokens it had to guess."""
    return FilmStrip(
        name=name,
        title=title,
        notes=(*origin_notes(made_by),),
        made_by={**made_by, "shows": title},
        frames=np.broadcast_to(frames, (*frames.shape[:3], 3)).copy(),
        steps=frame_steps(len(frames), temporal_patch),
        weights=filled.astype(np.float32),
        scale=ColourScale(low=0.0, high=1.0, scope="1 is guessed, 0 was given"),
        unit="guessed",
    )


def _strip(
    values: np.ndarray,
    shown: np.ndarray,
    frames: np.ndarray,
    temporal_patch: int,
    made_by: Mapping[str, Any],
    scale: ColourScale,
    name: str,
    title: str,
) -> FilmStrip:
    return FilmStrip(
        name=name,
        title=title,
        notes=(scale.describe(), *origin_notes(made_by)),
        made_by={**made_by, "shows": title, "scale": scale.describe()},
        frames=frames,
        steps=frame_steps(len(frames), temporal_patch),
        weights=np.where(shown, values, np.nan).astype(np.float32),
        scale=scale,
        unit=NATS,
    )
