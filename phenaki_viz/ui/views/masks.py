"""Masks: who may see whom?"""

import streamlit as st

from phenaki_viz.analysis.masks import hides_some, visibility
from phenaki_viz.figures.mask_sentences import mask_heading, query_masks
from phenaki_viz.figures.mask_views import LAYERS, mask_picture, said, visible_keys_picture
from phenaki_viz.recording.facts import convolutions_of
from phenaki_viz.runs.run import Run
from phenaki_viz.ui.sections import maps, panels, probe, rolled_out
from phenaki_viz.ui.sections.downloads import export_icon
from phenaki_viz.ui.sections.slim_grid import draw_slim
from phenaki_viz.ui.state.selection import Selection, choose_selection, choose_stack
from phenaki_viz.ui.state.stage import fragment
from phenaki_viz.ui.work import fragment_jobs, shows


@fragment
def masks_page(run: Run) -> None:
    """Each mask alone, all together, and how many keys each query is left with."""
    words = panels.place_for_words()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        records = choose_stack(run.recording, key="masked_maps", first=hides_some)
    fragment_jobs.draw_place()
    if not records:
        with words:
            panels.nothing("Masks", "Depth 0: there is no attention to mask. Turn the depth up.")
        return
    selection = choose_selection(run.recording, records)
    record, seen = selection.record, visibility(selection.record, selection.item)
    with words:
        _say(run, selection)
    draw_slim(run, selection, "masks")
    if len(seen.blind):
        st.warning(said(record, seen, "together"), icon=":material/error:")
    _causality(run)
    left, right = st.columns([6, 5], gap="medium")
    with left:
        _mask(run, selection, "together")
    with right:
        probed = st.container() if record.causal else None
        counted = st.container()
    if probed is not None and (every := probe.draw(run, selection, probed)):
        left, counted = st.columns([6, 5], gap="medium")
        with left:
            every()
    with counted:
        _visible_keys(run, selection)
    for column, which in zip(st.columns(2, gap="medium"), ("causal", "padding"), strict=True):
        with column:
            _mask(run, selection, which)
    rolled_out.draw(run, selection)


def _visible_keys(run: Run, selection: Selection) -> None:
    counts = visible_keys_picture(selection.record, selection.item, run.recording.provenance)
    panels.plotly(
        counts,
        key="visible",
        height=300,
        titled=True,
        elsewhere=None,
        shows=shows.a_head(selection),
    )
    export_icon("the numbers of keys", counts.name, lambda: counts, "visible")


def _say(run: Run, selection: Selection) -> None:
    """What the masks leave, and what they leave the selected query."""
    of = dict.fromkeys((*map(_key, LAYERS), "visible"), shows.a_head(selection))
    record, item = selection.record, selection.item
    text = " · ".join(filter(None, (mask_heading(record, item), selection.shown.call_words)))
    panels.heading(text, run.recording.provenance, of)
    panels.say(query_masks(record, item, selection.query), of, key="sentence.patch")


def _mask(run: Run, selection: Selection, which: str) -> None:
    record = selection.record
    picture = mask_picture(record, selection.item, which, run.recording.provenance)
    st.header(LAYERS[which][0], anchor=False)
    absent = {"causal": not record.causal, "padding": record.key_mask is None}
    if absent.get(which):
        st.caption(picture.notes[0].capitalize())
        return
    if which in absent and any(absent.values()):
        st.caption("The only mask here: it is the one above")
        return
    maps.heatmap(picture, selection, key=_key(which), shows=shows.a_head(selection))
    export_icon(f"“{LAYERS[which][0]}”", picture.name, lambda: picture, f"mask.{which}")


def _key(which: str) -> str:
    return f"mask.{which}"


def _causality(run: Run) -> None:
    """Whether information can flow where the maps do not let it: by the convolutions."""
    causal = [record for record in run.recording if record.causal]
    along_time = any(record.places.batch_counts == "patch" for record in causal)
    known = convolutions_of(run.recording.provenance)
    if not causal or known == ():
        return
    if known is None:
        st.info(
            "The maps are causal. Whether convolutions between them let information through all "
            "the same, this recording does not say: it was made by an earlier version.",
            icon=":material/info:",
        )
        return
    convolutions = [kind for kind in known if "temporal" in kind.stack or not along_time]
    if not convolutions:
        return
    if along_time and any(kind.layout == "published" for kind in convolutions):
        st.info(
            "The maps are causal, the information is not: the published temporal PEG reads its "
            "tokens in another order than they have, so later frames reach earlier ones. "
            "With its layout mended (in the sidebar, where the model allows it) they do not.",
            icon=":material/info:",
        )
    elif not along_time and not all(kind.causal for kind in convolutions):
        st.info(
            "The maps are causal, but the PEG convolution before each layer looks one time "
            "step ahead: switch on “PEG causal in time” to close that way too.",
            icon=":material/info:",
        )
