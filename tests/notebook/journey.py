"""What somebody does with grid, map and strip, whatever host they stand in: point, click, zoom."""

import re

import numpy as np
from playwright.sync_api import expect

from tests.browser_fixtures import PAINTED
from tests.components.test_weight_codes import shown


def cell_of(canvas, row, column, total):
    """Where a cell of the whole map is on its canvas."""
    left, top, wide, high = map(float, canvas.get_attribute("data-plot").split(","))
    return {
        "x": left + wide * (column + 0.5) / total[1],
        "y": top + high * (row + 0.5) / total[0],
    }


def number_in(said):
    return float(re.search(r"weight ([0-9.e−]+)", said)[1].replace("−", "-"))


def look_around(page, record):
    """The same in a notebook and in a file. record: of layer 1, whose head 2 is picked at the end.

    All begin with layer 0, head 0 and the first patch.
    """
    top, grid, strip = (
        page.locator(f".pv-{name} {what}").first
        for name, what in (("map", "canvas.top"), ("grid", "canvas"), ("strip", ".strip"))
    )
    for canvas in (top, grid, strip):
        expect(canvas).to_have_attribute("data-painted", PAINTED)
    said = page.locator(".pv-map .said")
    total = record.map.shape[2:]

    left, upper, wide, high, _ = map(float, grid.get_attribute("data-tiles").split(","))
    grid.click(position={"x": left + 2 * wide + 4, "y": upper + high + 4})
    expect(grid).to_have_attribute("data-picked", "1,2")
    expect(page.locator(".pv-map .notes")).to_contain_text("L1 H2")

    weights = record.map.full(0, 2)
    for row, column in [(0, 3), (total[0] - 1, 5)]:  # the number under the pointer is exact
        top.hover(position=cell_of(top, row, column, total))
        expect(top).to_have_attribute("data-query", str(row))
        expect(top).to_have_attribute("data-key", str(column))
        assert number_in(said.text_content()) == float(shown(float(weights[row, column])))

    row = total[0] - 2
    top.click(position=cell_of(top, row, 4, total))
    expect(top).to_have_attribute("data-picked", f"{row},4")
    place = record.places.place(0, row)
    expect(strip).to_have_attribute("data-picked", ",".join(map(str, place)))
    np.testing.assert_allclose(
        float(strip.get_attribute("data-total")),
        weights[row, record.num_null_kv :].sum(),
        rtol=1e-4,
    )

    strip.press("ArrowLeft")
    expect(top).to_have_attribute("data-picked", re.compile(rf"^{row - 1}\b"))

    top.press("+")
    expect(top).not_to_have_attribute("data-view", f"0,{total[0]},0,{total[1]}")
    top.press("0")
    expect(top).to_have_attribute("data-view", f"0,{total[0]},0,{total[1]}")
    top.press("[")  # to the layer above
    expect(grid).to_have_attribute("data-picked", "0,2")
    expect(page.locator(".pv-map .notes")).to_contain_text("L0 H2")
    expect(top).to_have_attribute("data-picked", re.compile(rf"^{row - 1}\b"))
