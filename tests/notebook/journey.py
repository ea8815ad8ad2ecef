"""What somebody does with grid, map, strip and pinned heads, whatever host they stand in."""

import re
from dataclasses import dataclass

import numpy as np
from playwright.sync_api import Locator, Page, expect

from phenaki_viz.recording import AttentionRecord
from tests.browser_fixtures import PAINTED, into_view
from tests.components.test_weight_codes import shown
from tests.waiting import eventually, until


@dataclass(frozen=True)
class Panels:
    """The panels of a page, which begin with the first head and patch. layers: their records."""

    page: Page
    layers: tuple[AttentionRecord, AttentionRecord]

    @property
    def map(self) -> Locator:
        return self.page.locator("canvas.top").first

    @property
    def grid(self) -> Locator:
        return self.page.locator("canvas[data-tiles]").first

    @property
    def strip(self) -> Locator:
        return self.page.locator(".strip").first

    @property
    def pinned(self) -> Locator:
        return self.page.locator(".pinned canvas[role=img]")

    @property
    def said(self) -> Locator:
        """What the map says."""
        return self.page.locator(".panel:has(canvas.top) output.said").first

    @property
    def total(self) -> tuple[int, int]:
        return self.layers[0].map.shape[2:]

    def weights(self, layer: int, head: int) -> np.ndarray:
        return self.layers[layer].map.full(0, head)

    def point(self, row: int, column: int) -> None:
        """At a cell of the map; the page may still move."""
        nulls = self.layers[0].num_null_kv
        into_view(self.map)
        until(
            self.page,
            lambda: self.map.hover(position=cell_of(self.map, row, column, self.total, nulls)),
            lambda: noted(self.map, "query", "key") == [str(row), str(column)],
        )


def noted(canvas: Locator, *names: str) -> list[str | None]:
    return [canvas.get_attribute(f"data-{name}") for name in names]


def cell_of(canvas, row, column, total, nulls=0):
    """Where a cell of the whole map is on its canvas; null keys may stand apart."""
    left, top, wide, high = map(float, canvas.get_attribute("data-plot").split(","))
    gap = float(canvas.get_attribute("data-gap"))
    apart = gap if column >= nulls else 0
    return {
        "x": left + (wide - gap) * (column + 0.5) / total[1] + apart,
        "y": top + high * (row + 0.5) / total[0],
    }


def number_in(said):
    return float(re.search(r"weight ([0-9.e−]+)", said)[1].replace("−", "-"))


def look_around(on: Panels) -> None:
    """Point, click, zoom, pin: the same in the app, in a notebook and in a file from disk.

    Afterwards head 2 of layer 0 is looked at, and of the pinned ones the same is left.
    """
    for canvas in (on.map, on.grid):
        expect(canvas).to_have_attribute("data-painted", PAINTED)
    expect(on.grid).to_have_attribute("data-picked", "0,0")
    pick_another_head(on)
    row = point_and_click(on)
    zoom(on)
    on.map.press("[")  # to the layer above
    expect(on.grid).to_have_attribute("data-picked", "0,2")
    eventually(lambda: is_of(on, 0, 2))
    expect(on.map).to_have_attribute("data-picked", re.compile(rf"^{row}\b"))
    pin(on)


def pick_another_head(on: Panels) -> None:
    left, top, right, below, _ = map(float, on.grid.get_attribute("data-tiles").split(","))
    into_view(on.grid)
    on.grid.click(position={"x": left + 2 * right + 4, "y": top + below + 4})
    expect(on.grid).to_have_attribute("data-picked", "1,2")
    eventually(lambda: is_of(on, 1, 2))
    on.grid.press("p")
    expect(on.pinned).to_have_count(1)


def is_of(on: Panels, layer: int, head: int) -> None:
    """The numbers under the pointer are those of this head, every digit that is said."""
    weights = on.weights(layer, head)
    for row, column in [(0, 3), (on.total[0] - 1, 5)]:
        on.point(row, column)
        assert number_in(on.said.text_content()) == float(shown(float(weights[row, column])))


def point_and_click(on: Panels) -> int:
    """Returns the row that is chosen at the end, one to the left of the one that is clicked."""
    record, row = on.layers[1], on.total[0] - 2
    on.point(row, 4)
    on.map.click(position=cell_of(on.map, row, 4, on.total, record.num_null_kv))
    expect(on.map).to_have_attribute("data-picked", f"{row},4")
    place = record.places.place(0, row)
    expect(on.strip).to_have_attribute("data-picked", ",".join(map(str, place)))
    looked = on.weights(1, 2)[row, record.num_null_kv :].sum()
    eventually(
        lambda: np.testing.assert_allclose(float(*noted(on.strip, "total")), looked, rtol=1e-4)
    )
    on.strip.press("ArrowLeft")
    expect(on.map).to_have_attribute("data-picked", re.compile(rf"^{row - 1}\b"))
    return row - 1


def zoom(on: Panels) -> None:
    whole = f"0,{on.total[0]},0,{on.total[1]}"
    on.map.press("+")
    expect(on.map).not_to_have_attribute("data-view", whole)
    on.map.press("0")
    expect(on.map).to_have_attribute("data-view", whole)


def pin(on: Panels) -> None:
    """Head 2 of layer 1 is pinned; that of layer 0 is looked at, and comes beside it."""
    on.page.mouse.move(2, 2)
    on.grid.press("p")
    expect(on.pinned).to_have_count(2)
    expect(on.grid).to_have_attribute("data-pins", "1.2_0.2")
    expect(on.pinned.nth(1)).to_have_attribute("data-label", "L0 H2")
    films = on.page.locator(".pinned .film")
    for at, layer in enumerate((1, 0)):  # the chosen row of each, over the frames
        row = int(noted(on.map, "picked")[0].split(",")[0])
        wanted = on.weights(layer, 2)[row, on.layers[layer].num_null_kv :].sum()
        eventually(
            lambda at=at, wanted=wanted: np.testing.assert_allclose(
                float(*noted(films.nth(at), "line")), wanted, rtol=1e-4
            )
        )
    pointed_at_together(on)
    on.pinned.nth(0).press("Delete")
    expect(on.pinned).to_have_count(1)
    expect(on.grid).to_have_attribute("data-pins", "0.2")
    expect(on.pinned.first).to_have_attribute("data-label", "L0 H2")


def pointed_at_together(on: Panels) -> None:
    """A cell that is pointed at on one pinned map is read on all; a click picks it everywhere."""
    row, column = 2, on.layers[0].num_null_kv + 4
    first = into_view(on.pinned.first)

    def cell():
        wide, high = map(float, first.get_attribute("data-size").split(","))
        return {
            "x": wide * (column + 0.5) / on.total[1], "y": high * (row + 0.5) / on.total[0]
        }  # fmt: skip

    wanted = [str(row), str(column)]
    until(
        on.page,
        lambda: first.hover(position=cell()),
        lambda: noted(first, "query", "key") == wanted,
    )
    for at, layer in enumerate((1, 0)):
        read = float(*noted(on.pinned.nth(at), "weight"))
        assert abs(read - on.weights(layer, 2)[row, column]) <= 1e-6
    first.click(position=cell())
    expect(on.map).to_have_attribute("data-picked", ",".join(wanted))
