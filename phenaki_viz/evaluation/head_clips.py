"""The table of heads over many clips: each is shown to the model, measured, and let go of."""

from collections.abc import Sequence
from dataclasses import replace

from torch import nn

from phenaki_viz.analysis.head_table import HeadTable, head_table
from phenaki_viz.analysis.incremental import Incremental, incremental, within
from phenaki_viz.analysis.truth import truth_of
from phenaki_viz.data import Clip, Prompt
from phenaki_viz.errors import ConfigError
from phenaki_viz.recording.records import Kind
from phenaki_viz.runs.model import RunOptions, run_model
from phenaki_viz.runs.model_parts import most_frames, text_width


@incremental
def table_over_clips(
    model: nn.Module,
    clips: Sequence[tuple[Clip, Prompt]],
    options: RunOptions,
    *,
    kind: Kind | None = None,
    stack: str | None = None,
    done: list[HeadTable] | None = None,
    notes: list[tuple[str, ...]] | None = None,
) -> Incremental[HeadTable]:
    """Every head over these clips, each with its prompt: see `head_table`. A step is a part of one.

    done: after each clip the table over all clips so far is put in here. notes: after each clip,
    what was done to it and its words, and made up, in words.

    options: how the model is run on each clip: which share of its tokens is hidden, which heads are
    off. Raises ConfigError without a clip, and what `run_model` and `head_table` raise.
    """
    if not clips:
        raise ConfigError("no clip is given: name at least one")
    whole = HeadTable(rows=())
    for number, (clip, prompt) in enumerate(clips):
        yield number / len(clips)
        frames = options.frames or most_frames(model, len(clip.frames))
        run = run_model(model, clip, prompt, replace(options, frames=frames))
        steps = head_table.steps(run.recording, kind=kind, stack=stack, truth=truth_of(run))
        table = yield from within(steps, number / len(clips), (number + 1) / len(clips))
        whole = whole.join(table) if number else table
        if done is not None:
            done.append(whole)
        if notes is not None:
            read = run.prompt.notes if text_width(model) else ()
            notes.append((*run.clip.notes, *read, *run.notes))
    return whole
