"""What came out of a run, in the file of its recording beside the maps, and back.

Tensors `outcome.codes`, `.predicted` (int), `.masked` (bool), `.loss` (float32), all 't h w', and
`outcome.reconstruction`, `.filled` ('f H W c' uint8) of a look; `sampled.masked`, `.changed`,
`.again` (bool), `.codes` (int), `.confidence` (float32), all 'step t h w', and `sampled.previews`
('step f H W c' uint8) of a sampled video. Each may be missing. Numbers and words are in
`provenance`: `outcome` ({"error": float or null, "notes": [str]}), `sampling` and `primed_steps`.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import torch

from phenaki_viz.data import Clip
from phenaki_viz.errors import RecordingError
from phenaki_viz.runs.model import Outcome
from phenaki_viz.runs.run import Run
from phenaki_viz.runs.sampled import DecodingStep, SampledRun, Sampling

TOKENS = {"codes": np.int64, "predicted": np.int64, "masked": np.bool_, "loss": np.float32}
FRAMES = ("reconstruction", "filled")
STEPS = {
    "masked": np.bool_, "codes": np.int64, "confidence": np.float32, "changed": np.bool_,
    "again": np.bool_,
}  # fmt: skip
KINDS: dict[str, Callable[[Any], Any]] = {
    "frames": int, "guidance": float, "steps": int, "temperature": float, "seed": int,
    "priming": int,
}  # fmt: skip
Tensors = Mapping[str, torch.Tensor]


def tensors_of(run: Run) -> dict[str, torch.Tensor]:
    """What a file keeps of what came out; nothing for a run of which only the maps are known."""
    outcome, sampled = getattr(run, "outcome", None), getattr(run, "sampled", None)
    arrays: dict[str, np.ndarray | None] = {}
    if isinstance(outcome, Outcome):
        arrays |= {f"outcome.{name}": getattr(outcome, name) for name in (*TOKENS, *FRAMES)}
    film = run if isinstance(run, SampledRun) else sampled
    if isinstance(film, SampledRun):
        arrays["sampled.previews"] = film.previews
        for name in STEPS:
            arrays[f"sampled.{name}"] = np.stack([getattr(step, name) for step in film.steps])
    return {
        name: torch.from_numpy(np.ascontiguousarray(array))
        for name, array in arrays.items()
        if array is not None
    }


def outcome_from(provenance: Mapping[str, Any], tensors: Tensors, clip: Clip) -> Outcome:
    """What came out of a look. Raises RecordingError when the arrays do not fit each other."""
    read: dict[str, Any] = {
        name: _array(f"outcome.{name}", kind, 3, tensors) for name, kind in TOKENS.items()
    }
    _alike("outcome", [array for array in read.values() if array is not None])
    for name in FRAMES:
        frames = _array(f"outcome.{name}", np.uint8, 4, tensors)
        if frames is not None and frames.shape[:3] != clip.frames.shape[:3]:
            raise RecordingError(f"outcome.{name} has other frames than the clip")
        read[name] = frames
    error = _outcome(provenance).get("error")
    return Outcome(**read, error=float(error) if isinstance(error, (int, float)) else None)


def notes_from(provenance: Mapping[str, Any]) -> tuple[str, ...]:
    """What was made up, in words."""
    notes = _outcome(provenance).get("notes")
    return tuple(map(str, notes)) if isinstance(notes, list) else ()


def sampled_from(provenance: Mapping[str, Any], tensors: Tensors, run: Run) -> SampledRun | None:
    """The sampled video of a file, None where it holds none. Raises RecordingError."""
    previews = _array("sampled.previews", np.uint8, 5, tensors)
    steps = {name: _array(f"sampled.{name}", kind, 4, tensors) for name, kind in STEPS.items()}
    if previews is None:
        return None
    arrays = [array for array in steps.values() if array is not None]
    _alike("sampled", arrays)
    if len(arrays) < len(STEPS) or len(arrays[0]) != len(previews):
        raise RecordingError(f"sampled: {len(previews)} previews of other steps than there are")
    _, frames, _, _, channels = previews.shape
    wanted = 1 + -(-(frames - 1) // run.temporal_patch)
    if arrays[0].shape[1] != wanted or channels not in (1, 3):
        raise RecordingError(f"sampled: {frames} frames, {arrays[0].shape[1]} time steps")
    primed = provenance.get("primed_steps")
    return SampledRun(
        **{name: getattr(run, name) for name in (field.name for field in fields(Run))},
        sampling=_sampling(provenance),
        steps=tuple(
            DecodingStep(**{name: array[at] for name, array in steps.items() if array is not None})
            for at in range(len(previews))
        ),
        previews=previews,
        primed_steps=primed if isinstance(primed, int) and 0 <= primed <= wanted else 0,
    )


def _sampling(provenance: Mapping[str, Any]) -> Sampling:
    sampling = provenance.get("sampling")
    try:
        return Sampling(
            **{name: KINDS[name](value) for name, value in dict(sampling or {}).items()}
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RecordingError(f"sampled: how cannot be read ({error})") from error


def _outcome(provenance: Mapping[str, Any]) -> Mapping[str, Any]:
    outcome = provenance.get("outcome")
    return outcome if isinstance(outcome, Mapping) else {}


def _array(name: str, kind: Any, axes: int, tensors: Tensors) -> np.ndarray | None:
    if name not in tensors:
        return None
    array: np.ndarray = tensors[name].numpy()
    if array.dtype != kind or array.ndim != axes or not array.size:
        raise RecordingError(
            f"{name} is {array.dtype} with {array.ndim} axes; expected {np.dtype(kind)} with {axes}"
        )
    return array


def _alike(what: str, arrays: list[np.ndarray]) -> None:
    if len({array.shape for array in arrays}) > 1:
        raise RecordingError(f"{what}: its arrays are of different grids")
