"""Tracks as a picture: where marks lie, what they mean, what is said, all of one set of numbers."""

from dataclasses import replace

import numpy as np
import pytest

from phenaki_viz.analysis.following import UNKNOWN
from phenaki_viz.analysis.tracks import accuracies
from phenaki_viz.errors import ShapeError
from phenaki_viz.figures.attention_views import metric_scale
from phenaki_viz.figures.head import Head
from phenaki_viz.figures.track_marks import (
    dots_of,
    lines_of,
    outlines_of,
    place_at,
    shown_frame,
    stage_of,
)
from phenaki_viz.figures.track_sentences import how_to_read, tracks_heading
from phenaki_viz.figures.track_views import Question, answer, followers_picture, tracks_picture
from phenaki_viz.figures.tracks import LOOKS, MISS
from phenaki_viz.figures.tracks_figure import tracks_figure
from phenaki_viz.recording import Places, Recording
from tests.analysis.planted_heads import GRID, PATH, SELF, cross_record, self_record
from tests.analysis.records import planted, uniform
from tests.figures.samples import track_line, tracks

FRAMES = np.random.default_rng(0).integers(0, 256, (5, 8, 15, 3), np.uint8)


@pytest.fixture(scope="module")
def recorded():
    return Recording([cross_record(), self_record()])


def heads_of(recording, at, *heads):
    record = recording.records[at]
    return [Head(recording, record, 0, head) for head in heads]


def asked_of(recording, names, **changes):
    asked = Question(**({"start": (1, 1, 2), "path": PATH, "whose": "two"} | changes))
    heads = heads_of(recording, 1, *(SELF.index(name) for name in names))
    return asked, [answer(head, asked) for head in heads]


def test_panels_do_not_overlap_and_all_lie_inside():
    for count in (1, 2, 3, 5, 9, 17):
        steps = tuple((0,) for _ in range(count))
        lines = (track_line("L0 H0", *[(0, 0)] * count, weights=np.zeros(count),
                            shares=np.zeros(count), judged=np.zeros(count)),)  # fmt: skip
        stage = stage_of(tracks(steps=steps, lines=lines, start=None, truth=None))
        assert [panel.step for panel in stage.panels] == [None, *range(count)]
        boxes = [(p.left, p.top, p.left + 9 * p.large, p.top + 6 * p.large) for p in stage.panels]
        assert max(box[2] for box in boxes) == pytest.approx(stage.width)
        assert max(box[3] for box in boxes) < stage.height
        for at, one in enumerate(boxes):
            for other in boxes[:at]:
                apart = one[0] >= other[2] or other[0] >= one[2]
                assert apart or one[1] >= other[3] or other[1] >= one[3]


def test_one_head_goes_through_the_middles_of_its_patches_and_width_is_how_sure_it_is():
    picture = tracks(lines=(track_line("L2 H5", (0, 0), (1, 1), (0, 2)),))
    stage = stage_of(picture)
    whole = [one for one in lines_of(picture, stage) if one.line == 0 and not one.faint]
    large = stage.whole.large
    middles = [(1.5, 1.5), (4.5, 4.5), (7.5, 1.5)]
    ends = [(one.x0 / large, one.y0 / large, one.x1 / large, one.y1 / large) for one in whole]
    assert ends == [
        pytest.approx((*middles[0], *middles[1])), pytest.approx((*middles[1], *middles[2]))
    ]  # fmt: skip
    # Each piece is as wide as its end that is farther from the start, time 1, is sure.
    assert [one.sure for one in whole] == pytest.approx([0.7, 0.15])
    dots = [dot for dot in dots_of(picture, stage) if dot.large]
    assert [(dot.number, dot.hollow) for dot in dots] == [("0", False), ("2", True)]
    own = [dot for dot in dots_of(picture, stage) if not dot.large]
    assert [dot.step for dot in own] == [0, 2]
    panel = stage.panels[3]
    assert (own[1].x, own[1].y) == pytest.approx((panel.left + 7.5, panel.top + 1.5))


def test_time_steps_at_one_place_share_a_mark_and_heads_stand_apart():
    still = track_line("L0 H0", (1, 2), (1, 2), (1, 2), shares=np.full(3, 0.5))
    picture = tracks(lines=(still, still), start=None, truth=None, chance=None)
    stage = stage_of(picture)
    large = [dot for dot in dots_of(picture, stage) if dot.large]
    assert [dot.number for dot in large] == ["0–2", "0–2"]
    assert (large[0].x, large[0].y) != (large[1].x, large[1].y)
    assert {one.colour for one in large} == {LOOKS[0][0], LOOKS[1][0]}
    nowhere = track_line("L0 H0", (-1, -1), (1, 2), (-1, -1))
    alone = tracks(lines=(nowhere,), start=None, truth=None)
    assert [dot.step for dot in dots_of(alone, stage)] == [1, 1]
    assert not list(lines_of(alone, stage))


def test_the_true_path_is_dashed_and_outlined_and_the_start_is():
    picture = tracks()
    stage = stage_of(picture)
    true = [one for one in lines_of(picture, stage) if one.line is None]
    assert len(true) == 2 + 2  # two pieces in the large panel, one in each of two others
    marks = list(outlines_of(picture, stage))
    assert [one.true for one in marks].count(True) == 3 and len(marks) == 5
    (dashed,) = (one for one in tracks_figure(picture).data if one.name == "true path")
    assert len(dashed.x) == 3 * 4 and dashed.line.dash == "4px,3px"
    names = [one.name for one in tracks_figure(picture).data]
    assert names.index("path") > names.index("edge") > names.index("frame")
    part = tracks(truth=np.array([[0, 0], [-1, -1], [1, 2]]))
    assert [one.true for one in outlines_of(part, stage)].count(True) == 2
    none = tracks(truth=np.full((3, 2), -1))
    assert none.path is None and not any(one.true for one in outlines_of(none, stage))


def test_a_click_is_a_patch_of_its_time_step_and_the_pointer_is_told_who_is_there():
    picture = tracks()
    assert place_at(picture, 0, 1, 1) is None and place_at(picture, 3, 1, 2) == (2, 1, 2)
    assert place_at(picture, 4, 0, 0) is None and place_at(picture, 1, 2, 0) is None
    figure = tracks_figure(picture)
    assert [trace.name for trace in figure.data[:4]] == ["patches"] * 4
    said = figure.data[3].text[0][2]
    assert said.startswith("<b>time 2, row 0, column 2</b>")
    assert "L2 H5 looks here most at time 2: 0.15 of its weight on that step" in said
    assert "two at time 2" in figure.data[3].text[1][2]
    names = [swatch.label for swatch in picture.swatches("dark")]
    assert names[0] == "L2 H5 in 1 of 2" and "true path: two · chance 0.50" in names


def test_all_frames_in_one_are_the_brightest_of_dark_clips():
    dark = np.zeros((5, 6, 9, 3), np.uint8)
    dark[1, 2, 3] = 200
    picture = tracks(frames=dark)
    assert picture.exposure[2, 3].tolist() == [200] * 3 and picture.exposure.sum() == 600
    assert shown_frame(picture, stage_of(picture).whole)[2, 3, 0] == 110
    assert tracks(frames=255 - dark).exposure[2, 3].tolist() == [215] * 3


def test_sizes_that_disagree_are_refused():
    with pytest.raises(ShapeError, match=r"Tracks\.lines places"):
        tracks(lines=(track_line("L0 H0", (0, 0), (1, 1)),))
    with pytest.raises(ShapeError, match=r"Tracks\.start"):
        tracks(start=(1, 2, 0))
    with pytest.raises(ShapeError, match=r"Tracks\.lines names 5"):
        tracks(lines=tuple(track_line(f"L0 H{at}", *[(0, 0)] * 3) for at in range(6)))


def test_planted_heads_are_drawn_and_told_as_they_are(recorded):
    asked, answers = asked_of(recorded, ["same patch", "follows"])
    picture = tracks_picture(answers, asked, FRAMES, 2)
    assert picture.lines[1].places.tolist() == PATH.tolist()
    assert (picture.lines[0].judged == MISS).sum() == 1 and picture.grid == GRID[1:]
    assert [line.score for line in picture.lines] == ["1 of 2", "2 of 2"]
    assert tracks_heading(answers, asked) == (
        "From the two at time 1, L1 H6 finds it again in 2 of 2 other time steps (chance 0.25); "
        "L1 H1 in 1"
    )
    asked, every = asked_of(recorded, SELF)
    assert "(chance 0.25; none of 8 heads finds more); L1 H1 in 1" in tracks_heading(
        answers, asked, every
    )
    assert "finds more" not in tracks_heading(answers[:1], asked, every), "another one does"
    assert picture.chance == pytest.approx(0.25) and "dashed" in how_to_read(asked).lower()
    assert picture.provenance["heads"] == ["L1 H1", "L1 H6"]
    asked, answers = asked_of(recorded, ["follows"], direction="column")
    assert tracks_heading(answers, asked).startswith(
        "L1 H6 looks at the two at time 1 most from the two in "
    )


def test_without_a_true_path_it_is_said_how_sure_the_heads_are(recorded):
    for changes in ({"path": None}, {"start": (1, 3, 0)}):
        asked, answers = asked_of(recorded, ["uniform", "same patch"], **changes)
        said = tracks_heading(answers, asked)
        assert "L1 H1 is surest where to look next (1.00 of each time step's weight" in said
        picture = tracks_picture(answers, asked, FRAMES, 2)
        assert picture.chance is None and picture.lines[0].score == "sure 0.05"
    asked, answers = asked_of(recorded, ["nulls"], path=None)
    assert tracks_heading(answers, asked) == "L1 H2: nothing to follow here"


def test_of_heads_that_nothing_judges_there_is_no_picture(recorded):
    asked, _ = asked_of(recorded, ["follows"])
    records, path = recorded.records[-1:], PATH
    picture = followers_picture(records, asked, accuracies(records, path), {})
    assert picture is not None and picture.values[0, SELF.index("follows")] == 1
    # the brighter, the more: as in every grid of a number of each head
    assert picture.scale.palette == metric_scale(picture.values).palette
    unknown = np.full_like(path, UNKNOWN)
    assert followers_picture(records, asked, accuracies(records, unknown), {}) is None


def test_a_word_is_told_by_its_readers(recorded):
    asked = Question(key=2, path=PATH, whose="two")
    answers = [answer(head, asked) for head in heads_of(recorded, 0, 0)]
    said = tracks_heading(answers, asked)
    assert said.startswith("L0 H0 reads “two” most where the two is in ")
    assert said.endswith("of 3 time steps (chance 0.32)")
    assert tracks_picture(answers, asked, FRAMES, 2).title == "Who reads “two” · cross attention"
    bare = replace(asked, path=None)
    assert "Where “two” is read most" in tracks_heading(
        [answer(head, bare) for head in heads_of(recorded, 0, 0)], bare
    )


def test_a_null_key_is_not_put_between_quotation_marks_as_a_word_is(recorded):
    asked = Question(key=0, path=PATH, whose="two")
    answers = [answer(head, asked) for head in heads_of(recorded, 0, 0)]
    assert tracks_heading(answers, asked).startswith("L0 H0 reads null key 1 most where the two ")
    assert tracks_picture(answers, asked, FRAMES, 2).title.startswith("Who reads null key 1 · ")
    bare = replace(asked, path=None)
    answers = [answer(head, bare) for head in heads_of(recorded, 0, 0)]
    assert tracks_heading(answers, bare).startswith("Where null key 1 is read most, ")
    assert "the patch that reads it most" in how_to_read(bare)


def test_over_time_alone_it_is_said_who_looks_at_a_patch():
    """The first step is looked at by the last; it looks nowhere else by itself."""
    weights = np.tril(np.ones((3, 3)))
    weights[2] = 4, 1, 1
    weights /= weights.sum(axis=1, keepdims=True)
    causal = planted(np.tile(weights, (20, 1, 1, 1)), Places(GRID, "patch"), causal=True)
    head = Head(Recording([causal]), causal, 0, 0)
    row, column = (
        tracks_heading([answer(head, asked)], asked)
        for asked in (
            Question(start=(0, 1, 2)),
            Question(start=(0, 1, 2), direction="column"),
        )
    )
    assert row.endswith("its track would stand still, and it sees no other time step")
    assert row != column
    assert column.endswith("with L0 H0 time 2 looks at it most (weight 0.67)")


def test_of_separate_heads_over_time_and_space_it_is_said_what_a_track_is_there():
    over_time = planted(uniform(20, 1, 3, 3), Places(GRID, "patch"))
    in_space = planted(uniform(3, 1, 20, 20), Places(GRID, "frame"))
    asked = Question(start=(1, 1, 2), path=PATH, whose="two")
    for record, said in (
        (over_time, "A temporal head has no choice of patch: its track stands still"),
        (in_space, "A spatial head looks at its own time step alone: it has no track"),
    ):
        found = answer(Head(Recording([record]), record, 0, 0), asked)
        assert tracks_heading([found], asked).startswith(said) and found.judged is None
