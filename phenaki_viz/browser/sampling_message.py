"""The decoding steps of a sampled video for the browser: what is drawn, and the message."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from phenaki_viz.browser.packing import pack
from phenaki_viz.errors import ShapeError
from phenaki_viz.figures.colour import QUERY_COLOUR
from phenaki_viz.figures.overlays import frame_steps
from phenaki_viz.figures.sampling_sentences import step_sentence
from phenaki_viz.glossary import found_in
from phenaki_viz.runs.sampled import SampledRun

# Colours that differ in lightness too, for every kind of eye.
FILLED_COLOUR, CHANGED_COLOUR, AGAIN_COLOUR = "#19c3e6", "#f2a900", "#d62f6b"


@dataclass(frozen=True, kw_only=True, eq=False)
class SamplingPicture:
    """What is drawn of a sampled video.

    previews: 's f H W c' uint8, c is 1 or 3, what the codes of each decoding step decode to.
    steps: the frames of each time step. masked, changed, again: 's t h w' bool; confidence:
    's t h w' float32, see `runs.sampled.DecodingStep`. given: time steps of priming.
    sentences: what each decoding step did. Raises ShapeError when the shapes do not fit.
    """

    previews: np.ndarray
    steps: Sequence[Sequence[int]]
    masked: np.ndarray
    changed: np.ndarray
    again: np.ndarray
    confidence: np.ndarray
    given: int
    sentences: Sequence[str]

    @classmethod
    def of(cls, sampled: SampledRun) -> "SamplingPicture":
        """Every decoding step of a sampled video, and what its tokens decode to."""
        each = sampled.steps
        return cls(
            previews=sampled.previews,
            steps=frame_steps(sampled.previews.shape[1], sampled.temporal_patch),
            masked=np.stack([step.masked for step in each]),
            changed=np.stack([step.changed for step in each]),
            again=np.stack([step.again for step in each]),
            confidence=np.stack([step.confidence for step in each]),
            given=sampled.primed_steps,
            sentences=[step_sentence(one, at, len(each)) for at, one in enumerate(each, 1)],
        )

    def __post_init__(self) -> None:
        previews, masked, steps = self.previews, self.masked, self.steps
        if previews.ndim != 5 or previews.shape[-1] not in (1, 3) or previews.dtype != np.uint8:
            raise ShapeError(
                f"previews are 's f H W c' uint8, got {previews.shape} {previews.dtype}"
            )
        alike = masked.shape == self.confidence.shape and len(masked) == len(previews)
        alike = alike and len(self.sentences) == len(previews)
        if masked.ndim != 4 or not alike:
            raise ShapeError(
                f"{len(previews)} previews with masks {masked.shape} and confidence "
                f"{self.confidence.shape}"
            )
        if len(steps) != masked.shape[1] or max(map(max, steps)) >= previews.shape[1]:
            raise ShapeError(f"{len(steps)} time steps do not fit the masks {masked.shape}")

    @property
    def flags(self) -> np.ndarray:
        """'s t h w' uint8: 1 masked, 2 changed, 4 masked again."""
        masked, changed, again = (
            one.astype(np.uint8) for one in (self.masked, self.changed, self.again)
        )
        found: np.ndarray = masked | (changed << 1) | (again << 2)
        return found


def sampling_message(
    picture: SamplingPicture, *, id: str, push: Mapping[str, Any] | None, shows: str = ""
) -> bytes:
    """The message for the panel `sampling_player`. id: what its pick is remembered by.

    push: decoding step and token that Python has, {"rev", "value": [step, t, h, w], "seen"}. shows:
    what it is of, for texts that speak of it.
    """
    decoding, *grid = picture.masked.shape
    colours = {"filled": FILLED_COLOUR, "changed": CHANGED_COLOUR, "again": AGAIN_COLOUR}
    header = {
        "id": id,
        "frames": picture.previews.shape,
        "steps": [list(step) for step in picture.steps],
        **{"decoding": decoding, "grid": grid, "given": picture.given, "shows": shows},
        "colours": {"query": QUERY_COLOUR, **colours},
        "sentences": list(picture.sentences),
        "terms": found_in(" ".join(picture.sentences)),
        "push": push,
    }
    return pack(
        header,
        confidence=picture.confidence.astype("f4"),
        flags=picture.flags,
        previews=np.ascontiguousarray(picture.previews),
    )
