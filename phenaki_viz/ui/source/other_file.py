"""B is a file: a recording as it was saved, or weights that are shown A's clip with A's text."""

import streamlit as st

from phenaki_viz.errors import PhenakiVizError
from phenaki_viz.figures.words import plain
from phenaki_viz.files import path_of
from phenaki_viz.runs.run import Run
from phenaki_viz.ui.source.checkpoint import KINDS, MOST_MB
from phenaki_viz.ui.source.other_run import Other, asked, shown_to
from phenaki_viz.ui.source.recording_file import wanted_recording
from phenaki_viz.ui.work import open_models

LONGEST = 60


def box(run: Run) -> Other | None:
    """The file's box; None until there is a file that can be opened. Links do not hold files."""
    with st.popover("File of B", icon=":material/draft:", key="with_file.open"):
        uploaded = st.file_uploader(
            "Checkpoint or recording", type=KINDS, max_upload_size=MOST_MB, key="with_file",
            help="A recording is compared as it was saved; weights are shown A's clip and text",
        )  # fmt: skip
        typed = st.text_input(
            "or a file on this machine", key="with_path", placeholder="folder/run.safetensors"
        ).strip()
    if uploaded is None and not typed:
        st.info("Choose a recording or a checkpoint to compare with.", icon=":material/draft:")
        return None
    try:
        source = (uploaded.name, uploaded.getvalue()) if uploaded else path_of(typed)
        digest = open_models.digest(source)
        wanted = wanted_recording(source, digest)
        if wanted is None:
            opened = open_models.opened(source, digest, {})
            wanted = asked(shown_to(opened.model, run))
    except PhenakiVizError as error:
        st.error("This file cannot be opened.", icon=":material/block:")
        st.text(str(error))
        return None
    name = uploaded.name if uploaded else typed.rpartition("/")[2]
    return Other(a="what the app looks at", b=plain(name, LONGEST), wanted=wanted,
                 seconds=run.seconds)  # fmt: skip
