"""`record` with a clip: which frames, which part and which axes are asked, said and kept."""

import numpy as np
import pytest

from phenaki_viz.cli import main
from phenaki_viz.runs.files import open_recording
from tests.data.test_clips import gif, npy
from tests.data.test_readings import FILM, film

SMALL = ("--size", "32", "--patch", "16", "--frames", "3", "--depth", "1", "--heads", "1")


@pytest.fixture
def recorded(tmp_path, capsys):
    def record(name: str, content: bytes, *options: str):
        clip, output = tmp_path / name, tmp_path / "r.safetensors"
        clip.write_bytes(content)
        code = main(["record", str(output), "--clip", str(clip), *options])
        said = capsys.readouterr().err
        return (open_recording(output) if code == 0 else None), said

    return record


def test_frames_and_crop_are_shown_by_the_shell_and_kept_in_the_file(recorded):
    options = ("--start", "40", "--stride", "5", "--crop", "100", "50")
    run, said = recorded("long.avi", film("avi", "mpeg4", 60), *SMALL, *options)
    which = "frames 40–50 of 60, every 5th, 5 a second (25 in the file)"
    part = "64×48 cropped to 48×48, at the right"
    assert f"long.avi: {which}; {part}; 48×48 resized to 32×32" in said
    assert run.clip.notes[:2] == (which, part)
    assert run.clip.excerpt.start == 40 and run.clip.crop == (1.0, 0.5)
    assert run.recording.provenance["clip_frames"] == {
        "of": 60, "start": 40, "stride": 5, "rate": 25.0, "frames": 3,
    }  # fmt: skip
    assert np.abs(run.clip.frames[:, :, 20:].mean(axis=(1, 2, 3)) / 16 - [12, 3, 8]).max() < 0.5


def test_the_trained_model_is_shown_as_many_frames_as_it_takes(recorded):
    options = ("--weights", "trained", "--prompt", "two moving right", "--stride", "4")
    run, said = recorded("long.avi", film("avi", "mpeg4", 60), *options)
    assert "frames 0–32 of 60, every 4th" in said and len(run.clip.frames) == 9


def test_an_array_that_can_be_read_in_two_ways_asks_for_its_axes(recorded):
    cube = npy(np.arange(40**3, dtype=np.uint8).reshape(40, 40, 40))
    run, said = recorded("cube.npy", cube, *SMALL)
    assert run is None and "“h w f” is 40 high × 40 wide × 40 frames" in said
    run, said = recorded("cube.npy", cube, *SMALL, "--axes", "h w f")
    assert "axes read as 40 high × 40 wide × 40 frames" in said
    assert run.clip.notes[0].startswith("axes read as 40 high")


def test_values_and_items_are_passed_on(recorded):
    batch = np.stack((FILM, 255 - FILM)).astype(np.float32) - 300
    run, said = recorded("x.npy", npy(batch), *SMALL, "--values", "-300", "-45", "--item", "1")
    assert "clip 1 of a batch of 2; values from -300 (black) to -45 (white)" in said
    assert run.clip.frames[0, 0, 0].tolist() == [255, 255, 255]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--start", "60"), "has 60 frames, counted from 0; frame 60 is past its end"),
        (("--stride", "0"), "stride is 0; expected a whole number from 1 on"),
        (("--start", "58"), "has 2 frames of the 60 in the file; 3 from frame 0 are asked"),
        (("--crop", "120", "0"), "a crop lies between 0 and 1"),
    ],
)
def test_what_cannot_be_taken_is_a_sentence(recorded, options, message):
    run, said = recorded("long.avi", film("avi", "mpeg4", 60), *SMALL, *options)
    assert run is None and message in said and "Traceback" not in said


NO_ARRAY = ("x.gif", gif(FILM[..., 0]))
ONE_FILM = ("x.npy", npy(FILM))


@pytest.mark.parametrize(
    ("clip", "options", "why"),
    [
        (NO_ARRAY, ["--axes", "f h w"], "x.gif is no array"),
        (NO_ARRAY, ["--values", "0", "255"], "x.gif is no array"),
        (NO_ARRAY, ["--item", "0"], "x.gif is no batch of clips"),
        (NO_ARRAY, ["--part", "x.gif"], "x.gif is one film, not a folder, ZIP or .npz of several"),
        (NO_ARRAY, ["--each-once"], "x.gif holds no frame longer than another"),
        (ONE_FILM, ["--item", "0"], "x.npy is no batch of clips"),
        (NO_ARRAY, ["--ground", "white"], "x.gif has no transparent parts"),
        (ONE_FILM, ["--ground", "auto"], "x.npy has no transparent parts"),
        (ONE_FILM, ["--each-once"], "x.npy holds no frame longer than another"),
    ],
)
def test_a_choice_that_this_file_does_not_leave_is_refused(recorded, clip, options, why):
    run, said = recorded(*clip, *SMALL, *options)
    assert run is None and f"{options[0]} does nothing: {why}" in said


def test_choices_about_a_clip_are_refused_where_a_recording_is_exported(tmp_path, capsys):
    source = tmp_path / "r.safetensors"
    assert main(["record", str(source), *SMALL, "--dim", "16"]) == 0
    for options in (["--start", "0"], ["--crop", "0", "0"], ["--each-once"], ["--axes", "f h w"]):
        capsys.readouterr()
        out = tmp_path / "o.zip"
        assert main(["export", str(out), "--from", str(source), *options]) == 1
        assert f"{options[0]} does nothing: with --from" in capsys.readouterr().err
        assert not out.exists()
