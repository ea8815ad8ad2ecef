"""The user's own checkpoint: chosen, inspected, corrected, opened; the last one stays till then."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from phenaki_viz.checkpoints import Inspection, Opened, Setting
from phenaki_viz.checkpoints.corrections import value_text
from phenaki_viz.checkpoints.files import Source
from phenaki_viz.errors import CheckpointError, NonFiniteWeightsError, PhenakiVizError
from phenaki_viz.files import path_of
from phenaki_viz.models import Phenaki
from phenaki_viz.models.text import DEFAULT_T5, T5Text
from phenaki_viz.ui import session
from phenaki_viz.ui.markup import inert
from phenaki_viz.ui.source.gone import keep_file
from phenaki_viz.ui.source.recording_file import given_file, wanted_recording
from phenaki_viz.ui.work import open_models
from phenaki_viz.ui.work.run_cache import RunRequest
from phenaki_viz.ui.work.shelves import number_of

KINDS = ["safetensors", "pt", "pth", "ckpt", "bin"]
MOST_MB = 2048
GOOD = "own.good"
CORRECT = "own.correct."
ALLOW = "own.allow."


def draw_own() -> Opened | RunRequest | None:
    """Draw the upload box and what is known of the file.

    Returns the model in use, the run of a recording, or None where there is neither.
    """
    kept: Opened | RunRequest | None = session.get(GOOD)
    uploaded, typed = _inputs()
    if uploaded is None and not typed:
        if kept is None:
            st.caption(
                "A C-ViViT, MaskGit, TokenCritic, whole Phenaki, or a trainer's file of "
                "phenaki-pytorch; or a recording that was saved here. Nothing in it is run."
            )
        return kept
    try:
        source = (uploaded.name, uploaded.getvalue()) if uploaded else path_of(typed)
        digest = open_models.digest(source)
        recording = wanted_recording(source, digest)
        if recording is not None:
            session.put(GOOD, recording)
            return recording
        inspection, corrections = _settled(source, digest)
        _draw_settings(inspection, digest)
        allowed = bool(session.get(f"{ALLOW}{digest}"))
        opened = open_models.opened(source, digest, corrections, allowed)
    except PhenakiVizError as error:
        st.error("This file cannot be opened.", icon=":material/block:")
        st.text(str(error))
        if isinstance(error, NonFiniteWeightsError):
            key = f"{ALLOW}{digest}"
            st.button("Open it all the same", on_click=_allow, args=(key,), key="own.allow")
        if kept is not None:
            kind = kept.inspection.kind if isinstance(kept, Opened) else "the recording"
            st.caption(f"Still in use: {inert(kind)} of the file before.")
        return kept
    for note in opened.inspection.notes:
        st.text(note)
    opened = _with_text(opened)
    session.put(GOOD, opened)
    return opened


def _allow(key: str) -> None:
    session.put(key, True)


def _inputs() -> tuple[Any, str]:
    """The upload, if there is one, and the path as it was typed."""
    uploaded = st.file_uploader(
        "Checkpoint or recording",
        type=KINDS,
        max_upload_size=MOST_MB,
        key="own.file",
        help="safetensors is best; a .pt is read with weights_only, so that no code can run",
    )
    path = st.text_input(
        "or a file on this machine",
        value=given_file(),
        key="own.path",
        placeholder="folder/model.safetensors",
        help="For files too large to upload, for an index of shards, and for a folder",
    )
    keep_file(uploaded.name if uploaded is not None else path.strip().rpartition("/")[2])
    return uploaded, path.strip()


def _corrections(digest: str) -> dict[str, Any]:
    """What the user has corrected for this file."""
    start = f"{CORRECT}{digest}."
    return {
        name.removeprefix(start): session.held(name)
        for name in session.names()
        if name.startswith(start) and session.held(name) is not None
    }


def _settled(source: Source, digest: str) -> tuple[Inspection, Mapping[str, Any]]:
    """The file with the user's corrections, and which of them hold.

    One that does not fit, or that another took away, is named and dropped: the file itself is
    good. Raises CheckpointError when it is not.
    """
    corrections = _corrections(digest)
    try:
        return open_models.inspected(source, digest, corrections), corrections
    except CheckpointError:
        if not corrections:
            raise
    inspection, kept = open_models.inspected(source, digest, {}), dict[str, Any]()
    for name, value in corrections.items():
        try:
            inspection = open_models.inspected(source, digest, kept | {name: value})
            kept[name] = value
        except CheckpointError as error:
            session.drop(f"{CORRECT}{digest}.{name}")
            st.warning(f"{name} is assumed again:", icon=":material/undo:")
            st.text(str(error))
    return inspection, kept


def _draw_settings(inspection: Inspection, digest: str) -> None:
    """Show every setting, with a box for each that can be corrected."""
    size = inspection.bytes / 1e6
    st.caption(f"{inert(inspection.kind)}, {inspection.tensors} tensors, {size:,.1f} MB")
    for line in (inspection.title, inspection.licence):
        if line:
            st.text(line[:300])
    assumed = [setting for setting in inspection.settings if setting.how == "assumed"]
    title = f"Assumed: {len(assumed)}, correct if wrong" if assumed else "Assumed: nothing"
    with st.expander(title, icon=":material/help:"):
        if not assumed:
            st.caption("Every setting is in the file, or follows from its shapes.")
        for setting in assumed:
            _correct(setting, digest)
    with st.expander("Read or inferred", icon=":material/fact_check:"):
        for setting in inspection.settings:
            if setting.how != "assumed":
                title = f"{setting.name} = {value_text(setting.value)[:120]}"
                st.text(title, help=inert(setting.why))


def _correct(setting: Setting, digest: str) -> None:
    key = f"{CORRECT}{digest}.{setting.name}"
    if session.has(key):
        session.put(key, setting.value)  # what was typed, as it was read
    st.selectbox(
        inert(setting.name),
        setting.options,
        index=setting.options.index(setting.value),
        format_func=_said,
        key=key,
        accept_new_options=bool(setting.typed),
        help=inert(
            f"Assumed: {setting.why}" + (f". Or type {setting.typed}" if setting.typed else "")
        ),
    )


def _said(value: Any) -> str:
    text = " × ".join(map(str, value)) if isinstance(value, tuple) else value_text(value)
    return text or "without a prefix"


def _with_text(opened: Opened) -> Opened:
    """A Phenaki of phenaki-pytorch was trained with T5, which its file does not hold.

    The model is shared by all sessions: one with T5 is this session's own.
    """
    model = opened.model
    if not isinstance(model, Phenaki) or model.maskgit.unconditional:
        return opened
    if model.encode_texts is not None:
        return opened
    loaded = f"own.t5.{number_of(model)}"
    if session.has(loaded):
        reading: Opened = session.held(loaded)
        return reading
    st.caption("The text encoder is not in the file: until it is loaded, word vectors are random.")
    name = st.text_input(
        "T5: a folder, or a name on the Hugging Face hub", DEFAULT_T5, key="own.t5"
    )
    if not st.button("Load T5", key="own.t5.load", width="stretch"):
        return opened
    try:
        with st.spinner("Loading T5; the first time it is downloaded"):
            encoder = T5Text(name)
    except PhenakiVizError as error:
        st.error("T5 could not be loaded.", icon=":material/block:")
        st.text(str(error))
        return opened
    wanted = model.maskgit.transformer.layers[0][2].context_norm.gamma.shape[0]  # type: ignore
    if encoder.dim != wanted:
        st.error(f"This T5 gives {encoder.dim} features, the model reads {wanted}: use another.")
        return opened
    session.put(loaded, open_models.reading(opened, encoder))
    st.rerun()  # the box has done its work
