"""The head that is weighed while nothing is changed, and the grid it is picked from."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import streamlit as st

from phenaki_viz.errors import PhenakiVizError
from phenaki_viz.evaluation.effects import HeadEffect
from phenaki_viz.figures.colour import DIVERGING
from phenaki_viz.figures.effect_views import WORTH
from phenaki_viz.figures.intervention_words import place_name
from phenaki_viz.figures.naming import kind_name
from phenaki_viz.figures.weight_colours import Colours
from phenaki_viz.figures.worth_grid import WorthGrid, worth_grid
from phenaki_viz.recording import AttentionRecord
from phenaki_viz.recording.interventions import ZeroHead
from phenaki_viz.recording.switches import Switches
from phenaki_viz.runs.model import ModelRun
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import session
from phenaki_viz.ui.components.head_grid import GridPicture, head_grid
from phenaki_viz.ui.sections import panels
from phenaki_viz.ui.sections.slim_grid import CELLS
from phenaki_viz.ui.session import named
from phenaki_viz.ui.state.link import in_link, say_in_url
from phenaki_viz.ui.state.selection import Selection, stack_now
from phenaki_viz.ui.state.wishes import current, untouched, wish
from phenaki_viz.ui.work import computed, page_jobs, shows
from phenaki_viz.ui.work.requests import LookRequest
from phenaki_viz.ui.work.run_cache import RunRequest

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

WEIGHED, SEEN, HELD = "weighed", "whatif.seen", "whatif.held.run"
PART = "maskgit."


@dataclass(frozen=True)
class AtHand:
    """A head of the MaskGit. record: of its module."""

    record: AttentionRecord
    head: int

    @property
    def off(self) -> ZeroHead:
        """What is tried."""
        return ZeroHead(module=self.record.module, head=self.head)

    @property
    def name(self) -> str:
        """'self L3 H3'."""
        return place_name(self.record.module, self.head)


def at_hand(run: Run) -> AtHand | None:
    """The head to weigh: the one picked here, or chosen on another page since, or the link's.

    Else the last head of the last self-attention, which costs the shipped model most. None where
    nothing of a MaskGit was recorded.
    """
    heads = _heads(run)
    if not heads:
        return None
    looked_at = _looked_at(run)
    if session.first(SEEN, looked_at) != looked_at:
        session.put_all({SEEN: looked_at, WEIGHED: looked_at})
    linked = in_link(WEIGHED)
    fresh = untouched("layer", "head")
    wanted = session.first(WEIGHED, linked if linked in heads or fresh else looked_at)
    usual = next((name for name in reversed(heads) if name.startswith("self")), [*heads][-1])
    name = wanted if wanted in heads else usual
    say_in_url(WEIGHED, "" if name == usual else name)
    return heads[name]


def _heads(run: Run) -> dict[str, AtHand]:
    found = [
        AtHand(record, head) for stack in _stacks(run) for record in stack for head in record.heads
    ]
    return {one.name: one for one in found}


def _stacks(run: Run) -> list[tuple[AttentionRecord, ...]]:
    stacks = (tuple(records) for records in run.recording.stacks().values())
    return [records for records in stacks if records[0].module.startswith(PART)]


def words_of(run: Run) -> tuple[str, ...]:
    """The text keys that the MaskGit's cross-attention reads; () without a text."""
    crossed = (records[0] for records in _stacks(run) if records[0].is_cross)
    return next((record.words for record in crossed), ())


def grid_of(run: Run) -> tuple[int, int, int]:
    """'t h w' of the patches that the MaskGit sees; one patch where nothing was recorded."""
    return next((records[0].places.grid for records in _stacks(run)), (1, 1, 1))


def _looked_at(run: Run) -> str:
    """The name of the head that the other pages look at."""
    records = stack_now(run.recording)
    if not records:
        return ""
    record = records[current("layer", len(records) - 1)]
    head = record.heads[current("head", len(record.heads) - 1)]
    return place_name(record.module, head)


def draw(run: Run, chosen: AtHand, effects: tuple[HeadEffect, ...]) -> None:
    """Every head of the MaskGit as a tile; a click weighs it. effects: of the sweep, if known."""
    picture = _grid(run, effects)
    scale = picture.scale or Colours("sqrt").of_each(picture.thumbs)
    drawn = GridPicture(
        thumbs=picture.thumbs, scale=scale, layers=picture.layers, heads=picture.heads,
        values=picture.values, label=f"{WORTH}, nats:" if picture.values is not None else "",
        filled=picture.values is not None, slim=True,
    )  # fmt: skip
    with st.container(key=named("slim.whatif")):
        head_grid(
            drawn,
            selected=picture.place(chosen.record.module, chosen.head),
            key="grid.whatif",
            on_pick=lambda row, column: _pick(run, picture, row, column),
            shows=f"{shows.a_run(run.recording)} worth of {len(effects)}",
        )


def _grid(run: Run, effects: tuple[HeadEffect, ...]) -> WorthGrid:
    stacks = _stacks(run)
    thumbs: list[np.ndarray | None] = [None] * len(stacks)
    if not effects:
        thumbs = [
            computed.small_thumbs(run, Selection(run.recording, records, 0, 0, (0, 0, 0)), CELLS)
            for records in stacks
        ]
    return worth_grid(stacks, thumbs, effects, DIVERGING[panels.theme()], CELLS)


def _pick(run: Run, picture: WorthGrid, row: int, column: int) -> None:
    """Weigh this head, and have the other pages look at it; a callback."""
    if picture.has(row, column):
        record = picture.records[row]
        take(run, record.module, record.heads[column])


def take(run: Run, module: str, head: int) -> None:
    """The head is the one that is weighed here and looked at elsewhere; a callback."""
    for records in _stacks(run):
        for layer, record in enumerate(records):
            if record.module == module and head in record.heads:
                wish(layer=layer, head=record.heads.index(head))
                session.put("maps", kind_name(run.recording, record))
                name = place_name(module, head)
                session.put_all({WEIGHED: name, SEEN: name})


def without(run: Run, model: "nn.Module", chosen: AtHand) -> ModelRun | None:
    """The clip at hand once more, with the head off; None while its work is cancelled."""
    if not isinstance(run, ModelRun):
        return None
    off = Switches(off=frozenset({(chosen.record.module, chosen.head)}))
    options = replace(run.options, switches=off, frames=len(run.clip.frames))
    request = LookRequest(model=model, clip=run.clip, prompt=run.prompt, options=options)
    if session.get(HELD) == request:
        st.button(
            "Run the clip without it",
            key=named("whatif.run"),
            on_click=session.here(_hold),
            args=(None,),
        )
        return None
    try:
        made = page_jobs.fetch_run(RunRequest(request, lambda: _hold(request)), run.seconds)
    except PhenakiVizError as error:
        st.text(str(error))
        return None
    return made if isinstance(made, ModelRun) else None


def _hold(request: LookRequest | None) -> None:
    session.put(HELD, request)
