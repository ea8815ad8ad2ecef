"""Every head of a pass as the grid of a notebook or a file shows it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from phenaki_viz.analysis.overlay import over_video, step_tiles
from phenaki_viz.analysis.thumbnails import Thumbnails, thumbnails
from phenaki_viz.browser.axes import Place
from phenaki_viz.browser.grid_message import GridPicture
from phenaki_viz.figures.attention_views import head_grid
from phenaki_viz.figures.overlays import OverFrames
from phenaki_viz.figures.weight_colours import Colours
from phenaki_viz.figures.words import plain
from phenaki_viz.recording import AttentionRecord, Recording


@dataclass(frozen=True, eq=False)
class StackGrid:
    """The heads of the same batch item, each on a scale of its own."""

    recording: Recording
    records: Sequence[AttentionRecord]
    colours: Colours
    item: int

    def maps(self) -> GridPicture:
        """Their maps, small."""
        shown = thumbnails(self.records, self._items)
        return self._picture(self.colours.thumbnails(shown, self.records, self._items))

    def readers(self, word: int, place: Place) -> GridPicture:
        """Who reads a word at the time step of a patch."""
        asked = OverFrames((place,), word=word)
        weights = partial(asked.weights, of_uniform=self.colours.law == "uniform")
        shown = step_tiles(over_video(self.records, self._items, weights), asked.step)
        said = plain(asked.said(self.records[0], self.item))
        return replace(self._picture(shown), framed=True, notes=[said])

    @property
    def _items(self) -> list[int]:
        return [self.item] * len(self.records)

    def _picture(self, shown: Thumbnails) -> GridPicture:
        each = self.colours.of_each(shown.values)
        drawn = head_grid(self.recording, self.records, shown, each, unit=self.colours.unit)
        return GridPicture(
            thumbs=drawn.thumbnails, scale=each, layers=drawn.layers, heads=drawn.heads
        )
