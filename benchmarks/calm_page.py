"""How calm each page stays under load: blanks, jumps, and headings over other pictures.

    python -m benchmarks.calm_page --moves 50 --busy 2 --slow 4

Needs Chromium and Playwright. Moves a slider of the sidebar on every page, and walks through the
heads on Attention, while `busy` processes take the cores and the browser runs `slow` times slower;
the page is looked at in every frame. Prints for each page how many moves blanked or doubled a
picture or moved the page, for how long, and for how many milliseconds of a move a heading stood
over the picture of something else that was not dimmed. Every number but the moves should be 0.
"""

import argparse
import multiprocessing
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser_fixtures import CHROMIUM, CHROMIUM_ARGS, serve, settle
from tests.calm import Seen, watch, watching
from tests.waiting import at_rest

APP = Path(__file__).parents[1] / "app.py"
# The link, the slider that is moved ("" for the key of the next head), and the share of the moves.
PAGES = {
    "Attention, Heads": ("/?source=Dial&depth=3", "Heads", 1.0),
    "Attention, next head": ("/?source=Dial&depth=3", "", 0.4),
    "Attention, trained": ("/?source=Trained", "Masked tokens", 0.2),
    "Text": ("/text?source=Trained", "Masked tokens", 0.2),
    "Sampling": ("/sampling?source=Trained&decoding=6", "Temperature", 0.2),
    "Position": ("/position?source=Dial&causal=true", "Heads", 0.2),
    "Masks": ("/masks?source=Dial&causal=true", "Heads", 0.2),
}
WAY = ["ArrowLeft", "ArrowRight", "ArrowRight", "ArrowLeft", "ArrowLeft", "ArrowLeft", "ArrowRight"]


def main() -> None:
    """Print one line a page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--moves", type=int, default=50)
    parser.add_argument("--busy", type=int, default=2)
    parser.add_argument("--slow", type=float, default=4)
    parser.add_argument("--only", default="", help="pages whose name begins so")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        with serve(APP, Path(folder) / "app.log") as app, busy(options.busy):
            for name, (path, control, share) in PAGES.items():
                if not name.startswith(options.only):
                    continue
                page = browser.new_page(viewport={"width": 1440, "height": 900})
                page.goto(app + path)
                _begin(page, options.slow)
                moves = max(4, round(share * options.moves))
                print(f"{name}: {_told(list(_moved(page, control, moves)))}", flush=True)
                page.close()
        browser.close()


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """So many processes that do nothing but take a core."""
    stop = multiprocessing.Event()
    at_work = [multiprocessing.Process(target=_burn, args=(stop,)) for _ in range(processes)]
    for process in at_work:
        process.start()
    try:
        yield
    finally:
        stop.set()
        for process in at_work:
            process.join()


def _burn(stop: multiprocessing.Event) -> None:
    while not stop.is_set():
        sum(range(20_000))


def _begin(page: Page, slow: float) -> None:
    settle(page)
    page.locator("[data-painted]").first.wait_for(timeout=120_000)
    at_rest(page)
    page.wait_for_timeout(3000)
    settle(page)
    devtools = page.context.new_cdp_session(page)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": slow})
    watch(page)


def _moved(page: Page, control: str, moves: int) -> Iterator[Seen]:
    if control:
        handle = page.get_by_test_id("stSlider").filter(has_text=control)
        handle = handle.locator("input[type=range]").first
        handle.evaluate("handle => handle.focus({ preventScroll: true })")
    for at in range(moves):
        with watching(page) as seen:
            key = WAY[at % len(WAY)] if control else ".,"[at // 7 % 2]
            page.keyboard.press(key)
            page.wait_for_timeout(400)
            at_rest(page)
            page.wait_for_timeout(400)
        yield seen


def _told(seen: list[Seen]) -> str:
    blank = [round(one.blank) for one in seen if one.blank]
    apart = [round(one.apart) for one in seen if one.apart]
    return (
        f"{len(seen)} moves, {len(blank)} blanked {blank or ''}, "
        f"{sum(bool(one.twice) for one in seen)} drew a picture twice, "
        f"{sum(one.jumped > 2 for one in seen)} scrolled, "
        f"height off by {max(max(one.grown, one.shrunk) for one in seen):.0f} px at most, "
        f"heading over another picture {apart or 0} ms"
    )


if __name__ == "__main__":
    main()
