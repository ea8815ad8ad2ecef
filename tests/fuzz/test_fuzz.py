"""Damaged and forged files: a few here, 20,000 with `PHENAKI_VIZ_FUZZ=20000` or the benchmark."""

import os
from pathlib import Path

import pytest

from tests.fuzz.fuzzing import fuzz

COUNT = int(os.environ.get("PHENAKI_VIZ_FUZZ", "300"))


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="memory is read from /proc")
def test_damaged_files_open_as_they_were_or_are_refused_in_words():
    report = fuzz(seed=10, count=COUNT)
    assert report.files == COUNT and not report.wrong, str(report)
