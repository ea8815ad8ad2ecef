"""The decoding steps of a sampled video, played in the browser: tokens over the frames."""

from collections.abc import Callable
from typing import Any, TypedDict, cast

from phenaki_viz.browser.sampling_message import SamplingPicture, sampling_message
from phenaki_viz.ui.components import selection_sync as sync
from phenaki_viz.ui.components.assets import declare
from phenaki_viz.ui.session import named

__all__ = ["SamplingPicture", "StepPick", "sampling_player"]


class StepPick(TypedDict):
    """The step that was chosen, and a token if one was clicked; -1 where none was."""

    step: int
    t: int
    h: int
    w: int


_mount = declare("sampling_player")


def sampling_player(
    picture: SamplingPicture,
    *,
    selected: tuple[int, int, int, int],
    key: str,
    shows: str = "",
    on_pick: Callable[[StepPick], None] | None = None,
) -> StepPick | None:
    """Draw the player; returns what was picked in the run in which it was, else None.

    selected: (decoding step, t, h, w). shows: what it is of, see `said`.
    """
    key = named(key)
    event = sync.new_event(key)
    picked = [event[name] for name in ("step", "t", "h", "w")] if event else None
    push = sync.pending(key, [int(at) for at in selected], picked)
    _mount(
        key,
        sampling_message(picture, id=key, push=push, shows=shows),
        on_pick_change=sync.answering(key, "pick", cast(Any, on_pick)),
    )
    return cast(StepPick | None, event)
