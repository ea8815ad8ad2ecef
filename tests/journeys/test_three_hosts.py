"""One journey, point, click, zoom and pin, in the app, in a notebook's widget and in a file.

The notebook is a host of the tests' own; where JupyterLab is installed, also that, with a kernel.
"""

from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from phenaki_viz.export.linked_page import linked_html
from phenaki_viz.notebook.widget import View
from tests.journeys.gestures import again, recorded
from tests.notebook.host import Host
from tests.notebook.journey import Panels, look_around
from tests.notebook.lab import lab
from tests.notebook.recordings import linked_of, small
from tests.waiting import eventually, shown

pytestmark = pytest.mark.browser
SMALL = "/?size=32&patch=8&frames=5&depth=2&heads=3"


@contextmanager
def app(open_app, **_):
    """Python hears of everything, and says it in the link."""
    page = open_app(SMALL)
    shown(page)
    yield Panels(page, selves(recorded(size=32, patch=8, frames=5, depth=2, heads=3)))
    page.wait_for_url("**pins=0.2**")
    again(page)
    shown(page, "L0 H2")
    expect(page.locator(".pinned canvas[role=img]")).to_have_attribute("data-label", "L0 H2")


@contextmanager
def notebook(page, **_):
    """Python hears of everything."""
    linked = linked_of(small())
    view = View(linked, linked.first(None, None))
    host = Host(page, view)
    on = Panels(page, selves(small()))
    yield on
    assert (view.layer, view.head, view.pins) == (0, 2, ((0, 2),)) and host.heard >= 4
    expect(on.map).to_have_attribute("data-picked", f"{view.query},{view.key}")


@contextmanager
def jupyterlab(browser, tmp_path, **_):
    """The widget itself, a kernel behind it."""
    with lab(tmp_path) as address:
        context = browser.new_context(viewport={"width": 1440, "height": 1400})
        page = context.new_page()
        asks = page.get_by_role("button", name="Select Kernel")  # where the kernel is slow to start
        page.add_locator_handler(asks, lambda button: button.click())
        page.goto(address)
        expect(page.locator(".jp-Notebook .jp-CodeCell")).to_be_visible()
        idle = page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]')
        expect(idle).to_be_attached()
        eventually(lambda: run_it(page))
        expect(page.locator("canvas.top")).to_be_visible()
        yield Panels(page, selves(small()))
        context.close()


def run_it(page):
    """By keys: a menu closes under the pointer while the kernel reports itself."""
    page.locator(".jp-CodeCell .jp-InputArea-editor").first.click(timeout=5000)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".jp-InputPrompt").first).not_to_have_text("[ ]:", timeout=5000)


@contextmanager
def file(browser, tmp_path, **_):
    """From disk, offline: nobody is asked for anything."""
    path, linked = tmp_path / "look.html", linked_of(small())
    path.write_bytes(linked_html(linked, linked.first(None, None)))
    trouble = []
    context = browser.new_context(offline=True, color_scheme="dark")
    page = context.new_page()
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda said: trouble.append(said.text))
    page.on("request", lambda asked: trouble.append(asked.url) if asked.url != path.as_uri() else 0)
    page.goto(path.as_uri())
    yield Panels(page, selves(small()))
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    context.close()
    assert ground == "rgb(14, 17, 23)" and not trouble


def selves(recording):
    return tuple(one for layer in (0, 1) for one in recording.select(kind="self", layer=layer))


HOSTS = {"Streamlit": app, "notebook": notebook, "JupyterLab": jupyterlab, "file": file}


@pytest.mark.parametrize("host", HOSTS.values(), ids=HOSTS)
def test_one_looks_around_the_same_in(host, request, tmp_path):
    needs = {app: "open_app", notebook: "page"}.get(host, "browser")
    with host(**{needs: request.getfixturevalue(needs)}, tmp_path=tmp_path) as panels:
        look_around(panels)
