"""Folders of clips and of parts that may not be read or written to: said before any work is done.

Rights are taken from `os`, not from the folders: the superuser has them all.
"""

import os
from pathlib import Path

import pytest

from phenaki_viz.atlas.making import plan
from phenaki_viz.atlas.reading import read_atlas
from phenaki_viz.atlas.sources import clips_of
from phenaki_viz.errors import AtlasError, ExportError, FileError
from tests.atlas.corpus import GENERATED, job_of, made, weights


@pytest.fixture
def unreadable(tmp_path, monkeypatch):
    """A folder whose files may not be listed."""
    folder, list_of = tmp_path / "locked", os.scandir
    folder.mkdir()

    def refusing(path="."):
        if Path(path) == folder:
            raise PermissionError(13, "Permission denied", str(path))
        return list_of(path)

    monkeypatch.setattr(os, "scandir", refusing)
    return folder


def test_clips_that_may_not_be_looked_for_are_no_folder_without_clips(unreadable, corpus):
    (unreadable.parent / "clips").symlink_to(corpus)
    for given in (unreadable, unreadable.parent):  # and none that are left out without a word
        with pytest.raises(FileError, match=r"^locked cannot be read: Permission denied$"):
            clips_of([str(given)])


def test_an_atlas_that_may_not_be_looked_at_is_none_that_is_empty(unreadable, corpus, tmp_path):
    job = job_of(weights(tmp_path), unreadable)
    for look in (lambda: read_atlas(unreadable), lambda: plan(job, clips_of([GENERATED]))):
        with pytest.raises(AtlasError, match=r"^locked cannot be read: Permission denied$"):
            look()


def test_a_folder_that_may_not_be_written_to_is_refused_before_clips_are_measured(
    corpus, tmp_path, monkeypatch
):
    job = job_of(weights(tmp_path), tmp_path / "out", kind="cross")
    made(job, corpus)
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, how: allowed(path, how) and not how & os.W_OK)
    planned, _ = made(job, corpus)
    assert not planned.parts, "what is all there needs no room"
    with pytest.raises(ExportError, match=r"could not be written to .*: no right to write there"):
        plan(job, clips_of(["generated:1?seed=9"]))
