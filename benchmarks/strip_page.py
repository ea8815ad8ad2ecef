"""The film strip of the Attention page: click → overlay, pointer → readout, bytes, what piles up.

    python -m benchmarks.strip_page --clicks 30 --many 500
    python -m benchmarks.strip_page --clicks 30 --many 0 --throttle 4
    python -m benchmarks.strip_page --clicks 20 --many 0 --long

Needs Chromium and Playwright. Prints, for the shipped model (cross- and self-attention), the
dialled default and a dialled model of 1,536 tokens: click on a patch → its overlay painted, and →
Python's own numbers in place; pointer moved → its readout said, by a strip that holds its patch and
by one that follows the pointer; bytes received on the websocket for a click, everything of the page
included. --throttle: by how much the browser's CPU is slowed down (DevTools), as on a slow machine;
the server is not. --long: of 16,384 tokens alone, and beside a click what its row takes the server
and the way to it, from the request's first byte to the answer's last. Then clicks many times on the
shipped model and says how heap, document nodes and event listeners have grown since the first
hundred.
"""

import argparse
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benchmarks.bytes_received import listen
from tests.browser_fixtures import CHROMIUM, CHROMIUM_ARGS, serve, settle

APP = Path(__file__).parents[1] / "app.py"
PLACES = {
    "shipped model, cross": "/?source=Trained&maps=Cross",
    "shipped model, self": "/?source=Trained&maps=Self",
    "dialled default, 320 tokens": "/?source=Dial&depth=6",
    # 6 steps of 16 × 16 patches
    "1,536 tokens": "/?source=Dial&depth=2&heads=4&size=128&patch=8&frames=11",
}
# 16 steps of 32 × 32 patches: one head, whose map would be a gigabyte
LONG = {"16,384 tokens": "/?source=Dial&depth=1&heads=1&size=128&patch=4&frames=31&dim_head=32"}
# What rows took that were fetched since, in milliseconds.
ROWS = """() => {
  const rows = performance.getEntriesByType("resource").filter((one) =>
    one.name.includes("/phenaki-viz/lines/"));
  performance.clearResourceTimings();
  return rows.map((one) => one.duration);
}"""
# Milliseconds from the event's arrival in the page to the frame after the one that shows what
# `attribute` says. It is asked for when a frame's own work is done: what is painted within a frame
# is shown by that frame.
AFTER = """([strip, kind, attribute, panel]) => { window.taken = new Promise((done) => {
  setTimeout(() => done(NaN), 10_000); // never: the median says so
  const where = panel ? strip.getRootNode().querySelector(".panel") : strip;
  const before = where.dataset[attribute];
  const { port1, port2 } = new MessageChannel();
  let began;
  const look = () => requestAnimationFrame(() => port2.postMessage(null));
  port1.onmessage = () => {
    if (where.dataset[attribute] === before) return look();
    requestAnimationFrame(() => done(performance.now() - began));
  };
  const heard = (event) => {
    if (event.target === document && !event.composedPath().includes(strip)) return;
    document.removeEventListener(kind, heard, true);
    began = event.timeStamp;
    look();
  };
  document.addEventListener(kind, heard, true);
}); }"""


# Milliseconds from the pointer's event in the page until its readout is said.
SAID = """([strip]) => { window.taken = new Promise((done) => {
  setTimeout(() => done(NaN), 10_000);
  const before = strip.dataset.patch;
  let started;
  const first = () => { started ??= performance.now(); };
  const last = () => {
    if (strip.dataset.patch === before) return;
    document.removeEventListener("pointermove", first, true);
    window.removeEventListener("pointermove", last);
    done(performance.now() - started);
  };
  document.addEventListener("pointermove", first, true);
  window.addEventListener("pointermove", last);
}); }"""


def main() -> None:
    """Print medians and growth."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--clicks", type=int, default=30)
    parser.add_argument("--many", type=int, default=500, help="0: none")
    parser.add_argument("--throttle", type=float, default=1)
    parser.add_argument("--long", action="store_true", help="16,384 tokens alone")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        with serve(APP, Path(folder) / "app.log") as app:
            for name, path in (LONG if options.long else PLACES).items():
                page = browser.new_page(viewport={"width": 1440, "height": 1600})
                received = listen(page)
                page.goto(app + path)
                settle(page)
                page.wait_for_timeout(3000)
                _slow_down(page, options.throttle)
                print(f"{name}: {_measured(page, received, options.clicks)}", flush=True)
                page.close()
            if options.many:
                page = browser.new_page(viewport={"width": 1440, "height": 1600})
                page.goto(app + PLACES["shipped model, self"])
                settle(page)
                page.locator(".strip .frames canvas").first.wait_for()
                print(f"{options.many} clicks: {_grown(page, options.many)}", flush=True)
        browser.close()


def _slow_down(page: Page, rate: float) -> None:
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": rate})


def _measured(page: Page, received: list[int], clicks: int) -> str:
    strip = page.locator(".strip").first
    strip.scroll_into_view_if_needed()
    page.mouse.click(*next(_places(page, 1)))  # from here on the patch is held
    settle(page)
    shown, answered, sizes, rows = [], [], [], []
    page.evaluate(ROWS)
    said: dict[bool, list[float]] = {False: [], True: []}
    for place in list(_places(page, clicks + 1))[1:]:  # the first is held already
        page.mouse.move(*place)
        page.wait_for_timeout(100)
        received.clear()
        shown.append(_timed(page, strip, "click", "looked", place))
        settle(page)
        page.wait_for_timeout(400)
        sizes.append(sum(received))
        rows += page.evaluate(ROWS)
    for place in _places(page, clicks):
        answered.append(_timed(page, strip, "click", "milliseconds", place, panel=True))
        settle(page)
        page.wait_for_timeout(300)
    for follow in (False, True):
        if follow:
            page.keyboard.press("Escape")
        for place in _places(page, 2 * clicks):
            page.evaluate(SAID, [strip.element_handle()])
            page.mouse.move(*place)
            said[follow].append(float(page.evaluate("window.taken")))
    return (
        f"click on a patch → overlay {_median(shown)}, Python's numbers {_median(answered)}; "
        f"pointer → readout {_median(said[False])}, followed {_median(said[True])}; "
        f"{statistics.median(sizes) / 1e3:.0f} kB a click (most {max(sizes) / 1e3:.0f})"
        + (f"; a row or its neighbours fetched {_median(rows)}" if rows else "")
    )


def _places(page: Page, count: int) -> Iterator[tuple[float, float]]:
    """Middles of patches, one after the other in different frames; never the same twice running."""
    frames = page.locator(".strip .frames canvas")
    for at in range(1, count + 1):
        box: Any = frames.nth((3 * at) % frames.count()).bounding_box()
        across, down = 0.1 + 0.37 * at % 0.8, 0.1 + 0.23 * at % 0.8
        yield box["x"] + across * box["width"], box["y"] + down * box["height"]


def _timed(page: Page, strip: Any, kind: str, attribute: str, place: Any, *, panel=False) -> float:
    page.evaluate(AFTER, [strip.element_handle(), kind, attribute, panel])
    page.mouse.move(*place)
    if kind == "click":
        page.mouse.click(*place)
    return float(page.evaluate("window.taken"))


def _grown(page: Page, many: int) -> str:
    """Heap, nodes and listeners after a hundred clicks, if there are as many, and after all."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable")
    first = {}
    for at, place in enumerate(_places(page, many), start=1):
        page.mouse.click(*place)
        if at % 20 == 0:
            settle(page)
        if at == min(100, many):
            first = _kept(page, devtools)
    last = _kept(page, devtools)
    return ", ".join(f"{name} {first[name]:,.0f} → {last[name]:,.0f}" for name in last)


def _kept(page: Page, devtools: Any) -> dict[str, float]:
    settle(page)
    page.wait_for_timeout(1000)
    for _ in range(3):
        devtools.send("HeapProfiler.collectGarbage")
    found = {
        one["name"]: one["value"] for one in devtools.send("Performance.getMetrics")["metrics"]
    }
    return {
        "heap kB": found["JSHeapUsedSize"] / 1e3,
        "nodes": found["Nodes"],
        "listeners": found["JSEventListeners"],
    }


def _median(taken: list[float]) -> str:
    return f"{statistics.median(taken):.1f} ms"


if __name__ == "__main__":
    main()
