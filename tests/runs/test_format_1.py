"""Files of format 1 open as those of format 2: two that commit cc5d171 wrote, kept as they are."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from phenaki_viz.data import read_prompt, sample_clip
from phenaki_viz.errors import RecordingError
from phenaki_viz.models.dial import DialConfig
from phenaki_viz.recording import StorageReport
from phenaki_viz.runs.dialled import Padding, run_dialled
from phenaki_viz.runs.files import HEADER, open_recording, save_recording

KEPT = Path(__file__).with_name("format_1")
CONFIG = DialConfig(
    heads=2, depth=1, dim=16, dim_head=4, height=16, width=16, frames=3, cross=True, patch=8
)


def header_of(path):
    with safe_open(path, "np") as file:
        return json.loads(file.metadata()[HEADER])


@pytest.mark.parametrize(("file", "storage"), [("stored", "dense"), ("parts", "factored")])
def test_a_file_of_format_1_is_read_by_the_names_of_now(tmp_path, file, storage):
    path = KEPT / f"{file}.safetensors"
    assert header_of(path)["format"] == 1 and header_of(path)["holding"]["hold"] == file
    back = open_recording(path)
    recording = back.recording
    assert {one.map.storage for one in recording} == {storage}
    assert recording.storage == StorageReport(
        asked=storage, dense_bytes=recording.storage.dense_bytes, limit_bytes=2**31
    )
    assert recording.storage.dense_bytes > 0
    assert recording.provenance["config"]["heads"] == 2
    run = run_dialled(CONFIG, sample_clip(), read_prompt("a b"), Padding(words=1), storage=storage)
    for old, new in zip(recording, run.recording, strict=True):
        assert old.module == new.module and old.words == new.words
        for head in range(2):
            np.testing.assert_allclose(old.map.full(0, head), new.map.full(0, head), atol=2e-6)
    again = header_of(save_recording(tmp_path / "again.safetensors", back))
    assert again["format"] == 2 and again["provenance"] == header_of(path)["made_by"]
    assert not {"made_by", "holding"} & set(again) and "held" not in again["records"][0]


def test_a_damaged_header_of_format_1_is_refused_in_words(tmp_path):
    path = KEPT / "stored.safetensors"
    for change in (
        lambda header: header.pop("made_by"),
        lambda header: header.update(holding=3),
        lambda header: header.update(records=[4]),
        lambda header: header["records"][0].update(held=["stored"]),
        lambda header: header["records"][0].update(held="by halves"),
    ):
        header = header_of(path)
        change(header)
        save_file(load_file(path), tmp_path / "x.safetensors", {HEADER: json.dumps(header)})
        with pytest.raises(RecordingError, match="cannot be opened"):
            open_recording(tmp_path / "x.safetensors")
