"""The clips that come with the project, in `assets/`."""

from pathlib import Path

from phenaki_viz.data.clip import Clip
from phenaki_viz.data.decode import load_clip
from phenaki_viz.errors import VideoError

ASSETS = Path(__file__).resolve().parents[2] / "assets"
SAMPLES = {"moving_digits": "Two moving digits", "one_digit": "One moving digit"}


def sample_clip(name: str = "moving_digits") -> Clip:
    """A shipped clip: 17 grey frames of 128×128. Raises VideoError when it is not there."""
    path = ASSETS / f"{name}.gif"
    if name not in SAMPLES or not path.is_file():
        known = ", ".join(SAMPLES)
        raise VideoError(f"no sample clip {name!r} in {ASSETS}; there should be {known}")
    clip = load_clip(path)
    return Clip(clip.frames, SAMPLES[name])
