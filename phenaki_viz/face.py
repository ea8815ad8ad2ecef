"""What is said in Python of a recording: open it, show it. Floors are loaded when used."""

import sys
import tempfile
from base64 import b64encode
from html import escape
from math import prod
from pathlib import Path
from typing import Any, Literal

import numpy as np

from phenaki_viz.errors import RecordingError
from phenaki_viz.recording import AttentionRecord, Recording
from phenaki_viz.recording.asked_above import Figure, Shown

MOST_WEIGHTS = 2**25  # of a recording whose picture is drawn unasked: a second


def open(path: str | Path) -> Recording:
    """Open a recording's file: up to 128 MB are read into memory, of a larger one a private copy is
    made, of which maps are read as they are looked at.

    `clip` of what comes back is the clip that is in the file, if one was given. Raises
    RecordingError when the file is no recording, is damaged, or was written by a later version.
    """
    from phenaki_viz.runs.saving import open_path

    return open_path(path)


def show(
    recording: Recording,
    *,
    kind: str | None = None,
    layer: int | None = None,
    head: int | None = None,
    branch: str | None = None,
    step: int | None = None,
    colours: Literal["linear", "sqrt", "log"] = "sqrt",
    clip: Shown | np.ndarray | None = None,
) -> Any:
    """Look at a recording: in a notebook, grid of heads, map and film strip of one stack.

    What comes back shows itself as a cell's last value: pointer and keys are those of the page.
    `layer`, `head`, `query`, `key` and `patch` of it are what is chosen, there to be read and set;
    with anywidget (`pip install phenaki-viz[notebook]`) they follow the pointer, and
    `view.observe(heard, "query")` is called. `view.save("look.html")` keeps it, with every head.
    kind, layer, head, branch, step, colours: as for `Recording.figure`; clip: as for
    `Recording.save`.

    From a script or a prompt the recording is saved to a file for temporary ones, and what opens it
    in the browser is printed; then nothing comes back. Raises RecordingError or ConfigError when
    nothing was recorded, or not this, and says what there is.
    """
    if not len(recording):
        why = " ".join(recording.missed) or "Nothing was recorded."
        raise RecordingError(f"there is nothing to show. {why}")
    part = recording.select(branch=branch, step=step)
    if _in_a_notebook():
        return _view(part, clip, kind=kind, layer=layer, head=head, law=colours)
    _check_there(part, kind=kind, layer=layer, head=head, law=colours)
    folder = Path(tempfile.mkdtemp(prefix="phenaki_viz-"))
    path = recording.save(folder / "recording.safetensors", clip)
    print(recording, f"Open it in the browser:  phenaki-viz open {path}", sep="\n")
    return None


def _check_there(
    part: Recording, *, kind: str | None, layer: int | None, head: int | None, law: Any
) -> None:
    from phenaki_viz.figures.picked import Picked, chosen_passes
    from phenaki_viz.figures.weight_colours import Colours

    chosen_passes(
        part,
        Picked(
            kinds=None if kind is None else [kind],
            layers=None if layer is None else [layer],
            heads=None if head is None else [head],
            passes="first",
            colours=Colours(law),
        ),
    )


def _view(recording: Recording, clip: Shown | np.ndarray | None, **options: Any) -> Any:
    from phenaki_viz.notebook import view_of
    from phenaki_viz.runs.saving import run_of

    return view_of(run_of(recording, clip), **options)


def _in_a_notebook() -> bool:
    """Whether a kernel runs this, whose front end draws what is displayed."""
    python = sys.modules.get("IPython")
    shell = python.get_ipython() if python is not None else None
    return getattr(shell, "kernel", None) is not None or _in_marimo()


def _in_marimo() -> bool:
    marimo = sys.modules.get("marimo")
    return bool(marimo is not None and marimo.running_in_notebook())


def picture(recording: Recording) -> str:
    """All heads of the first stack as an element, for under the table; "" of too many weights."""
    if not len(recording) or sum(map(_weights, recording)) > MOST_WEIGHTS:
        return ""
    from phenaki_viz.export.in_hand import PictureInHand
    from phenaki_viz.figures.one import one_picture

    which: dict[str, Any] = {"kind": None, "layer": None, "head": None, "labels": {}, "law": "sqrt"}
    shown = PictureInHand(one_picture(recording, shared=False, **which))
    content = b64encode(shown.rendered("png")).decode()
    said = escape(shown.title)
    return f"<img alt='{said}' style='max-width:640px' src='data:image/png;base64,{content}'/>"


def _weights(record: AttentionRecord) -> int:
    return prod(record.map.shape)


def save(recording: Recording, path: Path, clip: Shown | np.ndarray | None) -> Path:
    """What `Recording.save` does."""
    from phenaki_viz.runs import saving

    return saving.save(recording, path, clip)


def figure(recording: Recording, **options: Any) -> Figure:
    """What `Recording.figure` gives."""
    from phenaki_viz.export.in_hand import PictureInHand
    from phenaki_viz.figures.one import one_picture

    return PictureInHand(one_picture(recording, **options))


def compose(recording: Recording, recipe: Any) -> Figure:
    """What `Recording.compose` gives."""
    from phenaki_viz.export.in_hand import FigureInHand
    from phenaki_viz.figures import composed
    from phenaki_viz.figures.recipe import recipe_of
    from phenaki_viz.runs.saving import run_of

    return FigureInHand(composed.compose(run_of(recording), recipe_of(recipe)))
