"""Where the digits of a clip are in every frame: the truth that a head is judged by.

Of the shipped clips `make clips` writes it beside them; of generated ones it is drawn with them. It
is known of a clip whose frames are those, and of no other.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from phenaki_viz.data.clip import Clip
from phenaki_viz.data.generated import drawn_digits, generated_clip, is_generated, middles
from phenaki_viz.data.samples import DIGIT_CLIPS, digit_clip
from phenaki_viz.home import ASSETS

PATHS = ASSETS / "digits" / "paths.json"


@dataclass(frozen=True, eq=False, kw_only=True)
class DigitPath:
    """The way of one digit. name: its word. motion: the word that says where it moves.

    centres: 'f 2' float, row and column of its middle in every frame, in pixels.
    """

    name: str
    motion: str
    centres: np.ndarray


def paths_of(clip: Clip) -> tuple[DigitPath, ...]:
    """The ways of a clip's digits; none where they are not known.

    Known are the shipped and the generated digit clips, whole or their first frames, uncropped and
    not resized.
    """
    if is_generated(clip.name):
        return _generated(clip)
    if clip.name not in DIGIT_CLIPS.values():
        return ()
    shipped, count = digit_clip(clip.name).frames, len(clip.frames)
    if not np.array_equal(clip.frames, shipped[:count]):
        return ()
    return tuple(
        DigitPath(
            name=one["name"],
            motion=one["motion"],
            centres=np.asarray(one["centres"], np.float64)[:count],
        )
        for one in _read(PATHS)[clip.name]
    )


def _generated(clip: Clip) -> tuple[DigitPath, ...]:
    made, count = generated_clip(clip.name)[0].frames, len(clip.frames)
    if not np.array_equal(clip.frames, made[:count]):
        return ()
    drawn = drawn_digits(clip.name)
    words = drawn.caption.split()
    return tuple(
        DigitPath(name=words[one.word], motion=words[one.direction_word], centres=centres[:count])
        for one, centres in zip(drawn.digits, middles(drawn), strict=True)
    )


@cache
def _read(path: Path) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = json.loads(path.read_text(encoding="utf-8"))
    return found
