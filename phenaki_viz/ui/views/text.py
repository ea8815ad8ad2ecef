"""Text: which word does each token read?"""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from phenaki_viz.analysis.words import (
    content_patches,
    separation,
    side_by_side,
    word_maps,
    words_share,
)
from phenaki_viz.data import Prompt, as_rgb, read_prompt
from phenaki_viz.data.digits import DIGITS, DIRECTIONS
from phenaki_viz.errors import PhenakiVizError
from phenaki_viz.figures.attention_views import (
    Head,
    column_over_video,
    frame_steps,
    origin_notes,
    scale_for,
)
from phenaki_viz.figures.curves import Curve, Curves
from phenaki_viz.figures.head_grid import HeadGrid
from phenaki_viz.figures.naming import head_label, key_axis
from phenaki_viz.figures.outcome_views import loss_change_over_video, loss_over_video
from phenaki_viz.figures.picture import Picture
from phenaki_viz.recording.looking import Look, look
from phenaki_viz.recording.run import Run
from phenaki_viz.ui import derived, errands, panels, selection, slices
from phenaki_viz.ui.exporting import export_row
from phenaki_viz.ui.runs import MAP_LIMIT, Wanted
from phenaki_viz.ui.selection import Selection

_BOUND: dict[str, Any] = {"bind": "query-params", "persist_state": "session"}


@st.fragment
def text_page(run: Run) -> None:
    """Word chips; the tokens that read a word, for every head and for one; right against wrong."""
    records = _cross(run)
    if not records:
        st.info(
            "This model has no cross-attention, so there is no text to read. Choose the trained "
            "model, or the MaskGit layout with cross-attention.",
            icon=":material/info:",
        )
        return
    names = key_axis(records[0], 0).names
    key = _chips(names)
    _start_where_it_is_read(run, records, key)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        chosen = selection.choose(run.recording, records, place=False)
        shared = _scale()
    name = panels.plain(names[key])
    panels.heading(f"{chosen.shown.label} · tokens that read “{name}”", run.recording.made_by)
    left, right = st.columns([5, 7], gap="medium")
    with left:
        _all_heads(run, chosen, key, names[key])
    with right:
        _over_video(run, chosen, key, shared)
        _shares(chosen, key, names)
    if isinstance(run, Look):
        _compare(run, chosen, key, names)


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


def _cross(run: Run) -> tuple[Any, ...]:
    stacks = run.recording.stacks()
    found = [group for (stack, kind), group in stacks.items()
             if kind == "cross" and "critic" not in stack]  # fmt: skip
    return tuple(found[0]) if found else ()


def _chips(names: tuple[str, ...]) -> int:
    """The chosen key: a null key/value or a word."""
    if st.session_state.get("word", 0) not in range(len(names)):
        st.session_state["word"] = len(names) - 1
    chosen = st.pills(
        "Words the tokens can read; the null key/values are always there",
        range(len(names)),
        format_func=lambda at: panels.plain(names[at]),
        default=_first_word(names),
        key="word",
        required=True,
        **_BOUND,
    )
    return int(chosen or 0)


def _first_word(names: tuple[str, ...]) -> int:
    return next((at for at, name in enumerate(names) if not name.startswith("null ")), 0)


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
    scales = tuple(
        tuple(scale_for(float(one.max()), log=False, scope="this head") for one in row)
        for row in maps
    )
    picture = HeadGrid(
        name="word_heads",
        title=f"tokens that read {name!r}, all heads",
        notes=(
            f"each tile: {maps.shape[2]} time steps, from left to right and down",
            "colour ends of each head apart",
            *origin_notes(run.recording.made_by),
        ),
        made_by={**run.recording.made_by, "key": name},
        thumbnails=shown,
        layers=tuple(f"L{record.layer}" for record in chosen.records),
        heads=tuple(f"H{head}" for head in chosen.record.heads),
        scales=scales,
        selected=(chosen.layer, chosen.head),
        values=None,
        unit="attention weight",
    )
    panels.grid(picture, kind="words")
    _follows(run, maps, name)
    export_row(picture.name, lambda: picture, "words.grid")


def _follows(run: Run, maps: np.ndarray, name: str) -> None:
    """The head whose reading of the word tells the picture from its background best."""
    found = _separations(run, maps)
    if np.isnan(found).all():
        return
    layer, head = (int(at) for at in np.unravel_index(int(np.nanargmax(found)), found.shape))
    said = panels.plain(name)
    st.button(
        f"L{layer} H{head} reads “{said}” most where there is something (AUC {found.max():.2f})",
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
        high = derived.high(run, record, chosen.item, chosen.head)
        scale = scale_for(high, log=False, scope="all words of this head")
    else:
        weights = record.map.columns(chosen.item, chosen.head, [key])
        scale = scale_for(float(weights.max()), log=False, scope="this word")
    picture = column_over_video(
        chosen.shown, key, None, as_rgb(run.clip), run.temporal_patch, scale
    )
    said = panels.plain(key_axis(record, chosen.item).names[key])
    panels.film(picture, key="word.strip", direction=f"tokens that read “{said}”")
    st.caption(
        "The weight says which tokens read from the word (routing). What they take from it is in "
        "the value: attention alone does not say that the picture matches the word."
    )
    export_row(picture.name, lambda: picture, "word.strip")


def _shares(chosen: Selection, key: int, names: tuple[str, ...]) -> None:
    share = words_share(chosen.record, chosen.item, chosen.head)
    picture = Curves(
        name="words_share",
        title=f"{chosen.shown.label} · mean weight of each key over all tokens",
        notes=origin_notes(chosen.recording.made_by),
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
    panels.plotly(picture, key="shares", height=230)
    export_row(picture.name, lambda: picture, "shares")


# ---- right word against wrong word


def _compare(run: Look, chosen: Selection, key: int, names: tuple[str, ...]) -> None:
    """The same clip with another text: the maps, and what the text is worth in nats."""
    st.subheader("Right word, wrong word", anchor=False)
    outcome = run.outcome
    if outcome.loss is None or outcome.masked is None or not outcome.masked.any():
        st.caption("Mask some tokens in the sidebar to see what the text is worth.")
        return
    text = st.text_input(
        "Compare with this text",
        value=_wrong(run.prompt.text),
        key="against",
        max_chars=2000,
        help="The same clip, the same masked tokens",
        **_BOUND,
    )
    other = _other(run, read_prompt(text))
    if other is None or other.outcome.loss is None:
        return
    masked = outcome.masked
    frames, pt = as_rgb(run.clip), run.temporal_patch
    held = masked & content_patches(frames, masked.shape, frame_steps(len(frames), pt))
    _figures(outcome.loss, other.outcome.loss, masked, held)
    st.markdown("**What the tokens read**")
    for which, told in (("right", run), ("wrong", other)):
        _same_word(told, chosen, key, which)
    st.markdown("**What it costs**")
    high = float(max(outcome.loss[masked].max(), other.outcome.loss[masked].max()))
    for which, told, loss in (
        ("right", run, outcome.loss),
        ("wrong", other, other.outcome.loss),
    ):
        picture = loss_over_video(
            loss, masked, frames, pt, told.recording.made_by, high=high, name=f"loss_{which}"
        )
        said = panels.plain(told.prompt.text) or "no text"
        panels.film(
            picture, key=f"loss.{which}", direction=f"loss of the masked tokens: “{said}”",
            unit="loss in nats",
        )  # fmt: skip
        export_row(picture.name, partial(_same, picture), f"loss.{which}")
    change = loss_change_over_video(
        outcome.loss, other.outcome.loss, masked, frames, pt, other.recording.made_by
    )
    panels.film(
        change, key="loss.change", direction="rise of the loss with the second text",
        unit="rise in nats",
    )  # fmt: skip
    export_row(change.name, lambda: change, "loss.change")


def _figures(right: np.ndarray, wrong: np.ndarray, masked: np.ndarray, held: np.ndarray) -> None:
    with st.container(horizontal=True, gap="large"):
        for name, where in (("all masked tokens", masked), ("masked tokens with content", held)):
            if where.any():
                before, after = float(right[where].mean()), float(wrong[where].mean())
                st.metric(
                    f"Loss, {name} (nats)",
                    f"{before:.2f} → {after:.2f}",
                    f"{after - before:+.2f}",
                    delta_color="inverse",
                    width="content",
                    help=f"Mean −log p of the true token over {int(where.sum())} tokens",
                )


def _same_word(other: Look, chosen: Selection, key: int, which: str) -> None:
    """The overlay of the word at the same place in the text."""
    records = _cross(other)
    record = records[min(chosen.layer, len(records) - 1)]
    names = key_axis(record, 0).names
    at = min(key, len(names) - 1)
    head = Head(other.recording, record, 0, chosen.head)
    columns = chosen.record.map.columns(chosen.item, chosen.head, [key])
    scale = scale_for(float(columns.max()), log=False, scope="the first text's word")
    picture = column_over_video(head, at, None, as_rgb(other.clip), other.temporal_patch, scale)
    said = panels.plain(f"“{names[at]}” in “{other.prompt.text}”")
    direction = f"{head_label(record.layer, chosen.head)}: tokens that read {said}"
    panels.film(picture, key=f"same.{which}", direction=direction)


def _other(run: Look, prompt: Prompt) -> Look | None:
    def make(tell: Any) -> Look:
        return look(
            run.model, run.clip, prompt, replace(run.ask, frames=len(run.clip.frames)),
            limit_bytes=MAP_LIMIT, on_progress=tell,
        )  # fmt: skip

    if prompt.text == run.prompt.text:
        return run
    made_by = run.recording.made_by
    key = ("against", made_by["weights_digest"], run.clip.digest, prompt.text, run.ask)
    try:
        found = errands.fetch_run(Wanted(key, make, partial(_same_text, run)), run.seconds)
    except PhenakiVizError as error:
        st.error("The second text cannot be run.", icon=":material/block:")
        st.text(str(error))
        return None
    return found if isinstance(found, Look) else None


def _same_text(run: Look) -> None:
    """What a cancelled comparison goes back to: the text itself, which costs nothing."""
    st.session_state["against"] = run.prompt.text


def _wrong(text: str) -> str:
    """The text with its first digit, else its first direction, exchanged for another."""
    words = text.split()
    for known in (DIGITS, tuple(DIRECTIONS)):
        for at, word in enumerate(words):
            if word in known:
                words[at] = known[(known.index(word) + 3) % len(known)]
                return " ".join(words)
    return " ".join(reversed(words))


def _same(picture: Picture) -> Picture:
    return picture
