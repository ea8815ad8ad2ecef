"""What is said in Python of a recording: open it, show it. Floors are loaded when asked for."""

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from phenaki_viz.errors import RecordingError
from phenaki_viz.recording import Recording
from phenaki_viz.recording.asked_above import Figure, Shown, register


def open(path: str | Path) -> Recording:
    """Open a recording's file; maps are read from the disk as they are looked at.

    `clip` of what comes back is the clip that is in the file, if one was given. Raises
    RecordingError when the file is no recording, is damaged, or was written by a later version.
    """
    from phenaki_viz.runs.saving import open_path

    return open_path(path)


def show(recording: Recording, *, clip: Shown | np.ndarray | None = None) -> None:
    """Look at a recording: in a notebook, its table and all heads of its first stack below.

    From a script or a prompt it is saved to a file for temporary ones, and what opens it in the
    browser is printed. clip: as for `Recording.save`. Raises RecordingError when nothing was
    recorded.
    """
    if not len(recording):
        why = " ".join(recording.missed) or "Nothing was recorded."
        raise RecordingError(f"there is nothing to show. {why}")
    if _in_a_notebook():
        _display(recording, recording.figure())
        return
    folder = Path(tempfile.mkdtemp(prefix="phenaki_viz-"))
    path = recording.save(folder / "recording.safetensors", clip)
    print(recording, f"Open it in the browser:  phenaki-viz open {path}", sep="\n")


def _in_a_notebook() -> bool:
    """Whether a kernel runs this, whose front end draws what is displayed."""
    python = sys.modules.get("IPython")
    shell = python.get_ipython() if python is not None else None
    return getattr(shell, "kernel", None) is not None


def _display(*things: Any) -> None:
    sys.modules["IPython"].display.display(*things)


def _save(recording: Recording, path: Path, clip: Shown | np.ndarray | None) -> Path:
    from phenaki_viz.runs.saving import save

    return save(recording, path, clip)


def _figure(recording: Recording, **asked: Any) -> Figure:
    from phenaki_viz.export.in_hand import PictureInHand
    from phenaki_viz.figures.one import one_picture

    return PictureInHand(one_picture(recording, **asked))


def _compose(recording: Recording, recipe: Any) -> Figure:
    from phenaki_viz.export.in_hand import FigureInHand
    from phenaki_viz.figures.composed import compose
    from phenaki_viz.figures.recipe import recipe_of
    from phenaki_viz.runs.saving import run_of

    return FigureInHand(compose(run_of(recording), recipe_of(recipe)))


register("save", _save)
register("compose", _compose)
register("figure", _figure)
