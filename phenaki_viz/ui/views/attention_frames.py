"""The grid of heads over the frames: of every head what the film strip shows of the chosen one."""

from phenaki_viz.analysis.overlay import looks, step_tiles
from phenaki_viz.analysis.thumbnails import Thumbnails
from phenaki_viz.analysis.words import readers
from phenaki_viz.figures.attention_views import over_step
from phenaki_viz.figures.head_grid import HeadGrid
from phenaki_viz.figures.naming import key_axis
from phenaki_viz.figures.overlays import step_shows
from phenaki_viz.runs.run import Run
from phenaki_viz.ui.state import patches
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.views.attention_video import MapColours
from phenaki_viz.ui.work import computed

FRAMES = "frames"


def frame_tiles(run: Run, selection: Selection, look: MapColours) -> Thumbnails:
    """The time step of the chosen patch, of every head: what colours follow, a patch a cell."""
    word, of_uniform = patches.word_shown(selection), look.of_uniform
    if word is not None:
        over = computed.over_frames(run, selection, readers, key=word, of_uniform=of_uniform)
    else:
        over = computed.over_frames(
            run, selection, looks, places=selection.places, direction=look.direction,
            combine=patches.combine(), of_uniform=of_uniform,
        )  # fmt: skip
    return step_tiles(over, selection.place[0])


def named_over_frames(picture: HeadGrid, selection: Selection, look: MapColours) -> HeadGrid:
    """The grid of `frame_tiles`, with its name and in words."""
    word, names = patches.word_shown(selection), key_axis(selection.record, selection.item).names
    said = step_shows(
        selection.places, look.direction, patches.combine(), None if word is None else names[word]
    )
    return over_step(picture, selection.place[0], said)
