"""The linked panels as one HTML file: from disk, offline, exact, in both colour schemes."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from playwright.sync_api import expect

import phenaki_viz
from phenaki_viz import record
from phenaki_viz.browser.linked import Linked
from phenaki_viz.errors import ExportError
from phenaki_viz.export import read_provenance
from phenaki_viz.export.linked_page import linked_html
from phenaki_viz.figures.weight_colours import Colours
from phenaki_viz.models import CViViT, MaskGit
from phenaki_viz.notebook.frame import MOST_WEIGHTS, framed
from phenaki_viz.notebook.still import StillView
from phenaki_viz.runs.saving import run_of
from tests.browser_fixtures import PAINTED
from tests.components.test_weight_codes import shown
from tests.export.test_page import Page
from tests.notebook.journey import cell_of, number_in
from tests.recording.calls import TOKENS, guided, maskgit, transformer
from tests.sent import unpack


def told_in(content):
    scripts = Page(content.decode()).scripts
    return next(json.loads(one) for one in scripts if '"messages"' in one[:200_000])


def test_a_page_holds_every_head_and_what_made_it(linked):
    content = linked_html(linked, linked.first(1, 2))
    state = told_in(content)
    assert set(state["messages"]) == {"grid 0", "map 1 2 0", "strip 1 2 0"}  # drawn first
    later = {dict(attributes).get("id") for _, attributes in Page(content.decode()).tags}
    assert set(state["held"]) - set(state["messages"]) == {
        f"{panel} {row} {head} 0"
        for panel in ("map", "strip")
        for row in range(2)
        for head in range(3)
        if (row, head) != (1, 2)
    }
    assert set(state["held"]) - set(state["messages"]) <= later
    assert state["chosen"] == [1, 2, 0] and state["selection"]["pick"]["query"] == 0
    assert read_provenance(content)["head"] == 2
    assert linked_html(linked, linked.first(1, 2)) == content  # the same look, the same bytes
    assert len(content) < 146_000


def test_a_page_of_one_head_says_so(linked):
    content = linked_html(linked, linked.first(1, 2), every_head=False)
    assert set(told_in(content)["held"]) == {"grid 0", "map 1 2 0", "strip 1 2 0"}
    assert "This page holds one head" in content.decode()


def test_a_frame_runs_scripts_and_nothing_else(linked, monkeypatch):
    shown = framed(linked, linked.first(None, None))
    assert re.findall(r'sandbox="([^"]*)"', shown) == ["allow-scripts"]
    (page,) = (dict(attributes)["srcdoc"] for tag, attributes in Page(shown).tags)
    assert len(told_in(page.encode())["held"]) == 1 + 2 * 6
    assert linked.weights < MOST_WEIGHTS
    monkeypatch.setattr("phenaki_viz.notebook.frame.MOST_WEIGHTS", 10)
    (page,) = (dict(a)["srcdoc"] for _, a in Page(framed(linked, linked.first(None, None))).tags)
    assert len(told_in(page.encode())["held"]) == 3


def test_a_still_view_is_set_from_python_and_saved(linked, tmp_path):
    view = StillView(linked, linked.first(None, None))
    view.layer, view.head, view.query, view.key = 1, 2, 7, 3
    assert view.patch == (1, 0, 1) and (view.layer, view.head, view.key) == (1, 2, 3)
    state = told_in(view.save(tmp_path / "new" / "look.html").read_bytes())
    assert state["chosen"] == [1, 2, 0]
    assert state["selection"]["pick"] | {"link": ""} == {
        "link": "", "query": 7, "key": 3, "places": [[1, 0, 1]]
    }  # fmt: skip
    with pytest.raises(ExportError, match=r"look\.png ends in no format: use \.html"):
        view.save(tmp_path / "look.png")


def test_tokens_in_a_row_lie_over_grey_frames_of_their_own(recording):
    model = transformer(causal=True)
    with torch.no_grad(), record(model) as other:
        model(TOKENS)
    together = phenaki_viz.Recording([*recording, *other])
    linked = Linked(run_of(together), kind="self (model)", colours=Colours("sqrt"))
    at = linked.moved(linked.first(None, None), (7, 0, 0))
    assert linked.query_of(at) == 7 and linked.frames.shape == (12, 8, 8, 3)
    header, parts = unpack(linked.strip(at))
    assert header["steps"] == [[step] for step in range(12)]
    assert np.isnan(parts["weights"][8:]).all()  # causal: no key after the query
    np.testing.assert_allclose(parts["weights"][:8].sum(), 1, atol=1e-5)


def test_of_words_one_is_shown_also_when_none_is_chosen(recording):
    linked = Linked(run_of(recording), kind="cross", colours=Colours("sqrt"))
    at = linked.first(None, None)
    without, _ = unpack(linked.strip(replace(at, key=None)))
    assert without["word"] == at.key == linked.records[0].num_null_kv


def test_of_a_batch_a_file_holds_the_video_that_is_looked_at():
    model = maskgit()
    with torch.no_grad(), record(model) as made:
        guided(model, batch=3)
    linked = Linked(run_of(made), kind="cross", colours=Colours("sqrt"))
    state = told_in(linked_html(linked, linked.first(None, None)))
    assert state["items"] == {"0": 0} and len(state["held"]) == 1 + 2 * 6


@pytest.mark.browser
def test_another_frame_of_a_spatial_map_is_another_map_in_the_file(page):
    torch.manual_seed(0)
    sizes = {"dim": 16, "codebook_size": 8, "image_size": 16, "patch_size": 4}
    depths = {"temporal_patch_size": 1, "spatial_depth": 1, "temporal_depth": 1}
    model = CViViT(**sizes, **depths, heads=2, dim_head=8).eval()
    with torch.no_grad(), record(model) as recording:
        model(torch.rand(1, 3, 3, 16, 16))
    linked = Linked(run_of(recording), kind="encoder spatial", colours=Colours("sqrt"))
    body = linked_html(linked, linked.first(None, None)).decode()
    page.route("http://127.0.0.1/look.html", lambda route: route.fulfill(body=body))
    page.goto("http://127.0.0.1/look.html")
    top, strip = page.locator("canvas.top"), page.locator(".strip")
    expect(top).to_have_attribute("data-painted", PAINTED)
    expect(strip).to_have_attribute("data-painted", PAINTED)
    first = strip.get_attribute("data-total")
    strip.press("PageDown")
    expect(strip).to_have_attribute("data-picked", "1,0,0")
    expect(top).to_have_attribute("data-source", "look 0 0 1")
    expect(strip).not_to_have_attribute("data-total", first)
    np.testing.assert_allclose(float(strip.get_attribute("data-total")), 1, rtol=1e-3)


@pytest.mark.browser
def test_a_map_that_is_sent_by_queries_and_keys_is_right_and_coloured_by_hand(page):
    torch.manual_seed(0)
    model = MaskGit(
        dim=24, num_tokens=11, max_seq_len=128, depth=2, heads=2, dim_head=8, dim_context=7
    ).eval()
    with torch.no_grad(), record(model) as recording:
        model(torch.randint(0, 11, (1, 2, 8, 8)), context=torch.randn(1, 3, 7))
    linked = Linked(run_of(recording), kind="self", colours=Colours("sqrt"))
    at = linked.first(None, 1)
    header, parts = unpack(linked.map(at, in_file=True))
    assert header["factors"]["width"] == 8 and header["factors"]["bias"] and "codes" not in parts
    body = linked_html(linked, at).decode()
    page.route("http://127.0.0.1/look.html", lambda route: route.fulfill(body=body))
    page.goto("http://127.0.0.1/look.html")
    top, said = page.locator("canvas.top"), page.locator(".pv-map .said")
    expect(top).to_have_attribute("data-painted", PAINTED)
    weights = linked.records[0].map.full(0, 1)
    for row, column in [(0, 0), (3, 127), (64, 70), (127, 1)]:
        top.hover(position=cell_of(top, row, column, weights.shape))
        expect(top).to_have_attribute("data-key", str(column))
        assert number_in(said.text_content()) == float(shown(float(weights[row, column])))

    upper, strip = (
        page.get_by_role("slider", name="Upper end of the colours"),
        page.locator(".strip"),
    )
    own = strip.get_attribute("data-high")
    assert float(top.get_attribute("data-ends").split(",")[1]) == float(own)
    upper.press("ArrowDown")  # what is set on the map holds for the strip, and for another head
    expect(strip).not_to_have_attribute("data-high", own)
    by_hand = strip.get_attribute("data-high")
    assert top.get_attribute("data-ends") == f"0,{by_hand}"
    top.press("]")
    expect(top).to_have_attribute("data-source", "look 1 1 0")
    assert top.get_attribute("data-ends") == f"0,{by_hand}"
    upper.press("Escape")
    expect(top).not_to_have_attribute("data-ends", f"0,{by_hand}")
