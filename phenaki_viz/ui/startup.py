"""What the server does before anybody asks for a page, so that the first one need not wait."""

import sys

from phenaki_viz.data import read_prompt, sample_clip
from phenaki_viz.recording.dialled import run_dialled
from phenaki_viz.ui.settings import Settings
from phenaki_viz.ui.views import attention, masks, position

__all__ = ["attention", "masks", "position", "warm_up"]


def warm_up() -> None:
    """Import every page's libraries, torch among them, and run the opening model once."""
    # Streamlit's server and the page script share one interpreter: at Python's 5 ms, what is drawn
    # would wait in the server while the script draws on.
    sys.setswitchinterval(0.0005)
    settings = Settings()
    prompt = read_prompt(settings.prompt)
    run_dialled(settings.config, sample_clip(settings.clip), prompt, settings.padding)
