"""Attention at the kept steps of a training, on one clip that it never learns from."""

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

import streamlit as st

from phenaki_viz.analysis.measures import head_statistics
from phenaki_viz.analysis.thumbnails import Thumbnails, thumbnails
from phenaki_viz.analysis.weight_range import drawn_range
from phenaki_viz.data import Clip, Prompt, as_rgb
from phenaki_viz.figures.attention_views import head_grid
from phenaki_viz.figures.naming import place_name
from phenaki_viz.figures.outcome_views import frames_alone
from phenaki_viz.figures.overlays import HeadOverFrames
from phenaki_viz.figures.read_views import words_read
from phenaki_viz.figures.sentences import head_sentence, patch_sentence
from phenaki_viz.figures.training_sentences import entropy_note
from phenaki_viz.figures.training_views import heads_over_steps
from phenaki_viz.figures.weight_colours import Colours
from phenaki_viz.models.dial import DialConfig
from phenaki_viz.nouns import counted
from phenaki_viz.recording import AttentionRecord
from phenaki_viz.runs.training_job import Kept, Training
from phenaki_viz.runs.training_step import watched
from phenaki_viz.ui import session
from phenaki_viz.ui.components.film_strip import share_film
from phenaki_viz.ui.markup import inert
from phenaki_viz.ui.sections import outcome, panels
from phenaki_viz.ui.sections.downloads import export_icon
from phenaki_viz.ui.sections.health import draw_health
from phenaki_viz.ui.session import named
from phenaki_viz.ui.state.selection import Selection, choose_selection, choose_stack
from phenaki_viz.ui.state.stage import fragment
from phenaki_viz.ui.work import computed, shows
from phenaki_viz.ui.work.shelves import number_of

if TYPE_CHECKING:
    import numpy as np

T = TypeVar("T")
AT = "train_at"
_CHOSEN = "train.chosen"  # a kept step; none: the newest, whichever that is


@fragment
def timeline(job: Training, under: Callable[[int], None]) -> None:
    """A slider over the kept steps; the heads and one query's row at the step it is on.

    under: draws what can be done with the weights of that step.
    """
    kept = job.kept
    if not kept:
        st.caption("The attention at chosen training steps appears here once training has begun.")
        return
    clip, prompt = _watched(job.settings.config)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        at = _choose_step(kept)
        common = st.toggle(
            "Same colours at all training steps",
            False,
            key=named("train_common"),
            help="One scale a head over all kept training steps, so that weights can be compared. "
            "Off: each from 0 to its own largest weight, so that patterns can be seen",
        )
        records = choose_stack(at.recording)
    if not records:
        return
    selection = choose_selection(at.recording, records)
    panels.heading(
        f"After {counted(at.step, 'training step')} · {selection.shown.label} · query "
        f"{place_name(*selection.place)}",
        at.recording.provenance,
        _of(selection),
        tag="h2",
    )
    said = patch_sentence(selection.shown, selection.place)
    panels.say(said, _of(selection), key="sentence.patch")
    panels.say_of_head(_whole(at, selection), _of(selection))
    with st.container():  # a place of its own, whether there is something to say or not
        draw_health(at.recording)
    st.caption(inert(f"{clip.name} (never learnt from; all of its patches are shown)"))
    every = _every(kept, selection) if common else ((at, selection),)
    _row(clip, selection, every)
    left, right = st.columns([6, 5], gap="medium")
    with left:
        _grid(at, selection, every)
    with right:
        _over_steps(kept, selection, prompt)
    _filled(at, job.settings.config)
    under(at.step)


def _of(selection: Selection) -> dict[str, str]:
    """What the pictures have to be of, for the heading to be true."""
    row = "train.words" if selection.record.reads_words else "strip"
    return {row: shows.a_patch(selection), "grid.heads": shows.a_stack(selection)}


@lru_cache(maxsize=8)
def _watched(config: DialConfig) -> tuple[Clip, Prompt]:
    return watched(config)


def _choose_step(kept: tuple[Kept, ...]) -> Kept:
    """The chosen step; at the newest the slider goes along with the training.

    Each newest step has a slider of its own: what a browser says late of the one before, which it
    shows for a moment longer, is not taken for a choice.
    """
    steps = [each.step for each in kept]
    if len(steps) == 1:
        st.caption(f"After {counted(steps[0], 'training step')}; more follow.")
        return kept[0]
    chosen = session.get(_CHOSEN)
    key = f"{AT}_{steps[-1]}"
    step = st.select_slider(
        "After how many training steps (arrow keys go on and back)",
        steps,
        chosen if chosen in steps else steps[-1],
        key=named(key),
        format_func=lambda at: f"{at:,}",
        on_change=session.here(_choose),
        args=(key, steps[-1]),
        width=420,
    )
    return kept[steps.index(step)]


def _choose(key: str, newest: int) -> None:
    step = session.held(key)
    session.put(_CHOSEN, None if step == newest else step)


def _every(kept: tuple[Kept, ...], selection: Selection) -> tuple[tuple[Kept, Selection], ...]:
    """What is selected, at every kept step."""
    return tuple((each, _same(each, selection)) for each in kept)


def _same(kept: Kept, selection: Selection) -> Selection:
    which = selection.record.stack, selection.record.kind
    records = tuple(kept.recording.stacks()[which])
    return Selection(kept.recording, records, selection.layer, selection.head, selection.place)


def _row(clip: Clip, selection: Selection, every: tuple[tuple[Kept, Selection], ...]) -> None:
    if selection.record.reads_words:
        bars = words_read(selection.shown, selection.place)
        panels.plotly(bars, key="train.words", height=260, shows=shows.a_patch(selection))
        return
    scope = "this query, all kept training steps" if len(every) > 1 else "this query"
    scale = Colours().over(*drawn_range(*(_weights(look) for _, look in every)), scope)
    frames, patch = as_rgb(clip), frames_a_step(selection.record, len(clip.frames))
    over = HeadOverFrames(head=selection.shown, frames=frames, temporal_patch=patch, scale=scale)
    picture = over.of_patches([selection.place])
    film = share_film("strip", computed.pixels(clip))
    panels.strip(picture, film, None, "looks at", shows=shows.a_patch(selection))
    export_icon("the frames", picture.name, lambda: picture, "train.strip")


def frames_a_step(record: AttentionRecord, frames: int) -> int:
    """Frames that a time step after the first covers."""
    steps = record.places.grid[0]
    return (frames - 1) // (steps - 1) if steps > 1 else 1


def _weights(look: Selection) -> "np.ndarray":
    return look.record.map.rows(look.item, look.head, [look.query])[0]


def _grid(at: Kept, selection: Selection, every: tuple[tuple[Kept, Selection], ...]) -> None:
    shown = _thumbs(at, selection)
    scope = "this head, all kept training steps" if len(every) > 1 else "this head"
    scales = Colours().of_each(*(_thumbs(each, look).values for each, look in every), scope=scope)
    picture = head_grid(
        at.recording, selection.records, shown, scales, selected=(selection.layer, selection.head)
    )
    panels.grid(picture, shows=shows.a_stack(selection))
    export_icon("the heads' grid", f"{picture.name}_step_{at.step}", lambda: picture, "train.grid")


def _thumbs(kept: Kept, look: Selection) -> Thumbnails:
    return _once(kept, "thumbs", look, lambda: thumbnails(look.records, look.items))


def _over_steps(kept: tuple[Kept, ...], selection: Selection, prompt: Prompt) -> None:
    """The entropy of each head of the layer, from step to step."""
    if len(kept) < 2:
        return
    picture = heads_over_steps(
        [_entropy(each, look)[selection.layer] for each, look in _every(kept, selection)],
        [each.step for each in kept],
        selection.record.layer,
        selection.head,
        kept[-1].recording.provenance,
        title="entropy",
        unit="bits",
    )
    panels.plotly(picture, key="train.entropy", height=320, titled=True)
    st.caption(entropy_note(selection.shown.map))
    export_icon("the entropies", picture.name, lambda: picture, "train.entropy")


def _filled(at: Kept, config: DialConfig) -> None:
    """What all that looking is for: the hidden patches, filled in."""
    st.markdown("**The task: half of the patches hidden, and filled in by the model**")
    for name, frames, said in (
        ("hidden", at.hidden, "What the model is shown: grey is hidden"),
        (
            "filled",
            at.filled,
            f"The hidden patches filled in, after {counted(at.step, 'training step')}",
        ),
    ):
        picture = frames_alone(
            frames, config.grid, config.temporal_patch,
            at.recording.provenance, name=f"{name}_step_{at.step}", title=said,
        )  # fmt: skip
        outcome.draw_film(picture, f"train.{name}")


def _entropy(kept: Kept, look: Selection) -> "np.ndarray":
    def measure() -> "np.ndarray":
        return head_statistics(look.records, look.items, ["entropy"]).mean("entropy")

    return _once(kept, "entropy", look, measure)


def _whole(kept: Kept, look: Selection) -> str:
    """What the selected head does at this training step, in a sentence."""
    one = f"sentence {look.layer} {look.head}"
    return _once(kept, one, look, lambda: head_sentence(look.shown))


def _once(kept: Kept, what: str, look: Selection, make: Callable[[], T]) -> T:
    maps = tuple(number_of(record.map) for record in look.records)
    return computed.once((what, number_of(kept), maps, tuple(look.items)), make)
