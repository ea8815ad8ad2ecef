"""What a worker does: a part of clips becomes a file of rows. The model is made once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch

from phenaki_viz.atlas.files import read_header, write_part
from phenaki_viz.atlas.job import ClipName, Job, Part
from phenaki_viz.atlas.rows import Row, failed_row, rows_of
from phenaki_viz.atlas.sources import loaded
from phenaki_viz.checkpoints import open_checkpoint
from phenaki_viz.data import Reading
from phenaki_viz.errors import AtlasError, PhenakiVizError
from phenaki_viz.evaluation.effects import HeadEffect, sweep
from phenaki_viz.evaluation.head_clips import table_over_clips
from phenaki_viz.evaluation.trials import trials
from phenaki_viz.files import shown
from phenaki_viz.recording.digests import weights_digest
from phenaki_viz.runs.model import RunOptions

LONGEST = 400  # letters of an error in a row


@dataclass(frozen=True, kw_only=True)
class Made:
    """What became of a part. errors: of its clips that could not be measured, and why; `failed` of
    them. why: it has no file; "" when it has. ends: the others would fare no better.
    """

    part: str
    clips: int
    failed: int = 0
    errors: tuple[tuple[str, str], ...] = ()
    why: str = ""
    ends: bool = False


class Worker:
    """A model and how it is run on every clip.

    Sums of floats depend on how they are shared out, so every worker computes with one thread:
    then a clip has the same rows wherever it is measured. Raises CheckpointError, and AtlasError of
    weights that are not those the job was planned with.
    """

    def __init__(self, job: Job) -> None:
        settings = job.settings
        self.job = job
        self.model = open_checkpoint(Path(job.weights), dict(settings.corrections)).model
        found = weights_digest(self.model)
        if found != settings.weights_digest:
            raise AtlasError(
                f"{shown(Path(job.weights).name)} has changed since the run began: its weights are "
                f"{found}, no longer {settings.weights_digest}"
            )
        self.options = RunOptions(share=settings.share, seed=settings.seed, frames=settings.frames)

    def make(self, part: Part) -> Made:
        """The file of a part; if it is there by now, it is left. Raises ExportError, AtlasError."""
        path = Path(self.job.out) / part.name
        count = len(part.clips)
        if path.is_file():
            return Made(part=part.name, clips=count, failed=read_header(path).failed)
        with one_thread():
            rows = [row for at, clip in enumerate(part.clips) for row in self._rows(at, clip)]
        write_part(path, part, rows, self.job.settings, type(self.model).__name__)
        errors = tuple((row["clip"], row["error"]) for row in rows if "error" in row)
        return Made(part=part.name, clips=count, failed=len(errors), errors=errors)

    def _rows(self, number: int, clip: ClipName) -> list[Row]:
        """A row a head; of a clip that fails, whatever the reason, one that says why."""
        try:
            return self._measured(number, clip)
        except PhenakiVizError as error:
            return [failed_row(number, clip, shown(str(error), LONGEST))]
        except Exception as error:  # one clip of thousands is never the end of the others
            return [failed_row(number, clip, shown(f"{type(error).__name__}: {error}", LONGEST))]

    def _measured(self, number: int, clip: ClipName) -> list[Row]:
        settings = self.job.settings
        clips = [loaded(clip, Reading(axes=settings.axes, stride=settings.stride))]
        notes: list[tuple[str, ...]] = []
        table = table_over_clips(
            self.model, clips, self.options, kind=settings.kind, stack=settings.stack, notes=notes
        )
        effects: tuple[HeadEffect, ...] = ()
        if settings.masks:
            tried = trials(
                self.model, clips, masks=settings.masks, share=settings.sweep_share,
                seed=settings.seed,
            )  # fmt: skip
            effects = sweep(self.model, tried)
        said = {"prompt": clips[0][1].text, "notes": notes[0]}
        return rows_of(number, clip, said, table, effects, settings.columns)


@contextmanager
def one_thread() -> Iterator[None]:
    """A block in which PyTorch computes with one thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@lru_cache(maxsize=1)
def worker_of(job: Job) -> Worker:
    """The worker of this process."""
    return Worker(job)


def work(job: Job, part: Part) -> Made:
    """Make a part, in whatever process this is; what ends the run comes back in words.

    Between processes goes plain data alone.
    """
    try:
        return worker_of(job).make(part)
    except PhenakiVizError as error:
        return Made(part=part.name, clips=len(part.clips), why=str(error), ends=True)
