"""Take it away: an icon at every picture, and one file for all heads of a stack."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from phenaki_viz.browser.linked import Linked
from phenaki_viz.browser.looked import Chosen
from phenaki_viz.export import FORMATS, archive, render
from phenaki_viz.export.linked_page import about_bytes, linked_html
from phenaki_viz.export.names import safe_name
from phenaki_viz.export.walk import walk_gif
from phenaki_viz.figures.attention_views import MOST_WEIGHTS, Colours, stack_heads
from phenaki_viz.figures.film_strip import FilmStrip
from phenaki_viz.figures.naming import kind_name, kind_stem
from phenaki_viz.figures.picture import Picture
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

WHAT = {
    "png": "a picture for slides",
    "svg": "vector axes and labels, for papers",
    "pdf": "vector axes and labels, for papers",
    "html": "interactive, one file, works offline",
    "npz": "the exact numbers, for NumPy",
    "csv": "the exact numbers, for spreadsheets",
}
TABLES = ("csv", "npz", "html", "pdf")


def files_row(
    name: str, make: Callable[[], Picture], key: str, kinds: Sequence[str] = tuple(WHAT)
) -> None:
    """One download a format, in a box that is open already: what an icon opens has no icons in it.

    name: the file's stem. make: builds the picture, only when its file is asked for. kinds: the
    formats; `TABLES` of a table.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        _downloads(name, make, key, kinds=kinds)


def export_icon(
    of: str,
    name: str,
    make: Callable[[], Picture],
    key: str,
    choose: Callable[[], tuple[str, Callable[[], Picture]]] | None = None,
    kinds: Sequence[str] = tuple(WHAT),
) -> DeltaGenerator | None:
    """A picture's files behind one icon; where it is open, its box, for what else belongs there.

    of: the picture in words ("the map"), so that a screen reader can tell the icons apart. choose:
    asks in the box which picture it is to be, by its name and how it is built. name, make, kinds:
    see `files_row`.
    """
    with st.container(key=named(f"take-{key}"), width="content"):
        box = st.popover(
            f"Take away {of}",
            icon=":material/download:",
            key=named(f"take.{key}.open"),
            on_change="rerun",
            type="tertiary",
            help=f"Take away {of}",
        )
    if not box.open:
        return None
    with box:
        if choose is not None:
            name, make = choose()
        _downloads(name, make, key, of, kinds)
    return box


def _downloads(
    name: str,
    make: Callable[[], Picture],
    key: str,
    of: str = "",
    kinds: Sequence[str] = tuple(WHAT),
) -> None:
    for kind in kinds:
        # One under the other a tooltip would lie over the next one, and keep the pointer from it.
        st.download_button(
            f"{kind.upper()} of {of} · {WHAT[kind]}" if of else kind.upper(),
            data=partial(_file, make, kind),
            file_name=f"{name}.{kind}",
            on_click="ignore",
            key=named(f"export.{key}.{kind}"),
            help=None if of else f"{WHAT[kind][0].upper()}{WHAT[kind][1:]}",
            type="tertiary",
        )


def _file(make: Callable[[], Picture], kind: str) -> bytes:
    return render(make(), kind)


def is_exportable(selection: Selection) -> bool:
    """Whether a map can be a file of its own; says so where it is too large."""
    _, _, i, j = selection.record.map.shape
    if i * j <= MOST_WEIGHTS:
        return True
    st.caption(
        f"A map of {i:,} × {j:,} weights is too large for one picture or table: save the recording "
        "in the sidebar, which holds every weight."
    )
    return False


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
        errand = _zip(run, selection, records, kinds, count, how, (colours, shared))
        if st.button(
            "Make the ZIP", disabled=not kinds, key=named("export.all.make"), width="stretch"
        ):
            session.drop("export.all.made")
            page_jobs.send(errand)
        if failed := page_jobs.failure(errand.key):
            st.error("The ZIP could not be made.")
            st.text(str(failed))
        made_for, name, content = session.get("export.all.made", (None, "", b""))
        if made_for == errand.key:
            st.download_button(
                f"Download {name}",
                data=content,
                file_name=name,
                on_click="ignore",
                type="primary",
                width="stretch",
                key=named("export.all.get"),
            )


def export_linked(run: Run, selection: Selection, colours: Colours) -> None:
    """Grid, map and strip of all heads of the pass as one HTML page, its size said before."""
    box = st.expander(
        "All heads linked, one HTML page", icon=":material/web:", key=named("export.linked"),
        on_change="rerun",
    )  # fmt: skip
    if not box.open:
        return
    linked = Linked(run, records=selection.records, colours=colours)
    word = patches.word_shown(selection)
    at = Chosen(
        row=selection.layer, head=selection.head, item=selection.item, places=(selection.place,),
        key=word,
        pins=head_grid.arrangement(selection).pins,
    )  # fmt: skip
    maps = tuple(number_of(record.map) for record in selection.records)
    key = ("linked", number_of(run), maps, at, colours)
    with box:
        size = computed.once(("linked", maps, at.item), lambda: about_bytes(linked, at))
        st.caption(
            f"About {size / 1e6:.1f} MB: grid, map and film strip, which show one selection; opens "
            "from disk, offline. Each head on its own colour scale"
        )

        def make(tell: Tell) -> None:
            content = linked_html(linked, at, on_progress=tell)
            stem = safe_name(kind_stem(run.recording, selection.record).replace(" ", "_"))
            session.put("export.linked.made", (key, f"{stem}_linked.html", content))

        errand = Errand(key, make, "Packing the heads:", _no_zip)
        if st.button("Make the page", key=named("export.linked.make"), width="stretch"):
            session.drop("export.linked.made")
            page_jobs.send(errand)
        if failed := page_jobs.failure(errand.key):
            st.error("The page could not be made.")
            st.text(str(failed))
        made_for, name, content = session.get("export.linked.made", (None, "", b""))
        if made_for == key:
            st.download_button(
                f"Download {name} · {len(content) / 1e6:.1f} MB",
                data=content,
                file_name=name,
                on_click="ignore",
                type="primary",
                width="stretch",
                key=named("export.linked.get"),
            )


def _records(run: Run, selection: Selection) -> tuple[AttentionRecord, ...]:
    """The layers of the pass on view, or of every pass of the stack when that is asked for."""
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
    count: int,
    pictures: Callable[..., Iterator[Picture]],
    coloured: Hashable,
) -> Errand:
    """What the page is asked to do; the file, or why there is none, is left in the session."""
    original = selection.record.batch_items[selection.item]
    items = [
        record.item_of(original) if original in record.batch_items else 0 for record in records
    ]
    heads = partial(pictures, run.recording, records, items)

    def make(tell: Tell) -> None:
        content = archive(
            heads(), kinds, on_progress=lambda done, of, _: tell(done, of), total=count
        )
        named = kind_stem if records is selection.records else kind_name
        stem = named(run.recording, selection.record)
        name = f"{safe_name(stem.replace(' ', '_'))}_heads.zip"
        session.put("export.all.made", (key, name, content))

    maps = tuple(number_of(record.map) for record in records)
    key = ("zip", number_of(run), maps, tuple(items), tuple(kinds), coloured)
    return Errand(key, make, "Drawing the heads:", _no_zip)


def _no_zip() -> None:
    """Nothing to take back: the button has to be pressed again."""


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

        def draw(tell: Tell) -> None:
            session.put("export.walk.made", (key, walk_gif(make(), pace, tell)))

        errand = Errand(("walk", key), draw, "Drawing the walk:", _no_zip)
        if st.button("Make the GIF", key=named("export.walk.make"), width="stretch"):
            session.drop("export.walk.made")
            page_jobs.send(errand)
        if failed := page_jobs.failure(errand.key):
            st.error("The GIF could not be made.")
            st.text(str(failed))
        made_for, content = session.get("export.walk.made", (None, b""))
        if made_for == key:
            st.image(content)
            st.download_button(
                f"Download {name}.gif",
                data=content,
                file_name=f"{name}.gif",
                on_click="ignore",
                type="primary",
                width="stretch",
                key=named("export.walk.get"),
            )
