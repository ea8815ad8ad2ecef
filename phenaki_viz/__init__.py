"""An attention microscope for Phenaki: record what its heads do, and look at it.

import phenaki_viz

with phenaki_viz.record(model) as recording:
    model(x)
recording.records[0].map.full(0, 0)  # 'i j', exact
"""

from phenaki_viz.errors import (
    ConfigError,
    ExportError,
    PhenakiVizError,
    RecordingError,
    RecordingTooLargeError,
    ShapeError,
    VerificationWarning,
    VideoError,
)
from phenaki_viz.recording import Recording, price, record

__version__ = "0.1.0"

__all__ = [
    "ConfigError",
    "ExportError",
    "PhenakiVizError",
    "Recording",
    "RecordingError",
    "RecordingTooLargeError",
    "ShapeError",
    "VerificationWarning",
    "VideoError",
    "__version__",
    "price",
    "record",
]
