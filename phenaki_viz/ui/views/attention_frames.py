"""The grid of heads over the frames: of every head what the film strip shows of the chosen one."""

from functools import partial
from typing import Any

from phenaki_viz.analysis.overlay import looks, over_video, step_tiles
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
from phenaki_viz.ui.work.kept_work import of_run
from phenaki_viz.ui.work.surveys import heads_of

FRAMES = "frames"


def frame_tiles(run: Run, selection: Selection, look: MapColours) -> Thumbnails:
    """The time step of the chosen patch, of every head: what colours follow, a patch a cell."""
    asked: dict[str, Any] = {"key": patches.word_shown(selection)}
    if asked["key"] is None:
        how = patches.combine()
        asked = {"places": selection.places, "direction": look.direction, "combine": how}
    of = partial(looks if "places" in asked else readers, **asked, of_uniform=look.of_uniform)
    over = of_run(
        run, ("over video", *heads_of(selection), *asked.values(), look.of_uniform),
        lambda: over_video.steps(selection.records, selection.items, of), "Reading the heads:",
        partial(computed.back_to_maps, selection.record),
    )  # fmt: skip
    return step_tiles(over, selection.place[0])


def named_over_frames(picture: HeadGrid, selection: Selection, look: MapColours) -> HeadGrid:
    """The grid of `frame_tiles`, with its name and in words."""
    word, names = patches.word_shown(selection), key_axis(selection.record, selection.item).names
    said = step_shows(
        selection.places, look.direction, patches.combine(), None if word is None else names[word]
    )
    return over_step(picture, selection.place[0], said)
