"""Numbers that were made up carry a badge: weights, words, or both."""

import pytest

from phenaki_viz.data import read_prompt, sample_clip
from phenaki_viz.models.dial import DialConfig
from phenaki_viz.runs.dialled import run_dialled
from phenaki_viz.runs.model import RunOptions, run_model
from phenaki_viz.ui.sections.badges import badge_of
from tests.checkpoints.files import OURS


@pytest.mark.parametrize(
    ("provenance", "said"),
    [
        ({}, None),
        ({"random_weights": True, "seed": 3}, "random weights"),
        ({"random_words": True}, "random word vectors"),
        ({"random_weights": True, "random_words": True}, "random weights and words"),
    ],
)
def test_what_is_random_is_said(provenance, said):
    badge = badge_of(provenance)
    assert (badge and badge[0]) == said
    assert badge is None or badge[1]


def test_a_dialled_model_that_reads_text_has_random_words():
    small = {"depth": 1, "dim": 16, "height": 32, "width": 32, "frames": 3}
    prompt = read_prompt("a b")
    made = [
        run_dialled(DialConfig(cross=cross, **small), sample_clip(), prompt).recording.provenance
        for cross in (True, False)
    ]
    assert [badge_of(one)[0] for one in made] == ["random weights and words", "random weights"]


def test_a_checkpoint_without_its_text_encoder_has_random_words_and_with_it_none():
    model = OURS.build().eval()
    model.random_weights = False
    prompt = read_prompt("left")
    assert (
        badge_of(run_model(model, sample_clip(), prompt, RunOptions(frames=5)).recording.provenance)
        is None
    )
    alone = model.maskgit
    provenance = run_model(
        alone, sample_clip(), prompt, RunOptions(grid=(3, 2, 2))
    ).recording.provenance
    assert badge_of(provenance)[0] == "random word vectors"
