"""Long maps on the page: estimates that say so, then exact heads, all of one reading."""

import pytest

from phenaki_viz.ui.work import fragment_jobs, surveys
from tests.ui.test_pages import expected, sent

FEW = {"heads": 2, "depth": 2}


@pytest.fixture(autouse=True)
def all_are_long(monkeypatch):
    monkeypatch.setattr(surveys, "LONG", 0)
    monkeypatch.setattr(fragment_jobs, "SLICE", 0)


def said(at):
    header, _ = sent(at)["grid.heads"]
    return " ".join(header["notes"])


def test_estimates_are_named_with_their_error_and_exact_heads_replace_them(app, monkeypatch):
    monkeypatch.setattr(fragment_jobs, "go_on", lambda slot: None)  # each run of the page one step
    at = app(hold="By parts", grid="entropy", seed=7, **FEW)
    assert not at.exception
    rows = expected(seed=7, **FEW).records[0].map.shape[2]
    drawn = min(rows, 2 * -(-rows // -(-rows // 64)))
    assert f"all heads estimated from {drawn} of {rows} rows each, ± " in said(at)
    assert "bits (standard error, median of the heads)" in said(at)
    at.run()
    assert "1 of 4 heads exact, the others estimated" in said(at)
    at.button(key="cancel.survey").click().run()
    before = said(at)
    at.run()
    assert said(at) == before  # stopped, and what was read is kept
    at.button(key="survey.rest").click().run()
    while "estimated" in said(at):
        at.run()
    assert not at.exception and "survey.rest" not in [one.key for one in at.button]
