"""The user's own checkpoint: chosen, inspected, corrected, opened; the last one stays till then."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from phenaki_viz.checkpoints import Inspection, Opened, Setting
from phenaki_viz.errors import NonFiniteWeightsError, PhenakiVizError
from phenaki_viz.files import path_of
from phenaki_viz.models import Phenaki
from phenaki_viz.models.text import DEFAULT_T5, T5Text
from phenaki_viz.ui import models
from phenaki_viz.ui.recorded import given_file, wanted_recording
from phenaki_viz.ui.runs import Wanted

_KINDS = ["safetensors", "pt", "pth", "ckpt"]
_MOST_MB = 2048
GOOD = "own.good"
CORRECT = "own.correct."
ALLOW = "own.allow."


def draw_own() -> Opened | Wanted | None:
    """Draw the upload box and what is known of the file.

    Returns the model in use, the run of a recording, or None where there is neither.
    """
    kept: Opened | Wanted | None = st.session_state.get(GOOD)
    uploaded, typed = _asked()
    if uploaded is None and not typed:
        if kept is None:
            st.caption(
                "A C-ViViT, MaskGit, TokenCritic, whole Phenaki, or a trainer's file of "
                "phenaki-pytorch; or a recording that was saved here. Nothing in it is run."
            )
        return kept
    try:
        source = (uploaded.name, uploaded.getvalue()) if uploaded else path_of(typed)
        digest = models.digest(source)
        recording = wanted_recording(source, digest)
        if recording is not None:
            st.session_state[GOOD] = recording
            return recording
        corrections = _corrections(digest)
        inspection = models.inspected(source, digest, corrections)
        asked = _inspected(inspection, digest)
        allowed = bool(st.session_state.get(f"{ALLOW}{digest}"))
        opened = models.opened(source, digest, asked, allowed)
    except PhenakiVizError as error:
        st.error("This file cannot be opened.", icon=":material/block:")
        st.text(str(error))
        if isinstance(error, NonFiniteWeightsError):
            key = f"{ALLOW}{digest}"
            st.button("Open it all the same", on_click=_allow, args=(key,), key="own.allow")
        if kept is not None:
            kind = kept.inspection.kind if isinstance(kept, Opened) else "the recording"
            st.caption(f"Still in use: {kind} of the file before.")
        return kept
    for note in opened.inspection.notes:
        st.text(note)
    _text_encoder(opened)
    st.session_state[GOOD] = opened
    return opened


def _allow(key: str) -> None:
    st.session_state[key] = True


def _asked() -> tuple[Any, str]:
    """The upload, if there is one, and the path as it was typed."""
    uploaded = st.file_uploader(
        "Checkpoint or recording",
        type=_KINDS,
        max_upload_size=_MOST_MB,
        key="own.file",
        help="safetensors is best; a .pt is read with weights_only, so that no code can run",
    )
    path = st.text_input(
        "or a file on this machine",
        value=given_file(),
        key="own.path",
        placeholder="folder/model.safetensors",
        help="For files too large to upload",
    )
    return uploaded, path.strip()


def _corrections(digest: str) -> dict[str, Any]:
    """What the user has corrected for this file."""
    start = f"{CORRECT}{digest}."
    return {
        str(key).removeprefix(start): value
        for key, value in st.session_state.items()
        if str(key).startswith(start) and value is not None
    }


def _inspected(inspection: Inspection, digest: str) -> Mapping[str, Any]:
    """Show every setting; returns the corrections as they stand."""
    size = inspection.bytes / 1e6
    st.caption(f"{inspection.kind}, {inspection.tensors} tensors, {size:,.1f} MB")
    for line in (inspection.title, inspection.licence):
        if line:
            st.text(line[:300])
    assumed = [setting for setting in inspection.settings if setting.how == "assumed"]
    said = f"Assumed: {len(assumed)}, correct if wrong" if assumed else "Assumed: nothing"
    with st.expander(said, icon=":material/help:"):
        if not assumed:
            st.caption("Every setting is in the file, or follows from its shapes.")
        for setting in assumed:
            _correct(setting, digest)
    with st.expander("Read or inferred", icon=":material/fact_check:"):
        for setting in inspection.settings:
            if setting.how != "assumed":
                st.text(f"{setting.name} = {str(setting.value)[:120]}", help=setting.why)
    # An option that another correction took away is asked for no longer.
    offered = {setting.name: setting.options for setting in assumed}
    asked = _corrections(digest)
    return {name: value for name, value in asked.items() if value in offered.get(name, ())}


def _correct(setting: Setting, digest: str) -> None:
    key = f"{CORRECT}{digest}.{setting.name}"
    if st.session_state.get(key) not in (None, *setting.options):
        del st.session_state[key]
    st.selectbox(
        setting.name,
        setting.options,
        index=setting.options.index(setting.value),
        format_func=_said,
        key=key,
        help=f"Assumed: {setting.why}",
    )


def _said(value: Any) -> str:
    return " × ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _text_encoder(opened: Opened) -> None:
    """A Phenaki of phenaki-pytorch was trained with T5, which its file does not hold."""
    model = opened.model
    if not isinstance(model, Phenaki) or model.maskgit.unconditional:
        return
    if model.encode_texts is not None:
        return
    st.caption("The text encoder is not in the file: until it is loaded, word vectors are random.")
    name = st.text_input(
        "T5: a folder, or a name on the Hugging Face hub", DEFAULT_T5, key="own.t5"
    )
    if not st.button("Load T5", key="own.t5.load", width="stretch"):
        return
    try:
        with st.spinner("Loading T5; the first time it is downloaded"):
            encoder = T5Text(name)
    except PhenakiVizError as error:
        st.error("T5 could not be loaded.", icon=":material/block:")
        st.text(str(error))
        return
    wanted = model.maskgit.transformer.layers[0][2].context_norm.gamma.shape[0]  # type: ignore
    if encoder.dim != wanted:
        st.error(f"This T5 gives {encoder.dim} features, the model reads {wanted}: use another.")
        return
    model.encode_texts = encoder
    st.rerun()  # the box has done its work
