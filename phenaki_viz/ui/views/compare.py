"""Compare: what changed between two runs? Both on one scale, B − A, how far every head moved."""

from dataclasses import replace

import streamlit as st

from phenaki_viz.analysis.difference import HeadDistances
from phenaki_viz.analysis.laid import lay, stack_like
from phenaki_viz.figures.difference_sentences import (
    apart_heading,
    head_moved,
    laid_note,
    moved_heading,
    own_numbers,
    row_moved,
    still,
)
from phenaki_viz.figures.difference_views import laid_keys
from phenaki_viz.figures.naming import query_axis
from phenaki_viz.recording import AttentionRecord
from phenaki_viz.runs.run import Run
from phenaki_viz.ui.components.said import OfPatch, said
from phenaki_viz.ui.sections import goto, linked, panels
from phenaki_viz.ui.session import named, styled
from phenaki_viz.ui.source import other_choice, other_run
from phenaki_viz.ui.source.other_run import Other
from phenaki_viz.ui.state.selection import Selection, choose_stack
from phenaki_viz.ui.state.stage import fragment
from phenaki_viz.ui.views.compare_columns import Two, draw_columns
from phenaki_viz.ui.views.compare_files import take_away
from phenaki_viz.ui.views.compare_heads import (
    by_place,
    draw_heads,
    followed,
    own,
    shows_of,
)
from phenaki_viz.ui.views.compare_style import STYLE
from phenaki_viz.ui.work import compared, fragment_jobs


@fragment
def compare_page(run: Run) -> None:
    """What B is; the heads by how far they moved; A, B and the difference of one of them."""
    st.html(styled(STYLE))
    with st.container(key=named("compare")):
        _draw(run)


def _draw(run: Run) -> None:
    words = st.container(key=named("compare.words"))
    tools = panels.place_for_tools("compare")
    with tools:
        other = other_choice.choose(run)
        found = other_run.fetch(run, other) if other else None
    if other is None or found is None:
        with words:
            st.title("Compare", anchor=False)
        return
    a, b = found
    with tools:
        records = choose_stack(a.recording, first=lambda one: not one.is_cross)
    if not records:
        with words:
            panels.nothing("Compare", "Depth 0: there is no attention to compare.")
        return
    with words:
        selection = goto.choose(a.recording, records)
    theirs = tuple(stack_like(records, b.recording))
    strict = lay(records, theirs)
    laid = lay(records, theirs, by_place=True) if strict.only_words and by_place() else strict
    if not theirs:
        with words:
            panels.nothing("Compare", f"{laid.reasons[0]}: B has no maps of this kind.")
        return
    main = st.container(key=named("compare.main"))
    fragment_jobs.draw_place()
    moved = compared.distances(laid, selection.video) if laid.can else None
    selection = followed(selection, moved)
    there = _in_b(selection, b, theirs)
    two = Two(
        a=a,
        b=b,
        selection=selection,
        there=there,
        descriptions=_descriptions(other, a, b),
        laid=laid,
    )
    with main:
        draw_heads(two, moved, words_differ=bool(strict.only_words))
        draw_columns(two)
    with words:
        _say(two, moved)
    with tools:
        take_away(two, moved)


def _descriptions(other: Other, a: Run, b: Run) -> tuple[str, str]:
    """What A and B are; with their texts where those differ and that is not what was changed."""
    if a.prompt.text == b.prompt.text or other.b.startswith("“"):
        return other.a, other.b
    one, two = (f"“{run.prompt.text}”" if run.prompt.text else "no text" for run in (a, b))
    return f"{other.a}, {one}", f"{other.b}, {two}"


def _in_b(selection: Selection, b: Run, theirs: tuple[AttentionRecord, ...]) -> Selection:
    """The layer, head, patch and video of A in B, or the nearest that it has."""
    record = selection.record
    layer = next(
        (at for at, one in enumerate(theirs) if (one.layer, one.use) == (record.layer, record.use)),
        min(selection.layer, len(theirs) - 1),
    )
    heads = theirs[layer].heads
    original = record.heads[selection.head]
    head = heads.index(original) if original in heads else min(selection.head, len(heads) - 1)
    place = tuple(
        min(at, size - 1)
        for at, size in zip(selection.place, theirs[layer].places.grid, strict=True)
    )
    found = Selection(b.recording, theirs, layer, head, (place[0], place[1], place[2]))
    items = theirs[layer].batch_items
    shared = record.batch_items[selection.item]
    if shared in items:
        each = record.places.items_per_video
        return replace(found, video=shared // each)
    return replace(found, video=items[0] // theirs[layer].places.items_per_video)


# ---- in words


def _say(two: Two, moved: HeadDistances | None) -> None:
    of = {"grid.compare": shows_of(two)}
    provenance, selection = two.a.recording.provenance, two.selection
    if not two.laid.can:
        panels.heading(apart_heading(two.laid), provenance, of)
        panels.say(f"{_own(two)} {still(two.laid)}", of, key="sentence.head", aside=True)
        return
    panels.heading(moved_heading(moved) if moved else "Compare", provenance, of if moved else {})
    one, other = two.heads
    row = compared.row(one.map, other.map, selection.query)
    patch = OfPatch(
        of_map=linked.of_map(selection), side="row", place=selection.place, opens=goto.KEY,
        tells=f"{row_moved(row.difference, row.distance, laid_keys(*two.heads).names)}.",
    )  # fmt: skip
    said(
        selection.shown.name, key="sentence.patch", tag="strong", patch=patch,
        of={"compare.difference": two.shows},
    )  # fmt: skip
    panels.say(" ".join(filter(None, (_head(two, moved), laid_note(two.laid)))),
               {"compare.difference": two.shows}, key="sentence.head", aside=True)  # fmt: skip


def _head(two: Two, moved: HeadDistances | None) -> str:
    record, head = two.selection.record, two.selection.record.heads[two.selection.head]
    for row in moved.rows if moved else ():
        if (row.layer, row.use, row.head) == (record.layer, record.use, head):
            item = record.batch_items.index(row.farthest[0]) if row.farthest else 0
            names = query_axis(record, item).names
            return head_moved(row, names, moved.sampled if moved else "")
    return "B does not have this head: what is shown of B is the nearest."


def _own(two: Two) -> str:
    """The selected head's own numbers in A and in B."""
    numbers = [
        {name: float(found.mean(name)[side.layer, side.head]) for name in found.tallies}
        for found, side in zip(own(two), (two.selection, two.there), strict=True)
    ]
    return own_numbers(two.selection.shown.label, *numbers)
