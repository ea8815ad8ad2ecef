"""The grid of heads over the frames: of every head what the film strip shows of the chosen one."""

from phenaki_viz.figures.overlays import OverFrames
from phenaki_viz.ui.state import patches
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.views.attention_video import MapColours

FRAMES = "frames"


def asked_of_all(selection: Selection, look: MapColours) -> OverFrames:
    """What the strip shows, as it is asked of every head."""
    word = patches.word_shown(selection)
    return OverFrames(selection.places, look.direction, patches.combine(), word)
