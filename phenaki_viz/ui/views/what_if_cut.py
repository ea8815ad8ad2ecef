"""The edges of a cut, as the form says them: which keys, by which queries."""

from collections.abc import Sequence
from typing import Any, get_args

import streamlit as st

from phenaki_viz.recording.interventions.kinds import Reads
from phenaki_viz.ui.session import named
from phenaki_viz.ui.state.wishes import current_place

Patch = tuple[int, int]
Grid = tuple[int, int, int]
GIVEN = "a patch by its numbers"
PLACE = ("time", "row", "column")


def keys(words: Sequence[str], grid: Grid) -> dict[str, Any]:
    """Which keys are not read, as fields of `CutEdges`. grid: 't h w' of the video's patches."""
    kinds = [one for one in get_args(Reads) if one != "one word" or words]
    reads = st.selectbox(
        "Nothing is read from", kinds, key=named("whatif.reads"),
        help="The rest of a row sums to 1 again",
    )  # fmt: skip
    if reads == "one word":
        return {"reads": reads, "word": _word(words)}
    if reads == "one patch":
        every = st.toggle("At every time", key=named("whatif.key.every"))
        step, row, column = _place("key", grid, without_step=every)
        return {"reads": reads, "key_step": step, "key_patch": (row, column)}
    return {"reads": reads or kinds[0]}


def queries(grid: Grid) -> dict[str, Any]:
    """Which queries: all, those where the chosen patch is, or one that is named."""
    step, row, column = current_place()
    groups: dict[str, tuple[int | None, Patch | None]] = {
        "all patches": (None, None),
        f"patches of time {step}": (step, None),
        f"the patch in row {row}, column {column}": (None, (row, column)),
        f"that patch at time {step}": (step, (row, column)),
    }
    by = st.selectbox(
        "By", [*groups, GIVEN], key=named("whatif.by"),
        help="The patch is the one that was chosen on the other pages",
    )  # fmt: skip
    if by == GIVEN:
        at, *patch_of = _place("query", grid, without_step=False)
        return {"step": at, "patch": tuple(patch_of)}
    at, patch = groups.get(by or "all patches", (None, None))
    return {"step": at, "patch": patch}


def _word(words: Sequence[str]) -> int | None:
    found: int | None = st.selectbox(
        "Which word", range(len(words)), key=named("whatif.word"),
        format_func=lambda at: f"{at + 1}: {words[at]}",
        help="By its place: in other texts it is the word at the same place",
    )  # fmt: skip
    return found


def _place(of: str, grid: Grid, *, without_step: bool) -> tuple[int | None, int, int]:
    """Time, row and column in number boxes; they begin at the chosen patch. of: key or query."""
    found: list[int] = []
    with st.container(horizontal=True, gap="small", key=named(f"whatif.place.{of}")):
        for name, size, first in zip(PLACE, grid, current_place(grid), strict=True):
            if name == "time" and without_step:
                continue
            found.append(int(st.number_input(
                name.capitalize(), 0, size - 1, first, key=named(f"whatif.{of}.{name}"), width=104,
            )))  # fmt: skip
    return (None, *found) if without_step else tuple(found)  # type: ignore[return-value]
