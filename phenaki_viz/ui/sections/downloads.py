"""Take it away: an icon at every picture, with a download for each format."""

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from phenaki_viz.export import render
from phenaki_viz.figures.attention_views import MOST_WEIGHTS
from phenaki_viz.figures.picture import Picture
from phenaki_viz.ui.session import named
from phenaki_viz.ui.state.selection import Selection

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

    name: the file's stem. make: builds the picture, only when its file is wanted. kinds: the
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
    chooses in the box which picture it is to be, by its name and how it is built. name, make,
    kinds: see `files_row`.
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
