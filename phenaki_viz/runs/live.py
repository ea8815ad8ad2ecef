"""The models that runs of this process were made by, kept beside the runs and never in them.

A run is data: it can be saved, sent to another process and kept on a shelf. To run its model
again (another text, a larger position bias, a video) it is found here, as long as the recording
lives; a run from a file or from another process has none.
"""

import threading
import weakref
from typing import TypeVar

from torch import nn

from phenaki_viz.errors import RecordingError
from phenaki_viz.recording.recording import Recording
from phenaki_viz.runs.run import Run

R = TypeVar("R", bound=Run)
_models: dict[int, tuple[weakref.ref[Recording], nn.Module]] = {}
_guard = threading.RLock()


def remember_model(model: nn.Module, run: R) -> R:
    """The run itself, whose model is known from here on, until its recording is let go of."""
    whole = run.recording.whole
    at = id(whole)

    def forget(gone: weakref.ref[Recording]) -> None:
        with _guard:
            if at in _models and _models[at][0] is gone:
                del _models[at]

    with _guard:
        _models[at] = weakref.ref(whole, forget), model
    return run


def model_of(run: Run) -> nn.Module:
    """The model that made this run, or the whole of which it shows a part. Raises RecordingError.

    There is none for a run that was opened from a file or came from another process.
    """
    model = find_model(run)
    if model is None:
        raise RecordingError(
            "this run came from a file or another process, without its model: open the weights to "
            "ask it again"
        )
    return model


def find_model(run: Run) -> nn.Module | None:
    """What `model_of` gives, and None where that raises."""
    whole = run.recording.whole
    with _guard:
        reference, model = _models.get(id(whole), (None, None))
    return model if reference is not None and reference() is whole else None
