"""The Attention page's grid and maps: time to paint, and bytes to the browser, at each click.

    python -m benchmarks.maps_page --clicks 12

Needs Chromium and Playwright. Prints, for the shipped model, the dialled default and a dialled
model of 1,536 tokens: the grid painted anew (6 × 8 heads for dialled models); the big map painted
anew from what was sent; click on a head → its map painted; bytes received on the websocket for
that click, everything of the page included.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.bytes_received import listen
from tests.browser_fixtures import CHROMIUM, CHROMIUM_ARGS, serve, settle
from tests.components.gestures import tile_at

APP = Path(__file__).parents[1] / "app.py"
PLACES = {
    "shipped model": "/?source=Trained&maps=Self",
    "dialled default, 6 layers": "/?source=Dial&depth=6",
    # 6 steps of 16 × 16 patches
    "1,536 tokens": "/?source=Dial&depth=2&heads=4&size=128&patch=8&frames=11",
}
# Repaints a component in place: resolves with the milliseconds it takes until it is on screen.
REPAINT = """(canvas) => new Promise((done) => {
  const started = performance.now();
  const panel = canvas.getRootNode().querySelector(".panel");
  panel.style.width = panel.style.width === "380px" ? "400px" : "380px"; // another one each time
  const before = canvas.dataset.painted;
  const look = () => {
    if (canvas.dataset.painted !== before)
      return requestAnimationFrame(() => done(performance.now() - started));
    requestAnimationFrame(look);
  };
  look();
})"""
# From the click's arrival in the page to the first frame after the map is painted with new data.
CLICK = """(canvas) => { window.painted = new Promise((done) => {
  const before = canvas.dataset.source;
  document.addEventListener("click", (event) => {
    const look = () => {
      if (canvas.dataset.source !== before)
        return requestAnimationFrame(() => done(performance.now() - event.timeStamp));
      requestAnimationFrame(look);
    };
    look();
  }, { once: true, capture: true });
}); }"""


def main() -> None:
    """Print medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clicks", type=int, default=12)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        with serve(APP, Path(folder) / "app.log") as app:
            for name, path in PLACES.items():
                page = browser.new_page(viewport={"width": 1440, "height": 1600})
                received = listen(page)
                page.goto(app + path)
                settle(page)
                page.wait_for_timeout(3000)
                print(f"{name}: {_measured(page, received, options.clicks)}", flush=True)
                page.close()
        browser.close()


def _measured(page: Page, received: list[int], clicks: int) -> str:
    grid, shown = page.locator("canvas[data-tiles]").first, page.locator("canvas.top").first
    heads = [tuple(map(int, at.split("."))) for at in grid.get_attribute("data-order").split()]
    layers, across = max(heads)  # the means stand last
    drawn = [shown.evaluate(REPAINT) for _ in range(clicks)]
    tiles = [grid.evaluate(REPAINT) for _ in range(clicks)]
    page.reload()
    settle(page)
    page.wait_for_timeout(3000)
    grid.scroll_into_view_if_needed()
    fresh = _unpacking(grid)
    times, sizes, taken_in = [], [], []
    for at in range(clicks):
        head = divmod(1 + (5 * at) % (layers * across - 1), across)
        if f"{head[0]},{head[1]}" == grid.get_attribute("data-picked"):
            continue
        taken, size = _click(page, received, grid, shown, head)
        times.append(taken)
        taken_in.append(_unpacking(shown))
        sizes.append(size)
    map_bytes = statistics.median(sizes) / 1e3
    return (
        f"{layers * across} thumbnails unpacked and painted {fresh:.0f} ms, "
        f"again {_median(tiles)}; "
        f"map unpacked and painted {_median(taken_in)}, again {_median(drawn)}; "
        f"click on a head → map painted {_median(times)}, {map_bytes:.0f} kB "
        f"(most {max(sizes) / 1e3:.0f} kB)"
    )


def _unpacking(canvas) -> float:
    """Milliseconds from new data to painted, of the last data that came."""
    panel = "canvas => canvas.getRootNode().querySelector('.panel').dataset.milliseconds"
    return float(canvas.evaluate(panel))


def _click(page: Page, received: list[int], grid, shown, head) -> tuple[float, int]:
    place = tile_at(grid, *head)
    received.clear()
    shown.evaluate(CLICK)
    page.mouse.click(*place)
    taken = float(page.evaluate("window.painted"))
    settle(page)
    time.sleep(0.6)
    page.wait_for_timeout(50)
    return taken, sum(received)


def _median(taken: list[float]) -> str:
    return f"{statistics.median(taken):.0f} ms"


if __name__ == "__main__":
    main()
