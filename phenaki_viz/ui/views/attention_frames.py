"""The grid of heads over the frames: of every head what the film strip shows of the chosen one."""

from functools import partial

from phenaki_viz.analysis.thumbnails import Thumbnails
from phenaki_viz.data import as_rgb
from phenaki_viz.figures.attention_views import over_step
from phenaki_viz.figures.film_strip import FilmStrip
from phenaki_viz.figures.head_grid import HeadGrid
from phenaki_viz.figures.naming import key_axis
from phenaki_viz.figures.overlays import (
    HeadOverFrames,
    all_strips,
    stack_over_frames,
    step_shows,
    step_tiles,
)
from phenaki_viz.runs.run import Run
from phenaki_viz.ui.state import patches
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.views.attention_video import MapColours
from phenaki_viz.ui.work import computed
from phenaki_viz.ui.work.kept_work import of_run
from phenaki_viz.ui.work.surveys import heads_of

FRAMES = "frames"


def frame_tiles(run: Run, selection: Selection, look: MapColours) -> Thumbnails:
    """The time step of the chosen patch, of every head: what colours follow, a patch a cell."""
    word, how, colours = patches.word_shown(selection), patches.combine(), look.colours
    asked = (selection.places, look.direction, how) if word is None else (word,)
    heads = stack_over_frames(
        run.recording, selection.records, selection.items,
        (as_rgb(run.clip), run.temporal_patch), colours.over(1.0, 1.0, ""),
    )  # fmt: skip

    def draw(over: HeadOverFrames) -> FilmStrip:
        if word is not None:
            return over.of_key(word)
        return over.of_patches(selection.places, direction=look.direction, combine=how)

    strips = of_run(
        run, ("all strips", *heads_of(selection), *asked, colours.law),
        lambda: all_strips.steps(heads, draw), "Reading the heads:",
        partial(computed.back_to_maps, selection.record),
    )  # fmt: skip
    return step_tiles(strips, selection.place[0])


def named_over_frames(picture: HeadGrid, selection: Selection, look: MapColours) -> HeadGrid:
    """The grid of `frame_tiles`, with its name and in words."""
    word, names = patches.word_shown(selection), key_axis(selection.record, selection.item).names
    said = step_shows(
        selection.places, look.direction, patches.combine(), None if word is None else names[word]
    )
    return over_step(picture, selection.place[0], said)
