"""An attention microscope for Phenaki: record what its heads do, and look at it.

import phenaki_viz

with phenaki_viz.record(model) as recording:
    model(x)
print(recording)  # what was caught, a line for each stack
recording[0].map.full(0, 0)  # 'i j', exact
recording.save("run.safetensors")  # phenaki_viz.open("run.safetensors"), or `phenaki-viz open`
"""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from phenaki_viz.answers import answered_by
from phenaki_viz.errors import (
    AtlasError,
    CheckpointError,
    ConfigError,
    ExportError,
    FileError,
    NonFiniteWeightsError,
    PhenakiVizError,
    RecordingError,
    RecordingTooLargeError,
    RecordingWarning,
    ShapeError,
    TrainingError,
    VerificationWarning,
    VideoError,
)

if TYPE_CHECKING:
    from phenaki_viz.face import open, show
    from phenaki_viz.recording import AttentionRecord, Recording, estimate, record

__version__ = "0.3.0"

__all__ = [
    "AtlasError",
    "AttentionRecord",
    "CheckpointError",
    "ConfigError",
    "ExportError",
    "FileError",
    "NonFiniteWeightsError",
    "PhenakiVizError",
    "Recording",
    "RecordingError",
    "RecordingTooLargeError",
    "RecordingWarning",
    "ShapeError",
    "TrainingError",
    "VerificationWarning",
    "VideoError",
    "__version__",
    "estimate",
    "open",
    "record",
    "show",
]

answered_by("phenaki_viz.face")

# Where these are, which bring PyTorch along: a command that only says how it is used is spared it.
_LATE = {
    "open": "phenaki_viz.face",
    "show": "phenaki_viz.face",
    "AttentionRecord": "phenaki_viz.recording",
    "Recording": "phenaki_viz.recording",
    "estimate": "phenaki_viz.recording",
    "record": "phenaki_viz.recording",
}


def __getattr__(name: str) -> Any:
    if name in _LATE:
        found = globals()[name] = getattr(import_module(_LATE[name]), name)
        return found
    if find_spec(f"{__name__}.{name}") is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATE})
