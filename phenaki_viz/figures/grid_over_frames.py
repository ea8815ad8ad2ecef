"""All heads of a pass over the frame of one time step: where a patch looks, or who reads a word."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from phenaki_viz.analysis.incremental import Incremental
from phenaki_viz.analysis.overlay import fills_frames, looks, over_video, step_tiles
from phenaki_viz.analysis.words import readers
from phenaki_viz.errors import ConfigError
from phenaki_viz.figures.attention_views import over_step
from phenaki_viz.figures.head_grid import HeadGrid
from phenaki_viz.figures.naming import key_axis
from phenaki_viz.figures.overlays import step_shows
from phenaki_viz.figures.picked import Picked, grid_shown, items_of
from phenaki_viz.recording import HeadMap, Place, Recording
from phenaki_viz.recording.passes import Pass


def grid_over_frames(
    recording: Recording, one: Pass, picked: Picked, place: Place, word: int | None
) -> Incremental[HeadGrid]:
    """The grid at the time step of a patch of the video; a step of the work is a head.

    word: the key whose readers are shown, of maps that read a text. Raises ConfigError where there
    is none of both, or a time step is one token.
    """
    record, items = one.records[0], items_of(one, picked)
    keys = record.map.shape[3]
    if record.reads_words != (word is not None) or (word or 0) >= keys:
        there = f"say which word, 0 to {keys - 1}" if record.reads_words else "they read no words"
        raise ConfigError(f"these maps are not shown so over the frames: {there}")
    if not fills_frames(record):
        raise ConfigError("a time step of these maps is one token: it fills no frame")
    of_uniform = picked.colours.law == "uniform"
    of: Callable[[HeadMap], np.ndarray]
    if word is None:
        name, of = None, partial(looks, places=[place], of_uniform=of_uniform)
    else:
        name = key_axis(record, items[0]).names[word]
        of = partial(readers, key=word, of_uniform=of_uniform)
    over = yield from over_video.steps(one.records, items, of)
    said = step_shows([place], "row", "mean", name)
    tiles = grid_shown(recording, one, picked, step_tiles(over, place[0]))
    drawn = over_step(tiles, place[0], said)
    # In its title, so that a caption says it of this panel.
    notes = tuple(note for note in drawn.notes if note != said)
    return replace(drawn, title=f"{drawn.title} · {said}", notes=notes)
