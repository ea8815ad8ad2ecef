"""A file beside the one that the app looks at: handed over, or on this machine."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import streamlit as st

from phenaki_viz.checkpoints.files import Source
from phenaki_viz.errors import PhenakiVizError
from phenaki_viz.files import path_of
from phenaki_viz.ui.session import named
from phenaki_viz.ui.source.checkpoint import MOST_MB
from phenaki_viz.ui.work import open_models

T = TypeVar("T")


@dataclass(frozen=True)
class Chosen:
    """name: as the file is called. content: what was handed over; None of one that was typed."""

    name: str
    content: bytes | None = None

    @property
    def source(self) -> Source:
        """What is opened. Raises FileError where what was typed is no path."""
        return path_of(self.name) if self.content is None else (self.name, self.content)


def choose(what: str, kinds: Sequence[str], keys: tuple[str, str], help: str) -> Chosen | None:
    """The upload, else the path; None until there is one. keys: of the two widgets."""
    uploaded = st.file_uploader(
        what, type=kinds, max_upload_size=MOST_MB, key=named(keys[0]), help=help
    )
    typed = st.text_input(
        "or a file on this machine", key=named(keys[1]), placeholder="folder/run.safetensors"
    ).strip()
    if uploaded is not None:
        return Chosen(uploaded.name, uploaded.getvalue())
    return Chosen(typed) if typed else None


def read(chosen: Chosen, how: Callable[[Source, str], T]) -> T | None:
    """What `how` makes of the file and its digest; None, and why in words, where it cannot."""
    try:
        source = chosen.source
        return how(source, open_models.digest(source))
    except PhenakiVizError as error:
        st.error("This file cannot be opened.", icon=":material/block:")
        st.text(str(error))
        return None
