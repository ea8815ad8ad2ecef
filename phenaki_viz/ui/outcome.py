"""What a trained model made of the clip: rebuilt from its codes, and filled in where masked."""

import numpy as np
import streamlit as st

from phenaki_viz.figures.outcome_views import made_over_video
from phenaki_viz.recording.looking import Look
from phenaki_viz.ui import panels
from phenaki_viz.ui.exporting import export_row


def draw(run: Look) -> None:
    """A box, closed at first, with the frames that came out."""
    outcome = run.outcome
    if outcome.reconstruction is None or outcome.codes is None:
        return
    box = st.expander("What comes out", icon=":material/output:", key="outcome", on_change="rerun")
    if not box.open:
        return
    with box:
        _made(
            run,
            outcome.reconstruction,
            np.zeros(outcome.codes.shape, bool),
            "rebuilt",
            f"Rebuilt from its codes (error {outcome.error:.3f} of the clip's variance)",
        )
        if outcome.filled is not None and outcome.masked is not None:
            loss = outcome.masked_loss
            cost = "" if loss is None else f" (loss {loss:.2f} nats a token)"
            said = f"Masked tokens filled in, all at once, each by its likeliest code{cost}"
            _made(run, outcome.filled, outcome.masked, "filled", said)
    for note in run.notes:
        st.text(note)


def _made(run: Look, frames: np.ndarray, filled: np.ndarray, name: str, title: str) -> None:
    picture = made_over_video(
        frames, filled, run.temporal_patch, run.recording.made_by, name=name, title=title
    )
    panels.film(picture, key=f"made.{name}", direction=title, unit="guessed")
    export_row(picture.name, lambda: picture, f"made.{name}")
