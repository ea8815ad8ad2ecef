"""Ask a model's position bias for sizes it never ran on."""

import torch
from torch import nn

from phenaki_viz.errors import RecordingError
from phenaki_viz.recording.families.phenaki import position_bias_modules, position_surface
from phenaki_viz.recording.records import PositionBias


def evaluate_bias(model: nn.Module, module: str, dimensions: tuple[int, ...]) -> PositionBias:
    """The continuous position bias of one module at any size; beyond its own, extrapolated.

    Raises RecordingError when the model has no such module.
    """
    found = position_bias_modules(model)
    if module not in found:
        raise RecordingError(f"no position bias named {module!r}; there are {', '.join(found)}")
    with torch.inference_mode():
        surface = position_surface(found[module], *dimensions).float().cpu().numpy()
    return PositionBias(module=module, dimensions=dimensions, surface=surface)
