"""Loss curves: live ones, and those that a file of weights brings along."""

import numpy as np

from phenaki_viz.figures.training_views import Stretches, loss_curve, recorded_loss


def test_a_live_loss_and_its_mean():
    picture = loss_curve([4.0, 2.0, 0.0] * 8, {})
    loss, mean = picture.curves
    np.testing.assert_allclose(loss.y[:3], [4, 2, 0])
    np.testing.assert_allclose(mean.y[[0, 2, 5]], [4, 2, 2])  # of 3 steps
    assert loss.x[0] == 1 and loss.x[-1] == 24


def test_a_recorded_loss_stands_where_its_stretches_end():
    # 107 steps in stretches of 10: ten whole ones, and seven steps
    curve = Stretches("MaskGit", "nats", [5.0, *[3.0] * 9, 1.0], width=10, steps=107, batch=16)
    picture = recorded_loss("loss_maskgit", curve, {})
    (loss,) = picture.curves
    np.testing.assert_array_equal(loss.x, [*range(10, 101, 10), 107])
    np.testing.assert_allclose(loss.y, [5.0, *[3.0] * 9, 1.0])
    assert picture.notes == ("107 training steps of 16 clips", "means of 10")
