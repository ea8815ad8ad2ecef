import numpy as np
import pytest

from phenaki_viz.data import DIGIT_CLIPS, digit_clip
from phenaki_viz.data.digits import (
    DIGITS,
    DIRECTIONS,
    MOST_WORDS,
    WORDS,
    MovingDigits,
    other_words,
)
from phenaki_viz.errors import ConfigError, VideoError

CLIPS = [MovingDigits(seed=3).clip(number) for number in range(60)]


def test_a_clip_is_decided_by_its_number_alone():
    data = MovingDigits(seed=3)
    data.clip(17)
    again = data.clip(5)
    assert np.array_equal(again.frames, CLIPS[5].frames) and again.caption == CLIPS[5].caption
    assert not np.array_equal(MovingDigits(seed=4).clip(5).frames, again.frames)


def test_captions_say_what_happens():
    for clip in CLIPS:
        words = clip.caption.split()
        assert set(words) <= set(WORDS) and len(words) <= MOST_WORDS
        for digit in clip.digits:
            assert words[digit.word] == DIGITS[digit.digit]
            assert words[digit.direction_word] == digit.direction
            rows, columns = (digit.path[-1] - digit.path[0]).tolist()
            across, down = DIRECTIONS[digit.direction]
            assert np.sign(columns) == across and np.sign(rows) == down
            named = {"slowly", "quickly"} & set(words[digit.word : digit.word + 4])
            assert not named or digit.speed in named


def test_digits_are_where_they_are_said_to_be():
    for clip in CLIPS:
        assert clip.frames.shape == (9, 48, 48) and clip.frames.dtype == np.float32
        assert clip.frames.min() == 0 and clip.frames.max() <= 1
        covered = np.any([digit.covers for digit in clip.digits], axis=0)
        assert (clip.frames[covered] > 0.2).all() and (clip.frames[~covered] <= 0.2).all()


def test_one_and_two_digits():
    counts = [len(clip.digits) for clip in CLIPS]
    assert set(counts) == {1, 2} and 0.2 < np.mean(np.array(counts) == 2) < 0.6
    assert all(len({digit.digit for digit in clip.digits}) == len(clip.digits) for clip in CLIPS)


def test_held_out_digits_are_never_trained_on():
    from phenaki_viz.data.digits import _handwritten

    trained = {image.tobytes() for image in _handwritten(20, False)[0]}
    held_out = {image.tobytes() for image in _handwritten(20, True)[0]}
    assert len(trained) == 1437 and len(held_out) == 360
    assert not trained & held_out


def test_refusals():
    with pytest.raises(ConfigError, match="digits of 60 pixels"):
        MovingDigits(sprite=60)
    with pytest.raises(ConfigError, match="share of 2"):
        MovingDigits(two=2)


def test_shipped_clips_are_held_out_ones():
    data = MovingDigits(seed=7, held_out=True)
    for number, caption in DIGIT_CLIPS.items():
        frames = np.round(data.clip(number).frames * 255).astype(np.uint8)
        np.testing.assert_array_equal(digit_clip(caption).frames[..., 0], frames)
    with pytest.raises(VideoError, match="no digit clip 'x'"):
        digit_clip("x")


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("two moving right", "five moving right"),
        ("moving left and two up", "moving left and five up"),
        ("moving right", "moving left"),
        ("left right", "down right"),
        ("a b c", "c b a"),
        ("", ""),
    ],
)
def test_other_words_are_as_many(text, other):
    assert other_words(text) == other
