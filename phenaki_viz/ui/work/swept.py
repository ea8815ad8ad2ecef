"""Over what the sweep of the page What if measures, and what it found: known to every page."""

from collections.abc import Hashable
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

from phenaki_viz.evaluation.effects import HeadEffect
from phenaki_viz.runs.live import find_model
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import session
from phenaki_viz.ui.work import computed
from phenaki_viz.ui.work.shelves import number_of

if TYPE_CHECKING:
    from torch import nn

USUAL = {"clips": 10, "masks": 2, "hidden": 90}


@dataclass(frozen=True)
class SweepSettings:
    """Over what effects are measured, and whether of single heads or of a layer's together."""

    clips: int
    masks: int
    percent: int
    units: str = "heads"

    def key(self, model: "nn.Module") -> Hashable:
        """All that decides the result of the sweep."""
        return ("sweep", number_of(model), *astuple(self))

    def trials_key(self, model: "nn.Module") -> Hashable:
        """All that decides the trials."""
        return ("trials", number_of(model), self.clips, self.masks, self.percent)


def measured(run: Run) -> tuple[HeadEffect, ...]:
    """What every head was found to be worth with the settings of that page; () before a sweep."""
    model = find_model(run)
    if model is None:
        return ()
    clips, masks, percent = (
        int(session.get(f"effect_{name}", usual)) for name, usual in USUAL.items()
    )
    settings = SweepSettings(clips, masks, percent)
    kept = computed.kept.get(settings.key(model))
    effects: tuple[HeadEffect, ...] = kept[0] if kept else ()
    return effects
