"""Clips of an atlas by whatever names they have, and each once."""

import shutil
from pathlib import Path

import pytest

from phenaki_viz.atlas.making import make_atlas, plan
from phenaki_viz.atlas.reading import read_atlas
from phenaki_viz.atlas.sources import clips_of
from tests.atlas.corpus import job_of, weights

CLIP = "noise_0.npy"


def test_names_that_are_no_utf8_are_measured(corpus, tmp_path):
    folder = tmp_path / "names"
    folder.mkdir()
    name = b"caf\xe9.npy".decode("utf-8", "surrogateescape")
    try:
        shutil.copy(corpus / CLIP, folder / name)
    except OSError:
        pytest.skip("this file system has no such names")
    listed = tmp_path / "clips.tsv"
    listed.write_bytes(b"\xef\xbb\xbfnames/caf\xe9.npy\tleft \xe9\r\nnames/a\xe2\x80\xa8b.npy\n")
    found = clips_of([str(folder)], [listed])
    assert [(clip.name, clip.prompt, bool(clip.digest)) for clip in found] == [
        ("caf\ufffd.npy", "", True),
        ("names/caf\ufffd.npy", "left \ufffd", True),
        ("names/a\u2028b.npy", "", False),
    ]
    job = job_of(weights(tmp_path), tmp_path / "out", kind="cross")
    report = make_atlas(plan(job, found[:2]))
    assert not report.errors and read_atlas(Path(job.out)).clips == 2


def test_a_clip_that_is_named_twice_is_there_once(corpus):
    (corpus / "deeper").mkdir(exist_ok=True)
    shutil.copy(corpus / CLIP, corpus / "deeper" / "one.npy")
    found = clips_of([str(corpus), str(corpus / "deeper" / "one.npy")])
    assert [clip.name for clip in found if clip.name.endswith("one.npy")] == ["deeper/one.npy"]


def test_linked_folders_are_folders_and_none_is_there_twice(corpus, tmp_path):
    (tmp_path / "z_real").mkdir()
    shutil.copy(corpus / CLIP, tmp_path / "z_real")
    (tmp_path / "a_link").symlink_to(tmp_path / "z_real")
    (tmp_path / "z_real" / "circle").symlink_to(tmp_path)
    (tmp_path / "corpus").symlink_to(corpus)
    (tmp_path / "folder.gif").mkdir()
    names = [clip.name for clip in clips_of([str(tmp_path)])]
    assert names[0] == "corpus/a_broken.gif" and names[-1] == f"z_real/{CLIP}"
    assert len(names) == len(set(names)) and not any("link" in name for name in names)
