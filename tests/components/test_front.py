"""Streamlit's files come from memory, as they are; its page names what it will need."""

import gzip
import re

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient
from streamlit.web.server.starlette.starlette_static_routes import (
    create_streamlit_static_assets_routes,
)

from phenaki_viz.ui.components import asset_routes, front
from phenaki_viz.ui.components.assets import PLOTLY_ADDRESS, script_address
from phenaki_viz.ui.components.painted import PAINTED_PATH

PAGE = {"accept": "text/html,application/xhtml+xml"}


@pytest.fixture(scope="module")
def asked() -> TestClient:
    """Streamlit's own routes behind `Front`."""
    routes = [*asset_routes(), *create_streamlit_static_assets_routes("")]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(front.Front)]))


@pytest.fixture(scope="module")
def as_it_was() -> TestClient:
    """Streamlit's own routes alone."""
    return TestClient(Starlette(routes=create_streamlit_static_assets_routes("")))


@pytest.mark.parametrize("kind", ["*.js", "*.css", "*.woff2"])
def test_a_file_is_what_it_was(asked, as_it_was, kind):
    file = min((front.STATIC / "static").rglob(kind))
    path = f"/{file.relative_to(front.STATIC).as_posix()}"
    ours, theirs = asked.get(path), as_it_was.get(path)
    assert ours.content == theirs.content == file.read_bytes()
    assert ours.headers["content-type"] == theirs.headers["content-type"]
    assert "immutable" in ours.headers["cache-control"]


FORMS = {"gzip": "gzip, deflate, br", "none": "identity"}


@pytest.mark.parametrize("takes", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("kind", ["*.js", "*.css", "*.woff2"])
def test_text_is_packed_for_who_takes_it(asked, kind, takes):
    file = max((front.STATIC / "static").rglob(kind), key=lambda path: path.stat().st_size)
    path = f"/{file.relative_to(front.STATIC).as_posix()}"
    answer = asked.get(path, headers={"accept-encoding": takes})
    assert answer.content == file.read_bytes()  # the client unpacks it
    packed = "gzip" in takes and not kind.endswith("woff2")
    assert answer.headers.get("content-encoding") == ("gzip" if packed else None)
    if packed:
        assert int(answer.headers["content-length"]) < 0.45 * len(answer.content)


@pytest.mark.parametrize("takes", FORMS.values(), ids=FORMS)
def test_so_are_plotly_and_our_own_script_and_the_page(asked, takes):
    as_asked = {"accept-encoding": takes}
    for path in (f"/{PLOTLY_ADDRESS}", f"/{script_address()}"):
        answer = asked.get(path, headers=as_asked)
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers.get("content-encoding") == ("gzip" if "gzip" in takes else None)
        assert answer.headers["content-type"].startswith("text/javascript")
        assert answer.text.rstrip().endswith(("}", ";"))
    page = asked.get("/", headers=PAGE | as_asked)
    assert front.links() in page.text
    assert page.headers.get("content-encoding") == ("gzip" if "gzip" in takes else None)


def test_the_same_bytes_are_packed_once(monkeypatch):
    front.keep_first_page()
    monkeypatch.setattr(gzip, "compress", None)
    front.keep_first_page()


@pytest.mark.parametrize("path", ["/static/js/none.js", "/static/../index.html", "/favicon.png"])
def test_another_file_is_left_to_streamlit(asked, as_it_was, path):
    ours, theirs = asked.get(path), as_it_was.get(path)
    assert (ours.status_code, ours.content) == (theirs.status_code, theirs.content)


@pytest.mark.parametrize("path", ["/", "/text", "/text?layer=1"])
def test_the_page_names_every_script_it_will_ask_for(asked, as_it_was, path):
    page = asked.get(path, headers=PAGE)
    links = re.findall(r'<link rel="modulepreload" crossorigin href="\./([^"]+)">', page.text)
    assert len(links) == len(set(links))
    for widget in front.WIDGETS:
        assert any(link.startswith(f"static/js/{widget}.") for link in links), widget
    assert all(asked.get(f"/{link}").status_code == 200 for link in links)
    without = page.text.replace(front.links(), "")
    assert without == as_it_was.get(path, headers=PAGE).text
    assert page.headers["cache-control"] == "no-cache"


def test_a_page_is_never_an_old_one(asked, as_it_was):
    known = {"if-none-match": as_it_was.get("/", headers=PAGE).headers["etag"]}
    assert as_it_was.get("/", headers=PAGE | known).status_code == 304
    assert asked.get("/", headers=PAGE | known).status_code == 200


def test_a_word_nobody_waits_for_is_heard(asked):
    assert asked.get(f"/{PAINTED_PATH}/none").status_code == 204
