"""Every kind of picture in every format, made once for all tests that only read it."""

from functools import cache

from phenaki_viz.export import render
from tests.figures.samples import every_kind

PICTURES = {type(picture).__name__: picture for picture in every_kind()}


@cache
def rendered(kind: str, form: str) -> bytes:
    """The sample picture of this kind as a file."""
    return render(PICTURES[kind], form)
