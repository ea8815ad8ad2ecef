"""A recording from a file: opened, its decoding steps chosen; and any run saved as one."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import streamlit as st

from phenaki_viz.checkpoints.files import Source
from phenaki_viz.errors import RecordingError
from phenaki_viz.export.names import safe_name
from phenaki_viz.files import shown
from phenaki_viz.recording import Recording
from phenaki_viz.recording.files import (
    RecordedRun,
    is_recording,
    open_recording,
    recording_bytes,
)
from phenaki_viz.recording.run import Run
from phenaki_viz.ui import models
from phenaki_viz.ui.runs import Wanted

RECORDING = "PHENAKI_VIZ_RECORDING"  # a file that the app was started on
_BOUND: dict[str, Any] = {"bind": "query-params", "persist_state": "session"}
_passes: WeakKeyDictionary[Run, dict[Any, Run]] = WeakKeyDictionary()


def given_file() -> str:
    """The file that the app was started on, or nothing."""
    return os.environ.get(RECORDING, "")


def wanted_recording(source: Source, digest: str) -> Wanted | None:
    """The run of a file, when it is a recording; None for weights. Raises RecordingError."""
    if not is_recording(source if isinstance(source, Path) else source[1]):
        return None
    run = _read(digest, source)  # refused here, where the file before it is still in use
    return Wanted(("recording", digest), lambda _: run, lambda: None)


def choose_pass(run: RecordedRun) -> Run:
    """Draw which decoding step and pass is looked at, where there are several."""
    recording = run.recording
    steps = sorted({record.step for record in recording if record.step is not None})
    branches = list(dict.fromkeys(record.branch for record in recording if record.branch))
    step, branch = None, None
    if len(steps) > 1:
        step = st.select_slider(
            "Decoding step",
            steps,
            steps[-1],
            format_func=lambda at: str(at + 1),
            key="recorded.step",
        )
    if len(branches) > 1:
        branch = st.selectbox("Pass", branches, key="recorded.branch")
    if step is None and branch is None:
        return run
    kept = _passes.setdefault(run, {})
    if (step, branch) not in kept:
        kept[step, branch] = _with(run, recording.where(branch=branch, step=step))
    return kept[step, branch]


def draw_save(run: Run) -> None:
    """A button that makes one file of all maps and the clip."""
    size = run.recording.nbytes / 1e6
    st.download_button(
        f"Save this recording ({size:,.1f} MB)",
        data=lambda: recording_bytes(run),
        file_name=f"{safe_name(run.clip.name) or 'run'}.safetensors",
        on_click="ignore",
        icon=":material/save:",
        key="recording.save",
        width="stretch",
        help="Every map, the clip and what made them in one file: open it here under “Your own”, "
        "or with `phenaki-viz open`",
    )
    if isinstance(run, RecordedRun) and run.kept:
        st.caption(f"This recording was {run.kept}.")


def _with(run: RecordedRun, recording: Recording) -> Run:
    return replace(run, recording=recording)


@st.cache_resource(show_spinner="Reading the recording", max_entries=4)
def _read(digest: str, _source: Source) -> RecordedRun:
    """A recording, read once; digest: of the file as it was when this was asked for."""
    run = open_recording(_source)
    if isinstance(_source, Path) and models.digest(_source) != digest:
        raise RecordingError(f"{shown(_source.name)} changed while it was read: open it again")
    return run
