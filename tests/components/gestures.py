"""Where things are on a canvas, from what the canvas says of itself."""

from playwright.sync_api import Locator, Page, expect

from tests.browser_fixtures import PAINTED
from tests.waiting import frames, until


def runs(page: Page, name: str) -> int:
    """How often the component's fragment has run."""
    return int(page.get_by_text(f"{name} runs").inner_text().rsplit(" ", 1)[1])


def numbers(canvas: Locator, name: str) -> list[float]:
    """A data attribute that is a list of numbers."""
    return [float(at) for at in canvas.get_attribute(f"data-{name}").split(",")]


def map_canvas(page: Page) -> Locator:
    canvas = page.locator("canvas.top")
    expect(canvas).to_have_attribute("data-painted", PAINTED)
    return canvas


def cell_at(canvas: Locator, query: int, key: int) -> tuple[float, float]:
    """The middle of a cell of the map, in the page's pixels."""
    left, top, width, height = numbers(canvas, "plot")
    r0, r1, c0, c1 = numbers(canvas, "view")
    box = canvas.bounding_box()
    x = box["x"] + left + (key + 0.5 - c0) / (c1 - c0) * width
    return x, box["y"] + top + (query + 0.5 - r0) / (r1 - r0) * height


def point_until_steady(canvas: Locator, query: int, key: int) -> None:
    """Point at a cell until it is the one that is read: Streamlit moves a resized page late."""
    page = canvas.page
    until(
        page,
        lambda: page.mouse.move(*cell_at(canvas, query, key)),
        lambda: read_cell(canvas) == (str(query), str(key)),
    )


def click_cell(canvas: Locator, query: int, key: int) -> None:
    """Click on a cell of the map, once it is the one that is read under the pointer."""
    point_until_steady(canvas, query, key)
    press(canvas.page)


def press(page: Page) -> None:
    """Press and let go where the pointer is."""
    page.mouse.down()
    page.mouse.up()


def read_cell(canvas: Locator) -> tuple[str | None, str | None]:
    """The query and the key that are read under the pointer."""
    return canvas.get_attribute("data-query"), canvas.get_attribute("data-key")


def drawn(page: Page, label: str) -> Locator:
    """A control of how the strip is drawn, behind a button of the strip."""
    box = page.locator(".own details").first
    if box.get_attribute("open") is None:
        box.locator("summary").click()
    return box.get_by_label(label, exact=True)


def patch_at(page: Page, frame: int, h: int, w: int) -> tuple[float, float]:
    """The middle of a patch in a frame of the strip, in the page's pixels."""
    box = page.locator(".strip .frames canvas").nth(frame).bounding_box()
    return box["x"] + (w + 0.5) * box["width"] / 8, box["y"] + (h + 0.5) * box["height"] / 8


def to_patch(page: Page, frame: int, h: int, w: int, **how: int) -> None:
    """Move the pointer onto a patch, however the page still moves."""
    strip = page.locator(".strip")
    until(
        page,
        lambda: page.mouse.move(*patch_at(page, frame, h, w), **how),
        lambda: (strip.get_attribute("data-patch") or "").endswith(f",{h},{w}"),
    )


def drag_to_patch(page: Page, frame: int, h: int, w: int) -> None:
    """Move the pressed pointer onto a patch; nothing is read under it meanwhile."""
    page.mouse.move(*patch_at(page, frame, h, w), steps=4)
    frames(page)


def click_patch(page: Page, frame: int, h: int, w: int, *, shift: bool = False) -> None:
    """Click on a patch."""
    to_patch(page, frame, h, w)
    if shift:
        page.keyboard.down("Shift")
    press(page)
    if shift:
        page.keyboard.up("Shift")


def tile_at(canvas: Locator, layer: int, head: int) -> tuple[float, float]:
    """The middle of a tile of the grid, in the page's pixels."""
    left, top, right, below, tile = numbers(canvas, "tiles")
    box = canvas.bounding_box()
    return (
        box["x"] + left + head * right + tile / 2,
        box["y"] + top + layer * below + tile / 2,
    )


def to_tile(canvas: Locator, layer: int, head: int) -> None:
    """Move the pointer onto a tile of the grid, however the page still moves."""
    until(
        canvas.page,
        lambda: canvas.page.mouse.move(*tile_at(canvas, layer, head)),
        lambda: canvas.get_attribute("data-hovered") == f"{layer},{head}",
    )


def click_tile(canvas: Locator, layer: int, head: int) -> None:
    """Click on a tile of the grid, once it is the one that is read under the pointer."""
    to_tile(canvas, layer, head)
    press(canvas.page)


def colour_at(canvas: Locator, x: float, y: float) -> list[int]:
    """The colour of a dot of a canvas, at CSS pixels from its corner."""
    script = """(canvas, [x, y]) => {
      const dots = devicePixelRatio;
      return [...canvas.getContext("2d").getImageData(x * dots, y * dots, 1, 1).data].slice(0, 3);
    }"""
    return canvas.evaluate(script, [x, y])


def coloured(canvas: Locator) -> float:
    """The share of a canvas's dots that are not grey."""
    script = """canvas => {
      const dots = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
      let coloured = 0;
      for (let i = 0; i < dots.length; i += 4) coloured += dots[i] !== dots[i + 1];
      return coloured / (dots.length / 4);
    }"""
    return float(canvas.evaluate(script))
