"""Run the model of a run once more, on what it was shown, to see inside it."""

from collections.abc import Callable

from torch import nn

from phenaki_viz.errors import ConfigError
from phenaki_viz.recording.switches import Switches
from phenaki_viz.runs.dialled import DialledRun, inputs_of
from phenaki_viz.runs.model import NONE_OFF, ModelRun, look_again
from phenaki_viz.runs.run import Run


def forward_of(run: Run, model: nn.Module) -> Callable[[], object]:
    """What runs `model` as this run did, when it is called. Raises ConfigError for other runs."""
    if isinstance(run, DialledRun):
        inputs = inputs_of(run.config, run.clip, run.prompt, run.padding)
        return lambda: model(**inputs)
    if isinstance(run, ModelRun):
        return lambda: look_again(model, run)
    raise ConfigError("only one look at a model can be had again, not the steps of a sampling")


def switches_of(run: Run) -> Switches:
    """What was switched off in this run."""
    return run.options.switches if isinstance(run, ModelRun) else NONE_OFF
