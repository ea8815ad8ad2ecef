"""The causality probe on the page Masks: where information flows past a mask, module by module."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from phenaki_viz.errors import PhenakiVizError
from phenaki_viz.evaluation.causality import expected_seconds
from phenaki_viz.evaluation.reach import Causality, ModuleReach
from phenaki_viz.figures.causality_sentences import (
    known_without_model,
    module_name,
    module_rows,
    probe_definition,
    probe_sentence,
)
from phenaki_viz.figures.causality_views import modules_picture, reach_picture
from phenaki_viz.figures.words import plain
from phenaki_viz.runs.live import find_model
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import session
from phenaki_viz.ui.sections import maps, panels
from phenaki_viz.ui.sections.downloads import export_icon
from phenaki_viz.ui.sections.text_table import Column, text_table
from phenaki_viz.ui.session import named
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.work import experiments, shows
from phenaki_viz.ui.work.shelves import number_of

if TYPE_CHECKING:
    from torch import nn

TITLE = "Through the model"
QUICK = 1.0  # seconds: what takes longer waits for its button
_REQUESTED = "probe.requested"
HOW = {"through": "The transformer's input", "alone": "The module's own input"}
COLUMNS = {
    "module": Column("Module"),
    "alone": Column(
        "Lets later through", "With its own input changed: the largest change of a step before the "
        "one that was replaced",
    ),
    "through": Column(
        "Is reached by later", "With the transformer's input changed: what modules before it let "
        "through counts as well",
    ),
    "margin": Column(
        "Sure by", "With its own input changed: how many times the change nearest to the tolerance "
        "is above or below it; or what is before the replaced step is equal bit for bit",
    ),
}  # fmt: skip


def draw(run: Run, selection: Selection, beside: DeltaGenerator) -> Callable[[], None] | None:
    """Which time steps reach which: the picture `beside` the mask.

    Returns what draws the table of all modules, of which one is picked; None where nothing is
    known.
    """
    with beside:
        st.header(TITLE, anchor=False)
        model = find_model(run)
        if model is None:
            known = known_without_model(run.recording.provenance, selection.record.stack)
            st.caption(
                "A recording holds no model whose time steps could be replaced to see what moves. "
                f"What it says: {known}."
            )
            return None
        found = _found(run, selection, model)
    return None if found is None else partial(_results, run, selection, found, beside)


def _found(run: Run, selection: Selection, model: "nn.Module") -> Causality | None:
    """What the probe finds: at once where that is quick, else when its button is pressed."""
    stack = selection.record.stack
    probed = (number_of(run), stack)
    seconds = expected_seconds(model, selection.records)
    wanted = seconds <= QUICK or session.get(_REQUESTED) == probed
    if not wanted and not experiments.knows_causality(run, stack):
        st.caption(
            "Replace one time step of what this transformer is given at a time, and see which "
            "outputs of which module move."
        )
        st.button(
            f"Probe it (about {seconds:.0f} s)", type="primary", icon=":material/labs:",
            key=named("probe.start"), on_click=session.here(session.put), args=(_REQUESTED, probed),
        )  # fmt: skip
        return None
    try:
        return experiments.causality_of(run, model, stack, _take_back)
    except PhenakiVizError as error:
        st.caption("It cannot be probed.")
        st.text(str(error))
        return None


def _take_back() -> None:
    session.drop(_REQUESTED)


def _results(run: Run, selection: Selection, found: Causality, beside: DeltaGenerator) -> None:
    """The modules, here; and `beside` the mask what was found, and the module that is picked."""
    provenance = run.recording.provenance
    one, how = _choose(found)
    every = modules_picture(found, how, provenance)
    export_icon("the table of modules", every.name, lambda: every, "probe.modules")
    of = f"{shows.a_run(run.recording)} probe {found.stack}"
    picture = reach_picture(found, one, how, provenance)
    with beside:
        masked = all(record.causal for record in selection.records)
        panels.say(probe_sentence(found, masked=masked), {"probe": of}, key="sentence.probe")
        maps.named_map(
            picture, key="probe", selected=(min(selection.place[0], found.steps - 1), None),
            notes=(plain(picture.title),), shows=f"{of} {one.name} {how}",
        )  # fmt: skip
        export_icon("what is reached", picture.name, lambda: picture, "probe")


def _choose(found: Causality) -> tuple[ModuleReach, str]:
    """A table of the modules; the one that is picked is drawn, else the whole transformer."""
    st.header("Module by module", anchor=False)
    table, controls = st.container(), st.container(horizontal=True, gap="medium")
    with controls:
        at = st.selectbox(
            "Module that is drawn", range(len(found.modules)), index=len(found.modules) - 1,
            format_func=lambda at: module_name(found.modules[at]),
            key=named(f"probe.module.{found.stack}"), width=200,
        )  # fmt: skip
        how = st.segmented_control(
            "A time step is replaced in", list(HOW), format_func=HOW.__getitem__,
            default="through", key=named("probe_how"), required=True,
        )  # fmt: skip
    with table:
        text_table(module_rows(found), COLUMNS, name="The modules, in their order", marked=at)
    st.caption(f"{probe_definition(found)}.")
    return found.modules[at], how or "through"
