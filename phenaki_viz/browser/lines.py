"""Rows and columns of one head's map for a strip that asks for them one by one.

A map of some hundred tokens is sent whole, and every strip beside it reads from there; of a larger
one a strip asks for the lines it shows, and is answered with what it would be sent by the page.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from phenaki_viz.analysis.overlay import Direction, Overlay
from phenaki_viz.errors import RecordingError
from phenaki_viz.figures.head import Head
from phenaki_viz.figures.overlays import word_weights
from phenaki_viz.recording import AttentionRecord, Place, Recording

PLACE = re.compile(r"([0-9]{1,6})\.([0-9]{1,6})\.([0-9]{1,6})")
ADDRESS = re.compile(r"[^/]*/([0-9]{1,6})\.([0-9]{1,6})\.([0-9]{1,6})")  # row, head, item
MOST_FLOATS = 2**21  # in one answer: 8 MB


@dataclass(frozen=True)
class Lines:
    """Lines of one head for a strip. side: rows of its patches, or their columns."""

    head: Head
    side: Direction

    def answer(self, wanted: Mapping[str, str]) -> bytes:
        """What a strip asks for: {"at": …} as of `of_places`, or {"word": …} as of `of_word`."""
        word = wanted.get("word")
        return self.of_places(wanted.get("at", "")) if word is None else self.of_word(word)

    def of_places(self, text: str) -> bytes:
        """Lines of "t.h.w_t.h.w": for each the weight of a query that does not choose, NaN where
        queries differ in it, and the weights 't h w', all float32 little-endian.

        Raises RecordingError for anything else, and for more than MOST_FLOATS numbers.
        """
        places = [self._place(one) for one in text.split("_")]
        if len(places) * (1 + np.prod(self._grid)) > MOST_FLOATS:
            raise RecordingError(f"{len(places)} lines are too many for one answer")
        laid = Overlay(self.head.map, places, self.side)
        own = laid.uniforms[:, 0, 0, 0] if self.side == "row" else np.full(len(places), np.nan)
        flat = laid.weights.reshape(len(places), -1)
        return np.concatenate([own[:, None], flat], axis=1).astype("<f4").tobytes()

    def of_word(self, text: str) -> bytes:
        """Who reads a key, in the same form. Raises RecordingError where there is none."""
        keys = self.head.record.map.shape[3]
        if not re.fullmatch("[0-9]{1,6}", text) or int(text) >= keys:
            raise RecordingError(f"no key {text[:20]!r}: the map has {keys}")
        weights = word_weights(self.head, int(text)).ravel()
        return np.concatenate([[np.nan], weights]).astype("<f4").tobytes()

    @property
    def _grid(self) -> tuple[int, int, int]:
        return self.head.record.places.grid

    def _place(self, text: str) -> Place:
        found = PLACE.fullmatch(text)
        place = tuple(map(int, found.groups())) if found else ()
        if not found or any(at >= size for at, size in zip(place, self._grid, strict=True)):
            raise RecordingError(f"no patch {text[:20]!r} in a video of {self._grid}")
        return place[0], place[1], place[2]


def lines_at(address: str, recording: Recording, records: Sequence[AttentionRecord]) -> Lines:
    """What can be asked of "…/row.head.item". Raises RecordingError where there is no such map."""
    found = ADDRESS.fullmatch(address)
    row, head, item = map(int, found.groups()) if found else (len(records), 0, 0)
    if row < len(records):
        record = records[row]
        if head < len(record.heads) and item < len(record.batch_items):
            side: Direction = "column" if record.reads_words else "row"
            return Lines(Head(recording, record, item, head), side)
    raise RecordingError(f"no lines at {address[:40]!r}")
