"""Files of weights: our own, and those of phenaki-pytorch, opened without running anything."""

from phenaki_viz.checkpoints.finding import Setting
from phenaki_viz.checkpoints.native import Origin, save_model
from phenaki_viz.checkpoints.opening import (
    Inspection,
    Opened,
    inspect_checkpoint,
    open_checkpoint,
)

__all__ = [
    "Inspection",
    "Opened",
    "Origin",
    "Setting",
    "inspect_checkpoint",
    "open_checkpoint",
    "save_model",
]
