"""B is a file: a recording as it was saved, or weights that are shown A's clip with A's text."""

from functools import partial

import streamlit as st

from phenaki_viz.checkpoints.files import Source
from phenaki_viz.figures.words import plain
from phenaki_viz.runs.run import Run
from phenaki_viz.ui.session import named
from phenaki_viz.ui.source import file_box
from phenaki_viz.ui.source.checkpoint import KINDS
from phenaki_viz.ui.source.other_run import Other, cancellable, shown_to
from phenaki_viz.ui.source.recording_file import wanted_recording
from phenaki_viz.ui.work import open_models
from phenaki_viz.ui.work.run_cache import RunRequest

LONGEST = 60


def box(run: Run) -> Other | None:
    """The file's box; None until there is a file that can be opened. Links do not hold files."""
    with st.popover("File of B", icon=":material/draft:", key=named("with_file.open")):
        chosen = file_box.choose(
            "Checkpoint or recording", KINDS, ("with_file", "with_path"),
            "A recording is compared as it was saved; weights are shown A's clip and text",
        )  # fmt: skip
    if chosen is None:
        st.info("Choose a recording or a checkpoint to compare with.", icon=":material/draft:")
        return None
    wanted = file_box.read(chosen, partial(_wanted, run))
    if wanted is None:
        return None
    name = chosen.name if chosen.content is not None else chosen.name.rpartition("/")[2]
    return Other(a="what the app looks at", b=plain(name, LONGEST), wanted=wanted,
                 seconds=run.seconds)  # fmt: skip


def _wanted(run: Run, source: Source, digest: str) -> RunRequest:
    wanted = wanted_recording(source, digest)
    if wanted is not None:
        return wanted
    opened = open_models.opened(source, digest, {})
    return cancellable(shown_to(opened.model, run))
