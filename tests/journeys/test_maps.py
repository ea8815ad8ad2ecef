"""The big map, the grid of heads and the pinned ones, as a person uses them."""

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from phenaki_viz.analysis.row_filter import RowFilter
from phenaki_viz.analysis.sinks import sink_keys
from phenaki_viz.analysis.top_mass import row_ranks
from phenaki_viz.export import read_provenance
from phenaki_viz.recording import HeadMap
from tests.components.gestures import tile_at, to_tile
from tests.journeys.gestures import again, point, recorded, take, the_grid, the_map
from tests.waiting import shown

pytestmark = pytest.mark.browser
WITH_SINK = "/?layer=0&head=0"  # of the dialled default, seed 0


def read(page: Page, query: int, key: int) -> tuple[float, list[float], list[float]]:
    """Weight, rank [first, last] and [shown, kept] of a cell of the big map."""
    weight = point(page, query, key)
    lists = [the_map(page).get_attribute(f"data-{name}") for name in ("rank", "shown")]
    return weight, *([float(at) for at in held.split(",")] if held else [] for held in lists)


def test_weight_and_rank_under_the_cursor_are_the_recorded_ones(open_app):
    page = open_app("/?layer=1&head=3")
    shown(page, "L1 H3")
    exact = recorded().records[2].map.full(0, 3)
    ranks = row_ranks(exact)
    for query, key in ((17, 250), (200, 31)):
        weight, (first, last), _ = read(page, query, key)
        assert weight == pytest.approx(float(exact[query, key]), abs=1e-6)
        assert first <= ranks[query, key] <= last


def test_top_mass_and_sinks_are_said_on_the_map_kept_in_the_link_and_exported(open_app, tmp_path):
    page = open_app(f"{WITH_SINK}&top=80")
    expect(page.locator(".filter")).to_contain_text("Top 80%")
    page.locator(".st-key-map-tools").get_by_role("button", name="Top 80 %").click()
    page.get_by_role("radio", name="Off", exact=True).click()
    page.wait_for_url("**sinks=Off**")
    page.keyboard.press("Escape")  # what is open lies over the map
    expect(page.locator(".filter")).to_contain_text("renormalised")
    record = recorded().records[0]
    row_filter = RowFilter(0.8, sink_keys(HeadMap(record, 0, 0)).keys)
    assert row_filter.without, "the default's first head has a sink"
    attn = record.map.full(0, 0)
    weights = row_filter.weights(attn)
    kept = row_filter.kept(weights)
    for query, key in ((17, 250), (200, 31), (100, row_filter.without[0])):
        weight, _, (left, share) = read(page, query, key)
        assert weight == pytest.approx(float(attn[query, key]), abs=1e-6)
        assert left == pytest.approx(float(weights[query, key]), abs=3e-6)
        assert share == kept[query, key]
    with page.expect_download() as download:
        take(page, "map").get_by_role("button", name="NPZ of the map").click()
    file = tmp_path / "cut.npz"
    download.value.save_as(file)
    provenance = read_provenance(file)
    assert provenance["top_mass"] == 0.8 and provenance["renormalised"]
    assert len(provenance["keys_taken_away"]) == len(row_filter.without)
    with np.load(file, allow_pickle=False) as arrays:
        assert np.array_equal(arrays["values"], weights)
        assert np.array_equal(arrays["left_out"], ~kept)
    again(page)
    shown(page)
    expect(page.locator(".filter")).to_contain_text("Top 80%")
    expect(page.locator(".filter")).to_contain_text("renormalised")


def test_one_head_alone_stays_so_while_keys_walk_through_the_heads(open_app):
    page = open_app()
    grid = the_grid(page)
    to_tile(grid, 1, 2)
    page.mouse.dblclick(*tile_at(grid, 1, 2))
    page.wait_for_url("**alone=true**")
    expect(grid).to_have_attribute("data-order", "1.2")
    the_map(page).press(".")  # from the map, not the grid
    expect(grid).to_have_attribute("data-order", "1.3")
    shown(page, "L1 H3, self")
    page.wait_for_url("**head=3**")
    again(page)
    shown(page)
    expect(the_grid(page)).to_have_attribute("data-order", "1.3")
    grid.press("Escape")
    expect(grid).to_have_attribute("data-alone", "false")
    expect(page).not_to_have_url(re.compile("alone"))


def test_heads_are_sorted_and_filtered_by_the_metric_that_is_shown(open_app):
    page = open_app("/?grid=entropy")
    grid = the_grid(page)
    by_layer = grid.get_attribute("data-order")
    page.locator(".st-key-grid-tools").get_by_role("button", name="By layer").click()
    page.get_by_role("radio", name="Lowest first").click()
    page.wait_for_url("**order=Lowest+first**")
    expect(grid).not_to_have_attribute("data-order", by_layer)
    order = [tuple(map(int, at.split("."))) for at in grid.get_attribute("data-order").split()]
    records = recorded().records[::2]
    entropy = [_entropy(records[layer].map.full(0, head)) for layer, head in order]
    assert len(order) == 32 and entropy == sorted(entropy)
    least = page.get_by_test_id("stNumberInput").filter(has_text="At least").locator("input")
    least.fill(str(entropy[20] + 1e-4))
    least.press("Enter")
    expect(grid).to_have_attribute("data-order", " ".join(f"{a}.{b}" for a, b in order[21:]))
    assert "least=" in page.url


def _entropy(attn: np.ndarray) -> float:
    weights = attn.astype(np.float64)
    return float(-(weights * np.log2(np.maximum(weights, 1e-300))).sum(axis=1).mean())
