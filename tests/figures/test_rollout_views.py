"""Rollout drawn and said: never without the word that it is approximate."""

import numpy as np
import pytest

from phenaki_viz.analysis.rollout import REASON, rollout
from phenaki_viz.export import FORMATS, read_provenance, render
from phenaki_viz.figures.rollout_views import rollout_picture, rollout_sentence
from phenaki_viz.recording import Places
from tests.analysis.records import planted

BACK = np.eye(5, k=-1)
BACK[0, 0] = 1
LAYERS = [
    planted(np.stack([BACK[None]] * 6), Places((5, 2, 3), "patch"), layer=at, causal=True)
    for at in range(2)
]
SHARES = rollout(LAYERS, [4, 4])


def test_the_picture_is_named_approximate_and_holds_the_numbers():
    picture = rollout_picture(LAYERS, 4, SHARES, {"weights_digest": "abc"})
    assert picture.title == "Approximate: attention rollout · temporal · L0 to L1"
    assert picture.notes[0] == REASON and "approximate" in picture.unit
    np.testing.assert_array_equal(picture.values, SHARES)
    np.testing.assert_array_equal(picture.hidden, np.triu(np.ones((5, 5), bool), 1))
    assert picture.values[3, 2] == pytest.approx(0.5)
    assert rollout_picture(LAYERS[:1], 4, SHARES, {}).title.endswith("temporal · L0")


def test_the_sentence_has_the_querys_own_figures():
    assert rollout_sentence(LAYERS, 4, 3, SHARES) == (
        "Approximately: after L0 to L1, time 3, row 1, column 1 is 25 % itself and 50 % time 2, "
        "row 1, column 1, the most of any other."
    )
    assert rollout_sentence(LAYERS, 4, 0, SHARES).endswith("is 100 % itself.")


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_says_that_it_is_approximate(kind):
    content = render(rollout_picture(LAYERS, 4, SHARES, {}), kind)
    assert read_provenance(content)["shows"] == "attention rollout (approximate)"
