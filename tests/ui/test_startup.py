"""What the server does before the first page is asked for never keeps it from starting."""

import socket
from dataclasses import replace

import pytest
from starlette.requests import Request

from phenaki_viz.checkpoints import save_model
from phenaki_viz.runs import model
from phenaki_viz.ui import startup
from phenaki_viz.ui.work import open_models, requests, run_cache
from tests.checkpoints.files import OURS

SHORT = replace(OURS, maskgit=replace(OURS.maskgit, max_seq_len=8))  # of one time step of 2 × 2


@pytest.mark.parametrize("config", [OURS, SHORT], ids=["ours", "short"])
def test_the_opening_model_is_shown_as_many_frames_as_it_takes(config, tmp_path, monkeypatch):
    file, shown = tmp_path / "model.safetensors", []
    save_model(file, config.build(), config)
    monkeypatch.setattr(open_models, "SHIPPED_MODEL", file)

    def watched(*args, **kwargs):
        made = model.run_model(*args, **kwargs)
        shown.append(made)
        return made

    monkeypatch.setattr(requests, "run_model", watched)
    monkeypatch.setattr(startup, "import_pages", lambda: None)  # they are, and it takes a moment
    open_models.shipped.clear()
    try:
        startup.warm_up()
        assert len(shown) == 1 and len(shown[0].recording)
        assert run_cache.shelf().get(startup.opening_request()) is shown[0]
    finally:
        open_models.shipped.clear()


@pytest.mark.parametrize("content", [b"", b"no weights"])
def test_a_model_that_cannot_be_opened_is_left_to_the_page(content, tmp_path, monkeypatch):
    file = tmp_path / "model.safetensors"
    file.write_bytes(content)
    monkeypatch.setattr(open_models, "SHIPPED_MODEL", file)
    open_models.shipped.clear()
    try:
        startup.warm_up()
    finally:
        open_models.shipped.clear()


def test_a_widget_that_an_overtaken_run_adds_ends_nobodys_look():
    from streamlit.runtime.state.session_state import Value, WStates

    startup.mend_states()
    states = WStates()
    for name in "abc":
        states[name] = Value(name)
    seen = []
    for name in states:
        seen.append(name)
        states[f"{name} more"] = Value(0)  # as the other thread does
    assert seen == ["a", "b", "c"] and len(states) == 6


@pytest.mark.parametrize(
    ("base", "query", "goes"),
    [
        ("", b"layer=1&say=two+left", "/?layer=1&say=two+left"),
        ("", b"", "/"),
        ("/under/here/", b"head=3", "/under/here/?head=3"),
    ],
)
def test_a_link_to_the_first_page_by_its_name_opens_it(monkeypatch, base, query, goes):
    monkeypatch.setattr(startup.st, "get_option", {"server.baseUrlPath": base}.get)
    (route,) = startup.front_routes()
    assert route.path == f"{goes.split('?')[0]}attention"
    scope = {"type": "http", "method": "GET", "path": route.path, "query_string": query,
             "headers": [(b"host", b"here")]}  # fmt: skip
    answer = route.endpoint(Request(scope))
    assert answer.status_code == 307 and answer.headers["location"] == goes


def test_the_first_page_is_the_first_in_the_script():
    script = startup.PAGE_SCRIPT.read_text()
    assert script.split("PAGES = {")[1].split('"')[1] == startup.FIRST_PAGE


def test_what_the_first_visitor_asks_for_is_there_already():
    from streamlit.testing.v1 import AppTest

    startup.warm_up()
    before = list(run_cache.shelf().things)
    page = AppTest.from_file(str(startup.PAGE_SCRIPT), default_timeout=120).run()
    assert not page.exception
    assert list(run_cache.shelf().things) == before and startup.opening_request() in before


def test_small_messages_do_not_wait_for_one_another():
    from asyncio import base_events

    startup.send_at_once()
    with socket.socket() as plain:  # as Streamlit makes the one that it listens on
        assert not plain.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        base_events._set_nodelay(plain)
        assert plain.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
