"""The process that opens damaged files, so that its memory is measured and its end survived.

`python -m tests.fuzz.trial FOLDER SEED FIRST COUNT` writes one line of JSON for what went wrong
with a file, and the number of the file it is at into FOLDER/at.
"""

import json
import os
import re
import signal
import sys
import time
import traceback
import warnings
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from phenaki_viz.checkpoints import inspect_checkpoint, open_checkpoint
from phenaki_viz.checkpoints.describing import describe
from phenaki_viz.errors import PhenakiVizError
from phenaki_viz.recording import describe_storage
from phenaki_viz.runs.files import RecordedRun, is_recording, open_recording
from phenaki_viz.training.dialled_files import load_dialled
from phenaki_viz.training.loop import resume
from tests.fuzz.damage import damaged
from tests.fuzz.seeds import seeds, trainer

MOST_MEMORY = 10**9  # bytes
MOST_SECONDS = 30
Rows = dict[tuple[int, int, int], np.ndarray]  # by record, item, head


def main(folder: Path, seed: int, first: int, count: int) -> None:
    """Open `count` files from number `first` on."""
    warnings.simplefilter("error")
    good = seeds(folder)
    exact = {
        name: rows_of(open_recording((name, content)))
        for name, (kind, content) in good.items()
        if kind == "recording"
    }
    trial = Trial(folder, exact)
    trial.learner = trainer()
    signal.signal(signal.SIGALRM, _too_slow)
    at = os.open(folder / "at", os.O_WRONLY | os.O_CREAT)
    for number in range(first, first + count):
        os.pwrite(at, f"{number:12d}".encode(), 0)
        chance = Random(f"{seed} {number}")
        name = chance.choice(list(good))
        kind, content = good[name]
        how, made = damaged(content, chance)
        signal.alarm(MOST_SECONDS)
        found = trial.run(name, kind, how, made, as_upload=chance.random() < 0.3)
        signal.alarm(0)
        if found:
            print(json.dumps({"number": number, "seed": name, "how": how, **found}), flush=True)


class Trial:
    """Opens one file after the other. exact: the rows of undamaged recordings."""

    learner: Any

    def __init__(self, folder: Path, exact: dict[str, Rows]) -> None:
        self.path = folder / "file.safetensors"
        self.exact = exact

    def run(
        self, name: str, kind: str, how: str, made: bytes, *, as_upload: bool
    ) -> dict[str, Any]:
        """What went wrong with a file; empty when nothing did."""
        source: Any = ("file.safetensors", made) if as_upload else self.path
        self.path.write_bytes(made)
        before = _memory()
        found: dict[str, Any] = {}
        try:
            wrong = getattr(self, f"_{kind}")(source, name, how)
            if wrong:
                found = {"wrong": wrong}
        except PhenakiVizError as error:
            if not str(error) or "\n" in str(error):
                found = {"untyped": f"no sentence: {error!r}"}
        except Exception as error:
            where = [frame for frame in traceback.extract_tb(error.__traceback__)
                     if "phenaki_viz" in frame.filename][-1]  # fmt: skip
            found = {
                "untyped": f"{repr(error)[:200]} at {Path(where.filename).name}:{where.lineno}"
            }
        used = [
            after - earlier for earlier, after in zip(before, _memory(reset=False), strict=True)
        ]
        if max(used) > MOST_MEMORY:
            found["memory"] = max(used)
        return found

    def _checkpoint(self, source: Any, name: str, how: str) -> str:
        if is_recording(source if isinstance(source, Path) else source[1]):
            return ""
        describe(inspect_checkpoint(source))
        open_checkpoint(source, allow_non_finite=True)
        return ""

    def _recording(self, source: Any, name: str, how: str) -> str:
        is_recording(source if isinstance(source, Path) else source[1])
        run = open_recording(source)
        rows = rows_of(run)
        if how == "forged":
            return _unnamed(run, rows)
        exact = self.exact[name]
        same = rows.keys() == exact.keys() and all(
            np.array_equal(rows[at], exact[at], equal_nan=True) for at in exact
        )
        return "" if same else "rows differ from those that were saved"

    def _dialled(self, source: Any, name: str, how: str) -> str:
        load_dialled(self.path)
        return ""

    def _state(self, source: Any, name: str, how: str) -> str:
        folder = self.path.parent / "states"
        folder.mkdir(exist_ok=True)
        self.path.replace(folder / "dialled-0000001.pt")
        if resume(self.learner, folder):
            self.learner.advance()
        return ""


def rows_of(run: RecordedRun) -> Rows:
    """Every row of every map, read as the pages read them."""
    describe_storage(run.recording)
    run.recording.stacks()
    rows: Rows = {}
    for at, record in enumerate(run.recording):
        b, h, i, j = record.map.shape
        record.hidden(b - 1, (0, i), (0, j))
        record.visible_keys(b - 1)
        record.places.coordinates(0)
        run.recording.bias_surface(record)
        for item in range(b):
            for head in range(h):
                rows[at, item, head] = record.map.full(item, head)
    return rows


def _unnamed(run: RecordedRun, rows: Rows) -> str:
    """Rows of dense maps that are no distribution, and are not named as such.

    A forged header of factored maps makes other rows of the same tensors; those are summed where
    they are read.
    """
    for (at, item, head), found in rows.items():
        held = run.recording.records[at].map
        if held.storage != "dense":
            continue
        sums = found.sum(axis=1, dtype=np.float64)
        off = set(np.flatnonzero(~(np.abs(sums - 1) <= 1e-3)).tolist())
        if off - set(held.wrong_rows(item, head).tolist()):
            return f"record {at}: rows that sum to {sums.min()} are not named"
    return ""


def _memory(*, reset: bool = True) -> tuple[int, int]:
    """Bytes: the most that were held since the last reset, and the most ever asked for.

    Source: proc_pid_clear_refs(5): 5 sets the peak to what is held now.
    """
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    peak, requested = (re.search(rf"{name}:\s+(\d+) kB", status) for name in ("VmHWM", "VmPeak"))
    assert peak and requested
    return int(peak[1]) * 1024, int(requested[1]) * 1024


def _too_slow(number: int, frame: Any) -> None:
    raise TimeoutError(f"more than {MOST_SECONDS} s at {time.monotonic():.0f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:5]))
