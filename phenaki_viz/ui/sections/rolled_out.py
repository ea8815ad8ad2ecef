"""Attention rollout in a box that is opened: approximate, and named so."""

import streamlit as st

from phenaki_viz.errors import PhenakiVizError
from phenaki_viz.figures.rollout_views import ABOUT, rollout_picture, rollout_sentence
from phenaki_viz.runs.run import Run
from phenaki_viz.ui.sections import maps, panels
from phenaki_viz.ui.sections.downloads import export_icon
from phenaki_viz.ui.session import named
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.work import computed, shows

MOST = 1024  # queries of a picture: the product of whole maps grows with their cube


def draw(run: Run, selection: Selection) -> None:
    """From the first layer to the chosen one, for all queries of one map."""
    record = selection.record
    if record.is_cross:
        return
    box = st.expander(
        "Approximate: attention rollout", icon=":material/layers:", key=named("rollout"),
        on_change="rerun",
    )  # fmt: skip
    if not box.open:
        return
    with box:
        st.caption(ABOUT)
        if record.map.shape[2] > MOST:
            st.caption(
                f"A picture of more than {MOST:,} queries takes too long to make here: "
                "phenaki_viz.analysis.rollout gives the rows that are asked for."
            )
            return
        try:
            shares = computed.rollout_of(run, selection)
        except PhenakiVizError as error:
            st.text(str(error))
            return
        records, of = selection.records[: selection.layer + 1], shows.a_head(selection)
        picture = rollout_picture(records, selection.item, shares, run.recording.provenance)
        sentence = rollout_sentence(records, selection.item, selection.query, shares)
        panels.say(sentence, {"rollout.map": of}, key="sentence.rollout")
        maps.heatmap(picture, selection, key="rollout.map", shows=of)
        export_icon("the rollout", picture.name, lambda: picture, "rollout")
