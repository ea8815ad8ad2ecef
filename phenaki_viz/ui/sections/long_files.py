"""Files that take a while: all heads as a ZIP or as a linked page, the walk of a patch as a GIF."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st

from phenaki_viz.browser.linked import Linked
from phenaki_viz.browser.looked import Chosen
from phenaki_viz.export import FORMATS, archive
from phenaki_viz.export.linked_page import about_bytes, linked_html
from phenaki_viz.export.names import safe_name
from phenaki_viz.export.walk import walk_gif
from phenaki_viz.figures.attention_views import stack_heads
from phenaki_viz.figures.film_strip import FilmStrip
from phenaki_viz.figures.naming import kind_name, kind_stem
from phenaki_viz.figures.picture import Picture
from phenaki_viz.figures.weight_colours import Colours
from phenaki_viz.recording import AttentionRecord
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import session
from phenaki_viz.ui.sections import head_grid
from phenaki_viz.ui.session import named
from phenaki_viz.ui.state import patches
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.work import computed, page_jobs
from phenaki_viz.ui.work.page_jobs import Errand
from phenaki_viz.ui.work.requests import Tell
from phenaki_viz.ui.work.shelves import number_of


@dataclass(frozen=True, kw_only=True)
class LongFile:
    """A file that is made on a click. what: in words, "the ZIP". slot: of its widgets.

    key: all that decides it. make: its name and its content. doing: what the bar says meanwhile.
    sized: whether the download says how large it is.
    """

    what: str
    slot: str
    key: Hashable
    make: Callable[[Tell], tuple[str, bytes]]
    doing: str
    sized: bool = False


def _offer(file: LongFile, *, disabled: bool = False) -> bytes | None:
    """The button that has the page make it, then the download; its content once it is there.

    The file, or why there is none, is left in the session.
    """
    made = f"export.{file.slot}.made"

    def keep(tell: Tell) -> None:
        session.put(made, (file.key, *file.make(tell)))

    errand = Errand(file.key, keep, file.doing, _nothing_to_take_back)
    key = named(f"export.{file.slot}.make")
    if st.button(f"Make {file.what}", disabled=disabled, key=key, width="stretch"):
        session.drop(made)
        page_jobs.send(errand)
    if failed := page_jobs.failure(errand.key):
        st.error(f"{file.what[0].upper()}{file.what[1:]} could not be made.")
        st.text(str(failed))
    made_for, name, content = session.get(made, (None, "", b""))
    if made_for != file.key:
        return None
    size = f" · {len(content) / 1e6:.1f} MB" if file.sized else ""
    st.download_button(
        f"Download {name}{size}",
        data=content,
        file_name=name,
        on_click="ignore",
        type="primary",
        width="stretch",
        key=named(f"export.{file.slot}.get"),
    )
    found: bytes = content
    return found


def _nothing_to_take_back() -> None:
    """The button has to be pressed again."""


# ---- all heads, a picture each


def export_all_heads(run: Run, selection: Selection, colours: Colours, *, shared: bool) -> None:
    """Every head of every layer of the stack as one ZIP, with progress and cancel.

    shared: all on one colour scale, as on the page; otherwise each on its own.
    """
    box = st.expander(
        "All heads as one ZIP",
        icon=":material/folder_zip:",
        key=named("export.all"),
        on_change="rerun",
    )
    if not box.open:
        return
    with box:
        kinds = st.multiselect(
            "Formats", list(FORMATS), default=["png", "npz"], key=named("export.all.formats")
        )
        records = _records(run, selection)
        count = sum(len(record.heads) for record in records)
        ends = "one colour scale for all" if shared else "each on its own colour scale"
        st.caption(f"{count} heads, with an index; {ends}, as on the page")
        how = partial(stack_heads, colours=colours, shared=shared)
        _offer(_zip(run, selection, records, kinds, how, (colours, shared)), disabled=not kinds)


def _records(run: Run, selection: Selection) -> tuple[AttentionRecord, ...]:
    """The layers of the pass on view, or of every pass of the stack when that is chosen."""
    of_stack = selection.record.stack, selection.record.kind
    every = [one for one in run.recording.whole.passes() if (one.stack, one.kind) == of_stack]
    if len(every) < 2 or not st.toggle(
        f"All {len(every)} passes",
        key=named("export.all.passes"),
        help="Each is named in title and file",
    ):
        return selection.records
    return tuple(record for one in every for record in one.records)


def _zip(
    run: Run,
    selection: Selection,
    records: Sequence[AttentionRecord],
    kinds: list[str],
    pictures: Callable[..., Iterator[Picture]],
    coloured: Hashable,
) -> LongFile:
    original = selection.record.batch_items[selection.item]
    items = [
        record.item_of(original) if original in record.batch_items else 0 for record in records
    ]
    heads = partial(pictures, run.recording, records, items)
    count = sum(len(record.heads) for record in records)

    def make(tell: Tell) -> tuple[str, bytes]:
        content = archive(
            heads(), kinds, on_progress=lambda done, of, _: tell(done, of), total=count
        )
        stem = (kind_stem if records is selection.records else kind_name)(
            run.recording, selection.record
        )
        return f"{safe_name(stem.replace(' ', '_'))}_heads.zip", content

    maps = tuple(number_of(record.map) for record in records)
    return LongFile(
        what="the ZIP", slot="all", doing="Drawing the heads:", make=make,
        key=("zip", number_of(run), maps, tuple(items), tuple(kinds), coloured),
    )  # fmt: skip


# ---- all heads, linked


def export_linked(run: Run, selection: Selection, colours: Colours) -> None:
    """Grid, map and strip of all heads of the pass as one HTML page, its size said before."""
    box = st.expander(
        "All heads linked, one HTML page", icon=":material/web:", key=named("export.linked"),
        on_change="rerun",
    )  # fmt: skip
    if not box.open:
        return
    linked = Linked(run, records=selection.records, colours=colours)
    at = Chosen(
        row=selection.layer, head=selection.head, item=selection.item, places=(selection.place,),
        key=patches.word_shown(selection), pins=head_grid.arrangement(selection).pins,
    )  # fmt: skip
    maps = tuple(number_of(record.map) for record in selection.records)

    def make(tell: Tell) -> tuple[str, bytes]:
        content = linked_html(linked, at, on_progress=tell)
        stem = safe_name(kind_stem(run.recording, selection.record).replace(" ", "_"))
        return f"{stem}_linked.html", content

    with box:
        size = computed.once(("linked", maps, at.item), lambda: about_bytes(linked, at))
        st.caption(
            f"About {size / 1e6:.1f} MB: grid, map and film strip, which show one selection; opens "
            "from disk, offline. Each head on its own colour scale"
        )
        page = LongFile(
            what="the page", slot="linked", doing="Packing the heads:", make=make, sized=True,
            key=("linked", number_of(run), maps, at, colours),
        )  # fmt: skip
        _offer(page)


# ---- a walk


def export_walk(
    key: Hashable, name: str, places: int, pace: int, make: Callable[[], list[FilmStrip]]
) -> None:
    """The walk of the patch as a GIF, with progress and cancel.

    key: all that decides the walk. name: the file's stem. places: how many pictures. make: builds
    them.
    """
    box = st.expander(
        "The walk as GIF", icon=":material/animation:", key=named("export.walk"), on_change="rerun"
    )
    if not box.open:
        return
    with box:
        st.caption(f"{places} pictures, {pace} a second, one colour scale for all")
        above = st.container()  # the GIF, over its download
        walk = LongFile(
            what="the GIF", slot="walk", doing="Drawing the walk:", key=("walk", key),
            make=lambda tell: (f"{name}.gif", walk_gif(make(), pace, tell)),
        )  # fmt: skip
        content = _offer(walk)
        if content is not None:
            above.image(content)
