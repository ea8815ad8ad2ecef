"""Right word, wrong word: the same clip and masked tokens with two texts, beside each other."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from phenaki_viz.analysis.weight_range import drawn_range
from phenaki_viz.analysis.words import content_patches, correlation
from phenaki_viz.data import Prompt, as_rgb, read_prompt
from phenaki_viz.data.digits import other_words
from phenaki_viz.errors import PhenakiVizError
from phenaki_viz.figures.head import Head
from phenaki_viz.figures.naming import key_axis
from phenaki_viz.figures.outcome_views import (
    LossRise,
    largest_loss,
    loss_change_overlay,
    loss_overlay,
    loss_rises,
    loss_scale,
)
from phenaki_viz.figures.overlays import HeadOverFrames, frame_steps, word_weights
from phenaki_viz.figures.weight_colours import Colours
from phenaki_viz.figures.word_sentences import routing_sentence
from phenaki_viz.figures.words import quoted
from phenaki_viz.runs.files import RecordedRun
from phenaki_viz.runs.live import model_of
from phenaki_viz.runs.model import ModelRun
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import session
from phenaki_viz.ui.sections import panels
from phenaki_viz.ui.sections.downloads import export_icon
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.state.view import BOUND
from phenaki_viz.ui.work import page_jobs, shows
from phenaki_viz.ui.work.requests import LookRequest
from phenaki_viz.ui.work.run_cache import RunRequest

if TYPE_CHECKING:
    import numpy as np


def compare(run: ModelRun, selection: Selection, key: int) -> None:
    """The clip with another text beside it: the maps, and what the text is worth in nats."""
    st.header("Right word, wrong word", anchor=False)
    outcome = run.outcome
    if outcome.loss is None or outcome.masked is None or not outcome.hides:
        st.caption("Mask some tokens in the sidebar to see what the text is worth.")
        return
    text = st.text_input(
        "Compare with this text",
        value=other_words(run.prompt.text),
        key=session.named("against"),
        max_chars=2000,
        help="The same clip, the same masked tokens",
        **BOUND,
    )
    prompt = read_prompt(text)
    if prompt.text == run.prompt.text:
        st.caption("This is the prompt itself: give another text to see what it costs.")
        return
    other = _other(run, prompt)
    if other is None or other.outcome.loss is None:
        return
    masked = outcome.masked
    frames, pt = as_rgb(run.clip), run.temporal_patch
    content = content_patches(frames, masked.shape, frame_steps(len(frames), pt))
    _figures(loss_rises(outcome.loss, other.outcome.loss, masked, content))
    _routing(run, other, selection, key)
    high = largest_loss(masked, outcome.loss, other.outcome.loss)
    for column, which, shown in zip(
        st.columns(2, gap="medium"), ("right", "wrong"), (run, other), strict=True
    ):
        with column:
            _same_word(shown, selection, key, which)
            _cost(shown, masked, high, which)
    _rise(outcome.loss, other, masked)


def without_model(run: RecordedRun) -> None:
    """What a recording can say of it: the loss with its own text."""
    st.header("Right word, wrong word", anchor=False)
    st.caption(
        "A recording holds no model, so no other text can be tried: open the weights for that."
    )
    loss, masked = run.outcome.loss, run.outcome.masked
    if loss is not None and masked is not None and run.outcome.hides:
        _cost(run, masked, largest_loss(masked, loss), "right", "this text")


def _routing(run: ModelRun, other: ModelRun, selection: Selection, key: int) -> None:
    """Whether the two words are read by the same tokens, as a number."""
    first, second = _column(run, selection, key), _column(other, selection, key)
    alike = correlation(*(word_weights(head, at) for head, at in (first, second)))
    one, two = (key_axis(head.record, 0).names[at] for head, at in (first, second))
    panels.say(
        routing_sentence(selection.shown.label, (one, two), alike),
        {"same.right": f"{shows.a_head(selection)} word {key}"},
        key="said.routing",
        aside=True,
    )


def _column(run: ModelRun, selection: Selection, key: int) -> tuple[Head, int]:
    """The chosen head in another run, and the key at the same place in its text."""
    records = cross_records(run)
    record = records[min(selection.layer, len(records) - 1)]
    at = min(key, len(key_axis(record, 0).names) - 1)
    return Head(run.recording, record, 0, selection.head), at


def _cost(
    run: ModelRun | RecordedRun,
    masked: "np.ndarray",
    high: float,
    which: str,
    scope: str = "both texts",
) -> None:
    """Loss of the masked tokens, over the video."""
    loss = run.outcome.loss
    if loss is None:
        return
    picture = loss_overlay(
        loss, masked, as_rgb(run.clip), run.temporal_patch, run.recording.provenance,
        scale=loss_scale(high, scope), name=f"loss_{which}",
    )  # fmt: skip
    panels.film(
        picture, key=f"loss.{which}", direction="loss of the masked tokens", unit="loss in nats"
    )
    export_icon(f"the loss of the {which} text", picture.name, lambda: picture, f"loss.{which}")


def _rise(before: "np.ndarray", other: ModelRun, masked: "np.ndarray") -> None:
    """How much the second text costs more, token by token."""
    after, frames = other.outcome.loss, as_rgb(other.clip)
    if after is None:
        return
    change = loss_change_overlay(
        before, after, masked, frames, other.temporal_patch, other.recording.provenance
    )
    panels.film(
        change, key="loss.change", direction="rise of the loss with the second text",
        unit="rise in nats",
    )  # fmt: skip
    export_icon("the rise of the loss", change.name, lambda: change, "loss.change")


def _figures(rises: Sequence[LossRise]) -> None:
    with st.container(horizontal=True, gap="large"):
        for one in rises:
            before, after = f"{one.before:.2f}", f"{one.after:.2f}"
            same = before == after
            st.metric(
                f"Loss, {one.of} (nats)",
                f"{before} → {after}",
                "alike" if same else f"{one.after - one.before:+.2f}",
                delta_color="off" if same else "inverse",
                delta_arrow="off" if same else "auto",
                width="content",
                help=f"Mean −log p of the true token over {one.tokens} tokens",
            )


def _same_word(run: ModelRun, selection: Selection, key: int, which: str) -> None:
    """The overlay of the word at the same place in the text."""
    head, at = _column(run, selection, key)
    weights = word_weights(selection.shown, key)
    scale = Colours().over(*drawn_range(weights), "the first text's word")
    picture = HeadOverFrames(
        head=head, frames=as_rgb(run.clip), temporal_patch=run.temporal_patch, scale=scale
    ).of_key(at)
    of = f"{shows.a_head(selection)} word {key} in {shows.a_run(run.recording)}"
    text = run.prompt.text or "no text"
    panels.say(f"{which.capitalize()}: “{text}”", {f"same.{which}": of}, key=f"said.{which}")
    word = key_axis(head.record, 0).names[at]
    panels.film(
        picture, key=f"same.{which}", direction=f"tokens that read {quoted(word)}", shows=of
    )


def _other(run: ModelRun, prompt: Prompt) -> ModelRun | None:
    options = replace(run.options, frames=len(run.clip.frames))
    request = LookRequest(model=model_of(run), clip=run.clip, prompt=prompt, options=options)
    try:
        found = page_jobs.fetch_run(RunRequest(request, partial(_same_text, run)), run.seconds)
    except PhenakiVizError as error:
        st.error("The second text cannot be run.", icon=":material/block:")
        st.text(str(error))
        return None
    return found if isinstance(found, ModelRun) else None


def _same_text(run: ModelRun) -> None:
    """What a cancelled comparison goes back to: the text itself, which costs nothing."""
    session.put("against", run.prompt.text)


def cross_records(run: Run) -> tuple[Any, ...]:
    """MaskGit's cross-attention, a record a layer; empty where no text is read."""
    stacks = run.recording.stacks()
    found = [group for (stack, _), group in stacks.items()
             if group[0].reads_words and "critic" not in stack]  # fmt: skip
    return tuple(found[0]) if found else ()
