"""What a text is worth: losses of masked tokens with one text and with another."""

import numpy as np

from phenaki_viz.figures.outcome_views import LossRise, frames_alone, largest_loss, loss_rises

MASKED = np.array([[[True, True, False]], [[True, False, True]]])
RIGHT = np.array([[[1.0, 2.0, 99.0]], [[3.0, 99.0, 4.0]]])


def test_the_rise_is_over_masked_tokens_and_over_those_with_something_on_them():
    content = np.array([[[True, False, True]], [[False, True, True]]])
    every, some = loss_rises(RIGHT, RIGHT + MASKED, MASKED, content)
    assert every == LossRise("all masked tokens", 2.5, 3.5, 4)
    assert some == LossRise("masked tokens with content", 2.5, 3.5, 2)  # of 1 and 4
    assert loss_rises(RIGHT, RIGHT, MASKED, np.zeros_like(content)) == (
        LossRise("all masked tokens", 2.5, 2.5, 4),
    )
    assert loss_rises(RIGHT, RIGHT, np.zeros_like(MASKED), content) == ()


def test_colours_end_at_the_largest_loss_that_is_a_number():
    wrong = np.where(RIGHT == 3, np.inf, RIGHT)
    assert largest_loss(MASKED, RIGHT) == largest_loss(MASKED, wrong, RIGHT) == 4
    assert largest_loss(np.zeros_like(MASKED), RIGHT) == 0


def test_grey_frames_are_shown_in_three_channels():
    grey = np.arange(5 * 4 * 6, dtype=np.uint8).reshape(5, 4, 6)
    shown, same = (
        frames_alone(frames, (3, 2, 3), 2, {}, name="made", title="made").frames
        for frames in (grey, grey[..., None])
    )
    np.testing.assert_array_equal(shown, np.stack([grey] * 3, axis=-1))
    np.testing.assert_array_equal(shown, same)
