"""A file of a recording in words: what was run on what, and every stack of maps in it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from phenaki_viz.nouns import counted
from phenaki_viz.recording.recording import Recording
from phenaki_viz.recording.records import AttentionRecord
from phenaki_viz.recording.sentences import describe_origin, describe_storage
from phenaki_viz.runs.files import open_recording
from phenaki_viz.runs.run import Run


def describe_file(path: Path) -> list[str]:
    """What a recording is, what it was made of, and a line for each stack of its maps.

    Raises RecordingError when the file cannot be opened.
    """
    run = open_recording(path)
    size = path.stat().st_size / 1e6
    recording = run.recording
    return [
        f"{path.name}: a recording of {counted(len(recording), 'attention map')}, {size:,.1f} MB",
        f"  model: {describe_origin(recording.provenance)}",
        *_shown(run),
        f"  maps: {describe_storage(recording)}",
        f"  checked: {_checked(recording)}",
        *_stacks(recording),
    ]


def _shown(run: Run) -> Iterator[str]:
    frames, height, width, _ = run.clip.frames.shape
    yield f"  clip: {run.clip.name}, {counted(frames, 'frame')} of {height} × {width}"
    yield f"  prompt: {run.prompt.text or 'none'}"


def _checked(recording: Recording) -> str:
    error = recording.max_abs_error
    if error is None:
        return "no map could be compared with what its module returned"
    return f"recomputed outputs are within {error:.1e} of what the modules returned"


def _stacks(recording: Recording) -> Iterator[str]:
    stacks: dict[tuple[str, str], list[AttentionRecord]] = {}
    for record in recording:
        stacks.setdefault((record.stack, record.kind), []).append(record)
    for (stack, kind), records in stacks.items():
        yield f"  {stack or 'the model'}, {kind} attention: {_sizes(records)}"


def _sizes(records: Sequence[AttentionRecord]) -> str:
    layers = len({record.module for record in records})
    b, h, i, j = records[0].map.shape
    text = (
        f"{counted(layers, 'layer')} × {counted(h, 'head')}, {counted(i, 'query')} × "
        f"{counted(j, 'key')}"
    )
    if b > 1:
        text += f", {b} batch items"
    if len(records) > layers:
        text += f", {len(records)} calls"
    passes = list(dict.fromkeys(record.branch for record in records if record.branch))
    if passes:
        text += f" ({', '.join(passes)})"
    return text
