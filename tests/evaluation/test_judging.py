"""The judge and the measures against planted truths."""

from types import SimpleNamespace

import numpy as np
import pytest

from phenaki_viz.data.digits import DIRECTIONS, MovingDigits
from phenaki_viz.evaluation import reading
from phenaki_viz.evaluation.generating import (
    judge_two,
    labels_of,
    objects,
    one_digit_captions,
    pace_of,
    two_digit_captions,
)
from phenaki_viz.evaluation.judge import Judge, centres, one_digit_clips, two_digit_clips
from phenaki_viz.evaluation.report import evaluate, table
from phenaki_viz.models import CViViT
from phenaki_viz.training.digits import new_model
from phenaki_viz.training.recipe import DIGITS

DATA = MovingDigits(seed=11, held_out=True)
SINGLES = one_digit_clips(DATA, 40)
DOUBLES = two_digit_clips(DATA, 16)
MODEL = SimpleNamespace(cvivit=SimpleNamespace(temporal_patch_size=2, patch_size=(8, 8)))


class Blind:
    """A judge of digits that always says zero; directions are measured, not learned."""

    classes_ = np.arange(10)

    def decision_function(self, crops):
        return np.eye(10)[np.zeros(len(crops), int)]


@pytest.fixture(scope="module")
def judge():
    cvivit: CViViT = new_model(DIGITS).cvivit.eval()
    return Judge.trained(cvivit, MovingDigits(), count=400)


def test_the_judge_is_right_on_real_clips(judge):
    digits, ways = judge.accuracy(SINGLES, np.stack([clip.frames for clip in SINGLES]))
    assert digits >= 0.9 and ways == 1.0


def test_directions_and_paces_are_measured():
    for clip in SINGLES:
        digit = clip.digits[0]
        assert Judge(Blind()).direction(clip.frames) == digit.direction
        way = np.abs(digit.path[-1] - digit.path[0]).max() / 8
        assert pace_of(clip.frames) == pytest.approx(way, abs=0.25)


def test_the_centre_of_a_point():
    frame = np.zeros((1, 48, 48), np.float32)
    frame[0, 10, 30] = 1
    np.testing.assert_allclose(centres(frame), [[30, 10]], atol=1e-4)


def test_a_blind_judge_is_at_chance():
    digits, _ = Judge(Blind()).accuracy(SINGLES, np.stack([c.frames for c in SINGLES]))
    assert digits < 0.3


def test_two_objects_are_told_apart_and_matched(judge):
    videos = np.stack([clip.frames for clip in DOUBLES])
    found = judge_two(judge, videos, labels_of(DOUBLES))
    assert found.separate > 0.8 and found.digit > 0.9 and found.direction > 0.95
    swapped = [[(d, other) for (d, _), other in zip(labels, ways, strict=True)]
               for labels in labels_of(DOUBLES)
               for ways in [[_turned(way) for _, way in labels]]]  # fmt: skip
    assert judge_two(judge, videos, swapped).direction < 0.1
    assert objects(np.stack([clip.frames for clip in SINGLES])[0]) is None


def _turned(way):
    ways = list(DIRECTIONS)
    return ways[(ways.index(way) + 1) % 4]


def test_captions_cover_digits_directions_and_paces():
    captions = one_digit_captions(200)
    assert len(captions) == 200
    assert {one[1] for one in captions} == set(range(10)) and {one[2] for one in captions} == set(
        DIRECTIONS
    )
    assert len({(one[1], one[2]) for one in captions}) == 40
    texts, labels = two_digit_captions(10)
    assert all(len({digit for digit, _ in pair}) == 2 for pair in labels)
    assert texts[0].split()[2] == labels[0][0][1]


# ---- a map that is planted: the word's weight is on the digit, or everywhere else


def planted(clips, where):
    maps = np.full((len(clips), 1, 2, 180, 2 + 9), 0.01, np.float32)
    for at, clip in enumerate(clips):
        for digit in clip.digits:
            there = reading.patches_of(digit, MODEL)
            maps[at, 0, 0, :, 2 + digit.word] = where(there, clip, digit)
    return reading.Read(maps=maps, nulls=2, loss=np.zeros((len(clips), 180)))


def test_a_head_that_reads_the_word_on_the_digit_has_auc_1():
    seen = planted(SINGLES, lambda there, clip, digit: there.astype(float))
    aucs = reading.word_aucs(MODEL, SINGLES, seen, lambda digit: digit.word)
    np.testing.assert_allclose(aucs, [[1.0, 0.5]])
    assert reading.averaged_auc(MODEL, SINGLES, seen) == pytest.approx(1.0)
    turned = planted(SINGLES, lambda there, clip, digit: 1.0 - there)
    aucs = reading.word_aucs(MODEL, SINGLES, turned, lambda digit: digit.word)
    np.testing.assert_allclose(aucs, [[0.0, 0.5]])


def test_binding_tells_own_from_either():
    own = planted(DOUBLES, lambda there, clip, digit: there.astype(float))
    assert reading.binding_aucs(MODEL, DOUBLES, own)[0, 0] == pytest.approx(1.0)

    def either(there, clip, digit):
        return np.any([reading.patches_of(d, MODEL) for d in clip.digits], axis=0).astype(float)

    assert reading.binding_aucs(MODEL, DOUBLES, planted(DOUBLES, either))[0, 0] == pytest.approx(
        0.5
    )


def test_patches_of_a_digit_hold_its_pixels():
    digit = SINGLES[0].digits[0]
    there = reading.patches_of(digit, MODEL).reshape(5, 6, 6)
    row, column = digit.path[0] + 10  # the middle of the digit in frame 0
    assert there[0, row // 8, column // 8]
    assert 4 <= there[0].sum() <= 16


def test_the_report_of_an_untrained_model(judge):
    model = new_model(DIGITS).eval()
    figures = evaluate(model, MovingDigits(), captions=10, clips=6, judge=judge)
    assert figures.reconstruction_r2 < 0.5
    assert abs(figures.word_auc - 0.5) < 0.3
    assert abs(figures.loss_wrong - figures.loss_right) < 0.2
    assert figures.one.captions == 10 and figures.real_direction == 1.0
    printed = table(figures, figures)
    assert "≥ .93" in printed and printed.count("\n") == 15
