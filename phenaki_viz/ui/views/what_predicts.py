"""What predicts a head's worth: every measure of it against what switching it off costs."""

from collections.abc import Sequence

import streamlit as st

from phenaki_viz.analysis.head_columns import COLUMNS
from phenaki_viz.evaluation.effects import HeadEffect
from phenaki_viz.evaluation.predictors import Predictor, predictors
from phenaki_viz.figures.predictor_views import (
    correlation_words,
    predictors_sentence,
    scatter_picture,
)
from phenaki_viz.recording import AttentionRecord
from phenaki_viz.runs.run import Run
from phenaki_viz.ui.sections import panels
from phenaki_viz.ui.sections.downloads import export_icon
from phenaki_viz.ui.session import named
from phenaki_viz.ui.state.offers import among
from phenaki_viz.ui.work import head_tables


def draw(run: Run, effects: Sequence[HeadEffect], shows: str) -> None:
    """The kind of heads, the measure, its scatter. shows: what the effects are of."""
    kinds = _kinds(run, effects)
    if not kinds:
        return
    st.header("What predicts it?", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        kind = st.segmented_control(
            "Heads of", list(kinds), format_func=str.capitalize, default=next(iter(kinds)),
            required=True, **among("worth_of", map(str.capitalize, kinds)),
        )  # fmt: skip
        kind = kind or next(iter(kinds))
        found = predictors(head_tables.of_records(run, kinds[kind]), effects)
        chosen = _measure(found)
    st.text(predictors_sentence(found))
    if chosen is None:
        return
    picture = scatter_picture(chosen, kind, run.recording.provenance)
    panels.plotly(picture, key="worth", height=380, shows=f"{shows} {kind} {chosen.column}")
    export_icon("the scatter", picture.name, lambda: picture, "worth")
    st.caption("The measures are of the clip at hand; the worth is of the clips above.")


def _kinds(run: Run, effects: Sequence[HeadEffect]) -> dict[str, tuple[AttentionRecord, ...]]:
    """The records whose heads were switched off, layer by layer, by kind of map."""
    modules = {one.module for one in effects}
    stacks = run.recording.stacks().items()
    return {
        kind: tuple(records)
        for (_, kind), records in stacks
        if any(record.module in modules for record in records)
    }


def _measure(found: Sequence[Predictor]) -> Predictor | None:
    """The measure that is drawn: the one that goes with it most, or another."""
    by_column = {one.column: one for one in found}
    if not by_column:
        return None
    column = st.selectbox(
        "Measure", list(by_column), key=named("worth_by"), width=420,
        format_func=lambda name: (
            f"{COLUMNS[name].title}: {correlation_words(by_column[name].correlation)}"
        ),
        help="The strongest rank correlation first",
    )  # fmt: skip
    return by_column.get(column, found[0])
