"""Clips of an atlas that failed: each is told of, and tried again when that is asked."""

import shutil
from pathlib import Path

import pytest

from phenaki_viz.atlas.making import make_atlas, plan
from phenaki_viz.atlas.reading import read_atlas
from phenaki_viz.atlas.sources import clips_of
from phenaki_viz.cli import main
from tests.atlas.corpus import contents, job_of, weights

BROKEN = "noise_0.npy"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture
def folders(corpus, tmp_path):
    """Two folders with a clip of one name each, of which the second is broken."""
    for name in ("good", "bad"):
        (tmp_path / name).mkdir()
        shutil.copy(corpus / BROKEN, tmp_path / name)
    (tmp_path / "bad" / BROKEN).write_bytes(b"no array")
    return tmp_path / "good", tmp_path / "bad"


@pytest.fixture
def made(model, folders, tmp_path):
    """A job over both folders, a clip a part, and its report."""
    job = job_of(model, tmp_path / "out", kind="cross")
    found = clips_of(map(str, folders))
    return job, make_atlas(plan(job, found, 1))


def test_a_clip_that_failed_is_told_of_beside_one_of_its_name_that_did_not(made):
    job, report = made
    assert report.progress.clips == 2 and report.progress.failed == 1
    atlas = read_atlas(Path(job.out))
    assert atlas.clips == 1 and atlas.all_failed == 1
    assert [name for name, _ in atlas.failed] == [BROKEN]


def test_a_clip_that_was_not_there_counts_once_it_is(model, corpus, tmp_path):
    job, late = job_of(model, tmp_path / "late", kind="cross"), str(tmp_path / "late.npy")
    make_atlas(plan(job, clips_of([late])))
    shutil.copy(corpus / BROKEN, late)
    make_atlas(plan(job, clips_of([late])))
    again = read_atlas(Path(job.out))
    assert again.parts == 2 and again.clips == 1 and not again.all_failed


def test_what_failed_is_tried_again_when_that_is_asked(made, folders, corpus):
    job, _ = made
    bad = folders[1]
    before = contents(job.out)
    shutil.copy(corpus / "noise_1.npy", bad / BROKEN)
    found = clips_of(map(str, folders))
    assert [part.clips for part in plan(job, found, 1).parts] == [(found[1],)], "other bytes"
    planned = plan(job, found, 1, retry=True)
    assert len(contents(job.out)) == 1 and len(planned.parts) == 1
    make_atlas(planned)
    atlas = read_atlas(Path(job.out))
    assert atlas.clips == 2 and not atlas.all_failed
    assert set(contents(job.out)) != set(before)


def test_a_part_is_kept_whose_other_clips_are_not_named(model, folders, tmp_path):
    job = job_of(model, tmp_path / "together", kind="cross")
    clip = tmp_path / "another.npy"
    shutil.copy(folders[0] / BROKEN, clip)
    make_atlas(plan(job, clips_of([str(clip), str(folders[1])])))
    assert not plan(job, clips_of([str(folders[1])]), retry=True).parts
    assert len(contents(job.out)) == 1
    (part,) = plan(job, clips_of([str(clip), str(folders[1])]), retry=True).parts
    assert len(part.clips) == 2 and not contents(job.out)


def test_the_command_says_how_what_failed_is_tried_again(made, folders, model, corpus, capsys):
    job, _ = made
    line = ["atlas", *map(str, folders), "--weights", str(model), "--kind", "cross"]
    assert main([*line, "--out", job.out]) == 0
    assert "1 of them failed before: --retry tries them again" in capsys.readouterr().out
    shutil.copy(corpus / "noise_1.npy", folders[1] / BROKEN)
    assert main([*line, "--out", job.out, "--retry"]) == 0
    said = capsys.readouterr()
    assert "2 clips, 1 of them there already; 1 part to make" in said.err
    assert "2 clips measured, 0 failed, in 2 parts" in said.out and "--retry" not in said.out
