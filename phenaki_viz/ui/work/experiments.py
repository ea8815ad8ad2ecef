"""What is found by running a model again: with parts changed, on other tokens, on a larger grid."""

from collections.abc import Callable, Hashable
from functools import partial
from typing import TYPE_CHECKING

from phenaki_viz.evaluation import changes
from phenaki_viz.evaluation.causality import probe_run
from phenaki_viz.evaluation.changes import Change
from phenaki_viz.evaluation.effects import HeadEffect, Trials, layers_of, sweep
from phenaki_viz.evaluation.reach import Causality
from phenaki_viz.recording import PositionBias, evaluate_bias
from phenaki_viz.recording.interventions import Interventions
from phenaki_viz.runs.live import find_model
from phenaki_viz.runs.run import Run
from phenaki_viz.ui.work.keep import is_kept, once
from phenaki_viz.ui.work.kept_work import of_run, worked
from phenaki_viz.ui.work.shelves import number_of

if TYPE_CHECKING:
    from torch import nn


def effects_of(
    model: "nn.Module",
    trials: Trials,
    key: Hashable,
    on_cancel: Callable[[], None],
    *,
    layers: bool = False,
) -> tuple[HeadEffect, ...]:
    """What every head of a model is worth, or all heads of each layer. key: all that decides it."""
    steps = partial(sweep.steps, model, trials, layers_of(model) if layers else None)
    return worked("sweep", key, steps, "Switching heads off:", on_cancel)


def change_of(
    model: "nn.Module",
    trials: Trials,
    key: Hashable,
    given: Interventions,
    on_cancel: Callable[[], None],
) -> Change:
    """What interventions do to the output. key: all that decides it but them."""
    steps = partial(changes.change_of.steps, model, trials, given)
    return worked("change", (key, "change", given), steps, "Measuring the change:", on_cancel)


def causality_of(
    run: Run, model: "nn.Module", stack: str, on_cancel: Callable[[], None]
) -> Causality:
    """Which time steps reach which in one transformer of a run."""
    steps = partial(probe_run.steps, run, model, stack)
    return of_run(run, ("causality", stack), steps, "Replacing a time step at a time:", on_cancel)


def knows_causality(run: Run, stack: str) -> bool:
    """Whether that was found and is still here."""
    return is_kept((number_of(run), "causality", stack))


def extrapolated(run: Run, used: PositionBias, times: int) -> PositionBias:
    """The position bias over `times` the rows and columns the model ran on."""
    model = find_model(run)
    if times == 1 or model is None:
        return used
    time, frame = used.dimensions[:-2], used.dimensions[-2:]
    wider = (*time, *(size * times for size in frame))
    return once(
        ("bias", number_of(run), number_of(used), times),
        lambda: evaluate_bias(model, used.module, wider),
    )
