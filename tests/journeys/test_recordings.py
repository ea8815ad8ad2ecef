"""A run is saved from the page as one file, and opened in the page again."""

import numpy as np
import pytest
from playwright.sync_api import expect

from phenaki_viz.runs.files import open_recording
from tests.browser_fixtures import settle
from tests.journeys.gestures import the_map
from tests.waiting import shown

pytestmark = pytest.mark.browser


def test_a_run_by_parts_is_saved_and_opened_again(open_app, tmp_path):
    page = open_app("/?storage=Factored&depth=2&heads=2&layer=1&head=1")
    expect(the_map(page)).to_be_visible()
    expect(page.get_by_text("recomputed where shown", exact=False)).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save this recording", exact=False).click()
    path = tmp_path / "run.safetensors"
    download.value.save_as(path)
    kept = open_recording(path)
    assert {record.map.storage for record in kept.recording} == {"factored"}
    np.testing.assert_allclose(kept.recording.records[2].map.full(0, 1).sum(axis=1), 1, atol=1e-5)

    page.get_by_test_id("stSidebar").get_by_role("radio", name="Your own").click()
    settle(page)
    page.get_by_role("textbox", name="or a file on this machine").fill(str(path))
    page.get_by_role("textbox", name="or a file on this machine").press("Enter")
    settle(page)
    shown(page, "L1 H1, self")
    expect(page.get_by_role("heading", name="L1 H1, self", exact=False)).to_be_visible()

    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(path.read_bytes()[:-500])
    page.get_by_role("textbox", name="or a file on this machine").fill(str(damaged))
    page.get_by_role("textbox", name="or a file on this machine").press("Enter")
    expect(page.get_by_text("it is cut short", exact=False)).to_be_visible()
    expect(the_map(page)).to_be_visible()
