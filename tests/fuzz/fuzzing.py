"""Runs trials of damaged files and counts what went wrong."""

import json
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Report:
    """files: that were opened. wrong: one entry a file that was not handled, as the trial says."""

    files: int = 0
    wrong: list[dict[str, Any]] = field(default_factory=list)

    def counts(self) -> Counter[str]:
        """How many files of each kind of fault."""
        kinds = ("untyped", "memory", "wrong", "died")
        return Counter({kind: sum(kind in one for one in self.wrong) for kind in kinds})

    def __str__(self) -> str:
        counts = self.counts()
        lines = [
            f"{self.files:,} files: {counts['untyped']} untyped errors, {counts['memory']} over "
            f"1 GB, {counts['wrong']} with rows wrong without a word, {counts['died']} that ended "
            "the process"
        ]
        return "\n".join([*lines, *(json.dumps(one) for one in self.wrong[:20])])


def fuzz(seed: int, count: int) -> Report:
    """Open `count` damaged files in another process; a new one goes on should it end."""
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        while report.files < count:
            args = [folder, str(seed), str(report.files), str(count - report.files)]
            command = [sys.executable, "-m", "tests.fuzz.trial", *args]
            ran = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=300 + count
            )
            report.wrong += [json.loads(line) for line in ran.stdout.splitlines()]
            if ran.returncode == 0:
                report.files = count
                break
            at = Path(folder) / "at"
            if not at.exists():
                raise RuntimeError(f"the trial did not begin: {ran.stderr[-2000:]}")
            died = int(at.read_text())
            report.wrong.append({"number": died, "died": f"{ran.returncode} {ran.stderr[-300:]}"})
            report.files = died + 1
    return report
