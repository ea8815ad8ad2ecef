"""A table of named columns, as data: what a page lists and a file holds."""

from dataclasses import dataclass

import numpy as np

from phenaki_viz.figures.picture import Picture
from phenaki_viz.figures.shapes import expect_shape

LEAST_LISTED = 0.005


@dataclass(frozen=True, kw_only=True, eq=False)
class TableColumn:
    """name: one word, in files. title: over it on a page. means: a sentence. values: 'n', of text,
    whole numbers or float64; NaN where there is none. share: whether they lie between 0 and 1.
    """

    name: str
    title: str
    values: np.ndarray
    unit: str = ""
    means: str = ""
    share: bool = False

    def listed(self) -> np.ndarray:
        """The values as a page lists them, with two digits: none of them reads -0.00."""
        if self.values.dtype.kind != "f":
            return self.values
        unsigned = (-LEAST_LISTED < self.values) & (self.values < 0)
        return np.where(unsigned, 0.0, self.values)


@dataclass(frozen=True, kw_only=True, eq=False)
class Table(Picture):
    """Rows of numbers under named columns. naming: how many of the first columns name a row.

    Raises ShapeError when columns differ in length.
    """

    columns: tuple[TableColumn, ...]
    naming: int = 0

    def __post_init__(self) -> None:
        for column in self.columns:
            expect_shape(f"Table column {column.name!r}", column.values, {"n": len(self)})

    def __len__(self) -> int:
        return len(self.columns[0].values) if self.columns else 0

    def column(self, name: str) -> TableColumn:
        """The column of a name. Raises KeyError."""
        return {one.name: one for one in self.columns}[name]
