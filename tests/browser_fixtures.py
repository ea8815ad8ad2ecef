"""A real Chromium on a real server: what the journeys and the components' tests share.

`tests/conftest.py` imports the fixtures. Set CHROMIUM to use another browser than the one on PATH.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Error,
    Locator,
    Page,
    expect,
    sync_playwright,
)

__all__ = [
    "PAINTED",
    "WIDE",
    "browser",
    "free_port",
    "into_view",
    "moving",
    "page",
    "room",
    "serve",
    "serve_command",
    "served",
    "settle",
    "watched",
    "watched_page",
]

ROOT = Path(__file__).parents[1]
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
# The same browser without the windows around its pages, which nobody looks at here: a seventh less
# work. Benchmarks take the one that people have.
HEADLESS = os.environ.get("CHROMIUM") or shutil.which("chromium-headless-shell") or CHROMIUM
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    # One process draws all pages of a context: what it has compiled of the app is not compiled
    # again, which is four fifths of what a fresh page costs.
    "--process-per-site",
]
KEPT = "http://127.0.0.1/kept"  # of the same site as every server, and drawn by no server
FORGET = "() => { try { localStorage.clear() } catch { /* a page that stores nothing */ } }"
WIDE = {"width": 1280, "height": 900}
# On a page of its own address Streamlit asks for these beside it first, then at the root.
PROBES = ("/_stcore/health", "/_stcore/host-config")
HERE = ("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:")
START_SECONDS = 300  # on a loaded machine the imports alone take minutes
PAINTED = re.compile("[1-9]")  # a canvas counts how often it has painted itself
# A wait ends as soon as what is waited for is there: this is how long a loaded machine may take.
PATIENCE = 120.0  # seconds
expect.set_options(timeout=1000 * PATIENCE)


@contextmanager
def serve(script: Path, log: Path) -> Iterator[str]:
    """Run an app on a free loopback port until its health endpoint answers; yields its address."""
    port = free_port()
    flags = [
        "--server.address=127.0.0.1",
        f"--server.port={port}",
        "--server.headless=true",
        "--server.fileWatcherType=none",
        "--browser.gatherUsageStats=false",
    ]
    command = [sys.executable, "-m", "streamlit", "run", str(script), *flags]
    with serve_command(command, port, log, ROOT, PYTHONPATH=str(ROOT)) as address:
        yield address


@contextmanager
def serve_command(
    command: list[str], port: int, log: Path, folder: Path, **environment: str
) -> Iterator[str]:
    """Run a command that serves an app on this port, in this folder, until it is healthy."""
    address = f"http://127.0.0.1:{port}"
    states = {"PHENAKI_VIZ_STATES": str(log.with_suffix(".states"))}
    with log.open("w") as out:
        server = subprocess.Popen(
            command,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**os.environ, **states, **environment},
        )
        try:
            _wait_for(server, address, log)
            yield address
        finally:
            _stop(server)


def _wait_for(server: subprocess.Popen, address: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _is_healthy(address):
        if server.poll() is not None:
            pytest.fail(f"the app did not start:\n{log.read_text()}")
        if time.monotonic() > deadline:
            pytest.fail(f"the app is not healthy after {START_SECONDS} s:\n{log.read_text()}")
        time.sleep(0.1)


def _is_healthy(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1) as answer:
            return answer.read() == b"ok"
    except OSError:
        return False


def _stop(server: subprocess.Popen) -> None:
    server.terminate()
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def served(tmp_path_factory) -> Iterator[Callable[[Path], str]]:
    """served(script) is the script's address; one server a script, its log without tracebacks."""
    logs = tmp_path_factory.mktemp("servers")
    running: dict[Path, tuple[object, str, Path]] = {}

    def address(script: Path) -> str:
        if script not in running:
            log = logs / f"{len(running)}_{script.stem}.log"
            server = serve(script, log)
            running[script] = (server, server.__enter__(), log)
        return running[script][1]

    yield address
    for server, _, _ in running.values():
        server.__exit__(None, None, None)
    for _, _, log in running.values():
        assert "Traceback" not in log.read_text(), log.read_text()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests; they are skipped on a machine without one."""
    if not HEADLESS:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=HEADLESS, args=CHROMIUM_ARGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def room(browser: Browser) -> Iterator[BrowserContext]:
    """What the pages of all tests share: a cache, and the process that an idle page keeps.

    Nothing moves there but by a test's own wish (`moving`): what shimmers while a script runs is
    composed anew sixty times a second, a fifth of what a page costs.
    """
    context = browser.new_context(viewport=WIDE, reduced_motion="reduce")
    idle = context.new_page()
    idle.route(KEPT, lambda request: request.fulfill(body="", content_type="text/html"))
    idle.goto(KEPT)
    yield context
    context.close()


@pytest.fixture
def page(room: BrowserContext) -> Iterator[Page]:
    """A page of its own, 1280 × 900, that fails its test on any trouble; nothing is stored yet."""
    with watched_page(room.new_page()) as fresh:
        yield fresh


def moving(page: Page) -> Page:
    """The page as for a person who has not asked for less motion: for what shows only so."""
    page.emulate_media(reduced_motion="no-preference")
    return page


@contextmanager
def watched(context: BrowserContext) -> Iterator[Page]:
    """The only page of a context, watched; for what no page can be given, such as a finger."""
    try:
        with watched_page(context.new_page()) as page:
            yield page
    finally:
        context.close()


@contextmanager
def watched_page(page: Page) -> Iterator[Page]:
    """A page that must end without console errors, uncaught errors or warnings of the app.

    A request that failed, or that left the loopback, is an error too. What it has stored goes with
    it, so that the next page of the context finds nothing.
    """
    trouble: list[str] = []
    page.set_default_timeout(1000 * PATIENCE)
    page.on("pageerror", lambda error: trouble.append(f"uncaught: {error}"))
    page.on("console", lambda said: _note_error(said, trouble))
    page.on("requestfailed", lambda request: _note_failure(request, trouble))
    page.on("request", lambda request: _note_leaving(request, trouble))
    try:
        yield page
        for box in page.get_by_test_id("stException").all():
            trouble.append(f"exception on the page: {box.inner_text()}")
    finally:
        with suppress(Error):  # of a page that crashed: the test has said so
            page.evaluate(FORGET)
        page.context.clear_cookies()
        page.close()
    assert not trouble, "\n".join(trouble)


def _note_error(said, trouble: list[str]) -> None:
    missing = "404" in said.text and said.location["url"].endswith(PROBES)
    if said.type == "error" and not missing:
        trouble.append(f"console: {said.text} at {said.location['url']}")


def _note_failure(request, trouble: list[str]) -> None:
    if "ERR_ABORTED" not in (request.failure or ""):
        trouble.append(f"request failed: {request.url} {request.failure}")


def _note_leaving(request, trouble: list[str]) -> None:
    if not request.url.startswith(HERE):
        trouble.append(f"left the machine: {request.url}")


def settle(page: Page) -> Page:
    """Wait until no script run is under way, nor one that follows at once."""
    ended = page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]')
    for _ in range(2):
        expect(ended).to_be_attached()
        page.wait_for_timeout(100)
    expect(ended).to_be_attached()
    return page


def into_view(found: Locator) -> Locator:
    """Scroll it into sight; an element that is being drawn anew is waited for."""
    for _ in range(20):
        expect(found).to_be_visible()
        try:
            found.scroll_into_view_if_needed(timeout=2000)
            return found
        except Error:  # not attached any more, or still moving
            found.page.wait_for_timeout(100)
    found.scroll_into_view_if_needed()
    return found
