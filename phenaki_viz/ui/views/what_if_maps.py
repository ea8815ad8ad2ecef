"""What the changes do to maps: one head before, now, and the difference around 0."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from phenaki_viz.analysis.beside import Beside, most_first
from phenaki_viz.analysis.weight_range import drawn_range
from phenaki_viz.browser.axes import axis_of
from phenaki_viz.browser.map_message import MapPicture, MapView
from phenaki_viz.errors import PhenakiVizError
from phenaki_viz.figures.beside_views import (
    DIFFERENCE,
    difference_heatmap,
    difference_scale,
    moved_label,
    moved_sentence,
)
from phenaki_viz.figures.colour import DIVERGING, ColourScale
from phenaki_viz.figures.head import Head
from phenaki_viz.figures.intervention_words import edge_name, place_name
from phenaki_viz.figures.weight_colours import Colours
from phenaki_viz.recording import AttentionRecord
from phenaki_viz.recording.interventions.at_cell import cut_at
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import session
from phenaki_viz.ui.components.attention_map import attention_map
from phenaki_viz.ui.sections import panels
from phenaki_viz.ui.sections.downloads import export_icon
from phenaki_viz.ui.session import named
from phenaki_viz.ui.source import ablation
from phenaki_viz.ui.state.wishes import current
from phenaki_viz.ui.views import what_if_changes
from phenaki_viz.ui.work import compared, page_jobs, run_cache
from phenaki_viz.ui.work.requests import LookRequest
from phenaki_viz.ui.work.run_cache import RunRequest
from phenaki_viz.ui.work.shelves import number_of

if TYPE_CHECKING:
    import numpy as np

MOST_CELLS = 324
POINTED = "whatif.pointed"  # head, query and key


@dataclass(frozen=True)
class Pair:
    """One head without and with the changes."""

    before: Head
    now: Head

    @property
    def name(self) -> str:
        """'self L3 H1'."""
        return place_name(self.now.record.module, self.now.record.heads[self.now.head])


def draw(whole: Run | None, run: Run) -> None:
    """The heads whose maps moved most, one of them as three maps. whole: with nothing changed."""
    pairs = _pairs(whole, run) if whole is not None else []
    if whole is None or not pairs:
        return
    st.header("What happens to the maps", anchor=False)
    try:
        moved = compared.moved_maps(run, whole, [(one.before.map, one.now.map) for one in pairs])
    except PhenakiVizError as error:
        st.text(f"The maps cannot be laid on each other: {error}.")
        return
    queries = pairs[0].now.map.shape[0]
    st.text(moved_sentence([one.name for one in pairs], moved, queries))
    pair = _chosen(pairs, moved)
    if pair is not None:
        _three(pair)


def unchanged(run: Run) -> Run | None:
    """The run that is on the page, with nothing changed; None where it cannot be run again."""
    wanted: RunRequest | None = session.page.get(run_cache.GOOD)
    request = wanted.request if wanted is not None else None
    if not isinstance(request, LookRequest):
        return None
    return page_jobs.fetch_run(
        RunRequest(request.whole(), ablation.all_on), getattr(run, "seconds", 1)
    )


def _pairs(before: Run, now: Run) -> list[Pair]:
    """Every head of the MaskGit that ran in both."""
    kept = {_call(record): record for record in before.recording}
    return [
        Pair(
            Head(before.recording, kept[_call(record)], 0, head),
            Head(now.recording, record, 0, head),
        )
        for record in now.recording
        if record.module.startswith("maskgit.") and _call(record) in kept
        for head in range(len(record.heads))
    ]


def _call(record: AttentionRecord) -> tuple[str, int]:
    return record.module, record.call


def _chosen(pairs: Sequence[Pair], moved: "np.ndarray") -> Pair | None:
    """The head whose map moved most, or another."""
    names = {pairs[at].name: at for at in most_first(moved)}
    with st.container(horizontal=True, vertical_alignment="bottom", key=named("whatif.maps.tools")):
        name = st.selectbox(
            "Head", list(names), key=named("whatif.map"), width=380,
            format_func=lambda one: moved_label(one, moved[names[one]]),
            help="The map that moved most first",
        )  # fmt: skip
        pair = pairs[names[name]] if name in names else None
        if pair is not None:
            _take(pair)
    return pair


def _take(pair: Pair) -> None:
    """The difference as a file, every cell."""

    def make() -> Any:
        found = compared.maps_beside(
            pair.before.map, pair.now.map, max(pair.now.record.map.shape[2:])
        )
        scale = difference_scale(found, DIVERGING["light"])
        return difference_heatmap(pair.now, found.difference, scale)

    export_icon("the difference", f"{pair.now.stem}_difference", make, "whatif.difference")


def _three(pair: Pair) -> None:
    found = compared.maps_beside(pair.before.map, pair.now.map, MOST_CELLS)
    weights = Colours("sqrt").over(*drawn_range(found.before), "the map as it is")
    around = difference_scale(found, DIVERGING[panels.theme()])
    shown = {
        "before": ("As it is", found.before, weights, "weight"),
        "now": ("Changed", found.now, weights, "weight"),
        "difference": ("Difference", found.difference, around, DIFFERENCE),
    }
    columns = st.columns(3, gap="medium")
    for column, (key, (title, values, scale, unit)) in zip(columns, shown.items(), strict=True):
        with column:
            st.markdown(f"**{title}**")
            _map(pair, key, values, found, scale, unit)
    _edge(pair)


def _map(
    pair: Pair, key: str, values: "np.ndarray", found: Beside, scale: ColourScale, unit: str
) -> None:
    record, item = pair.now.record, pair.now.item
    _, _, i, j = record.map.shape
    y, x = found.cells.cell
    picture = MapPicture(
        values=values,
        total=(i, j),
        cell=found.cells.cell,
        scale=scale,
        query=axis_of(record, item, "query"),
        key=axis_of(record, item, "key"),
        unit=unit,
        source=f"{key} {pair.name} {number_of(record.map)} {number_of(pair.before.record.map)}",
        notes=() if (y, x) == (1, 1) else (f"mean of {y} × {x} cells",),
    )
    attention_map(
        picture,
        MapView(shows=f"{pair.name} {number_of(record.map)}"),
        key=f"whatif.{key}",
        selected=(min(current("row", 0), i - 1), "kept"),
        on_pick=lambda cell: session.put(POINTED, (pair.name, cell["query"], cell["key"])),
    )


def _edge(pair: Pair) -> None:
    """The cell that was pointed at on one of the maps, and what cuts its edge."""
    name, query, key = session.get(POINTED, ("", 0, None))
    _, _, i, j = pair.now.record.map.shape
    known = name == pair.name and key is not None and query < i and key < j
    cut = cut_at(pair.now.map, query, key) if known else None
    with st.container(horizontal=True, vertical_alignment="center", key=named("whatif.edge")):
        if cut is None:
            st.caption("Click a cell to cut its edge: that patch will not read that key.")
            return
        st.text(edge_name(cut, pair.now.record.words), width="content")
        st.button(
            "Cut this edge", icon=":material/content_cut:", key=named("whatif.edge.cut"),
            on_click=session.here(what_if_changes.then_anew),
            args=(partial(what_if_changes.add, cut),),
            help="In force on every page until it is taken back",
        )  # fmt: skip
