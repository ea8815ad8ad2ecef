"""Long maps on the page: estimates that say so, then exact heads, all of one reading."""

import pytest

from phenaki_viz.analysis.incremental import run_to_end
from phenaki_viz.analysis.survey import Survey, survey
from phenaki_viz.figures.attention_views import head_grid
from phenaki_viz.figures.colour import ColourScale
from phenaki_viz.figures.survey_sentences import estimated, with_estimate
from phenaki_viz.ui.work import fragment_jobs, surveys
from tests.ui.test_pages import expected, sent

FEW = {"heads": 2, "depth": 2}


@pytest.fixture(autouse=True)
def all_are_long(monkeypatch):
    monkeypatch.setattr(surveys, "LONG", 0)
    monkeypatch.setattr(fragment_jobs, "SLICE", 0)


def said(at):
    (line,) = (one.value for one in at.caption if "rows" in one.value or "row of" in one.value)
    return line


def test_a_picture_that_is_taken_away_says_what_is_estimated():
    recording = expected(seed=7, **FEW)
    records, done = recording.select(kind="self").records, []
    steps = survey.steps(records, [0, 0], done)
    while not done:
        next(steps)
    first, whole = Survey.of(records, done), run_to_end(steps)
    colours = ColourScale(low=0, high=1)
    grid = head_grid(recording, records, first.thumbnails, colours)
    noted = with_estimate(grid, first, estimated(first, "entropy", "bits"))
    assert "bits (± is the standard error" in noted["notes"][0]
    assert noted["provenance"]["estimated"] == noted["notes"][0]
    assert estimated(first).endswith(" rows") and "±" not in estimated(first)
    assert with_estimate(grid, whole, estimated(whole, "entropy"))["notes"] == grid.notes


def test_estimates_are_named_with_their_error_and_exact_heads_replace_them(app, monkeypatch):
    monkeypatch.setattr(fragment_jobs, "go_on", lambda slot: None)  # each run of the page one step
    at = app(storage="Factored", grid="entropy", seed=7, **FEW)
    assert not at.exception
    rows = expected(seed=7, **FEW).records[0].map.shape[2]
    drawn = min(rows, 2 * -(-rows // -(-rows // 64)))
    assert said(at).startswith(f"Estimated from {drawn} of {rows} rows, ± ")
    header, _ = sent(at)["grid.heads"]
    assert not any("estimated" in line for line in header["notes"])  # it is said above
    at.run()
    assert said(at).startswith("1 of 4 exact, the rest estimated from ")
    at.button(key="cancel.survey").click().run()
    before = said(at)
    at.run()
    assert said(at) == before  # stopped, and what was read is kept
    at.button(key="survey.rest").click().run()
    for _ in range(20):
        at.run()
    assert said(at) == "Every row of all 4 heads was read" and not at.exception
    assert "survey.rest" not in [one.key for one in at.button]
