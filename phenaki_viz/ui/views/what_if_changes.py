"""The changes in force as one list: each can be taken back, more can be added, some are offered."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from phenaki_viz.figures.intervention_words import intervention_name, place_name
from phenaki_viz.recording import attention_modules
from phenaki_viz.recording.interventions import (
    CutEdges,
    DropText,
    Intervention,
    Interventions,
    ScaleAlibi,
    ScaleAttention,
    ScalePosition,
    SwapText,
    ZeroHead,
)
from phenaki_viz.recording.interventions.kinds import LONGEST_TEXT, MOST_FACTOR
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import session
from phenaki_viz.ui.markup import inert
from phenaki_viz.ui.session import named
from phenaki_viz.ui.source import ablation, changes
from phenaki_viz.ui.views import what_if_cut, what_if_head, what_if_map

if TYPE_CHECKING:
    from torch import nn

WHOLE = "maskgit"
ANEW = "whatif.anew"  # a change was added or taken back: the whole page is another one
MOST_IN_VIEW = 14
KINDS = {
    "off": "Head off",
    "mean": "Head at its mean output",
    "position": "Position bias × factor",
    "alibi": "ALiBi × factor",
    "scale": "Attention scale × factor",
    "cut": "Cut edges",
    "map": "Map of another run",
    "drop": "Drop the text",
    "swap": "Swap the text",
}
FACTORS: dict[str, Any] = {"position": ScalePosition, "alibi": ScaleAlibi, "scale": ScaleAttention}


def draw(
    run: Run,
    model: "nn.Module",
    given: Interventions,
    first: Intervention | None = None,
    words: Sequence[str] = (),
) -> None:
    """The list, with what takes each back; where it is empty, what is worth trying.

    first: what is tried on this page while the list is empty; it is offered first. words: of the
    text at hand.
    """
    if session.take(ANEW, False):
        st.rerun()
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key=named("whatif.list")
    ):
        st.markdown("**Changed**" if given else "**Change it**", width="content")
        if given:
            _list(given, words)
        else:
            _offers(model, first)
        with st.popover("Add a change", icon=":material/add:", width="content"):
            _form(run, model, first, words)
        if len(given) > 1:
            st.button(
                "Take all back", icon=":material/undo:", key=named("whatif.none"), type="tertiary",
                on_click=session.here(then_anew), args=(ablation.all_on,),
            )  # fmt: skip


def _list(given: Interventions, words: Sequence[str]) -> None:
    for at, one in enumerate(given[:MOST_IN_VIEW]):
        st.button(
            inert(intervention_name(one, words)),
            icon=":material/close:",
            key=named(f"whatif.back.{at}"),
            help="Take this change back",
            on_click=session.here(then_anew),
            args=(partial(ablation.take_back, one),),
        )
    if len(given) > MOST_IN_VIEW:
        st.caption(f"and {len(given) - MOST_IN_VIEW} more", width="content")


def _offers(model: "nn.Module", first: Intervention | None) -> None:
    """What is known to be worth a try, with one click; in force on every page."""
    for at, one in enumerate(offers(model, first)):
        st.button(
            inert(intervention_name(one)),
            icon=":material/play_arrow:",
            key=named(f"whatif.try.{at}"),
            type="primary" if at == 0 else "secondary",
            help="In force on every page until it is taken back",
            on_click=session.here(then_anew),
            args=(partial(add, one),),
        )


def offers(model: "nn.Module", first: Intervention | None = None) -> Interventions:
    """One head off, no position bias, nothing across time, no text.

    first: instead of the last head of the last self-attention.
    """
    modules = _modules(model)
    own = [name for name in modules if place_name(name).startswith("self")]
    if not own:
        return ()
    return (
        first or ZeroHead(module=own[-1], head=modules[own[-1]].heads - 1),
        ScalePosition(factor=0.0, module=WHOLE),
        CutEdges(reads="other steps", module=WHOLE),
        *((DropText(),) if len(own) < len(modules) else ()),
    )


def _form(run: Run, model: "nn.Module", first: Intervention | None, words: Sequence[str]) -> None:
    kinds = [kind for kind in KINDS if kind != "alibi" or _with_alibi(model)]
    kind = st.selectbox("What", kinds, format_func=KINDS.__getitem__, key=named("whatif.kind"))
    one = _map(run, model, first) if kind == "map" else _described(run, model, kind or "off", words)
    st.button(
        "Change it", type="primary", key=named("whatif.add"), disabled=one is None,
        on_click=session.here(then_anew), args=(partial(add, one or DropText()),),
    )  # fmt: skip


def _described(
    run: Run, model: "nn.Module", kind: str, words: Sequence[str]
) -> Intervention | None:
    """The intervention that the form describes; None while something is missing."""
    if kind == "drop":
        return DropText()
    if kind == "swap":
        text = st.text_input("Text", key=named("whatif.text"), max_chars=LONGEST_TEXT).strip()
        return SwapText(text=text) if text and text.isprintable() else None
    if kind == "cut":
        return _cut(run, model, words)
    module = _where(model, kind)
    head = _head(model, module, any_head=kind not in ("off", "mean"))
    if kind in FACTORS:
        factor = st.number_input("Factor", 0.0, MOST_FACTOR, 0.0, 0.25, key=named("whatif.factor"))
        made: Intervention = FACTORS[kind](factor=float(factor), module=module, head=head)
        return made
    if kind == "mean":
        return changes.mean(module, head or 0)
    return ZeroHead(module=module, head=head or 0)


def _map(run: Run, model: "nn.Module", first: Intervention | None) -> Intervention | None:
    """The map of another run; into the head at hand, unless another is chosen."""
    at = first if isinstance(first, ZeroHead) else None
    with st.container(horizontal=True, gap="small", key=named("whatif.into")):
        module = _where(model, "map", at.module if at else None)
        head = _head(model, module, any_head=True, first=at.head if at else None)
    return what_if_map.choose(run, module, head)


def _cut(run: Run, model: "nn.Module", words: Sequence[str]) -> CutEdges:
    """Which keys are not read, by which queries, in which heads."""
    grid = what_if_head.grid_of(run)
    keys, queries = what_if_cut.keys(words, grid), what_if_cut.queries(grid)
    module = _where(model, "cut")
    head = _head(model, module, any_head=True)
    return CutEdges(module=module, head=head, **keys, **queries)


def _where(model: "nn.Module", kind: str, first: str | None = None) -> str:
    modules = list(_with_alibi(model) if kind == "alibi" else _modules(model))
    if kind == "alibi":
        options = ["cvivit", *modules]
    else:
        options = modules if kind in ("off", "mean", "map") else [WHOLE, *modules]
    found = st.selectbox(
        "Where", options, options.index(first) if first in options else 0,
        key=named(f"whatif.where.{kind}"),
        format_func=lambda name: place_name(name) or "all of the MaskGit",
    )  # fmt: skip
    return found or options[0]


def _head(
    model: "nn.Module", module: str, *, any_head: bool, first: int | None = None
) -> int | None:
    heads = [one.heads for name, one in attention_modules(model).items()
             if name == module or name.startswith(f"{module}.")]  # fmt: skip
    options: list[int | None] = [*([None] if any_head else []), *range(min(heads, default=1))]
    return st.selectbox(
        "Head", options, options.index(first) if first in options else 0,
        key=named(f"whatif.head.{any_head}" if first is None else "whatif.head.first"),
        format_func=lambda head: "all heads" if head is None else f"H{head}",
    )  # fmt: skip


def _modules(model: "nn.Module") -> dict[str, Any]:
    """Attention of the MaskGit."""
    return {n: m for n, m in attention_modules(model).items() if n.startswith(f"{WHOLE}.")}


def _with_alibi(model: "nn.Module") -> Sequence[str]:
    return [name for name, one in attention_modules(model).items() if hasattr(one, "rel_pos_bias")]


def add(one: Intervention) -> None:
    """Have it in force, whichever control it belongs to."""
    if isinstance(one, ZeroHead):
        if not ablation.is_off(one.module, one.head):
            ablation.toggle(one.module, one.head)
    else:
        changes.add(one)


def then_anew(act: Callable[[], object]) -> None:
    """Do this and draw the whole page anew: what is changed is so on every page; a callback."""
    act()
    session.put(ANEW, True)
