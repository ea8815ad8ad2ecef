"""What if: does it matter? Something is changed, and the output says what it was worth.

While nothing is changed, one head is weighed: off in what is measured here, and nowhere else.
The clips are those that come with the project: what they show is known, and a model is measured
on all of them whatever clip is looked at.
"""

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from phenaki_viz.errors import ConfigError, PhenakiVizError
from phenaki_viz.evaluation.changes import Change
from phenaki_viz.evaluation.effects import Trials, expect_measurable
from phenaki_viz.figures.change_sentences import (
    change_heading,
    change_sentence,
    divergence_words,
    error_words,
    moved_words,
    rise_words,
    tried_heading,
    tried_sentence,
)
from phenaki_viz.figures.intervention_words import all_names
from phenaki_viz.models import Phenaki
from phenaki_viz.recording.interventions import Interventions
from phenaki_viz.runs.live import find_model
from phenaki_viz.runs.model import ModelRun
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import session
from phenaki_viz.ui.sections import panels
from phenaki_viz.ui.session import named
from phenaki_viz.ui.state.stage import fragment
from phenaki_viz.ui.views import (
    what_if_changes,
    what_if_clip,
    what_if_filled,
    what_if_head,
    what_if_maps,
    what_if_sweep,
)
from phenaki_viz.ui.views.what_if_head import AtHand
from phenaki_viz.ui.work import computed, experiments, shows, swept
from phenaki_viz.ui.work.swept import SweepSettings

if TYPE_CHECKING:
    from torch import nn

_HELD = "whatif.held"


@fragment
def what_if_page(run: Run) -> None:
    """What is changed and what it does to the output; then every head in turn."""
    words = panels.place_for_words()
    model = find_model(run)
    if model is None:
        with words:
            panels.nothing(
                "What if",
                "A recording holds what a model did, not the model: open its weights under “Your "
                "own” to switch heads off.",
            )
        return
    try:
        whole = expect_measurable(model)
    except ConfigError as error:
        with words:
            panels.nothing("What if", "What a head is worth cannot be measured with this model.")
            st.text(str(error))
        return
    given = run.options.switches.interventions if isinstance(run, ModelRun) else ()
    chosen = None if given else what_if_head.at_hand(run)
    heads = st.container(key=named("whatif.heads"))
    first = chosen.off if chosen is not None else None
    what_if_changes.draw(run, model, given, first, what_if_head.words_of(run))
    figures = st.container(horizontal=True, gap="medium", key=named("whatif.figures"))
    settings, in_turn = what_if_sweep.controls()
    made = computed.once(
        settings.trials_key(model), lambda: what_if_sweep.trials_of(model, settings)
    )
    late = what_if_sweep.is_coming(run)
    if chosen is not None and not late:
        with heads:
            what_if_head.draw(run, chosen, swept.measured(run))
    weighed = (chosen.off,) if chosen is not None else given
    change = _change(model, settings, made, weighed)
    if change is not None:
        with words:
            _say(run, chosen, change, made, given)
        with figures:
            _figures(change, _error(run) if given else "")
    _what_comes_out(run, model, chosen, given, whole)
    place = words if change is None else st.container(gap="xxsmall")
    effects = what_if_sweep.effects_of(model, in_turn, made)
    if chosen is not None and late:
        with heads:
            what_if_head.draw(run, chosen, swept.measured(run))
    if effects or change is None:
        with place:
            what_if_sweep.say(run, in_turn, model, made, effects, alone=change is None)
    if effects:
        what_if_sweep.results(run, in_turn, model, made, effects)


def _say(
    run: Run, chosen: AtHand | None, change: Change, made: Trials, given: Interventions
) -> None:
    """What is changed, or would be, and what the loss does then."""
    heading, aside = change_heading(given, change), change_sentence(made)
    if chosen is not None:
        heading, aside = tried_heading(chosen.name, change), tried_sentence(change, made)
    # With the pictures of what it says: a model that is run again keeps those of before.
    of = dict.fromkeys(what_if_filled.CHANGED, _shows(run, _changed(chosen, given)))
    panels.heading(heading, run.recording.provenance, of)
    panels.say(aside, of, key="sentence.change", aside=True)


def _what_comes_out(
    run: Run, model: "nn.Module", chosen: AtHand | None, given: Interventions, whole: Phenaki
) -> None:
    """The clip at hand with the change and without: what is filled in, maps, a clip generated."""
    now = run if chosen is None else what_if_head.without(run, model, chosen)
    if not isinstance(now, ModelRun) or not (given or chosen):
        return
    before = run if chosen is not None else _before(run)
    changed = _changed(chosen, given)
    what_if_filled.draw(before, now, changed, _shows(run, changed))
    what_if_maps.draw(before, now)
    what_if_clip.draw(now, whole)


def _changed(chosen: AtHand | None, given: Interventions) -> str:
    """What is changed, or weighed, as the beginning of a line."""
    title = all_names(given) if chosen is None else f"{chosen.name} off"
    return title[:1].upper() + title[1:]


def _shows(run: Run, changed: str) -> str:
    """What the pictures of a change to the run at hand show."""
    return f"{shows.a_run(run.recording)} {changed}"


def _before(run: Run) -> Run | None:
    """The run with nothing changed; None where it cannot be had."""
    try:
        return what_if_maps.unchanged(run)
    except PhenakiVizError:
        return None


def _change(
    model: "nn.Module", settings: SweepSettings, made: Trials, given: Interventions
) -> Change | None:
    """What these do to the output; None where there are none, or the work is cancelled."""
    if not given:
        return None
    held = (settings, given)
    if session.get(_HELD) == held:
        st.button(
            "Measure the change",
            key=named("whatif.measure"),
            on_click=session.here(_hold),
            args=(None,),
        )
        return None
    try:
        key = settings.trials_key(model)
        return experiments.change_of(model, made, key, given, partial(_hold, held))
    except PhenakiVizError as error:
        st.error("What this changes cannot be measured.", icon=":material/block:")
        st.text(str(error))
        return None


def _hold(held: object) -> None:
    session.put(_HELD, held)


def _error(run: Run) -> str:
    """The error of this clip's reconstruction, which changes of the C-ViViT move."""
    before = _before(run)
    if not isinstance(run, ModelRun) or not isinstance(before, ModelRun):
        return ""
    return error_words(run.outcome.error, before.outcome.error)


def _figures(change: Change, error: str) -> None:
    """The change of the output, large. error: of the reconstruction, or empty."""
    cards = (
        ("Loss of hidden tokens", rise_words(change), "Mean −log p of the true codes"),
        ("Tokens that change", moved_words(change),
         "Hidden tokens whose most likely code is another"),
        ("Divergence of the output", divergence_words(change),
         "Mean Kullback-Leibler divergence of the codes' distributions, KL(as it is ‖ changed)"),
        ("Reconstruction error", error, "Of the clip at hand: squared error over its variance"),
    )  # fmt: skip
    for label, text, means in (card for card in cards if card[1]):
        number, _, beside = text.partition(" (")
        with st.container(border=True, gap=None, width="content"):
            st.metric(label, number, help=means, width="content")
            interval = " (95 %)" if label != "Reconstruction error" else ""
            st.caption(f"{beside.removesuffix(')')}{interval}" if beside else "one trial")
