"""Models that are open: the shipped one and the user's own, shared by all sessions."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from phenaki_viz.checkpoints import Opened, open_checkpoint
from phenaki_viz.data import SHIPPED_MODEL
from phenaki_viz.errors import CheckpointError


@st.cache_resource(show_spinner="Opening the trained model")
def shipped() -> Opened:
    """The trained model that comes with the project. Raises CheckpointError."""
    if not SHIPPED_MODEL.is_file():
        raise CheckpointError(
            f"{SHIPPED_MODEL.name} is not in {SHIPPED_MODEL.parent.name}/: train it with "
            "`make train`, or look at a dialled model"
        )
    return open_checkpoint(SHIPPED_MODEL)


def opened(source: Path | tuple[str, bytes], digest: str, corrections: Mapping[str, Any]) -> Opened:
    """A checkpoint of the user's, opened once. digest: of the file. Raises CheckpointError."""
    return _opened(source, digest, tuple(sorted(corrections.items())))


@st.cache_resource(show_spinner="Opening the checkpoint", max_entries=3)
def _opened(
    _source: Path | tuple[str, bytes], digest: str, corrections: tuple[tuple[str, Any], ...]
) -> Opened:
    return open_checkpoint(_source, dict(corrections))
