import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from phenaki_viz.errors import ExportError
from phenaki_viz.export import read_provenance
from phenaki_viz.export.walk import WIDE, walk_gif
from tests.figures.samples import PROVENANCE, strip

STEPS = [(0, 0, 0), (1, 0, 0), (2, 0, 0)]


def walk():
    return [replace(strip(), places=(place,)) for place in STEPS]


def test_a_walk_is_a_looping_gif_that_says_what_made_it():
    progress = []
    content = walk_gif(walk(), 4, lambda done, of: progress.append((done, of)))
    with Image.open(io.BytesIO(content), formats=("GIF",)) as film:
        assert film.n_frames == 3 and film.width == WIDE
        assert film.info["duration"] == 250 and film.info["loop"] == 0
        seen = []
        for at in range(3):
            film.seek(at)
            seen.append(np.asarray(film.convert("RGB")))
    assert progress == [(1, 3), (2, 3), (3, 3)]
    assert not np.array_equal(seen[0], seen[1])
    assert read_provenance(content) == PROVENANCE


@pytest.mark.parametrize(("pictures", "pace"), [([], 3), ([strip()], 0)])
def test_a_walk_without_pictures_or_pace_is_refused(pictures, pace):
    with pytest.raises(ExportError, match="use at least one"):
        walk_gif(pictures, pace)


def test_what_the_listener_raises_stops_the_drawing():
    def stop(done, of):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        walk_gif(walk(), 4, stop)


def test_a_gif_of_somebody_else_does_not_say_what_made_it():
    out = io.BytesIO()
    Image.new("L", (3, 3)).save(out, "GIF")
    with pytest.raises(ExportError, match="no phenaki_viz export"):
        read_provenance(out.getvalue())
