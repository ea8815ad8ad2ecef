"""Pages share a process and a cache, and nothing else."""

import pytest

from tests.browser_fixtures import KEPT, free_port, watched_page

pytestmark = pytest.mark.browser
STORE = """() => {
  const found = [localStorage.length, sessionStorage.length, document.cookie];
  localStorage.setItem("one", "1");
  sessionStorage.setItem("two", "2");
  document.cookie = "three=3";
  return found;
}"""


def test_a_page_finds_nothing_of_the_one_before_it(room):
    address = f"http://127.0.0.1:{free_port()}/"
    for _ in range(2):
        with watched_page(room.new_page()) as page:
            page.route(address, lambda request: request.fulfill(body="", content_type="text/html"))
            page.goto(address)
            assert page.evaluate(STORE) == [0, 0, ""]
            assert page.evaluate(STORE) == [1, 1, "three=3"]
    (idle,) = room.pages
    assert idle.url == KEPT
