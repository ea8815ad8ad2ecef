"""All heads of a pass over the frame of one time step: where a patch looks, or who reads a word."""

from dataclasses import replace
from functools import partial

from phenaki_viz.analysis.incremental import Incremental
from phenaki_viz.analysis.overlay import fills_frames, over_video, step_tiles
from phenaki_viz.errors import ConfigError
from phenaki_viz.figures.attention_views import over_step
from phenaki_viz.figures.head_grid import HeadGrid
from phenaki_viz.figures.overlays import OverFrames
from phenaki_viz.figures.picked import Picked, grid_shown, items_of
from phenaki_viz.recording import Recording
from phenaki_viz.recording.passes import Pass


def grid_over_frames(
    recording: Recording, one: Pass, picked: Picked, asked: OverFrames
) -> Incremental[HeadGrid]:
    """The grid of what is asked of every head; a step of the work is a head.

    Raises ConfigError where no word is named of maps that read a text, or one of others, and where
    a time step is one token.
    """
    record, items = one.records[0], items_of(one, picked)
    keys, word = record.map.shape[3], asked.word
    if record.reads_words != (word is not None) or (word or 0) >= keys:
        there = f"say which word, 0 to {keys - 1}" if record.reads_words else "they read no words"
        raise ConfigError(f"these maps are not shown so over the frames: {there}")
    if not fills_frames(record):
        raise ConfigError("a time step of these maps is one token: it fills no frame")
    weights = partial(asked.weights, of_uniform=picked.colours.law == "uniform")
    over = yield from over_video.steps(one.records, items, weights)
    said = asked.said(record, items[0])
    tiles = grid_shown(recording, one, picked, step_tiles(over, asked.step))
    drawn = over_step(tiles, asked.step, said)
    # In its title, so that a caption says it of this panel.
    notes = tuple(note for note in drawn.notes if note != said)
    return replace(drawn, title=f"{drawn.title} · {said}", notes=notes)
