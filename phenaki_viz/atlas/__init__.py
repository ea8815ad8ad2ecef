"""A corpus: what every head does over thousands of clips, made in parts by any number of workers.

A part is some clips; one function makes its rows, and engines differ only in what calls it. What is
made in Python, as `phenaki-viz atlas` does it:

weights = Path("model.safetensors")
settings = settings_for(weights, Settings(weights_digest=""))
job = Job(weights=str(weights), settings=settings, out="atlas")
make_atlas(plan(job, clips_of(["clips/"])), engine_of("processes"), workers=8)
atlas = read_atlas(Path("atlas"))
"""

from phenaki_viz.atlas.engines import engine_of
from phenaki_viz.atlas.job import Job, Settings
from phenaki_viz.atlas.making import make_atlas, plan, settings_for
from phenaki_viz.atlas.reading import Atlas, read_atlas
from phenaki_viz.atlas.sources import clips_of

__all__ = [
    "Atlas",
    "Job",
    "Settings",
    "clips_of",
    "engine_of",
    "make_atlas",
    "plan",
    "read_atlas",
    "settings_for",
]
