"""Which frames of a clip and which part of them: chosen in the sidebar, seen before it is used."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import streamlit as st

from phenaki_viz.data import CENTRE, Clip, as_rgb, crop_box, crop_spoken, fit_clip
from phenaki_viz.data.clip import resize_frame
from phenaki_viz.errors import VideoError
from phenaki_viz.ui import session
from phenaki_viz.ui.source import clips
from phenaki_viz.ui.source.clips import Film
from phenaki_viz.ui.state.view import BOUND
from phenaki_viz.ui.work.keep import once

_FRESH = {"start": 0, "every": 1, "crop_x": 50, "crop_y": 50}
_SEEN = "framing.film"
_TILES, _TILE, _GAP = 12, 48, 3  # pictures of the preview at most; pixels of one, and between
_WIDEST = 280  # pixels of the picture that shows the crop
_OUTSIDE = 0.35  # brightness of what is cropped away


class Framing:
    """The boxes of a film, drawn at once, and the clip that they ask for.

    height, width: of the frames that the model sees. whole: it takes every frame, so that none is
    to be chosen.
    """

    def __init__(self, film: Film, height: int, width: int, *, whole: bool) -> None:
        self.film, self.height, self.width = film, height, width
        if session.first(_SEEN, film.token) != film.token:
            session.put(_SEEN, film.token)
            session.put_all(_FRESH)
        cuts = _cuts(film.width, film.height, height, width)
        self.start, self.stride, self.crop, self.place = 0, 1, CENTRE, None
        if whole and not any(cuts):
            return
        box = st.expander("Which frames, which part", icon=":material/crop:", key="framing")
        with box:
            if not whole:
                self.start, self.stride = _frames(film.found)
            self.crop = _crop(*cuts)
            self.place = st.container()

    @property
    def left(self) -> int:
        """Frames there are from the first one on."""
        return len(range(self.start, self.film.found, self.stride))

    def clip(self, takes: Callable[[int], int]) -> Clip:
        """The clip, shown as the model sees it. takes: of so many frames, how many."""
        try:
            read = self.film.read(self.start, self.stride, takes(self.left))
        except VideoError as error:
            clips.refuse(error)
            read = clips.first_sample()
        clip = read if read.crop == self.crop else replace(read, crop=self.crop)
        if self.place is not None:
            with self.place:
                _preview(clip, takes(len(clip.frames)), self.height, self.width)
        for note in clip.notes:
            st.text(note)
        return clip


def _cuts(w: int, h: int, height: int, width: int) -> tuple[bool, bool]:
    """Whether something is cropped away, across and down."""
    _, _, wide, high = crop_box(w, h, width, height)
    return wide < w, high < h


def _frames(found: int) -> tuple[int, int]:
    left, right = st.columns(2)
    with left:
        start = _number("First frame", "start", found - 1, "Counted from 0")
    with right:
        stride = _number("Every", "every", found, "1 takes every frame, 3 every third")
    return start, stride


def _number(label: str, name: str, high: int, what: str) -> int:
    low = _FRESH[name]
    if session.has(name):
        session.put(name, min(max(int(session.held(name)), low), high))
    return int(st.number_input(label, low, high, low, key=name, help=what, **BOUND))


def _crop(across: bool, down: bool) -> tuple[float, float]:
    return (
        _slider("Cropped: from the left (0) to the right (100)", "crop_x") if across else 0.5,
        _slider("Cropped: from the top (0) to the bottom (100)", "crop_y") if down else 0.5,
    )


def _slider(label: str, name: str) -> float:
    return st.slider(label, 0, 100, _FRESH[name], 5, key=name, **BOUND) / 100


def _preview(clip: Clip, frames: int, height: int, width: int) -> None:
    """What is cropped away, dimmed, and the frames as the model sees them."""
    across, down = _cuts(clip.frames.shape[2], clip.frames.shape[1], height, width)
    of = clip.digest, clip.crop, height, width
    where = ""
    if across or down:
        dimmed = once(("dimmed", *of), lambda: _dimmed(clip, height, width))
        st.image(dimmed, width="content")
        where = f", cropped {crop_spoken(clip.crop, across=across, down=down)}"
    said = f"What the model sees: {clip.excerpt.spoken(frames)}{where}"
    tiles = once(
        ("tiles", *of, frames),
        lambda: _tiles(fit_clip(clip, height=height, width=width, frames=frames)),
    )
    st.image(tiles, caption=said, width="content")


def _dimmed(clip: Clip, height: int, width: int) -> np.ndarray:
    """The first frame, dark where it is cropped away."""
    frame = as_rgb(clip)[0]
    factor = _WIDEST / max(frame.shape[:2])
    size = (max(1, round(side * factor)) for side in frame.shape[:2])
    frame = resize_frame(frame, *size)
    left, top, w, h = crop_box(frame.shape[1], frame.shape[0], width, height, clip.crop)
    dark = (frame * _OUTSIDE).astype(np.uint8)
    dark[top : top + h, left : left + w] = frame[top : top + h, left : left + w]
    return dark


def _tiles(clip: Clip) -> np.ndarray:
    """Frames side by side in rows, at most a dozen of them, spread over the clip."""
    frames = as_rgb(clip)
    places = np.unique(
        np.linspace(0, len(frames) - 1, min(_TILES, len(frames))).round().astype(int)
    )
    high = max(1, round(_TILE * frames.shape[1] / frames.shape[2]))
    tiles = [resize_frame(frames[at], high, _TILE) for at in places]
    across = min(len(tiles), 5)
    rows = -(-len(tiles) // across)
    size = rows * (high + _GAP) - _GAP, across * (_TILE + _GAP) - _GAP
    sheet = np.zeros((*size, 4), np.uint8)
    for at, tile in enumerate(tiles):
        top, left = at // across * (high + _GAP), at % across * (_TILE + _GAP)
        sheet[top : top + high, left : left + _TILE, :3] = tile
        sheet[top : top + high, left : left + _TILE, 3] = 255
    return sheet
