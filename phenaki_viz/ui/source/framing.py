"""Which frames of a clip and which part of them: chosen in the sidebar, seen before it is used."""

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from phenaki_viz.data import CENTRE, Clip, crop_box, crop_spoken, fit_clip
from phenaki_viz.data.preview import contact_sheet, crop_shown, png_bytes
from phenaki_viz.ui import session
from phenaki_viz.ui.source import clips
from phenaki_viz.ui.source.clips import Film
from phenaki_viz.ui.state.offers import within
from phenaki_viz.ui.state.view import BOUND
from phenaki_viz.ui.work.keep import once

_FRESH = {"start": 0, "every": 1, "crop_x": 50, "crop_y": 50}
_SEEN = "framing.film"


class Framing:
    """The boxes of a film, drawn at once, and their clip.

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
        read = clips.read(self.film, self.start, self.stride, takes(self.left))
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
    how = within(name, low, high)
    if session.has(name):
        session.put(name, min(max(int(session.held(name)), low), high))
    return int(st.number_input(label, low, high, low, help=what, **how))


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
        cropped = once(("crop", *of), lambda: png_bytes(crop_shown(clip, height, width)))
        st.image(cropped, width="content", output_format="PNG")
        where = f", cropped {crop_spoken(clip.crop, across=across, down=down)}"
    caption = f"What the model sees: {clip.excerpt.spoken(frames)}{where}"
    sheet = once(
        ("sheet", *of, frames),
        lambda: png_bytes(contact_sheet(fit_clip(clip, height=height, width=width, frames=frames))),
    )
    st.image(sheet, caption=caption, width="content", output_format="PNG")
