"""What a trained model made of the clip: rebuilt from its codes, and filled in where masked."""

from typing import TYPE_CHECKING

import streamlit as st

from phenaki_viz.figures.film_strip import FilmStrip
from phenaki_viz.figures.outcome_views import frames_alone, hidden_frames
from phenaki_viz.runs.files import RecordedRun
from phenaki_viz.runs.model import ModelRun
from phenaki_viz.ui.sections import panels
from phenaki_viz.ui.sections.downloads import export_icon
from phenaki_viz.ui.session import named

if TYPE_CHECKING:
    import numpy as np


def draw(run: ModelRun | RecordedRun) -> None:
    """A box, closed at first, with the frames that came out."""
    outcome = run.outcome
    if outcome.reconstruction is None or outcome.codes is None:
        return
    box = st.expander(
        "What comes out", icon=":material/output:", key=named("outcome"), on_change="rerun"
    )
    if not box.open:
        return
    with box:
        title = f"Rebuilt from its codes (error {outcome.error:.3f} of the clip's variance)"
        _frames(run, outcome.reconstruction, "rebuilt", title)
        if outcome.filled is not None and outcome.masked is not None:
            seen = hidden_frames(run.clip.frames, outcome.masked, run.temporal_patch)
            _frames(run, seen, "shown", "What MaskGit was shown: grey is masked")
            loss = outcome.masked_loss
            cost = "" if loss is None else f" (loss {loss:.2f} nats a token)"
            title = f"Filled in, all at once, each token by its likeliest code{cost}"
            _frames(run, outcome.filled, "filled", title)
    for note in run.notes:
        st.text(note)


def _frames(run: ModelRun | RecordedRun, frames: "np.ndarray", name: str, title: str) -> None:
    grid = run.outcome.codes.shape if run.outcome.codes is not None else (1, 1, 1)
    provenance = run.recording.provenance
    picture = frames_alone(frames, grid, run.temporal_patch, provenance, name=name, title=title)
    draw_film(picture, f"made.{name}")


def draw_film(picture: FilmStrip, key: str) -> None:
    """Frames with nothing laid over them, under their title, to be taken away."""
    panels.film(picture, key=key, direction=picture.title, bare=True)
    export_icon(f"“{picture.title}”", picture.name, lambda: picture, key)
