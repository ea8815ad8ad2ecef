"""Where the shipped clips' digits are: as the clips were made, and of no other frames."""

from dataclasses import replace

import numpy as np
import pytest

from phenaki_viz.analysis.truth import UNKNOWN, truth_of
from phenaki_viz.data import DIGIT_CLIPS, digit_clip, read_prompt
from phenaki_viz.data.digit_paths import paths_of
from phenaki_viz.data.digits import MovingDigits
from phenaki_viz.recording import Places, Recording
from phenaki_viz.runs.run import Run
from tests.analysis.records import planted, uniform


def test_the_paths_are_those_that_the_clips_were_made_with():
    made = MovingDigits(seed=7, held_out=True)
    for number in (24, 57):  # one digit, two digits
        caption = DIGIT_CLIPS[number]
        found, wanted = paths_of(digit_clip(caption)), made.clip(number).digits
        assert len(found) == len(wanted)
        for one, digit in zip(found, wanted, strict=True):
            np.testing.assert_allclose(one.centres, digit.path + made.sprite / 2)
            assert caption.split()[digit.word] == one.name
            assert caption.split()[digit.direction_word] == one.motion == digit.direction


@pytest.mark.parametrize("caption", DIGIT_CLIPS.values())
def test_there_is_ink_around_every_middle(caption):
    clip = digit_clip(caption)
    for one in paths_of(clip):
        for frame, (row, column) in zip(clip.frames, one.centres.astype(int), strict=True):
            assert frame[row - 8 : row + 8, column - 8 : column + 8].max() > 128


def test_of_other_frames_nothing_is_known():
    clip = digit_clip("two moving right quickly")
    assert len(paths_of(replace(clip, frames=clip.frames[:5]))[0].centres) == 5
    assert paths_of(replace(clip, frames=clip.frames[1:])) == ()
    assert paths_of(replace(clip, frames=clip.frames[:, 1:])) == ()
    assert paths_of(replace(clip, name="a film")) == ()


def test_the_truth_of_a_run_is_in_its_tokens():
    clip = digit_clip("two moving right quickly")
    maps = planted(uniform(1, 1, 180, 180), Places((5, 6, 6), "video"))
    run = Run(clip=clip, prompt=read_prompt(clip.name), recording=Recording([maps]),
              temporal_patch=2, seconds=0)  # fmt: skip
    truth = truth_of(run)
    assert truth.names == ("two",)
    assert [path.tolist() for path in truth.paths] == [[[2, 1], [2, 2], [2, 2], [2, 3], [2, 4]]]
    assert truth_of(replace(run, temporal_patch=4)) is UNKNOWN  # other steps than the tokens have
    assert truth.held.shape == (5, 6, 6) and truth.held[0, 2, 1] and not truth.held[0, 5, 5]
    other = truth_of(replace(run, clip=replace(clip, name="x")))
    assert other.paths == () and np.array_equal(other.held, truth.held), "of any clip"
    cut = replace(clip, name="x", frames=clip.frames[:, 1:])
    assert truth_of(replace(run, clip=cut)).held is None, "no whole patches"
