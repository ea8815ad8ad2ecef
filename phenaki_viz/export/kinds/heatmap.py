"""The faces of a head's map."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from phenaki_viz.export.faces import Arrays, Faces, Rows
from phenaki_viz.export.map_page import map_page
from phenaki_viz.export.numbers import as_float32, as_text, as_words, guarded, if_given
from phenaki_viz.figures.heatmap import Heatmap, map_image

if TYPE_CHECKING:
    from phenaki_viz.export.paper import Sheet


class HeatmapFaces(Faces[Heatmap]):
    """Queries down, keys across."""

    kind = Heatmap

    def page(self, picture: Heatmap, script: str | None) -> bytes:
        """The page's own panel."""
        return map_page(picture)

    def sheet(self, picture: Heatmap, *, vector: bool) -> "Sheet":
        """A map with its ticks and colour bar."""
        from phenaki_viz.export.paper_maps import heatmap_sheet

        return heatmap_sheet(picture, vector=vector)

    def arrays(self, picture: Heatmap) -> Arrays:
        """Weights 'i j', the names of queries and keys, what is masked or left out."""
        return {
            "values": as_float32(picture.values),
            "unit": as_words(picture.unit),
            "query_names": as_words(picture.query.names),
            "key_names": as_words(picture.key.names),
            "query_breaks": np.array(picture.query.breaks, np.int64),
            "key_breaks": np.array(picture.key.breaks, np.int64),
            "wrong": np.array(picture.wrong, np.int64),
            **if_given("hidden", picture.hidden, bool),
            **if_given("left_out", picture.left_out, bool),
            **if_given("uniform", picture.uniform, np.float32),
        }

    def rows(self, picture: Heatmap) -> Rows:
        """A line a query, a column a key."""
        values = as_float32(picture.values)
        if picture.hidden is not None:
            values = np.where(picture.hidden, np.float32(np.nan), values)
        corner = f"{picture.query.title} \\ {picture.key.title}"
        yield [guarded(corner), *map(guarded, picture.key.names)]
        for name, row in zip(picture.query.names, values, strict=True):
            yield [guarded(name), *as_text(row)]

    def remarks(self, picture: Heatmap) -> Iterator[str]:
        """What NaN means."""
        if picture.hidden is not None:
            yield "nan: masked - the query may not look there"

    def small(self, picture: Heatmap) -> np.ndarray:
        """The map's cells."""
        return map_image(picture)


FACES = HeatmapFaces()
