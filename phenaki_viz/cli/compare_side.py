"""One side of a comparison: a recording's file, and which pass of it."""

from pathlib import Path
from typing import TYPE_CHECKING

from phenaki_viz.errors import ConfigError

if TYPE_CHECKING:
    from phenaki_viz.recording import Recording


class Side:
    """A recording that is opened, and the pass of it that is compared.

    step: decoding step, counted from 1; None is the last. called: the pass as pictures name it;
    None is the one with the text. Raises RecordingError, ConfigError for what is not there.
    """

    def __init__(self, path: Path, step: int | None, called: str | None) -> None:
        from phenaki_viz.runs.files import open_recording

        self.name, self.step, self.called = path.name, step, called
        self.run = open_recording(path.expanduser())

    @property
    def recording(self) -> "Recording":
        """All of it."""
        return self.run.recording

    @property
    def part(self) -> "Recording":
        """The chosen pass, and all of stacks that have no such label."""
        at = None if self.step is None else self.step - 1
        steps = {one.step for one in self.recording.passes() if one.step is not None}
        if at is not None and at not in steps:
            last = max(steps, default=-1) + 1
            raise ConfigError(
                f"{self.name} has no decoding step {self.step}: there are {last or 'none'}"
            )
        return self.recording.one_pass(branch=self._branch(), step=at)

    def _branch(self) -> str | None:
        from phenaki_viz.figures.naming import branch_name

        if self.called is None:
            return None
        branches = {one.branch for one in self.recording.passes() if one.branch}
        named = {branch_name(branch): branch for branch in branches}
        if self.called not in named:
            there = ", ".join(sorted(named)) or "none"
            raise ConfigError(f"{self.name} has no pass {self.called!r}: there are {there}")
        return named[self.called]

    @property
    def description(self) -> str:
        """File, model, prompt and pass, on a line."""
        from phenaki_viz.figures.words import plain
        from phenaki_viz.recording import describe_origin

        parts = [self.name, describe_origin(self.recording.provenance)]
        parts += [f"“{self.run.prompt.text}”"] if self.run.prompt.text else []
        parts += [self.called] if self.called else []
        parts += [f"decoding step {self.step}"] if self.step else []
        return plain(", ".join(parts), 200)
