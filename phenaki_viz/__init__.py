"""An attention microscope for Phenaki: record what its heads do, and look at it.

import phenaki_viz

with phenaki_viz.record(model) as recording:
    model(x)
print(recording)  # what was caught, a line for each stack
recording[0].map.full(0, 0)  # 'i j', exact
recording.save("run.safetensors")  # phenaki_viz.open("run.safetensors"), or `phenaki-viz open`
"""

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
