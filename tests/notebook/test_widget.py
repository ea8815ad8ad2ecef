"""The notebook's widget: its contract with a host, and the selection that both sides move."""

import numpy as np
import pytest
from playwright.sync_api import expect
from traitlets import TraitError

from phenaki_viz.notebook.widget import View
from tests.browser_fixtures import PAINTED
from tests.notebook.host import Host
from tests.notebook.recordings import linked_of
from tests.sent import unpack


@pytest.fixture
def view(linked):
    return View(linked, linked.first(None, None))


def heard_of(view, *names):
    heard = []
    view.observe(lambda change: heard.append((change["name"], change["new"])), names=list(names))
    return heard


def test_python_sets_what_is_chosen_and_every_panel_is_told(view):
    heard = heard_of(view, "query", "patch", "head")
    view.query = 7
    assert view.patch == (1, 0, 1) and set(heard) == {("query", 7), ("patch", (1, 0, 1))}
    assert view._selection["pick"]["query"] == 7 and view._selection["pick"]["places"] == [
        [1, 0, 1]
    ]
    assert unpack(view._strip)[0]["places"] == [[1, 0, 1]]
    view.patch = (0, 1, 2)
    assert view.query == 5
    view.layer, view.head, view.key = 1, 2, 3
    assert unpack(view._grid)[0]["push"]["value"] == [1, 2]
    assert unpack(view._map)[0]["weights"].endswith(" 1 2 0")
    assert view._selection["pick"]["key"] == 3 and "L1 H2" in repr(view)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("layer", 4, "no layer 4 in these maps: there are 0, 1"),
        ("head", 3, "no head 3 in these maps: there are 0, 1, 2"),
        ("query", 12, "no query 12: the map has 12"),
        ("query", -1, "no query -1"),
        ("key", 99, "no key 99: the map has"),
        ("patch", (2, 0, 0), "place (2, 0, 0) is outside the grid (2, 2, 3)"),
        ("pins", [(1, 5)], "no head 5 in these maps: there are 0, 1, 2"),
        ("pins", [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)], "5 heads are too many: at most 4"),
    ],
)
def test_what_is_not_there_is_refused_and_nothing_moves(view, name, value, said):
    before = view._selection
    with pytest.raises(TraitError) as refused:
        setattr(view, name, value)
    assert said in str(refused.value)
    assert view._selection == before and getattr(view, name) != value


def test_what_is_picked_in_the_browser_is_known_to_python(view):
    heard = heard_of(view, "layer", "head", "query", "key")
    grid = view._grid
    view._event = {
        "name": "grid", "event": "pick", "value": {"layer": 1, "head": 2, "seq": 5}
    }  # fmt: skip
    assert (view.layer, view.head) == (1, 2) and view._grid == grid  # it shows that already
    cell = {"query": 4, "key": 6, "seq": 9}
    view._event = {"name": "map", "event": "pick", "value": cell}
    assert view._selection["seen"] == 9 and view.key == 6
    assert {"layer", "head", "query", "key"} == {name for name, _ in heard}
    patches = {"places": [[1, 1, 0], [0, 0, 2]], "combine": "mean", "seq": 11}
    view._event = {"name": "strip", "event": "pick", "value": patches}
    assert view.patch == (1, 1, 0) and view.query == 9
    assert unpack(view._strip)[0]["places"] == [[1, 1, 0], [0, 0, 2]]
    view._event = {"name": "strip", "event": "walk", "value": {"along": "row", "pace": 2}}
    assert view.query == 9


def test_heads_that_read_a_text_are_shown_over_the_frame_of_the_chosen_patch(recording):
    linked = linked_of(recording, "cross")
    view = View(linked, linked.first(None, None))

    def shown():
        header, parts = unpack(view._grid)
        assert header["framed"] and header["cell"] == [2, 3]
        return header["notes"][0], parts["codes"].reshape(2, 3, 2, 3)

    first = view._grid
    assert shown()[0] == "time 0: who reads “a”"
    view.patch = (0, 1, 1)
    assert view._grid == first, "the same moment"
    view.patch, view.key = (1, 0, 2), 3
    said, codes = shown()
    assert said == "time 1: who reads “<b>b”"
    for row, record in enumerate(linked.records):
        for head in range(3):
            weights = record.map.full(0, head)[6:, 3]
            tile = codes[row, head].ravel()
            assert tile.max() >= 253 - 1 and np.argmax(tile) == np.argmax(weights)
            np.testing.assert_array_equal(np.argsort(tile), np.argsort(weights))


def test_a_notebook_is_given_the_widget_and_a_frame_for_when_it_is_not_live(view):
    kinds, _ = view._repr_mimebundle_()
    assert kinds["application/vnd.jupyter.widget-view+json"]["model_id"] == view.model_id
    assert kinds["text/html"].startswith("<iframe ") and "View of L0 H0" in kinds["text/plain"]


def test_lines_of_a_map_are_answered_to_whom_they_were_asked_by(view):
    answers = []
    view.send = lambda content, buffers=(): answers.append((content, buffers))

    def request(address, **what):
        message = {"kind": "lines", "number": "7", "address": address, "asked": what}
        view._handle_custom_msg(message, [])
        return answers.pop()

    name = view._lines
    assert unpack(view._strip)[0]["lines"] == f"{name}/0.0.0"
    content, (line,) = request(f"{name}/1.2.0", at="1.0.1")
    assert content == {"kind": "lines", "number": "7"}
    record = view._linked.records[1]
    exact = record.map.full(0, 2)[7, record.num_null_kv :]
    np.testing.assert_allclose(np.frombuffer(line, "<f4")[1:], exact, atol=1e-7)
    for address in (f"{name}/2.0.0", f"{name}/0.3.0", f"{name}/0.0.1", name, "else"):
        assert request(address, at="1.0.1") == (content, ())
    assert request(f"{name}/0.0.0", at="9.0.1") == (content, ())
    view._handle_custom_msg({"kind": "else"}, [])
    view._handle_custom_msg("lines", [])
    assert not answers


@pytest.mark.browser
def test_a_strip_of_a_large_map_follows_the_pointer_by_asking_for_its_lines(
    page, view, linked, monkeypatch
):
    monkeypatch.setattr("phenaki_viz.browser.linked.MOST_CELLS", 6)  # means of 2 × 2 weights
    host = Host(page, View(linked, linked.first(None, None)))
    strip = page.locator(".strip")
    expect(page.locator("canvas.top")).to_have_attribute("data-painted", PAINTED)
    page.get_by_role("button", name="Follow pointer").click()
    expect(strip).to_have_attribute("data-follows", "true")
    frame = page.locator(".strip .frames canvas").nth(1)
    box = frame.bounding_box()
    frame.hover(position={"x": box["width"] / 2, "y": 0.75 * box["height"]})
    expect(strip).to_have_attribute("data-looked", "1.1.1")
    record = linked.records[0]
    exact = record.map.full(0, 0)[10, record.num_null_kv :]
    np.testing.assert_allclose(float(strip.get_attribute("data-weight")), exact[10], atol=1e-6)
    assert host.view.query == 0 and {one["kind"] for one in host.messages} == {"lines"}
    before = host.heard
    frame.click(position={"x": box["width"] / 2, "y": 0.75 * box["height"]})
    expect(strip).to_have_attribute("data-picked", "1,1,1")
    expect(page.locator("canvas.top")).to_have_attribute("data-picked", "10,")
    assert host.view.query == 10 and host.heard == before + 1


@pytest.mark.browser
def test_what_python_picks_is_shown_and_a_notebook_takes_the_widget_away(page, view):
    host = Host(page, view)
    top, strip = page.locator("canvas.top"), page.locator(".strip")
    expect(top).to_have_attribute("data-picked", f"{view.query},")
    view.query = 1
    host.push()
    expect(top).to_have_attribute("data-picked", "1,")
    expect(strip).to_have_attribute("data-picked", "0,0,1")
    view.layer, view.pins = 1, [(0, 2), (1, 1)]
    host.push()
    grid, pinned = page.locator(".pv-grid canvas"), page.locator(".pinned canvas[role=img]")
    expect(grid).to_have_attribute("data-picked", "1,0")
    expect(grid).to_have_attribute("data-pins", "0.2_1.1")
    expect(pinned).to_have_count(2)
    expect(pinned.nth(1)).to_have_attribute("data-label", "L1 H1")
    expect(page.locator(".pv-map .notes")).to_contain_text("L1 H0")

    painted = int(top.get_attribute("data-painted"))  # a notebook's theme is taken over
    page.evaluate("document.body.style.setProperty('--jp-layout-color0', '#102030')")
    expect(top).not_to_have_attribute("data-painted", str(painted))
    ground = page.evaluate(
        "getComputedStyle(document.querySelector('.pv-notebook')).backgroundColor"
    )
    assert ground == "rgb(16, 32, 48)"

    top.evaluate("canvas => canvas.blur()")
    page.keyboard.press("[")  # beside the widget, its keys are not its own
    page.evaluate("window.leave()")
    assert page.evaluate("window.listeners()") == 0
    assert page.locator("#output > *").count() == 0
    assert view.layer == 1
