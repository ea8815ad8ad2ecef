"""A recording from a file, opened; and any run saved as one."""

import os
from pathlib import Path

import streamlit as st

from phenaki_viz.checkpoints.files import Source
from phenaki_viz.errors import RecordingError
from phenaki_viz.export.names import safe_name
from phenaki_viz.nouns import counted
from phenaki_viz.recording import describe_origin
from phenaki_viz.runs.files import (
    RecordedRun,
    is_recording,
    recording_bytes,
)
from phenaki_viz.runs.run import Run
from phenaki_viz.ui.markup import inert
from phenaki_viz.ui.work import open_models
from phenaki_viz.ui.work.requests import RecordingRequest
from phenaki_viz.ui.work.run_cache import RunRequest, shelf

RECORDING = "PHENAKI_VIZ_RECORDING"  # a file that the app was started on


def given_file() -> str:
    """The file that the app was started on, or nothing."""
    return os.environ.get(RECORDING, "")


def wanted_recording(source: Source, digest: str) -> RunRequest | None:
    """The run of a file, when it is a recording; None for weights. Raises RecordingError."""
    if not is_recording(source if isinstance(source, Path) else source[1]):
        return None
    request = RecordingRequest(path=source, digest=digest)
    if shelf().get(request) is None:  # refused here, where the file before it is still in use
        run = request.run(lambda *_: None)
        if isinstance(source, Path) and open_models.digest(source) != digest:
            raise RecordingError("the recording changed while it was read: open it again")
        shelf().put(request, run)
    return RunRequest(request, lambda: None)


def opened(digest: str) -> Run | None:
    """A recording that this server has open, by the digest of its file; None where it has not."""
    kept = shelf()
    with kept.lock:
        requests = [one for one in kept.things if isinstance(one, RecordingRequest)]
    found = next((one for one in requests if one.digest == digest), None)
    return None if found is None else kept.get(found)


def draw_line(run: RecordedRun) -> None:
    """What is open: model, prompt, clip and date, in one line above every page."""
    st.caption(inert(line_of(run)))


def line_of(run: RecordedRun) -> str:
    """'Recording of Phenaki, weights c816… · “two moving right” · clip …, 9 frames … · saved …'."""
    provenance = run.recording.provenance
    frames, height, width, _ = run.clip.frames.shape
    model = f"Recording of {provenance.get('model') or 'a model'}, {describe_origin(provenance)}"
    prompt = f"“{run.prompt.text}”" if run.prompt.text else "no prompt"
    clip = f"clip {run.clip.name}, {counted(frames, 'frame')} of {height} × {width}"
    if run.recording.clip is None:
        clip = "no clip"
    saved = f"saved {run.saved}" if run.saved else ""
    return " · ".join(filter(None, (model, prompt, clip, saved)))


def draw_about(run: RecordedRun) -> None:
    """What the file says of how it was made, where that changes what its maps mean."""
    off, kept = (run.recording.provenance.get(name) for name in ("heads_off", "depth_kept"))
    for what, how, found in (("head", "switched off", off), ("transformer", "cut short", kept)):
        if isinstance(found, list) and found:
            st.caption(f"Recorded with {counted(len(found), what)} {how}.")
    for note in run.notes:
        st.text(note)


def draw_save(run: Run) -> None:
    """A button that makes one file of all maps and the clip."""
    size = run.recording.nbytes / 1e6
    st.download_button(
        f"Save this recording ({size:,.1f} MB)",
        data=lambda: _content(run),
        file_name=f"{safe_name(run.clip.name) or 'run'}.safetensors",
        on_click="ignore",
        icon=":material/save:",
        key="recording.save",
        width="stretch",
        help="Every map, the clip and what made them in one file: open it here under “Your own”, "
        "or with `phenaki-viz open`",
    )
    st.caption(inert(describe_origin(run.recording.provenance)))
    if isinstance(run, RecordedRun) and run.kept:
        st.caption(f"This recording was {run.kept}.")


def _content(run: Run) -> bytes:
    blank = isinstance(run, RecordedRun) and run.recording.clip is None
    return recording_bytes(run, blank_clip=blank)
