"""What the player sends: flags of every token, and no shapes that do not fit."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from phenaki_viz.errors import ShapeError
from phenaki_viz.ui.components.sampling_player import SamplingPicture
from tests.sent import sent


def settings(**changes):
    masked = np.zeros((2, 3, 2, 2), bool)
    masked[0], masked[1, 2, 1, 1] = True, True
    made = {
        "previews": np.arange(2 * 5 * 4 * 4, dtype=np.uint8).reshape(2, 5, 4, 4, 1),
        "steps": ((0,), (1, 2), (3, 4)),
        "masked": masked,
        "changed": masked & (np.arange(2)[:, None, None, None] == 1),
        "again": np.flip(masked, 0).copy(),
        "confidence": np.linspace(0, 1, 24, dtype=np.float32).reshape(2, 3, 2, 2),
        "given": 0,
        "sentences": (
            "Decoding step 1 of 2 fills in 12 tokens.",
            "Decoding step 2 of 2 fills in 1.",
        ),
    }
    return made | changes


def page():
    from phenaki_viz.ui.components.sampling_player import SamplingPicture, sampling_player
    from tests.components.test_sampling_player import settings

    sampling_player(SamplingPicture(**settings()), selected=(1, 2, 1, 1), key="player")


def test_every_token_of_every_step_is_sent():
    at = AppTest.from_function(page, default_timeout=120).run()
    assert not at.exception
    header, parts = sent(at, 0)
    made = settings()
    flags = parts["flags"].reshape(2, 3, 2, 2)
    np.testing.assert_array_equal(flags & 1 > 0, made["masked"])
    np.testing.assert_array_equal(flags & 2 > 0, made["changed"])
    np.testing.assert_array_equal(flags & 4 > 0, made["again"])
    np.testing.assert_array_equal(parts["confidence"], made["confidence"].ravel())
    np.testing.assert_array_equal(parts["previews"], made["previews"].ravel())
    assert header["push"]["value"] == [1, 2, 1, 1] and header["decoding"] == 2
    assert header["sentences"] == list(made["sentences"]) and "tokens" in header["terms"]


@pytest.mark.parametrize(
    "changes",
    [
        {"previews": np.zeros((2, 5, 4, 4), np.uint8)},
        {"previews": np.zeros((3, 5, 4, 4, 1), np.uint8)},
        {"confidence": np.zeros((2, 3, 2, 1), np.float32)},
        {"sentences": ("one",)},
        {"steps": ((0,), (1, 2))},
        {"steps": ((0,), (1, 2), (3, 5))},
    ],
)
def test_shapes_that_do_not_fit_are_refused(changes):
    with pytest.raises(ShapeError):
        SamplingPicture(**settings(**changes))
