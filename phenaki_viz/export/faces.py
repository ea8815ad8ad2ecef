"""What a kind of picture has to answer: page, print, numbers, table and thumbnail."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import numpy as np

from phenaki_viz.figures.picture import Picture
from phenaki_viz.figures.theme import Theme

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from phenaki_viz.export.paper import Sheet

Rows = Iterator[Sequence[Any]]
Arrays = dict[str, np.ndarray]
Kind = TypeVar("Kind", bound=Picture)


class Faces(ABC, Generic[Kind]):
    """The faces of one kind of picture. A kind without one of them cannot be made: TypeError.

    kind: the picture's class. plotly: whether its page draws with plotly, which it then carries.
    """

    kind: ClassVar[type[Picture]]
    plotly: ClassVar[bool] = False

    @abstractmethod
    def page(self, picture: Kind, script: str | None) -> bytes:
        """An HTML page that stands by itself. script: see `export.page.to_html`."""

    @abstractmethod
    def sheet(self, picture: Kind, *, vector: bool) -> "Sheet":
        """The printed sheet. vector: for a format in which lines stay lines."""

    @abstractmethod
    def arrays(self, picture: Kind) -> Arrays:
        """A picture's exact numbers and names, by the name they have in an NPZ file."""

    @abstractmethod
    def rows(self, picture: Kind) -> Rows:
        """A picture's exact numbers as lines of a table, the line of titles first."""

    def remarks(self, picture: Kind) -> Iterator[str]:
        """What a reader of the table has to know: comment lines of a CSV file."""
        yield from ()

    @abstractmethod
    def small(self, picture: Kind) -> np.ndarray:
        """What its thumbnail is made from: 'y x c' uint8."""

    def figure(self, picture: Kind, theme: Theme, *, bare: bool) -> "go.Figure":
        """As plotly draws it. Raises TypeError where the page's own panels do."""
        raise TypeError(f"{type(picture).__name__} is no picture that plotly draws here")


class PlotlyFaces(Faces[Kind]):
    """A kind that plotly draws on every page."""

    plotly = True

    @abstractmethod
    def figure(self, picture: Kind, theme: Theme, *, bare: bool) -> "go.Figure":
        """See `Faces.figure`. bare: without title and notes."""

    def page(self, picture: Kind, script: str | None) -> bytes:
        """The figure on a page."""
        from phenaki_viz.export.plotly_page import plotly_page

        return plotly_page(picture, self.figure(picture, "light", bare=False), script)

    def small(self, picture: Kind) -> np.ndarray:
        """What is printed, unless the kind has cells of its own to shrink."""
        return printed_small(self, picture)


def printed_small(faces: Faces[Any], picture: Picture) -> np.ndarray:
    """What a sheet shows between title and notes: for kinds that have no cells to shrink."""
    from phenaki_viz.export.prints import drawn_small

    return drawn_small(faces, picture)
