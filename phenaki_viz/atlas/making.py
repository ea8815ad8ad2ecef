"""An atlas is made: what is there stays, what is missing is shared out, what failed is reported."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from phenaki_viz.atlas.engines import Engine, serial
from phenaki_viz.atlas.files import Header, check_settings, parts_in, read_header
from phenaki_viz.atlas.job import ClipName, Job, Part, Settings, part_of
from phenaki_viz.checkpoints import open_checkpoint
from phenaki_viz.errors import AtlasError, ConfigError
from phenaki_viz.evaluation.effects import expect_measurable
from phenaki_viz.files import make_folder, remove, sweep, target_of
from phenaki_viz.recording import attention_modules
from phenaki_viz.recording.digests import weights_digest
from phenaki_viz.recording.select import stack_and_layer

PER_PART = 16  # clips: what a killed worker has to do again
MOST_ERRORS = 100  # of which the reason is kept


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be done. there: what the folder has. parts: what it has not."""

    job: Job
    there: tuple[Header, ...]
    parts: tuple[Part, ...]

    @property
    def clips(self) -> int:
        """How many are to be measured."""
        return sum(len(part.clips) for part in self.parts)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a run is. clips: measured so far, in this run, `failed` among them. seconds: since
    it began.
    """

    clips: int
    of: int
    failed: int
    seconds: float

    @property
    def rate(self) -> float:
        """Clips a second."""
        return self.clips / self.seconds if self.seconds else 0.0

    @property
    def left(self) -> float:
        """Seconds, if it goes on like this."""
        return (self.of - self.clips) / self.rate if self.rate else float("inf")


@dataclass(frozen=True, kw_only=True)
class Report:
    """What came of a run. errors: the first clips that could not be measured, and lost: parts that
    have no file, each with the reason.
    """

    progress: Progress
    errors: tuple[tuple[str, str], ...]
    lost: tuple[tuple[str, str], ...]


def settings_for(weights: Path, settings: Settings) -> Settings:
    """The settings with the digest of these weights, opened once to see that they will do.

    Raises CheckpointError, or ConfigError of a model that has not the stack, or whose heads have no
    worth to be measured.
    """
    model = open_checkpoint(weights, dict(settings.corrections)).model
    stacks = dict.fromkeys(stack_and_layer(name)[0] for name in attention_modules(model))
    if settings.stack is not None and settings.stack not in stacks:
        raise ConfigError(
            f"the model has no stack {settings.stack[:40]!r}: choose of {', '.join(stacks)}"
        )
    if settings.masks:
        expect_measurable(model)
    return replace(settings, weights_digest=weights_digest(model))


def plan(
    job: Job, clips: Sequence[ClipName], per_part: int = PER_PART, *, retry: bool = False
) -> Plan:
    """Which parts are missing of these clips. Parts of an earlier run, with whatever borders, stay.

    Makes the folder, and removes what killed runs left half-written. retry: removes, too, the parts
    in which clips failed, so that they are made anew; but none that has a clip whose name is not
    among these. Raises AtlasError where the folder cannot be read or holds parts of other weights
    or settings, ExportError where there is something to make and it cannot be written to.
    """
    if per_part < 1:
        raise ConfigError(f"parts of {per_part} clips: use at least 1")
    folder = make_folder(Path(job.out))
    sweep(folder)
    there = {path.name: read_header(path) for path in parts_in(folder)}
    for name, header in there.items():
        check_settings(name, header, job.settings)
    if retry:
        for name in _to_retry(there, clips):
            remove(folder / name)
            del there[name]
    known = {clip.identity for header in there.values() for clip in header.clips}
    missing: list[Part] = []
    for first in range(0, len(clips), per_part):
        part = part_of(job.settings, clips[first : first + per_part])
        new = [clip for clip in part.clips if clip.identity not in known]
        if new and part.name not in there:
            missing.append(part if len(new) == len(part.clips) else part_of(job.settings, new))
    if missing:
        target_of(folder / missing[0].name)
    return Plan(job=job, there=tuple(there.values()), parts=tuple(missing))


def _to_retry(there: Mapping[str, Header], clips: Sequence[ClipName]) -> list[str]:
    """Parts in which a clip failed, and whose clips are all among these: by name, as a mended one
    has other bytes.
    """
    given = {clip.name for clip in clips}
    return [
        name for name, header in there.items()
        if header.failed and all(clip.name in given for clip in header.clips)
    ]  # fmt: skip


def make_atlas(
    planned: Plan,
    engine: Engine = serial,
    workers: int = 1,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> Report:
    """Make the parts that are missing. Whatever stops it, what is made stays.

    Raises AtlasError when a part says that all others would fare no better, as on a full disk.
    """
    started, done, failed = time.monotonic(), 0, 0
    lost: list[tuple[str, str]] = []
    errors: list[tuple[str, str]] = []
    of = planned.clips

    def progress() -> Progress:
        seconds = time.monotonic() - started
        return Progress(clips=done, of=of, failed=failed, seconds=seconds)

    on_progress(progress())
    with closing(engine(planned.job, planned.parts, workers)) as parts:
        for made in parts if planned.parts else ():
            if made.ends:
                raise AtlasError(made.why)
            if made.why:
                lost.append((made.part, made.why))
            errors += made.errors[: MOST_ERRORS - len(errors)]
            done, failed = done + made.clips, failed + made.failed
            on_progress(progress())
    return Report(progress=progress(), errors=tuple(errors), lost=tuple(lost))
