"""What is looked at: stack, layer, head, patch and colours; kept while the model changes.

What the user last chose is the wish; what can be shown of it in the present model is the
selection. With fewer heads the selection moves to the last one, and comes back with the heads.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from phenaki_viz.figures.head import Head
from phenaki_viz.figures.naming import family, kind_name, video_name
from phenaki_viz.recording import AttentionRecord, Place, Recording
from phenaki_viz.ui import session
from phenaki_viz.ui.components.film_strip import MOST_PATCHES
from phenaki_viz.ui.markup import inert
from phenaki_viz.ui.state.link import groups_text, in_link, number_groups, say_in_url
from phenaki_viz.ui.state.offers import among
from phenaki_viz.ui.state.wishes import PLACE, is_trained, number

FIRST_FAMILIES = ("self", "cross")
MOST_IN_A_ROW = 4
VIDEO = "video"
ALSO = "queries.also"


@dataclass(frozen=True)
class Selection:
    """One head of one layer of one stack, and one patch of the video, or several.

    records: every layer of the stack. place: the chosen patch (step, row, column); also: those that
    were chosen with it. video: which of the batch, from 0.
    """

    recording: Recording
    records: tuple[AttentionRecord, ...]
    layer: int
    head: int
    place: Place
    video: int = 0
    also: tuple[Place, ...] = ()

    @property
    def places(self) -> tuple[Place, ...]:
        """All chosen patches, the first one first."""
        return self.place, *self.also

    @property
    def record(self) -> AttentionRecord:
        """The selected layer's record."""
        return self.records[self.layer]

    @property
    def item(self) -> int:
        """The batch item whose map holds the chosen patch."""
        original, _ = self.record.places.locate(self.place, self.video)
        return self.record.item_of(original)

    @property
    def items(self) -> list[int]:
        """The batch item whose map holds the chosen patch, of every layer of the stack."""
        original, _ = self.record.places.locate(self.place, self.video)
        return [record.item_of(original) for record in self.records]

    @property
    def query(self) -> int:
        """The chosen patch as a row of the map."""
        return self.shown.map.row_of(self.place)

    @property
    def shown(self) -> Head:
        """The selected head, for the picture builders."""
        return Head(self.recording, self.record, self.item, self.head)


def choose_stack(
    recording: Recording,
    *,
    key: str = "maps",
    first: Callable[[AttentionRecord], bool] | None = None,
) -> tuple[AttentionRecord, ...]:
    """Self or cross, spatial or temporal: one stack of layers.

    key: of the widget, for a page that begins elsewhere than the others. first: it begins with the
    first stack whose first layer is so, unless the link says which.
    """
    families = _families(recording)
    names = list(families)
    if not names:
        return ()
    start = _first_family(families)
    how = among(key, map(_said, names))
    if first is not None:
        start = next((name for name in names if first(families[name][0])), start)
        linked = _linked(names)
        if linked and not session.has(key):
            session.put(key, linked)  # not as the default, which links leave out
    session.fall_back(key, names, start)
    draw: Any = st.pills if len(names) > MOST_IN_A_ROW else st.segmented_control
    chosen = draw(
        "Maps",
        names,
        wrap=True,  # in a row of widgets the last ones would else be out of sight on a narrow page
        format_func=_said,
        default=start,
        required=True,
        label_visibility="collapsed",
        **how,
    )
    return families[chosen or start]


def stack_now(recording: Recording) -> tuple[AttentionRecord, ...]:
    """The stack that is looked at, without drawing the choice; () where nothing was recorded."""
    families = _families(recording)
    if not families:
        return ()
    name = session.get("maps") or _linked(list(families))
    return families[name if name in families else _first_family(families)]


def _families(recording: Recording) -> dict[str, tuple[AttentionRecord, ...]]:
    """Stacks by their kind; what fills in tokens first: there attention crosses space and time."""
    groups = (tuple(group) for group in recording.stacks().values())
    found = {kind_name(recording, group[0]): group for group in groups}
    return dict(sorted(found.items(), key=lambda one: family(one[1][0]) not in FIRST_FAMILIES))


def _first_family(families: Mapping[str, Sequence[AttentionRecord]]) -> str:
    """The kind that is looked at first: of the trained model the one that reads the text."""
    crossed = [name for name, records in families.items() if family(records[0]) == "cross"]
    return crossed[0] if is_trained() and crossed else next(iter(families))


def _linked(names: Sequence[str]) -> str | None:
    """The kind of map that the link names, as the other pages write it."""
    linked = in_link("maps").casefold()
    return next((name for name in names if name.casefold() == linked), None)


def choose_selection(
    recording: Recording, records: Sequence[AttentionRecord], *, place: bool = True
) -> Selection:
    """Layer, head and patch by numbers; the canvases write the same state.

    place: False draws layer and head alone, the patch is the first.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
        layer = number("layer", len(records) - 1)
        head = number("head", len(records[0].heads) - 1)
        wanted = _place(records[0].places.grid) if place else (0, 0, 0)
        video = _video(records[layer])
    there = records[layer].nearest(wanted, video)
    if there != wanted:
        st.caption("The map of this place was not recorded; shown is the nearest that was.")
    found = Selection(recording, tuple(records), layer, head, there, video)
    return replace(found, also=_also(found)) if place else found


def _place(grid: Place) -> Place:
    step, row, column = (number(name, size - 1) for name, size in zip(PLACE, grid, strict=True))
    return step, row, column


def _also(selection: Selection) -> tuple[Place, ...]:
    """The patches that were chosen with the first, as far as this model has them; links say all."""
    linked = number_groups(in_link("also"), 3, MOST_PATCHES)
    places: tuple[Place, ...] = session.first(ALSO, linked)
    say_in_url("also", groups_text(places))
    grid = selection.record.places.grid
    there = (at for at in places if all(a < size for a, size in zip(at, grid, strict=True)))
    return tuple(at for at in there if at != selection.place)


def _said(kind: str) -> str:
    """A kind of map as a label; a stack's name in it may come from a file."""
    return inert(kind[:1].upper() + kind[1:])


def _video(record: AttentionRecord) -> int:
    """Which video of the batch; a choice where several were recorded."""
    each = record.places.items_per_video
    first = {item // each: at for at, item in reversed(list(enumerate(record.batch_items)))}
    videos = sorted(first)
    how = among(VIDEO, (video_name(record, first[video]) for video in videos))
    session.fall_back(VIDEO, videos, videos[0])
    if len(videos) < 2:
        return videos[0]
    return st.selectbox(
        "Of the batch",
        videos,
        format_func=lambda video: video_name(record, first[video]),
        width=150,
        **how,
    )
