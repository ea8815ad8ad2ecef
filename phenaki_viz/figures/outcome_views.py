"""What a model made of a clip, over its frames: loss of every token, and how it changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from einops import repeat

from phenaki_viz.figures.colour import ColourScale, largest
from phenaki_viz.figures.film_strip import NATS, FilmStrip
from phenaki_viz.figures.head import origin_notes
from phenaki_viz.figures.overlays import frame_steps
from phenaki_viz.nouns import subject
from phenaki_viz.runs.model import Outcome

COVERED = 110  # grey that no digit has much of


def loss_scale(high: float, scope: str = "both texts") -> ColourScale:
    """Of losses in nats, from none to `high`. scope: what `high` is the largest loss of."""
    return ColourScale(low=0.0, high=max(high, 1e-6), scope=scope)


def largest_loss(masked: np.ndarray, *losses: np.ndarray) -> float:
    """The largest loss of a masked token that is a number, in nats, of several outcomes; else 0.

    masked: 't h w' bool. losses: 't h w' each.
    """
    return max(largest(loss[masked]) for loss in losses)


@dataclass(frozen=True)
class LossRise:
    """Mean loss of some tokens with one text and with another, in nats. tokens: how many."""

    of: str
    before: float
    after: float
    tokens: int


def loss_rises(
    before: np.ndarray, after: np.ndarray, masked: np.ndarray, content: np.ndarray
) -> tuple[LossRise, ...]:
    """What another text costs: over all masked tokens, and over those with something on them.

    Each 't h w': loss with either text in nats, which tokens were masked, which patches hold
    something (see `content_patches`). Of no such tokens nothing is said.
    """
    kinds = {"all masked tokens": masked, "masked tokens with content": masked & content}
    return tuple(
        LossRise(of, float(before[where].mean()), float(after[where].mean()), int(where.sum()))
        for of, where in kinds.items()
        if where.any()
    )


def loss_overlay(
    loss: np.ndarray,
    shown: np.ndarray,
    frames: np.ndarray,
    temporal_patch: int,
    provenance: Mapping[str, Any],
    *,
    scale: ColourScale,
    name: str = "loss",
    title: str = "loss of each token",
) -> FilmStrip:
    """−log p of the true token. loss: 't h w'. shown: 't h w' bool, the tokens that count.

    scale: see `loss_scale`.
    """
    return _strip(loss, shown, frames, temporal_patch, provenance, scale, name, title)


def loss_change_overlay(
    before: np.ndarray,
    after: np.ndarray,
    shown: np.ndarray,
    frames: np.ndarray,
    temporal_patch: int,
    provenance: Mapping[str, Any],
) -> FilmStrip:
    """How much the loss of each token rose (red) or fell (blue), both 't h w' in nats."""
    with np.errstate(invalid="ignore"):  # infinite before and after: no number
        change = after - before
    most = largest(np.abs(change[shown]))
    scale = ColourScale(
        low=-(most or 1.0), high=most or 1.0, palette="RdBu_r", scope="this difference"
    )
    return _strip(
        change,
        shown,
        frames,
        temporal_patch,
        provenance,
        scale,
        "loss_change",
        "change of the loss",
    )


def frames_alone(
    frames: np.ndarray,
    grid: tuple[int, int, int],
    temporal_patch: int,
    provenance: Mapping[str, Any],
    *,
    name: str,
    title: str,
) -> FilmStrip:
    """Frames that a model was shown or made, with nothing laid over them.

    frames: 'f H W c' uint8, or grey ones 'f H W'.
    """
    coloured = frames.reshape(*frames.shape[:3], -1)
    return FilmStrip(
        name=name,
        title=title,
        notes=origin_notes(provenance),
        provenance={**provenance, "shows": title},
        frames=np.broadcast_to(coloured, (*frames.shape[:3], 3)).copy(),
        steps=frame_steps(len(frames), temporal_patch),
        weights=np.zeros(grid, np.float32),
        scale=ColourScale(low=0.0, high=1.0, scope="nothing"),
        unit="nothing",
    )


def filled_title(what: str, outcome: Outcome) -> str:
    """'As it is: 2.571 nats a hidden token of this clip'."""
    loss = outcome.masked_loss
    return what if loss is None else f"{what}: {loss:.3f} nats a hidden token of this clip"


def hidden_frames(frames: np.ndarray, masked: np.ndarray, temporal_patch: int) -> np.ndarray:
    """Frames 'f H W c' with the masked tokens ('t h w' bool) covered in grey."""
    shown = frames.copy()
    _, height, width, _ = frames.shape
    _, rows, columns = masked.shape
    cover = repeat(masked, "t h w -> t (h y) (w x)", y=height // rows, x=width // columns)
    for step, members in enumerate(frame_steps(len(frames), temporal_patch)):
        for frame in members:
            shown[frame][cover[step]] = COVERED
    return shown


def _strip(
    values: np.ndarray,
    shown: np.ndarray,
    frames: np.ndarray,
    temporal_patch: int,
    provenance: Mapping[str, Any],
    scale: ColourScale,
    name: str,
    title: str,
) -> FilmStrip:
    lost = int((shown & ~np.isfinite(values)).sum())
    gone = (
        (f"{subject(lost, 'token', 'has', 'have')} no finite loss and no colour",) if lost else ()
    )
    return FilmStrip(
        name=name,
        title=title,
        notes=(scale.describe(), *gone, *origin_notes(provenance)),
        provenance={**provenance, "shows": title, "scale": scale.describe()},
        frames=frames,
        steps=frame_steps(len(frames), temporal_patch),
        weights=np.where(shown & np.isfinite(values), values, np.nan).astype(np.float32),
        scale=scale,
        unit=NATS,
    )
