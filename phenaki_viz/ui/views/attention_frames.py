"""The grid of heads over the frames: of every head what the film strip shows of the chosen one."""

from functools import partial

from phenaki_viz.analysis.thumbnails import Thumbnails
from phenaki_viz.data import as_rgb
from phenaki_viz.figures.attention_views import over_step
from phenaki_viz.figures.film_strip import FilmStrip
from phenaki_viz.figures.head import Head
from phenaki_viz.figures.head_grid import HeadGrid
from phenaki_viz.figures.naming import key_axis
from phenaki_viz.figures.overlays import HeadOverFrames, step_shows, step_tiles
from phenaki_viz.runs.run import Run
from phenaki_viz.ui.state import patches
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.views.attention_video import MapColours
from phenaki_viz.ui.work import computed
from phenaki_viz.ui.work.kept_work import of_run
from phenaki_viz.ui.work.surveys import heads_of

FRAMES = "frames"


def has_frames(selection: Selection) -> bool:
    """Whether a time step holds more than one token of these maps."""
    _, height, width = selection.record.places.token_grid
    return height * width > 1


def frame_tiles(run: Run, selection: Selection, look: MapColours) -> Thumbnails:
    """The time step of the chosen patch, of every head: what colours follow, a patch a cell."""
    word, how = patches.word_shown(selection), patches.combine()
    asked = *selection.places, look.direction, how, word, look.colours.law
    draw = partial(_strip, selection, look, word)
    return of_run(
        run, ("over frames", *heads_of(selection), *asked),
        lambda: step_tiles.steps(_heads(run, selection, look), selection.place[0], draw),
        "Reading the heads:", partial(computed.back_to_maps, selection.record),
    )  # fmt: skip


def named_over_frames(picture: HeadGrid, selection: Selection, look: MapColours) -> HeadGrid:
    """The grid of `frame_tiles`, with its name and in words."""
    word, names = patches.word_shown(selection), key_axis(selection.record, selection.item).names
    said = step_shows(
        selection.places, look.direction, patches.combine(), None if word is None else names[word]
    )
    return over_step(picture, selection.place[0], said)


def _heads(run: Run, selection: Selection, look: MapColours) -> list[list[HeadOverFrames]]:
    law = look.colours.over(1.0, 1.0, "")  # where the colours of tiles end is told by the tiles
    frames, records = as_rgb(run.clip), zip(selection.records, selection.items, strict=True)
    return [
        [
            HeadOverFrames(
                head=Head(run.recording, record, item, head),
                frames=frames,
                temporal_patch=run.temporal_patch,
                scale=law,
            )
            for head in range(len(record.heads))
        ]
        for record, item in records
    ]


def _strip(
    selection: Selection, look: MapColours, word: int | None, over: HeadOverFrames
) -> FilmStrip:
    if word is not None:
        return over.of_key(word, selection.place)
    return over.of_patches(selection.places, direction=look.direction, combine=patches.combine())
