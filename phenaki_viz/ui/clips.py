"""The clip of the sidebar: a shipped sample, or what the user brings."""

from typing import Any

import streamlit as st

from phenaki_viz.data import SAMPLES, Clip, load_clip, sample_clip
from phenaki_viz.errors import VideoError

UPLOAD = "upload"
CARRIED = "carried"  # a clip that was sampled in this session
_KINDS = ["gif", "png", "webp", "zip", "npy", "mp4", "mov", "webm", "mkv"]
_MOST_MB = 64


def uploader(choice: str = "clip") -> Any:
    """The upload box; returns the uploaded file or None. choice: key of the select box it sets."""
    with st.expander("Your own clip", icon=":material/upload_file:"):
        return st.file_uploader(
            "GIF, ZIP of images, .npy, or MP4",
            type=_KINDS,
            max_upload_size=_MOST_MB,
            key="upload.file",
            on_change=_choose_upload,
            args=(choice,),
            help="Frames as an array need shape frames × height × width (× 3), without pickle. "
            "MP4 needs the optional PyAV package.",
        )


def load(chosen: str, uploaded: Any) -> Clip:
    """The chosen clip; on a bad upload the message, and the clip that was in use stays."""
    if chosen != UPLOAD or uploaded is None:
        return _sample(chosen if chosen in SAMPLES else next(iter(SAMPLES)))
    try:
        clip = _read_upload(uploaded.name, uploaded.getvalue())
    except VideoError as error:
        st.error("This clip cannot be used; the one before stays.", icon=":material/movie:")
        st.text(str(error))
        return st.session_state.get("clip.good") or _sample(next(iter(SAMPLES)))
    st.session_state["clip.good"] = clip
    for note in clip.notes:
        st.text(note)
    return clip


def _choose_upload(choice: str) -> None:
    arrived = st.session_state.get("upload.file") is not None
    st.session_state[choice] = UPLOAD if arrived else next(iter(SAMPLES))


@st.cache_resource(show_spinner=False)
def _sample(name: str) -> Clip:
    return sample_clip(name)


@st.cache_resource(show_spinner="Reading the clip", max_entries=4)
def _read_upload(name: str, content: bytes) -> Clip:
    return load_clip((name, content))
