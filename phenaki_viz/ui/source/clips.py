"""The clip of the sidebar: a shipped sample, or what the user brings."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from phenaki_viz.data import (
    SAMPLES,
    ChoiceError,
    Clip,
    Reading,
    Survey,
    load_clip,
    picked,
    sample_clip,
    survey_clip,
)
from phenaki_viz.errors import VideoError
from phenaki_viz.ui import session

UPLOAD = "upload"
CARRIED = "carried"  # a clip that was sampled in this session
_KINDS = [
    "gif", "png", "webp", "jpg", "jpeg", "bmp", "zip", "npy", "npz", "mp4", "mov", "m4v", "webm",
    "mkv", "avi", "mpg", "mpeg", "ts", "wmv", "flv", "ogv", "3gp",
]  # fmt: skip
_MOST_MB = 64
_BEFORE = "clip.before"  # the film that was in use last, and what was read of it
_GROUNDS = {"auto": "What it stands out from", "white": "White", "black": "Black"}


@dataclass(frozen=True)
class Film:
    """Frames to choose from. token: tells films apart. found: frames there are.

    read: start, stride and most frames to a clip; raises VideoError.
    """

    token: str
    found: int
    width: int
    height: int
    read: Callable[[int, int, int], Clip]


def uploader(choice: str = "clip") -> Any:
    """The upload box; returns the uploaded file or None. choice: key of the select box it sets."""
    with st.expander("Your own clip", icon=":material/upload_file:"):
        return st.file_uploader(
            "GIF, ZIP of pictures, .npy, or a film",
            type=_KINDS,
            max_upload_size=_MOST_MB,
            key="upload.file",
            on_change=_choose_upload,
            args=(choice,),
            help="Also APNG, WebP, a ZIP of films and .npz. An array may have its axes in any "
            "order, without pickle. MP4, AVI and other films need the optional PyAV package.",
        )


def film_of(chosen: str, uploaded: Any) -> Film:
    """The chosen film; on a bad upload the message, and the film that was in use stays."""
    if chosen != UPLOAD or uploaded is None:
        return kept(_sample(chosen if chosen in SAMPLES else next(iter(SAMPLES))))
    try:
        reading = _how_to_read(uploaded)
        survey = _surveyed(uploaded.file_id, uploaded.name, reading, uploaded.getvalue())
    except VideoError as error:
        refuse(error)
        film, _ = _before()
        return film
    return _uploaded(uploaded, reading, survey)


def read(film: Film, start: int, stride: int, most: int) -> Clip:
    """The clip of a film; on frames that cannot be read the message, and the clip before stays."""
    try:
        clip = film.read(start, stride, most)
    except VideoError as error:
        refuse(error)
        _, clip = _before()
        return clip
    session.put(_BEFORE, (film, clip))
    return clip


def _before() -> tuple[Film, Clip]:
    """What was in use; a sample where nothing was."""
    found: tuple[Film, Clip] | None = session.get(_BEFORE)
    if found is not None:
        return found
    sample = _sample(next(iter(SAMPLES)))
    return kept(sample), sample


def kept(clip: Clip) -> Film:
    """A clip that is in memory already."""

    def read(start: int, stride: int, most: int) -> Clip:
        return picked(clip, start=start, stride=stride)

    _, height, width, _ = clip.frames.shape
    return Film(f"{clip.digest} {clip.name}", len(clip.frames), width, height, read)


def refuse(error: VideoError) -> None:
    """Say that a clip cannot be used, or what is to be chosen first."""
    if isinstance(error, ChoiceError):
        st.info("The clip before stays until this is chosen.", icon=":material/help:")
    else:
        st.error("This clip cannot be used; the one before stays.", icon=":material/movie:")
        st.text(str(error))


def _uploaded(uploaded: Any, reading: Reading, survey: Survey) -> Film:
    named, content = (uploaded.file_id, uploaded.name), uploaded.getvalue()

    def read(start: int, stride: int, most: int) -> Clip:
        chosen = {"start": start, "stride": stride, "frames": most}
        return _read_upload(*named, Reading(**{**vars(reading), **chosen}), content)

    token = f"{uploaded.file_id} {reading}"
    return Film(token, survey.frames, survey.width, survey.height, read)


def _how_to_read(uploaded: Any) -> Reading:
    """What the headers leave open, as chosen; raises ChoiceError while it is open."""
    named, content = (uploaded.file_id, uploaded.name), uploaded.getvalue()
    chosen: dict[str, Any] = {}
    while True:  # each time something else is open, or it is raised: see `ChoiceError`
        try:
            survey = _surveyed(*named, Reading(**chosen), content)
        except ChoiceError as error:
            found = None if error.choice in chosen else _ask(error, uploaded.file_id)
            if found is None:
                raise
            chosen[error.choice] = found
        else:
            return Reading(**{**chosen, **_other_choices(survey, uploaded.file_id)})


def _ask(error: ChoiceError, at: str) -> Any:
    """The box for what is open; None until it is chosen."""
    if error.choice == "axes":
        st.text(str(error).partition(":")[0] + ".")
        return st.selectbox(
            "Order of its axes",
            list(error.options),
            index=None,
            format_func=error.options.__getitem__,
            placeholder="Choose",
            key=f"upload.axes.{at}",
        )
    if error.choice == "values":
        st.text(str(error).partition(":")[0] + ".")
        left, right = st.columns(2)
        black = left.number_input("Black is", value=None, key=f"upload.black.{at}")
        white = right.number_input("White is", value=None, key=f"upload.white.{at}")
        if black is not None and white is not None and black != white:
            return float(black), float(white)
    return None


def _other_choices(survey: Survey, at: str) -> dict[str, Any]:
    """What can be read in several ways, as chosen: a film, a clip, a ground, frames held."""
    chosen: dict[str, Any] = {}
    if survey.parts:
        chosen["part"] = st.selectbox(
            "Which of its films",
            survey.parts,
            index=survey.parts.index(survey.part) if survey.part in survey.parts else 0,
            key=f"upload.part.{at}",
        )
    if survey.items > 1:
        chosen["item"] = int(
            st.number_input(
                f"Which of the {survey.items} clips of the batch",
                0, survey.items - 1, 0, key=f"upload.item.{at}",
            )
        )  # fmt: skip
    if survey.clear:
        chosen["ground"] = st.selectbox(
            "Behind its transparent parts",
            list(_GROUNDS),
            format_func=_GROUNDS.__getitem__,
            key=f"upload.ground.{at}",
        )
    if survey.merged:
        chosen["held"] = st.toggle(
            "Frames held longer count several times",
            True,
            key=f"upload.held.{at}",
            help="Writers of GIFs merge frames that are equal and show one of them for longer",
        )
    return chosen


def _choose_upload(choice: str) -> None:
    arrived = session.get("upload.file") is not None
    session.put(choice, UPLOAD if arrived else next(iter(SAMPLES)))


@st.cache_resource(show_spinner=False)
def _sample(name: str) -> Clip:
    return sample_clip(name)


# An upload has an id of its own, so its bytes need not be hashed at every move of a slider.
@st.cache_resource(show_spinner="Looking at the clip", max_entries=16)
def _surveyed(upload: str, name: str, reading: Reading, _content: bytes) -> Survey:
    return survey_clip((name, _content), reading)


@st.cache_resource(show_spinner="Reading the clip", max_entries=4)
def _read_upload(upload: str, name: str, reading: Reading, _content: bytes) -> Clip:
    return load_clip((name, _content), reading)
