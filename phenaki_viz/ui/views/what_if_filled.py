"""What the model fills in for the hidden tokens of the clip at hand, as it is and changed."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from phenaki_viz.data import as_rgb
from phenaki_viz.figures.film_strip import FilmStrip
from phenaki_viz.figures.outcome_views import (
    filled_title,
    frames_alone,
    hidden_frames,
    loss_change_overlay,
)
from phenaki_viz.runs.model import ModelRun
from phenaki_viz.runs.run import Run
from phenaki_viz.ui.sections import panels
from phenaki_viz.ui.sections.downloads import files_row
from phenaki_viz.ui.session import named

CHANGED = ("whatif.filled_changed", "whatif.rise")  # keys of the pictures that a change makes


def draw(before: Run | None, now: ModelRun, changed: str, shows: str) -> None:
    """Both answers, where the loss rose, and what was hidden.

    changed: what is, in words. shows: what the pictures of it show, for words that wait for them.
    """
    if not isinstance(before, ModelRun):
        return
    masked, codes = before.outcome.masked, before.outcome.codes
    if masked is None or codes is None or not before.outcome.hides or before.outcome.filled is None:
        return
    patch, provenance = before.temporal_patch, before.recording.provenance
    made = partial(frames_alone, grid=codes.shape, temporal_patch=patch)
    seen = hidden_frames(before.clip.frames, masked, patch)
    shown = made(
        seen, provenance=provenance, name="shown", title="What it is shown: grey is hidden"
    )
    rows = [
        made(
            before.outcome.filled, provenance=provenance, name="filled_as_it_is",
            title=filled_title("As it is", before.outcome),
        ),
    ]  # fmt: skip
    if now.outcome.filled is not None:
        title = filled_title(changed, now.outcome)
        of = now.recording.provenance
        rows.append(made(now.outcome.filled, provenance=of, name="filled_changed", title=title))
    rise = None
    if before.outcome.loss is not None and now.outcome.loss is not None:
        rise = loss_change_overlay(
            before.outcome.loss, now.outcome.loss, masked, as_rgb(before.clip), patch,
            now.recording.provenance,
        )  # fmt: skip
    _head([shown, *rows, *([] if rise is None else [rise])])
    for picture in rows:  # both answers first: one window holds them
        _bare(picture, shows)
    if rise is not None:
        panels.film(
            rise, key="whatif.rise", direction="Rise of the loss of each hidden token",
            unit="rise in nats", shows=shows,
        )  # fmt: skip
    _bare(shown)


def _bare(picture: FilmStrip, shows: str = "") -> None:
    key = f"whatif.{picture.name}"
    panels.film(
        picture, key=key, direction=picture.title, bare=True, shows=shows if key in CHANGED else "",
    )  # fmt: skip


def _head(pictures: Sequence[FilmStrip]) -> None:
    """What this is, and its pictures as files."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.header("What it fills in", anchor=False, width="content")
        with st.popover(
            "Take away", icon=":material/download:", type="tertiary", key=named("whatif.take")
        ):
            for one in pictures:
                st.text(one.title)
                files_row(one.name, partial(_itself, one), f"whatif.take.{one.name}")


def _itself(picture: FilmStrip) -> FilmStrip:
    return picture
