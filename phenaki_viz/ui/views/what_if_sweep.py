"""Every head or layer switched off in turn: the settings, what was found, what predicts it."""

from collections.abc import Sequence
from dataclasses import astuple, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from phenaki_viz.data import DIGIT_CLIPS, digit_clip, read_prompt
from phenaki_viz.evaluation.effects import HeadEffect
from phenaki_viz.evaluation.trials import Trials, trials
from phenaki_viz.figures.effect_views import (
    by_worth,
    effect_words,
    effects_heading,
    effects_picture,
    effects_sentence,
    head_name,
)
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import session
from phenaki_viz.ui.sections import frame, panels
from phenaki_viz.ui.sections.downloads import export_icon
from phenaki_viz.ui.session import named
from phenaki_viz.ui.state.offers import among
from phenaki_viz.ui.state.view import BOUND
from phenaki_viz.ui.views import what_if_head, what_predicts
from phenaki_viz.ui.work import computed, experiments, fragment_jobs, swept
from phenaki_viz.ui.work.shelves import number_of
from phenaki_viz.ui.work.swept import USUAL, SweepSettings

if TYPE_CHECKING:
    from torch import nn

_REQUESTED, TABLE = "whatif.requested", "effects.table"
UNITS = {"heads": "Heads", "layers": "Layers"}
MOST_MASKS = 8
COLUMNS = {
    "head": st.column_config.TextColumn("Head"),
    "rise": st.column_config.NumberColumn(
        "Rise (nats)", format="%+.3f", help="Mean rise of the loss with the head off"
    ),
    "low": st.column_config.NumberColumn("From", format="%+.3f", help="95 % interval of the mean"),
    "high": st.column_config.NumberColumn("To", format="%+.3f", help="95 % interval of the mean"),
    "sure": st.column_config.CheckboxColumn("Sure", help="The interval leaves out 0"),
}


def controls() -> tuple[SweepSettings, SweepSettings]:
    """Over what effects are measured; and the same of what is switched off in turn."""
    with st.container(
        horizontal=True, vertical_alignment="bottom", gap="medium", key=named("whatif.tools")
    ):
        clips = st.number_input(
            "Clips", 1, len(DIGIT_CLIPS), USUAL["clips"], key=named("effect_clips"), width=120,
            help="Held-out clips of moving digits, with their captions", **BOUND,
        )  # fmt: skip
        masks = st.number_input(
            "Masks of each", 1, MOST_MASKS, USUAL["masks"], key=named("effect_masks"), width=120,
            help="Which tokens are hidden: mask k is the one of seed k", **BOUND,
        )  # fmt: skip
        percent = st.slider(
            "Hidden (% of the tokens)", 10, 100, USUAL["hidden"], 5, key=named("effect_hidden"),
            width=240, **BOUND,
        )  # fmt: skip
        settings = SweepSettings(int(clips), int(masks), int(percent))
        in_turn = _in_turn(settings)
    fragment_jobs.draw_place()
    return settings, in_turn


def _in_turn(settings: SweepSettings) -> SweepSettings:
    """Heads or layers, and the button that begins the sweep."""
    with st.container(
        horizontal=True, vertical_alignment="bottom", width="content", key=named("whatif.turn")
    ):
        units = st.segmented_control(
            "In turn", list(UNITS), format_func=UNITS.__getitem__, default="heads",
            required=True, label_visibility="collapsed",
            help="A layer: all its self or all its cross heads",
            **among("effect_of", UNITS.values()),
        )  # fmt: skip
        settings = replace(settings, units=units or "heads")
        st.button(
            f"Switch each {settings.units.removesuffix('s')} off", icon=":material/toggle_off:",
            key=named("whatif.start"), on_click=session.here(session.put),
            args=(_REQUESTED, settings),
            help="Each in turn, all others on: what is the model worth without it? What is "
            "changed above is not in it",
        )  # fmt: skip
    return settings


def _take_back() -> None:
    session.drop(_REQUESTED)


def trials_of(model: "nn.Module", settings: SweepSettings) -> Trials:
    """The clips that come with the project, under these masks."""
    captions = list(DIGIT_CLIPS.values())[: settings.clips]
    clips = [(digit_clip(caption), read_prompt(caption)) for caption in captions]
    return trials(model, clips, masks=settings.masks, share=settings.percent / 100)


def effects_of(
    model: "nn.Module", settings: SweepSettings, made: Trials
) -> tuple[HeadEffect, ...] | None:
    """What was measured, now if its button was pressed; None where it was not."""
    if session.get(_REQUESTED) != settings and not computed.is_kept(settings.key(model)):
        return None
    layers = settings.units == "layers"
    return experiments.effects_of(model, made, settings.key(model), _take_back, layers=layers)


def is_coming(run: Run) -> bool:
    """Whether the sweep was begun and is not done: what shows it is drawn once it is."""
    return session.get(_REQUESTED) is not None and not swept.measured(run)


def say(
    run: Run,
    settings: SweepSettings,
    model: "nn.Module",
    made: Trials,
    effects: Sequence[HeadEffect] | None,
    *,
    alone: bool,
) -> None:
    """What the sweep found, or would find. alone: nothing else has the page's heading."""
    tag: panels.Level = "h1" if alone else "h2"
    key = "heading" if alone else "heading.sweep"
    if effects is None:
        text = "What if a head were switched off?"
        panels.heading(text, run.recording.provenance, {}, tag=tag, key=key)
        st.text(
            f"Each of the MaskGit's {settings.units} is switched off in turn, and the loss of the "
            f"hidden tokens is compared with the whole model's: {made.spoken}. Nothing is changed "
            "for good."
        )
        return
    of = {"effects": _shows(settings, model)}
    panels.heading(effects_heading(effects), run.recording.provenance, of, tag=tag, key=key)
    panels.say(effects_sentence(effects, made), of, key=f"sentence{key}", aside=True)


def _shows(settings: SweepSettings, model: "nn.Module") -> str:
    return " ".join(map(str, ("effects", number_of(model), *astuple(settings))))


def results(
    run: Run,
    settings: SweepSettings,
    model: "nn.Module",
    made: Trials,
    effects: Sequence[HeadEffect],
) -> None:
    """The effects as bars with intervals and as a table, and what goes with them."""
    picture = effects_picture(effects, made, run.recording.provenance)
    left, right = st.columns([7, 5], gap="medium")
    with left:
        panels.plotly(
            picture, key="effects", height=420, elsewhere=None, shows=_shows(settings, model)
        )
        export_icon("the effects", picture.name, lambda: picture, "effects")
    with right:
        _table(run, by_worth(effects))
    if settings.units == "heads":
        what_predicts.draw(run, effects, _shows(settings, model))


def _table(run: Run, ordered: Sequence[HeadEffect]) -> None:
    """Every head; the one that is picked is the one the other pages look at."""
    rows = [
        {"head": head_name(one), "rise": one.mean, "low": one.interval[0],
         "high": one.interval[1], "sure": one.is_sure}
        for one in ordered
    ]  # fmt: skip
    st.dataframe(
        rows, column_config=COLUMNS, hide_index=True, height=390, key=named(TABLE),
        on_select=session.here(partial(_pick, run, ordered)), selection_mode="single-row",
    )  # fmt: skip
    one = _picked(ordered)
    if one is None:
        st.caption("Pick a row to look at its head on the other pages.")
        return
    st.text(f"{head_name(one)}: {effect_words(one)}.")
    frame.link("attention", "Look at it", ":material/visibility:")


def _picked(ordered: Sequence[HeadEffect]) -> HeadEffect | None:
    state: Any = session.get(TABLE)
    rows = state["selection"]["rows"] if state is not None else []
    return ordered[rows[0]] if rows and rows[0] < len(ordered) else None


def _pick(run: Run, ordered: Sequence[HeadEffect]) -> None:
    """The row that was chosen is the head that is weighed and looked at; a callback."""
    one = _picked(ordered)
    if one is not None:
        what_if_head.take(run, one.module, one.head or 0)
