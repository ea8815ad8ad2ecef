"""Models that are open: the shipped one and the user's own, shared by all sessions."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st

from phenaki_viz.checkpoints import Inspection, Opened, inspect_checkpoint, open_checkpoint
from phenaki_viz.checkpoints.files import Source
from phenaki_viz.checkpoints.shards import digest_of, parts_of
from phenaki_viz.data import SHIPPED_MODEL
from phenaki_viz.errors import CheckpointError, FileError
from phenaki_viz.files import State, state_of
from phenaki_viz.models import Phenaki, T5Text


@st.cache_resource(show_spinner="Opening the trained model")
def shipped() -> Opened:
    """The trained model that comes with the project. Raises CheckpointError."""
    if not SHIPPED_MODEL.is_file():
        raise CheckpointError(
            f"{SHIPPED_MODEL.name} is not in {SHIPPED_MODEL.parent.name}/: train it with "
            "`make train`, or look at a dialled model"
        )
    return open_checkpoint(SHIPPED_MODEL)


def digest(source: Source) -> str:
    """Digest of a file's bytes, or of all shards; taken anew only when one of them changed.

    Raises CheckpointError when they cannot be read.
    """
    if not isinstance(source, Path):
        return digest_of(source)
    try:
        return _digest(source, tuple(state_of(part) for part in parts_of(source).paths))
    except FileError as error:
        raise CheckpointError(str(error)) from error


@st.cache_resource(show_spinner="Reading the file", max_entries=8)
def _digest(path: Path, states: tuple[State, ...]) -> str:
    return digest_of(path)


def inspected(source: Source, digest: str, corrections: Mapping[str, Any]) -> Inspection:
    """What a checkpoint holds, looked at once. Raises CheckpointError."""
    return _inspected(source, _name(source), digest, tuple(sorted(corrections.items())))


@st.cache_resource(show_spinner=False, max_entries=16)
def _inspected(
    _source: Source, name: str, digest: str, corrections: tuple[tuple[str, Any], ...]
) -> Inspection:
    return inspect_checkpoint(_source, dict(corrections))


def opened(
    source: Source, digest: str, corrections: Mapping[str, Any], allow_non_finite: bool = False
) -> Opened:
    """A checkpoint of the user's, opened once. digest: of the file. Raises CheckpointError."""
    corrected = tuple(sorted(corrections.items()))
    return _opened(source, _name(source), digest, corrected, allow_non_finite)


@st.cache_resource(show_spinner="Opening the checkpoint", max_entries=3)
def _opened(
    _source: Source,
    name: str,
    digest: str,
    corrections: tuple[tuple[str, Any], ...],
    allow_non_finite: bool,
) -> Opened:
    found = open_checkpoint(_source, dict(corrections), allow_non_finite=allow_non_finite)
    if found.digest != digest:  # else it would stand for the file as it was
        raise CheckpointError(f"{name} changed while it was read: open it again")
    return found


def reading(opened: Opened, encoder: T5Text) -> Opened:
    """A model of the same parts that reads text with this encoder; the one that is shared stays.

    opened: of a Phenaki.
    """
    model: Any = opened.model
    made = Phenaki(
        maskgit=model.maskgit,
        cvivit=model.cvivit,
        critic=model.critic,
        encode_texts=encoder,
        steps=model.steps,
        critic_noise_anneal_schedule=model.critic_noise_anneal_schedule,
    ).eval()
    if hasattr(model, "config"):
        made.config = model.config
    return replace(opened, model=made)


def _name(source: Source) -> str:
    return source.name if isinstance(source, Path) else source[0]
