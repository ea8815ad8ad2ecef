"""The faces of attention laid over the frames of a clip."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from phenaki_viz.export.faces import Arrays, Faces, Rows
from phenaki_viz.export.numbers import as_float32, as_words, frame_pairs, guarded, if_given
from phenaki_viz.export.panel_pages import strip_page
from phenaki_viz.figures.film_layout import strip_layout
from phenaki_viz.figures.film_strip import FilmStrip, overlaid_image

if TYPE_CHECKING:
    from phenaki_viz.export.paper import Sheet


class FilmStripFaces(Faces[FilmStrip]):
    """Frames side by side, each patch with its weight."""

    kind = FilmStrip

    def page(self, picture: FilmStrip, script: str | None) -> bytes:
        """The page's own panel."""
        return strip_page(picture)

    def sheet(self, picture: FilmStrip, *, vector: bool) -> "Sheet":
        """The frames in lines, with a colour bar."""
        from phenaki_viz.export.paper_strip import film_strip_sheet

        return film_strip_sheet(picture, vector=vector)

    def arrays(self, picture: FilmStrip) -> Arrays:
        """Weights 't h w', the frames, which frames a time step has."""
        return {
            "weights": as_float32(picture.weights),
            "unit": as_words(picture.unit),
            "frames": np.asarray(picture.frames, np.uint8),
            "steps_frames": frame_pairs(picture.steps),
            **if_given("query", picture.places[0] if picture.places else None, np.int64),
            **if_given("uniform", picture.uniform, np.float32),
        }

    def rows(self, picture: FilmStrip) -> Rows:
        """A line a patch."""
        weights = as_float32(picture.weights)
        yield ["time", "row", "column", "frames", guarded(picture.unit)]
        for at in np.ndindex(weights.shape):
            frames = " ".join(map(str, picture.steps[at[0]]))
            yield [*at, frames, str(weights[at])]

    def remarks(self, picture: FilmStrip) -> Iterator[str]:
        """What NaN means."""
        yield "nan: no key of this map"

    def small(self, picture: FilmStrip) -> np.ndarray:
        """Frames with the weights over them."""
        return overlaid_image(picture, strip_layout(picture))


FACES = FilmStripFaces()
