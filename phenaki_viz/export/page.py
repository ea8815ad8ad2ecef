"""A picture as one HTML page that needs nothing else, and asks the network for nothing."""

from phenaki_viz.export.kinds import faces_of
from phenaki_viz.figures import Picture


def needs_plotly(picture: Picture) -> bool:
    """Whether its page draws with plotly. Raises ExportError for an unknown kind."""
    return faces_of(picture).plotly


def to_html(picture: Picture, script: str | None = None) -> bytes:
    """A page; title, notes and what made it are in it. With plotly inside it has about 5 MB.

    script: file name of plotly.min.js beside the page, which then is small. Raises ExportError.
    """
    return faces_of(picture).page(picture, script)
