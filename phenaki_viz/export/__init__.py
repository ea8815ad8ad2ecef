"""From pictures to files: print, pages, numbers and archives, each with what made it inside."""

from phenaki_viz.export.archive import archive, write_archive
from phenaki_viz.export.formats import FORMATS, Format, render, write
from phenaki_viz.export.names import numbered, safe_name
from phenaki_viz.export.provenance import read_provenance
from phenaki_viz.files import write_bytes

__all__ = [
    "FORMATS",
    "Format",
    "archive",
    "numbered",
    "read_provenance",
    "render",
    "safe_name",
    "write",
    "write_archive",
    "write_bytes",
]
