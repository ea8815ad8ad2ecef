"""Rank, top mass, sinks and null keys on the big map, read back from the page."""

import numpy as np
import pytest
from playwright.sync_api import expect

from phenaki_viz.analysis.row_filter import RowFilter
from phenaki_viz.analysis.top_mass import row_ranks
from phenaki_viz.figures.colour import LEFT_OUT_COLOUR
from phenaki_viz.figures.paint import rgb
from tests.components import planted
from tests.components.gestures import (
    cell_at,
    colour_at,
    map_canvas,
    numbers,
    point_until_steady,
    runs,
)
from tests.waiting import eventually, frames

pytestmark = pytest.mark.browser


def read(page, canvas, query, key):
    """Point at a cell: its weight, its rank as [first, last], and [shown, share kept]."""
    point_until_steady(canvas, query, key)
    weight = float(canvas.get_attribute("data-weight"))
    lists = [canvas.get_attribute(f"data-{name}") for name in ("rank", "shown")]
    return weight, *([float(at) for at in held.split(",")] if held else [] for held in lists)


def test_rank_is_the_keys_place_in_its_row(demo):
    page = demo("show=map")
    canvas = map_canvas(page)
    attn = planted.attention(0, 1)
    ranks = row_ranks(attn)
    for query, key in [(0, 0), (150, 149), (319, 64), (40, 317), (200, 33)]:
        _, (first, last), _ = read(page, canvas, query, key)
        assert first <= ranks[query, key] <= last
        assert np.ptp(attn[query][np.isin(ranks[query], [first, last])]) < 3e-6
    assert runs(page, "map") == 1
    expect(page.locator("output.said")).to_contain_text(" of 320")


def test_a_pooled_cell_has_no_rank_and_a_zoomed_one_has_that_of_the_whole_row(demo):
    page = demo("show=map&coarse=1&rowFilter=1")
    canvas = map_canvas(page)
    _, rank, _ = read(page, canvas, 101, 201)
    assert rank == []
    expect(page.locator("output.said")).to_contain_text("rank —")
    page.mouse.click(*cell_at(canvas, 101, 201))
    for _ in range(9):
        frames(page)  # a map that is not chosen yet leaves the wheel to the page
        page.mouse.wheel(0, -200)
    expect(page.get_by_text("window (0, 320, 0, 320)")).to_have_count(0)
    expect(page.locator("output.said")).not_to_contain_text("rank —")
    attn = planted.attention(0, 1)

    def every_weight_is_there():  # of the last of the tiles that are asked for on the way
        weight, rank, _ = read(page, canvas, 103, 202)
        assert weight == pytest.approx(attn[103, 202], abs=1e-7)
        assert rank == [row_ranks(attn)[103, 202]] * 2

    eventually(every_weight_is_there)


def test_what_is_left_out_has_its_own_colour_and_hover_still_says_the_raw_weight(demo):
    page = demo("show=map&rowFilter=1")
    canvas = map_canvas(page)
    attn, row_filter = planted.attention(0, 1), RowFilter(0.8, (3, 64))
    weights = row_filter.weights(attn)
    kept = row_filter.kept(weights)
    for query, key in [(5, 3), (5, 6), (150, 149), (150, 300), (319, 64)]:
        weight, _, (shown, share) = read(page, canvas, query, key)
        assert weight == pytest.approx(attn[query, key], abs=1e-6)
        assert share == kept[query, key]
        assert shown == pytest.approx(weights[query, key], abs=3e-6)
    left, top, width, height = numbers(canvas, "plot")
    x, y = left + 3.5 * width / 320, top + 50.5 * height / 320
    assert (
        np.abs(
            np.subtract(colour_at(page.locator("canvas.base"), x, y), rgb(LEFT_OUT_COLOUR))
        ).max()
        < 30
    )
    expect(page.locator(".filter")).to_contain_text("Without 2 keys")
    expect(page.locator(".filter")).to_contain_text("Top 80%")
    expect(page.locator(".legend")).to_contain_text("left out")
    expect(page.locator("output.said")).to_contain_text("left out")


def test_a_pooled_cut_says_the_mean_of_exact_decisions(demo):
    page = demo("show=map&coarse=1&rowFilter=1")
    canvas = map_canvas(page)
    row_filter = RowFilter(0.8, (3, 64))
    weights = row_filter.weights(planted.attention(0, 1))
    kept = row_filter.kept(weights)
    for query, key in [(100, 200), (0, 0), (148, 148)]:
        _, _, (shown, share) = read(page, canvas, query, key)
        rows, keys = slice(query, query + 4), slice(key, key + 4)
        cell, inside = weights[rows, keys], kept[rows, keys]
        left = [at for at in range(key, key + 4) if at not in row_filter.without]
        assert shown == pytest.approx(weights[rows, left].mean(), abs=1e-6)
        assert share == pytest.approx(cell[inside].sum() / cell.sum(), abs=1 / 255)


def test_null_keys_stand_apart_and_nothing_is_read_between(demo):
    page = demo("show=map&kind=cross")
    canvas = map_canvas(page)
    (gap,) = numbers(canvas, "gap")
    left, top, width, _ = numbers(canvas, "plot")
    assert gap == 6
    box, cell = canvas.bounding_box(), (width - gap) / 11
    edge = box["x"] + left + 2 * cell
    for x, key in [(edge - 2, "1"), (edge + gap + 2, "2"), (box["x"] + left + width - 2, "10")]:
        page.mouse.move(x, box["y"] + top + 50)
        expect(canvas).to_have_attribute("data-key", key)
    page.mouse.move(edge + gap / 2, box["y"] + top + 50)
    expect(canvas).to_have_attribute("data-key", "")
    page.mouse.move(edge - cell / 2, box["y"] + top + 50)
    expect(page.locator("output.said")).to_contain_text("key null 2")
