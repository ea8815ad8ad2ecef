"""The kinds of pictures: one module each, with its five faces; a new kind is one new module.

What a picture holds is said in `figures` (plain data, no renderer); a module here says how it
looks on a page, on paper, in numbers, as a table and as a thumbnail.
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from phenaki_viz.errors import ExportError
from phenaki_viz.export.faces import Faces
from phenaki_viz.figures.picture import Picture
from phenaki_viz.figures.theme import Theme

if TYPE_CHECKING:
    import plotly.graph_objects as go


@cache
def known_kinds() -> Mapping[type[Picture], Faces[Any]]:
    """Every kind and its faces: the `FACES` of each module of this package."""
    modules = (import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__))
    return MappingProxyType({module.FACES.kind: module.FACES for module in modules})


def faces_of(picture: Picture) -> Faces[Any]:
    """The faces of a picture. Raises ExportError for a kind that no module here is about."""
    faces = known_kinds().get(type(picture))
    if faces is None:
        raise ExportError(f"{type(picture).__name__} is no kind of picture that can be exported")
    return faces


def figure_of(picture: Picture, theme: Theme = "light", *, bare: bool = False) -> "go.Figure":
    """A picture as a plotly figure. bare: without title and notes, for a page that has them.

    Maps, film strips and grids of heads are drawn by the page's own panels, there and in files.
    Raises TypeError for a kind of picture that plotly does not draw, ExportError for an unknown.
    """
    return faces_of(picture).figure(picture, theme, bare=bare)
