"""How long the page takes: first picture, and slider moved → map painted, beside an empty rerun.

    python -m benchmarks.page --steps 15

Needs Chromium and Playwright. A second page, of a browser context of its own, is asked for once
while the rest of the first one is still being drawn, and once more when nothing is: the two share
the cores. The empty rerun is the same server with a page that only writes a line; the model's own
time is the recorded forward of the same settings in this process.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, sync_playwright

from phenaki_viz.data import read_prompt, sample_clip
from phenaki_viz.runs.dialled import run_dialled
from phenaki_viz.ui.state.dial_settings import Settings
from tests.browser_fixtures import CHROMIUM, CHROMIUM_ARGS, serve, settle

APP = Path(__file__).parents[1] / "app.py"
EMPTY = """
import gc
import streamlit as st
import torch

@st.cache_resource
def start():
    gc.collect()
    gc.freeze()

start()
value = st.slider("Depth (layers)", 1, 12, 4, key="depth")
st.html(f"<canvas class='top' data-painted='{value}'></canvas>")
"""
# Resolves with the milliseconds from the key's arrival in the page to the first frame after paint.
# It is told of what changes and asks for no frames: those of a page that waits take a share of the
# cores from the model that it waits for.
WAIT = """
() => new Promise((done) => {
  const find = (root) => {
    const here = root.querySelector("canvas.top");
    if (here) return here;
    for (const e of root.querySelectorAll("*")) {
      const found = e.shadowRoot && find(e.shadowRoot);
      if (found) return found;
    }
    return null;
  };
  let canvas = find(document);
  const before = canvas.dataset.painted;
  document.addEventListener("keydown", (event) => {
    const started = event.timeStamp;
    const changes = { attributeFilter: ["data-painted"], childList: true, subtree: true };
    const watch = (root) => watcher.observe(root, changes);
    const look = () => {
      if (!canvas?.isConnected) {
        canvas = find(document);
        if (canvas) watch(canvas.getRootNode());
      }
      if (!canvas || canvas.dataset.painted === before) return;
      watcher.disconnect();
      // The next frame paints it, the one after that comes when it is painted.
      requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - started)));
    };
    const watcher = new MutationObserver(look);
    watch(document);
    watch(canvas.getRootNode());
    look();
  }, { once: true, capture: true });
})
"""


def main() -> None:
    """Print the medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=15)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        empty_script = Path(folder) / "empty.py"
        empty_script.write_text(EMPTY)
        with serve(APP, Path(folder) / "app.log") as app:
            opened = [browser.new_page() for _ in range(3)]
            first = _first_picture(opened[0], app)
            beside = _first_picture(opened[1], app)
            for page in opened[:2]:
                settle(page)
            opened[2].wait_for_timeout(1000)
            again = _first_picture(opened[2], app)
            with serve(empty_script, Path(folder) / "empty.log") as empty:
                pages = browser.new_page(), browser.new_page()
                for page, address in zip(pages, (f"{app}/?source=Dial", empty), strict=True):
                    page.goto(address)
                    settle(page)
                    page.wait_for_timeout(1500)
                painted, reruns, models = _interleaved(pages, options.steps)
        browser.close()
    model = statistics.median(models)
    bound = statistics.median(reruns) + model
    print(
        f"first picture of the trained model: {first:.2f} s; of a second page, the first still "
        f"being drawn, {beside:.2f} s; of a third, the others at rest, {again:.2f} s"
    )
    print(
        f"depth moved → map painted: {statistics.median(painted):.0f} ms; empty rerun "
        f"{statistics.median(reruns):.0f} ms + model {model:.0f} ms = {bound:.0f} ms; "
        f"ratio {statistics.median(painted) / bound:.2f}"
    )


def _first_picture(page: Page, address: str) -> float:
    started = time.perf_counter()
    page.goto(address)
    page.locator("canvas.top[data-painted]").first.wait_for(timeout=60_000)
    return time.perf_counter() - started


def _interleaved(pages: tuple[Page, Page], steps: int) -> tuple[list[float], ...]:
    """Milliseconds of app, empty rerun and model, one of each in turn; a new seed every time."""
    painted: list[float] = []
    reruns: list[float] = []
    models: list[float] = []
    for step in range(steps):
        # A depth that was not run yet with this seed: nothing comes from the shelf.
        key = "ArrowRight" if step % 16 < 8 else "ArrowLeft"
        if step % 8 == 0 and step:
            _new_seed(pages[0])
        for page, times in zip(pages, (painted, reruns), strict=True):
            times.append(_key(page, key))
        fields = parse_qs(urlsplit(pages[0].url).query)
        models.append(_model(int(fields.get("depth", ["4"])[0])))
    return painted, reruns, models


def _key(page: Page, key: str) -> float:
    slider = page.get_by_test_id("stSlider").filter(has_text="Depth").locator("input[type=range]")
    slider.focus()
    waiting = page.evaluate_handle(f"() => ({{ promise: ({WAIT})() }})")
    page.keyboard.press(key)
    taken = page.evaluate("box => box.promise", waiting)
    settle(page)
    page.wait_for_timeout(250)
    return float(taken)


def _new_seed(page: Page) -> None:
    page.locator(".st-key-next-seed button").first.click()
    settle(page)
    page.wait_for_timeout(500)


def _model(depth: int) -> float:
    settings = Settings(depth=depth)
    prompt = read_prompt(settings.prompt)
    started = time.perf_counter()
    run_dialled(settings.config, sample_clip(), prompt, settings.padding)
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main()
