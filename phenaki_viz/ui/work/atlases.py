"""Atlases that are looked at: read a part at a time, kept while they are wanted."""

from collections.abc import Callable, Hashable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from phenaki_viz.files import state_of
from phenaki_viz.ui.work.kept_work import worked

if TYPE_CHECKING:
    from phenaki_viz.atlas.reading import Atlas

Uploads = Sequence[tuple[str, bytes]]


def opened(source: Path | Uploads, digest: Hashable, on_cancel: Callable[[], None]) -> "Atlas":
    """The atlas of a folder, of a part, or of parts that were uploaded.

    digest: what tells uploads apart; of a path its state does. Raises AtlasError, FileError.
    """
    # Its files are read by Arrow, which the start of the app need not wait for.
    from phenaki_viz.atlas.reading import read_atlas

    decides = state_of(source) if isinstance(source, Path) else digest
    key = ("atlas", str(source) if isinstance(source, Path) else "", decides)
    start = partial(read_atlas.steps, source)
    return worked("atlas", key, start, "Reading the atlas:", on_cancel)
