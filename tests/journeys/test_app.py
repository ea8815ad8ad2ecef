"""What a person does, in a real browser; every journey fails on console errors and exceptions."""

import io
import zipfile

import numpy as np
import pytest
from playwright.sync_api import expect

from phenaki_viz.export import read_provenance
from tests.browser_fixtures import PAINTED, into_view, settle
from tests.components.gestures import click_tile
from tests.journeys.gestures import (
    again,
    cell,
    click_cell,
    number,
    point,
    recorded,
    slider,
    take,
    the_grid,
    the_map,
)
from tests.waiting import PATIENCE, another, at_rest, shown, until

pytestmark = pytest.mark.browser


def test_it_opens_on_a_picture_that_stays_when_a_bad_clip_is_refused_in_words(open_app):
    page = open_app()
    expect(shown(page, "L0 H0, self")).to_contain_text("random weights")
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    expect(the_map(page)).to_have_attribute("data-painted", PAINTED)
    page.get_by_text("Your own clip").click()
    upload = page.get_by_test_id("stFileUploader").locator("input[type=file]")
    upload.set_input_files(
        {"name": "notes.gif", "mimeType": "image/gif", "buffer": b"these are notes"}
    )
    expect(page.get_by_text("This clip cannot be used; the one before stays.")).to_be_visible()
    expect(page.get_by_text("notes.gif is no clip that can be read here")).to_be_visible()
    expect(the_map(page)).to_be_visible()


def test_keys_move_the_query_a_slider_turns_the_model_and_the_view_stays(open_app):
    page = open_app("/?layer=2&head=3&step=4&row=4&column=2")
    shown(page, "L2 H3")
    strip = page.locator(".strip").first
    expect(strip).to_be_visible()
    strip.focus()
    page.keyboard.press("ArrowRight")
    shown(page, "row 4, column 3")
    page.keyboard.press("ArrowDown")
    shown(page, "row 5, column 3")
    page.wait_for_url("**row=5**")
    slider(page, "Heads").focus()
    with another(page):
        page.keyboard.press("ArrowLeft")
        page.wait_for_url("**heads=7**")
    shown(page, "L2 H3, self: time 4, row 5, column 3")
    for label, value in {"Layer": "2", "Row": "5", "Column": "3"}.items():
        expect(number(page, label)).to_have_value(value)
    exact = recorded(heads=7).records[4].map.full(0, 3)
    assert point(page, 100, 100) == pytest.approx(float(exact[100, 100]), abs=1e-6)


def test_a_head_clicked_in_the_grid_is_in_the_link_and_its_zoom_survives_another_model(open_app):
    page = open_app()
    grid = the_grid(page)
    click_tile(grid, 2, 5)
    shown(page, "L2 H5, self")
    page.wait_for_url("**head=5**")
    again(page)
    shown(page, "L2 H5, self")
    whole = the_map(page).get_attribute("data-view")
    click_cell(page, 100, 100)  # the wheel zooms the map that has the focus
    settle(page)

    def turn_the_wheel():  # the page may be laid out, or the map drawn, anew under the pointer
        into_view(the_map(page)).focus()
        page.mouse.move(*cell(page, 100, 100))
        page.mouse.wheel(0, -400)

    until(page, turn_the_wheel, lambda: the_map(page).get_attribute("data-view") != whole)
    at_rest(page)
    page.wait_for_url("**view=**")  # where the zoom came to rest
    zoomed = the_map(page).get_attribute("data-view")
    slider(page, "Depth").focus()
    with another(page):
        page.keyboard.press("ArrowRight")
        page.wait_for_url("**depth=5**")
    assert the_map(page).get_attribute("data-view") == zoomed


def test_every_page_and_layout_draws(open_app):
    page = open_app("/?causal=true&word_padding=2&step_padding=1")
    nav = page.get_by_test_id("stTopNav")
    nav.get_by_role("link", name="Position").click()
    settle(page)
    expect(page.get_by_role("heading", name="ALiBi")).to_be_visible()
    expect(page.locator(".pv-plot .main-svg").first).to_be_visible()
    nav.get_by_role("link", name="Masks").click()
    settle(page)
    expect(page.get_by_text("All masks together", exact=True)).to_be_visible()
    expect(page.get_by_text("Key padding mask", exact=True)).to_be_visible()
    nav.get_by_role("link", name="Attention").click()
    settle(page)
    for label in ("Cross", "Self"):
        page.get_by_test_id("stMain").get_by_role("radio", name=label).click()
        settle(page)
        shown(page, f", {label.lower()}")
    page.get_by_test_id("stSidebar").get_by_role("radio", name="C-ViViT").click()
    shown(page, "spatial")
    page.get_by_test_id("stMain").get_by_role("radio", name="Encoder temporal").click()
    shown(page, "encoder temporal")


def test_the_map_is_taken_away_with_what_made_it(open_app, tmp_path):
    page = open_app("/?layer=1&head=2")
    box = take(page, "map")
    for kind in ("SVG", "PNG", "NPZ", "HTML"):
        with page.expect_download() as download:
            box.get_by_role("button", name=f"{kind} of the map").click()
        assert download.value.suggested_filename == f"self_L01_H02.{kind.lower()}"
        file = tmp_path / download.value.suggested_filename
        download.value.save_as(file)
        provenance = read_provenance(file)
        assert (provenance["layer"], provenance["head"], provenance["seed"]) == (1, 2, 0)
        assert provenance["weights_digest"] == recorded().provenance["weights_digest"]
    with np.load(tmp_path / "self_L01_H02.npz", allow_pickle=False) as arrays:
        exact = recorded().records[2].map.full(0, 2)
        assert any(np.array_equal(arrays[name], exact) for name in arrays.files)


def test_all_heads_as_one_zip(open_app, tmp_path):
    page = open_app("/?heads=2&depth=1")
    take(page, "grid").get_by_text("All heads as one ZIP").click()
    settle(page)
    page.get_by_role("button", name="Make the ZIP").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download self_heads.zip").click()
    content = download.value.path().read_bytes()
    names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert any(name.endswith("self_L00_H01.png") for name in names)
    assert "index.html" in names


def test_settings_that_cannot_run_say_which_control_to_lower(open_app):
    page = open_app("/?size=128&patch=4&frames=17&storage=Dense")
    expect(page.get_by_text("These settings cannot be run.")).to_be_visible()
    expect(page.get_by_text("Use larger patches", exact=False)).to_be_visible()


def test_a_long_run_shows_progress_and_cancel_brings_the_settings_back(open_app):
    page = open_app("/?size=128&dim=512&dim_head=128&heads=8&frames=17&depth=3")
    expect(the_map(page)).to_be_visible()
    depth = slider(page, "Depth")
    depth.focus()
    page.keyboard.press("End")  # twelve layers: seconds, not milliseconds
    cancel = page.get_by_role("button", name="Cancel")
    expect(page.get_by_text("Running the transformer", exact=False)).to_be_visible()
    cancel.click(timeout=1000 * PATIENCE)
    page.wait_for_url("**depth=3**")
    settle(page)
    expect(depth).to_have_value("3")
    expect(page.get_by_test_id("stException")).to_have_count(0)
