"""A stack of a recording as panels that show one selection: heads, map, strip, pinned heads."""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from phenaki_viz.analysis.overlay import fills_frames
from phenaki_viz.analysis.tiles import map_tile
from phenaki_viz.browser.axes import axis_of
from phenaki_viz.browser.film import film_message, film_name, small_frames
from phenaki_viz.browser.grid_message import GridPicture, grid_message
from phenaki_viz.browser.lines import Lines, lines_at
from phenaki_viz.browser.looked import Chosen, Looked
from phenaki_viz.browser.map_factors import factors_of
from phenaki_viz.browser.map_message import (
    MapPicture,
    MapView,
    Window,
    map_message,
)
from phenaki_viz.browser.of_map import OfMap
from phenaki_viz.browser.pinned_heads import most_a_side, pinned_film, pinned_picture
from phenaki_viz.browser.pinned_message import PinnedFilm, pinned_message
from phenaki_viz.browser.stack_grid import StackGrid
from phenaki_viz.browser.strip_message import StripView, StripWords, strip_message
from phenaki_viz.data import as_rgb
from phenaki_viz.figures.colour import ColourScale
from phenaki_viz.figures.head import Head
from phenaki_viz.figures.overlays import HeadOverFrames, frame_steps
from phenaki_viz.figures.picked import Picked, chosen_passes
from phenaki_viz.figures.weight_colours import Colours
from phenaki_viz.figures.words import plain
from phenaki_viz.recording import AttentionRecord
from phenaki_viz.runs.run import Run
from phenaki_viz.runs.saving import blank

MOST_CELLS = 1024  # values a side of a map that are sent at once: 2 MB
MOST_PINNED = 2**21  # of all pinned maps together: 4 MB


class Linked(Looked):
    """One pass of a stack, and what each panel is sent of it for a `Chosen`.

    run: the recording, with the frames that its maps lie over. kind: as for `Recording.figure`, of
    the pass that a page shows first; records: another pass, its calls from the first layer on.
    colours: the law that they follow; every head on a scale of its own. id: what its panels are
    told apart by from those of other looks on the same page.
    """

    def __init__(
        self,
        run: Run,
        *,
        kind: str | None = None,
        records: Sequence[AttentionRecord] = (),
        colours: Colours,
        id: str = "look",
    ) -> None:
        recording = run.recording
        self.run, self.recording, self.colours, self.id = run, recording, colours, id
        if not records:
            picked = Picked(kinds=None if kind is None else [kind], passes="first", colours=colours)
            records = chosen_passes(recording, picked)[0].records
        self.records: Sequence[AttentionRecord] = records
        self._grids: dict[tuple[int, ...], GridPicture] = {}

    @cached_property
    def film_shown(self) -> tuple[np.ndarray, int]:
        """Frames, 'f H W 3' uint8, and how many a later time step covers; grey ones, one a step,
        where the clip's do not go with this stack's time steps.
        """
        frames, grid = as_rgb(self.run.clip), self.records[0].places.grid
        if len(frame_steps(len(frames), self.run.temporal_patch)) == grid[0]:
            return frames, self.run.temporal_patch
        return as_rgb(blank(grid)), 1

    @property
    def frames(self) -> np.ndarray:
        """'f H W 3' uint8."""
        return self.film_shown[0]

    @cached_property
    def _pixels(self) -> np.ndarray:
        """The frames as they are sent; large ones take milliseconds, at every pick."""
        return small_frames(self.frames)

    def named(self, id: str) -> "Linked":
        """A look at the same pass with another id, for a second one on a page."""
        other = copy(self)
        other.id = id
        return other

    def scale(self, at: Chosen) -> ColourScale:
        """The colours of a head: of its own weights."""
        return self.colours.of_maps([self.head(at).map], "this head")

    # ---- what the panels are sent

    def link(self, item: int) -> str:
        """Names the maps whose queries and keys are the same: every head of one batch item."""
        return f"{self.id} {item}"

    def selection(self, at: Chosen) -> dict[str, Any]:
        """What every panel shows as chosen."""
        return {
            "link": self.link(at.item),
            "query": self.query_of(at),
            "key": at.key,
            "places": [list(place) for place in at.places],
        }

    def film(self) -> bytes:
        """The frames, for the panel `shared`."""
        return film_message(self._named("strip"), self._pixels)

    def grid(
        self, at: Chosen, push: Mapping[str, Any], arrange: Mapping[str, Any] | None = None
    ) -> bytes:
        """The grid of heads; push, arrange: see `grid_message`."""
        name = self._named("grid")
        return grid_message(self._grid(at), id=name, push=push, arrange=arrange)

    def grid_of(self, at: Chosen) -> tuple[int, ...]:
        """What decides the tiles of the grid: the batch item; of heads that read a text, which are
        shown over the frame, the time step and the word as well.
        """
        word = self._word_over_frames(at)
        return (at.item,) if word is None else (at.item, at.place[0], word)

    def map(self, at: Chosen, window: Window | None = None, *, in_file: bool = False) -> bytes:
        """The map of the head. window: what is wanted finer, where the whole is not exact.

        in_file: by factors where that takes fewer bytes, of the same numbers, which takes a while;
        and the ends of the colours can be set, which the file itself answers.
        """
        head, of_map = self.head(at), self._of_map(at)
        i, j = head.map.shape
        tile = map_tile(head.map, window or (0, i, 0, j), MOST_CELLS)
        picture = MapPicture(
            values=tile.values,
            total=(i, j),
            window=tile.window,
            cell=tile.cell,
            scale=self.scale(at),
            query=of_map.query,
            key=of_map.key,
            uniform=tile.uniform,
            factors=factors_of(head, tile) if in_file else None,
            source=of_map.weights,
            notes=[plain(head.name)],
        )
        view = MapView(link=of_map.link, weights=of_map.weights, tells_ends=in_file)
        return map_message(picture, view, id=self._named("map"))

    def strip(self, at: Chosen, lines: str = "") -> bytes:
        """Where the chosen patch looks; of cross-attention, who reads the chosen word. lines: what
        the addresses begin with that others can be asked of, see `lines`; "" for none.
        """
        frames, temporal_patch = self.film_shown
        over = HeadOverFrames(
            head=self.head(at), frames=frames, temporal_patch=temporal_patch, scale=self.scale(at)
        )
        word = self.word_of(at)
        drawn = over.of_patches(at.places) if word is None else over.of_key(word, at.place)
        picture = replace(drawn, places=at.places)
        lines = lines and f"{lines}/{at.row}.{at.head}.{at.item}"
        view = StripView(of_map=self._of_map(at, lines))
        name = self._named("strip")
        words = StripWords(many="look at")
        film = film_name(name, self._pixels)
        return strip_message(picture, words, view, id=name, film=film)

    def lines(self, address: str) -> Lines:
        """What can be asked of an address of `strip`. Raises RecordingError for any other."""
        return lines_at(address, self.recording, self.records)

    def pinned(self, at: Chosen) -> bytes:
        """The pinned heads side by side; b"" where none is."""
        heads = self.pinned_heads(at)
        if not heads:
            return b""
        i, j = heads[0].map.shape
        most = most_a_side(MOST_PINNED, len(heads))
        tiles = [map_tile(head.map, (0, i, 0, j), most) for head in heads]
        film = self._pinned_film(at, heads)
        picture = pinned_picture(heads, tiles, self.colours, film=film)
        link, name = self.link(at.item), self._named("pinned")
        return pinned_message(picture, id=name, push=None, link=link)

    def pinned_lines(self, at: Chosen) -> bytes:
        """The chosen row of each, for the panel `shared`; b"" where their maps hold it."""
        heads = self.pinned_heads(at)
        if not heads or max(heads[0].map.shape) <= most_a_side(MOST_PINNED, len(heads)):
            return b""
        film = self._pinned_film(at, heads)
        return film.message(self._named("pinned.lines"), self.link(at.item))

    def pinned_heads(self, at: Chosen) -> list[Head]:
        """In the batch item that is looked at."""
        return [
            Head(self.recording, self.records[row], at.item, head) for row, head in at.pins
        ]  # fmt: skip

    def _pinned_film(self, at: Chosen, heads: Sequence[Head]) -> PinnedFilm:
        frames, temporal_patch = self.film_shown
        film = film_name(self._named("strip"), self._pixels)
        return pinned_film(
            heads, at.place, self.word_of(at), film=film, frames=frames,
            temporal_patch=temporal_patch, lines=self._named("pinned.lines"),
        )  # fmt: skip

    def _named(self, panel: str) -> str:
        return f"{panel} {self.id}"

    def _of_map(self, at: Chosen, lines: str = "") -> OfMap:
        record = self.head(at).record
        return OfMap(
            link=self.link(at.item),
            query=axis_of(record, at.item, "query"),
            key=axis_of(record, at.item, "key"),
            weights=f"{self.id} {at.row} {at.head} {at.item}",
            lines=lines,
        )

    def _grid(self, at: Chosen) -> GridPicture:
        of, word = self.grid_of(at), self._word_over_frames(at)
        if of not in self._grids:
            heads = StackGrid(self.recording, self.records, self.colours, at.item)
            drawn = heads.maps() if word is None else heads.readers(word, at.place)
            self._grids[of] = drawn
        return self._grids[of]

    def _word_over_frames(self, at: Chosen) -> int | None:
        """Whose readers the grid shows; None where it shows maps."""
        return self.word_of(at) if fills_frames(self.records[at.row]) else None
