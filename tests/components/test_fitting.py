"""Texts in boxes of a fixed size: clipped where they do not fit, whatever is said in between."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

import phenaki_viz.browser

pytestmark = pytest.mark.browser
HOME = Path(phenaki_viz.browser.__file__).parent
PAGE = "<style>#box { display: block; width: 90px; white-space: nowrap }</style><div id=box></div>"
# Said again in the frame after the one in which it was clipped, before anything else is seen.
TWICE = """async () => {
  const { renewWithin } = await import("/page/fitting.js");
  const box = document.querySelector("#box");
  const frame = () => new Promise(requestAnimationFrame);
  const said = "a line that is much longer than its box";
  renewWithin(box, said);
  await frame();
  await frame();
  const first = box.classList.contains("over");
  for (let at = 0; at < 3; at++) { renewWithin(box, said); await frame(); }
  await frame();
  const again = box.classList.contains("over");
  renewWithin(box, "short");
  await frame();
  await frame();
  return [first, again, box.classList.contains("over")];
}"""


def test_a_line_that_is_said_again_at_once_stays_clipped(page):
    def answer(route):
        path = urlsplit(route.request.url).path
        if path == "/":
            route.fulfill(body=PAGE, content_type="text/html")
        else:
            route.fulfill(path=HOME / path[1:], content_type="text/javascript")

    page.route("http://127.0.0.1:9/**", answer)
    page.goto("http://127.0.0.1:9/")
    assert page.evaluate(TWICE) == [True, True, False]
