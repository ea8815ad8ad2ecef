"""The page of this tree beside that of another commit, in turns on one machine.

    git worktree add --detach ../before cc5d171
    python -m benchmarks.two_trees ../before --rounds 8

Needs Chromium and Playwright. Serves both trees and measures, one of each in turn: a new page until
its first map is painted (trained model, self-attention), a patch clicked until its overlay is
painted and until Python's own numbers are in place, the dial's depth moved until its map is
painted.
Prints the median of each tree and of their ratios, round by round: a machine that is slow for a
while is slow for both. Then the bytes that the pages get which both trees have, from nothing in the
browser's cache until they are at rest. Exits with 1 where a ratio is above --most.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from benchmarks import page as depth
from benchmarks import strip_page as strip
from benchmarks.bytes_received import listen
from tests.browser_fixtures import CHROMIUM, CHROMIUM_ARGS, ROOT, free_port, serve_command, settle

SELF = "/?source=Trained&maps=Self"
DIAL = "/?source=Dial"
WINDOW: ViewportSize = {"width": 1440, "height": 1000}
PAGES = ("", "text", "sampling", "position", "masks", "train")
LONGEST = 60_000  # milliseconds that anything may take
Pair = tuple[float, float]


def main() -> int:
    """Print a line for each of the four."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("other", type=Path, help="a checkout of the commit to compare with")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument(
        "--most", type=float, default=1.1, help="how many times as long is too long"
    )
    options = parser.parse_args()
    slow = False
    with ExitStack() as on:
        folder = on.enter_context(tempfile.TemporaryDirectory())
        playwright = on.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        trees = (options.other.resolve(), ROOT)
        addresses = [
            on.enter_context(_served(tree, Path(folder) / f"{at}.log"))
            for at, tree in enumerate(trees)
        ]
        for what, pairs in _measured(browser, addresses, options.rounds):
            before, now = (median(taken) for taken in zip(*pairs, strict=True))
            ratio = median(new / old for old, new in pairs)
            slow |= not ratio <= options.most
            print(f"{what}: {before:.0f} → {now:.0f} ms, ratio {ratio:.2f}", flush=True)
        for name in PAGES:
            link = f"/{name}?source=Trained"
            before, now = (_bytes(browser, address + link) / 1e6 for address in addresses)
            slow |= not now <= options.most * before
            print(
                f"page {name or 'attention'}: {before:.2f} → {now:.2f} MB, ratio {now / before:.2f}"
            )
        browser.close()
    return int(slow)


def _served(tree: Path, log: Path) -> AbstractContextManager[str]:
    port = free_port()
    flags = [f"--server.port={port}", "--server.address=127.0.0.1", "--server.headless=true",
             "--server.fileWatcherType=none", "--browser.gatherUsageStats=false"]  # fmt: skip
    command = [sys.executable, "-m", "streamlit", "run", "app.py", *flags]
    return serve_command(command, port, log, tree, PYTHONPATH=str(tree))


def _measured(
    browser: Browser, addresses: list[str], rounds: int
) -> Iterator[tuple[str, list[Pair]]]:
    for address in addresses * 2:  # what a server does once, and the browser's own cache
        _first_map(browser, address)
    yield "first map", _in_turns(lambda at: _first_map(browser, addresses[at]), rounds)
    pages = [_opened(browser, address + SELF) for address in addresses]
    places = [list(strip._places(page, 2 * rounds + 1)) for page in pages]
    for page, where in zip(pages, places, strict=True):
        page.mouse.click(*where[0])  # from here on the patch is held
        settle(page)

    def click(at: int) -> float:
        return _click(pages[at], places[at], "looked", panel=False)

    def answer(at: int) -> float:
        return _click(pages[at], places[at], "milliseconds", panel=True)

    yield "click → overlay", _in_turns(click, rounds)
    yield "click → Python's numbers", _in_turns(answer, rounds)
    for page in pages:
        page.close()
    pages = [_opened(browser, address + DIAL) for address in addresses]
    steps = iter(range(2 * rounds))
    yield "depth moved → map", _in_turns(lambda at: _depth(pages[at], next(steps) // 2), rounds)


def _in_turns(measure: Callable[[int], float], rounds: int) -> list[Pair]:
    """One of each tree a round, by turns the one and the other first."""
    taken = []
    for at in range(rounds):
        first = measure(at % 2)
        second = measure(1 - at % 2)
        taken.append((second, first) if at % 2 else (first, second))
    return taken


def _first_map(browser: Browser, address: str) -> float:
    page = browser.new_page(viewport=WINDOW)
    taken = 1000 * depth._first_picture(page, address + SELF)
    settle(page)
    page.close()
    return taken


def _bytes(browser: Browser, address: str) -> int:
    """Of files, as they were sent, and of messages, until the page is at rest."""
    page = browser.new_page(viewport=WINDOW)
    received = listen(page)
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.on(
        "Network.loadingFinished", lambda end: received.append(int(end["encodedDataLength"]))
    )
    page.goto(address)
    settle(page)
    page.wait_for_timeout(3000)  # what is asked for when all else stands
    settle(page)
    page.close()
    return sum(received)


def _opened(browser: Browser, address: str) -> Page:
    page = browser.new_page(viewport=WINDOW)
    page.goto(address)
    page.locator("canvas.top[data-painted]").first.wait_for(timeout=LONGEST)
    settle(page)
    page.wait_for_timeout(1000)
    return page


def _click(page: Page, places: list[tuple[float, float]], attribute: str, *, panel: bool) -> float:
    """A patch that is not the one that is held; the next one the next time."""
    places.append(places.pop(0))
    page.mouse.move(*places[0])
    page.wait_for_timeout(150)
    taken = strip._timed(
        page, page.locator(".strip").first, "click", attribute, places[0], panel=panel
    )
    settle(page)
    page.wait_for_timeout(200)
    return taken


def _depth(page: Page, step: int) -> float:
    if step and step % 8 == 0:  # all depths were run: with another seed nothing is kept
        depth._new_seed(page)
    return depth._key(page, "ArrowRight" if step % 16 < 8 else "ArrowLeft")


if __name__ == "__main__":
    sys.exit(main())
