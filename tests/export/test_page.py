import json
import re
from functools import cache
from html.parser import HTMLParser

import pytest

from phenaki_viz.export import render
from phenaki_viz.export.page import needs_plotly
from phenaki_viz.figures import Axis
from tests.export.rendered import PICTURES, rendered
from tests.figures.samples import HOSTILE, heatmap

REMOTE = re.compile(r"""(?:src|href|url\()\s*=?\s*["']?\s*(?:https?:)?//""")


class Page(HTMLParser):
    """Every tag of a page, and the text of its script elements apart."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.scripts: list[str] = []
        self.inside = ""
        self.title = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside == "script":
            self.scripts[-1] += data
        if self.inside == "title":
            self.title += data


@cache
def page_of(kind: str) -> Page:
    return Page(rendered(kind, "html").decode())


@cache
def hostile_page() -> Page:
    return Page(render(hostile(), "html").decode())


def hostile():
    evil = "".join(HOSTILE) + "</script><script>evil()</script>"
    return heatmap(
        title=evil,
        notes=(evil,),
        provenance={"prompt": evil},
        unit=evil,
        key=Axis(title=evil, names=HOSTILE),
        wrong=(4,),
    )


@pytest.mark.parametrize("kind", PICTURES)
def test_nothing_is_asked_from_outside(kind):
    page = page_of(kind)
    for _, attributes in page.tags:
        assert not {"src", "href", "action", "srcset"} & attributes.keys()
    own = [script for script in page.scripts if "plotly.js v" not in script]
    assert not any(REMOTE.search(script) for script in own)
    if needs_plotly(PICTURES[kind]):
        assert '"showSendToCloud": false' in own[-1] and '"displaylogo": false' in own[-1]


def test_the_browser_is_told_to_ask_for_nothing():
    policy = next(a["content"] for tag, a in page_of("Heatmap").tags if "http-equiv" in a)
    assert policy.startswith("default-src 'none'") and "http" not in policy
    first_script = [tag for tag, _ in page_of("Heatmap").tags].index("script")
    assert any("http-equiv" in a for _, a in page_of("Heatmap").tags[:first_script])


def test_hostile_words_open_no_element():
    tags, plain = hostile_page().tags, page_of("Heatmap").tags
    assert [tag for tag, _ in tags] == [tag for tag, _ in plain]
    assert not any(name.startswith("on") for _, attributes in tags for name in attributes)


def test_hostile_words_are_in_title_and_record_as_they_are():
    picture = hostile()
    page = hostile_page()
    assert page.title == picture.title
    record = next(
        script
        for (tag, attributes), script in zip(
            [tag for tag in page.tags if tag[0] == "script"], page.scripts, strict=True
        )
        if attributes.get("id") == "provenance"
    )
    assert json.loads(record) == picture.provenance and "<" not in record


def test_title_and_notes_of_a_map_can_be_read_without_a_script():
    text = rendered("Heatmap", "html").decode()
    assert "<h1>L3 H5 · self attention</h1>" in text
    assert "<p>colour linear from 0 to 0.8, ends from this head</p>" in text


@pytest.mark.parametrize("kind", ["HeadGrid", "FilmStrip"])
def test_title_and_notes_of_a_grid_and_a_strip_too(kind):
    text = rendered(kind, "html").decode()
    assert f"<h1>{PICTURES[kind].title}</h1>" in text
    assert f"<p>{PICTURES[kind].notes[0]}</p>" in text
    assert len(text) < 110_000


def test_title_and_notes_of_curves_are_on_the_page():
    text = page_of("Curves").scripts[-1]
    assert PICTURES["Curves"].title.partition(":")[0] in text
    assert PICTURES["Curves"].notes[0] in text
