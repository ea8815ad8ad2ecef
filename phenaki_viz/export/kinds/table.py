"""The faces of a table of named columns."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from phenaki_viz.export.faces import Arrays, Faces, Rows, printed_small
from phenaki_viz.export.numbers import guarded
from phenaki_viz.export.table_page import table_page
from phenaki_viz.figures.table import Table
from phenaki_viz.figures.words import plain

if TYPE_CHECKING:
    from phenaki_viz.export.paper import Sheet


class TableFaces(Faces[Table]):
    """A line a thing, a column a number."""

    kind = Table

    def page(self, picture: Table, script: str | None) -> bytes:
        """A table that is sorted by its titles."""
        return table_page(picture)

    def sheet(self, picture: Table, *, vector: bool) -> "Sheet":
        """The table's columns, as many beside each other as fit, the rest below."""
        from phenaki_viz.export.paper_table import table_sheet

        return table_sheet(picture, vector=vector)

    def arrays(self, picture: Table) -> Arrays:
        """A column an array."""
        return {one.name: np.asarray(one.values) for one in picture.columns}

    def rows(self, picture: Table) -> Rows:
        """The names of the columns, then a line a thing."""
        yield [guarded(one.name) for one in picture.columns]
        for row in zip(*(one.values for one in picture.columns), strict=True):
            yield [guarded(str(at)) if isinstance(at, str) else str(at) for at in row]

    def remarks(self, picture: Table) -> Iterator[str]:
        """What each column means."""
        for one in picture.columns:
            if one.means:
                means = json.dumps(plain(one.means), ensure_ascii=False)
                yield f"column {one.name} {means} {one.unit}".rstrip()

    def small(self, picture: Table) -> np.ndarray:
        """The printed table."""
        return printed_small(self, picture)


FACES = TableFaces()
