"""The table of heads over a corpus: an atlas is opened, and takes the place of the clip at hand."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from phenaki_viz.analysis.head_table import HeadTable
from phenaki_viz.errors import PhenakiVizError
from phenaki_viz.evaluation.effects import HeadEffect
from phenaki_viz.figures.atlas_sentences import atlas_sentence, failed_sentence, weights_warning
from phenaki_viz.files import path_of
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import session
from phenaki_viz.ui.markup import inert
from phenaki_viz.ui.session import named
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.work import atlases, fragment_jobs, head_tables, swept

if TYPE_CHECKING:
    from phenaki_viz.atlas.reading import Atlas

PATH, FILES, CLOSED = "heads.atlas.path", "heads.atlas.files", "heads.atlas.closed"
MOST_MB = 2048


@dataclass(frozen=True, eq=False, kw_only=True)
class Corpus:
    """An atlas that is open, and its heads of the chosen stack."""

    atlas: "Atlas"
    table: HeadTable


@dataclass(frozen=True, eq=False, kw_only=True)
class Taken:
    """What a table was taken of. clips: for the notes of files. effects: of its heads, measured."""

    provenance: Mapping[str, Any]
    clips: str
    effects: Sequence[HeadEffect]


def taken(run: Run, corpus: Corpus | None) -> Taken:
    """Of the clip at hand, or of a corpus."""
    if corpus is not None:
        atlas = corpus.atlas
        return Taken(
            provenance=atlas.provenance, clips=atlas_sentence(atlas), effects=atlas.effects
        )
    effects = swept.measured(run)
    return Taken(provenance=run.recording.provenance, clips=run.clip.name, effects=effects)


def choose(selection: Selection, digest: str | None, below: DeltaGenerator) -> Corpus | None:
    """The atlas that is open, if it has the chosen heads; None where the clip is looked at.

    Call it where buttons stand side by side. digest: of the weights that the app looks at. below:
    where it is said over what the table is taken, or what is wrong.
    """
    try:
        source = _ask()
        if source is None:
            return None
        atlas = atlases.opened(*source, _close)
    except PhenakiVizError as error:
        _refuse(str(error), below)
        return None
    table = atlas.of_stack(selection.record.stack, selection.record.kind)
    if _heads(selection) != [(row.module, row.layer, row.head) for row in table]:
        _refuse(
            f"{atlas_sentence(atlas)} It was not made of these heads: {selection.record.stack}, "
            f"{selection.record.kind}-attention.",
            below,
        )
        return None
    if warning := weights_warning(atlas, digest):
        below.warning(inert(warning), icon=":material/warning:")
    text = " ".join(filter(None, (atlas_sentence(atlas), failed_sentence(atlas))))
    below.caption(inert(text))
    for task in (head_tables.CLIP, head_tables.CLIPS):  # the clip at hand is not measured now
        fragment_jobs.drop(task)
    return Corpus(atlas=atlas, table=table)


def _ask() -> tuple[Path | list[tuple[str, bytes]], Hashable] | None:
    """What is to be opened, and its key; None for nothing."""
    with st.popover("Atlas", icon=":material/database:", key=named("heads.atlas")):
        st.caption("Over any number of clips: what `phenaki-viz atlas` has made.")
        typed = st.text_input(
            "Its folder on this machine", key=named(PATH), placeholder="folder/of/parts"
        ).strip()
        files = st.file_uploader(
            "or its parts", type="parquet", accept_multiple_files=True, max_upload_size=MOST_MB,
            key=named(f"{FILES}.{session.get(CLOSED, 0)}"),
        )  # fmt: skip
    if not typed and not files:
        return None
    st.button(
        "This clip alone",
        icon=":material/undo:",
        key=named("heads.atlas.back"),
        on_click=session.here(_close),
    )
    if typed:
        return path_of(typed), None
    return [(file.name, file.getvalue()) for file in files], tuple(file.file_id for file in files)


def _close() -> None:
    """Back to the clip at hand; a callback."""
    session.put(PATH, "")
    session.put(CLOSED, session.get(CLOSED, 0) + 1)


def _heads(selection: Selection) -> list[tuple[str, int, int]]:
    """The heads of the chosen stack, by their original numbers."""
    return [
        (record.module, record.layer, head) for record in selection.records for head in record.heads
    ]


def _refuse(why: str, below: DeltaGenerator) -> None:
    below.error("This atlas cannot be shown here.", icon=":material/block:")
    below.text(why)
