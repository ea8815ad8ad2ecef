"""A film strip, and a grid of heads, as HTML pages that draw as the program's own page does."""

from collections.abc import Sequence
from typing import Any

from phenaki_viz.browser.file_page import Mounted, file_page
from phenaki_viz.browser.film import film_message, film_name, small_frames
from phenaki_viz.browser.grid_message import GridPicture, grid_message
from phenaki_viz.browser.strip_message import StripStyle, StripView, StripWords, strip_message
from phenaki_viz.export.provenance import head_record
from phenaki_viz.figures.film_strip import FilmStrip
from phenaki_viz.figures.head_grid import HeadGrid
from phenaki_viz.figures.laid_over import Drawn
from phenaki_viz.figures.picture import Picture
from phenaki_viz.figures.words import plain


def strip_page(picture: FilmStrip) -> bytes:
    """The page: every patch's weight is read under the pointer; the chosen ones stay outlined."""
    words = StripWords(direction="", unit=picture.unit)
    places = [list(place) for place in picture.places]
    view = StripView(push=_push(places), look=_look(picture.drawn), still=True)
    name, pixels = picture.name, small_frames(picture.frames)
    strip = strip_message(picture, words, view, id=name, film=film_name(name, pixels))
    frames = Mounted("shared", film_message(name, pixels))
    return _page(picture, frames, Mounted("film_strip", strip))


def grid_page(picture: HeadGrid) -> bytes:
    """The page: the head under the pointer is named, with its number where tiles show one."""
    numbers = picture.values is not None
    drawn = GridPicture(
        thumbs=picture.shown,
        scale=picture.scales,
        layers=[plain(name) for name in picture.layers],
        heads=[plain(name) for name in picture.heads],
        values=picture.values,
        label=picture.unit if numbers else "",
        filled=numbers,
        framed=picture.framed and not numbers,
    )
    push = _push(list(picture.selected or (0, 0)))
    return _page(picture, Mounted("head_grid", grid_message(drawn, id=picture.name, push=push)))


def _page(picture: Picture, *panels: Mounted) -> bytes:
    notes = [plain(note) for note in picture.notes]
    return file_page(plain(picture.title), panels, notes, head_record(picture))


def _push(value: Sequence[Any]) -> dict[str, Any]:
    """What is chosen; nothing that is picked in a file goes anywhere."""
    return {"rev": 1, "value": value, "seen": 0}


def _look(drawn: Drawn | None) -> StripStyle | None:
    if drawn is None:
        return None
    return {
        "opacity": drawn.opacity,
        "contrast": drawn.contrast,
        "lines": drawn.lines,
        "beside": drawn.beside,
        "bare": not drawn.hatched,
    }
