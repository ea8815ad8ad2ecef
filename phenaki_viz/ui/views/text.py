"""Text: which word does each token read?"""

from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from phenaki_viz.analysis.weight_range import drawn_range
from phenaki_viz.analysis.words import (
    content_patches,
    separation,
    side_by_side,
    word_maps,
    words_share,
)
from phenaki_viz.data import as_rgb
from phenaki_viz.figures.attention_views import (
    Colours,
    record_notes,
)
from phenaki_viz.figures.curves import Curve, Curves
from phenaki_viz.figures.head_grid import HeadGrid
from phenaki_viz.figures.naming import key_axis
from phenaki_viz.figures.over_video import column_over_video, frame_steps, word_weights
from phenaki_viz.recording import AttentionRecord
from phenaki_viz.runs.files import RecordedRun
from phenaki_viz.runs.model import Look
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import derived, panels, queries, selection, shows, slices
from phenaki_viz.ui.exporting import export_row
from phenaki_viz.ui.markup import inert
from phenaki_viz.ui.selection import Selection
from phenaki_viz.ui.views.text_compare import compare, cross_records, without_model

_BOUND: dict[str, Any] = {"bind": "query-params", "persist_state": "session"}
DOTS = 24  # a side of a time step in the small maps


@st.fragment
def text_page(run: Run) -> None:
    """Word chips; the tokens that read a word, for every head and for one; right against wrong."""
    records = cross_records(run)
    if not records:
        panels.nothing(
            "Text",
            "This model has no cross-attention, so there is no text to read. Choose the trained "
            "model, or the MaskGit layout with cross-attention.",
        )
        return
    names = key_axis(records[0], 0).names
    key = _chips(records[0], names)
    _start_where_it_is_read(run, records, key)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        chosen = selection.choose(run.recording, records, place=False)
        shared = _scale()
    said = _told(f"{chosen.shown.label} · tokens that read “{names[key]}”", chosen)
    panels.heading(said, run.recording.made_by, _of(chosen, key))
    left, right = st.columns([5, 7], gap="medium")
    with left:
        _all_heads(run, chosen, key, names[key])
    with right:
        _over_video(run, chosen, key, shared)
        _shares(chosen, key, names)
    if isinstance(run, Look):
        compare(run, chosen, key)
    elif isinstance(run, RecordedRun):
        without_model(run)


def _of(chosen: Selection, key: int) -> dict[str, str]:
    """What the pictures of the page have to be of, for its heading to be true."""
    head = shows.a_head(chosen)
    word = {name: f"{head} word {key}" for name in ("word.strip", "same.right", "same.wrong")}
    return word | {"grid.words": f"{shows.a_stack(chosen)} word {key}", "shares": head}


def _start_where_it_is_read(run: Run, records: tuple[Any, ...], key: int) -> None:
    """On the first visit, of a model that learned: the head that reads the word best."""
    seen = st.session_state.get("text.seen", False)
    st.session_state["text.seen"] = True
    trained = st.session_state.get("source") == "trained"
    if seen or not trained or not selection.untouched("layer", "head"):
        return
    found = _separations(run, word_maps(records, 0, key))
    if not np.isnan(found).all():
        layer, head = np.unravel_index(int(np.nanargmax(found)), found.shape)
        selection.wish(layer=int(layer), head=int(head))


def _separations(run: Run, maps: np.ndarray) -> np.ndarray:
    """How well each head's reading tells what is in the picture from its background, 'l h'."""
    steps = frame_steps(len(run.clip.frames), run.temporal_patch)
    held = content_patches(run.clip.frames, maps.shape[2:], steps)
    return np.array([[separation(one, held) for one in row] for row in maps])


def _chips(record: AttentionRecord, names: tuple[str, ...]) -> int:
    """The chosen key: a null key/value or a word."""
    queries.word_at(record)
    chosen = st.pills(
        "Words the tokens can read; the null key/values are always there",
        range(len(names)),
        format_func=lambda at: inert(names[at]),
        key=queries.WORD,
        required=True,
        persist_state="session",  # the link says its number: two words may read alike
    )
    return int(chosen or 0)


def _scale() -> bool:
    return bool(
        st.toggle(
            "One scale for all words",
            key="all_words",
            help="Off: colours end at this word's largest weight",
            **_BOUND,
        )
    )


def _all_heads(run: Run, chosen: Selection, key: int, name: str) -> None:
    maps = word_maps(chosen.records, chosen.item, key)
    shown = side_by_side(maps)
    finer = side_by_side(maps, enlarged=max(1, DOTS // max(maps.shape[3:])))
    scales = derived.scale_each(shown, Colours())
    picture = HeadGrid(
        name=f"word_heads_key_{key:02d}",
        title=_told(f"tokens that read “{name}”, all heads", chosen),
        notes=(
            f"each tile: {maps.shape[2]} time steps, from left to right and down"
            + ("; grey: no further step" if maps.shape[2] % 3 else ""),
            "colour ends of each head apart",
            *record_notes(run.recording, chosen.records),
        ),
        made_by={**run.recording.made_by, "key": name, "key_at": key},
        thumbnails=shown,
        layers=tuple(f"L{record.layer}" for record in chosen.records),
        heads=tuple(f"H{head}" for head in chosen.record.heads),
        scales=scales,
        selected=(chosen.layer, chosen.head),
        values=None,
        unit="attention weight",
    )
    # On the screen each weight has several dots, so that the lines between steps are thin.
    of = f"{shows.a_stack(chosen)} word {key}"
    panels.grid(replace(picture, thumbnails=finer), kind="words", shows=of)
    _follows(run, maps, name)
    export_row(picture.name, lambda: picture, "words.grid")


def _follows(run: Run, maps: np.ndarray, name: str) -> None:
    """The head whose reading of the word tells the picture from its background best."""
    found = _separations(run, maps)
    if np.isnan(found).all():
        return
    layer, head = (int(at) for at in np.unravel_index(int(np.nanargmax(found)), found.shape))
    said, most = inert(name), np.nanmax(found)
    st.button(
        f"L{layer} H{head} reads “{said}” most where there is something (AUC {most:.2f})",
        icon=":material/target:",
        on_click=selection.wish,
        kwargs={"layer": layer, "head": head},
        type="tertiary",
        key="follows",
    )


def _over_video(run: Run, chosen: Selection, key: int, shared: bool) -> None:
    record = chosen.record
    if shared:
        slices.draw_place()
        scale = Colours().of(
            derived.range_of(run, record, chosen.item, chosen.head), "all words of this head"
        )
    else:
        scale = Colours().over(*drawn_range(word_weights(chosen.shown, key)), "this word")
    picture = column_over_video(
        chosen.shown, key, None, as_rgb(run.clip), run.temporal_patch, scale
    )
    said = key_axis(record, chosen.item).names[key]
    panels.film(
        picture,
        key="word.strip",
        direction=f"tokens that read “{said}”",
        shows=f"{shows.a_head(chosen)} word {key}",
    )
    st.caption(
        "The weight says which tokens read from the word (routing). What they take from it is in "
        "the value: attention alone does not say that the picture matches the word."
    )
    export_row(picture.name, lambda: picture, "word.strip")


def _shares(chosen: Selection, key: int, names: tuple[str, ...]) -> None:
    share = words_share(chosen.shown.map).mean
    picture = Curves(
        name="words_share",
        title=_told(
            f"How much each key is read: mean weight over all tokens, {chosen.shown.label}", chosen
        ),
        notes=chosen.shown.notes,
        made_by={**chosen.recording.made_by},
        curves=(
            Curve(
                name=chosen.shown.label,
                x=np.arange(len(share)),
                y=share,
                hover=tuple(f"{n}: {v:.4g}" for n, v in zip(names, share, strict=True)),
            ),
        ),
        x_title="key",
        y_title="mean weight",
        kind="bar",
        x_labels=names,
    )
    of = shows.a_head(chosen)
    panels.plotly(picture, key="shares", height=230, titled=True, noted=False, shows=of)
    export_row(picture.name, lambda: picture, "shares")


def _told(title: str, chosen: Selection) -> str:
    """A title that says which call and batch item it is of, where there are several."""
    return " · ".join(filter(None, (title, chosen.shown.told)))
