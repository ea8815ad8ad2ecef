"""Text from outside in a real browser: shown letter by letter, and no request leaves the page."""

import re
import urllib.error
import urllib.request
from dataclasses import replace
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from phenaki_viz.data import read_prompt, sample_clip
from phenaki_viz.figures.words import LONGEST_WORD, plain
from phenaki_viz.models.dial import DialConfig
from phenaki_viz.runs.dialled import run_dialled
from phenaki_viz.runs.files import save_recording
from tests.browser_fixtures import settle
from tests.journeys.conftest import APP
from tests.journeys.gestures import the_map
from tests.ui.test_gone import gif
from tests.ui.test_markup import CRAFTED, REMOTE
from tests.waiting import PATIENCE, eventually

pytestmark = pytest.mark.browser

WORDS = [word for word in CRAFTED if " " not in word and "\u202e" not in word]
SAY = quote(" ".join(WORDS))
# What markup would have made of it, in what Streamlit draws itself: link, picture, formula, icon.
# The frames of a clip are pictures too, of this server and in boxes of their own.
MADE = """() => [...document.querySelectorAll(
  "[data-testid=stMain] *, [data-testid=stSidebar] *")].filter(e =>
    e.matches(".katex, strong b, b, del, em, ol, ul, blockquote, h1 h1, hr") ||
    e.matches("a:not([href^='#']):not([data-testid=stPageLink-NavLink])") ||
    (e.matches("code") && !e.closest("pre")) ||
    (e.matches("img") && !(e.closest("[data-testid=stImage]") &&
      e.src.startsWith(location.origin + "/media/"))) ||
    (e.dataset.testid === "stMarkdownContainer" && /[🏠😄]/u.test(e.textContent)))
  .map(e => e.outerHTML.slice(0, 150))"""


def made_of(page):
    return page.evaluate(MADE)


PLACES = [
    f"/?source=Dial&maps=Cross&depth=1&heads=2&prompt={SAY}",
    f"/text?source=Trained&say={SAY}&against={quote('two ')}{SAY}",
    f"/sampling?source=Trained&decoding=1&say={SAY}",
]


def _shows_every_word(page):
    said = page.get_by_test_id("stMain").inner_text().replace("\u2060", "")
    read = WORDS[:7]  # later ones are no keys: this model reads no more words
    assert [word for word in read if word not in said] == []


@pytest.mark.parametrize("place", PLACES, ids=("attention", "text", "sampling"))
def test_a_prompt_is_shown_letter_by_letter(open_app, place):
    page = open_app(place)
    page.wait_for_load_state("networkidle")
    assert made_of(page) == []
    if "/text" in place:
        eventually(lambda: _shows_every_word(page))


def test_the_words_of_a_recordings_header_too(open_app, tmp_path):
    config = DialConfig(heads=1, depth=1, dim=16, dim_head=8, frames=3, height=16, width=16)
    run = run_dialled(config, sample_clip(), read_prompt("a b"))
    crafted = " ".join(CRAFTED)
    recording = run.recording
    recording.records = [
        replace(record, words=(f"![x]({REMOTE})", "**b** $x$ :smile:")) if record.words else record
        for record in recording.records
    ]
    recording.provenance |= {"random_weights": False, "trained": crafted, "weights_digest": crafted}
    run = replace(run, clip=replace(run.clip, name=crafted), prompt=read_prompt(crafted))
    path = save_recording(tmp_path / "crafted.safetensors", run)
    page = open_app("/text?source=Your+own")
    page.get_by_role("textbox", name="or a file on this machine").fill(str(path))
    page.get_by_role("textbox", name="or a file on this machine").press("Enter")
    cut = plain(f"![x]({REMOTE})", LONGEST_WORD).replace(":", ":\u2060")
    expect(page.get_by_role("radio", name=cut)).to_be_visible()
    settle(page)
    page.wait_for_load_state("networkidle")
    assert made_of(page) == []


def test_the_name_of_an_upload_too(open_app):
    page = open_app("/?source=Trained")
    page.get_by_text("Your own clip").first.click()
    name = f"![x]({REMOTE.replace('/', '.')}) **b** $x^2$ :smile: <img src=x>.gif"
    box = page.locator("input[type=file]").first
    box.set_input_files({"name": name, "mimeType": "image/gif", "buffer": gif()})
    clip = page.get_by_role("combobox", name="Clip", exact=True)
    expect(clip).to_have_value(re.compile(r"Your own: !\[x\]"))
    settle(page)
    assert made_of(page) == []
    page.reload()
    settle(page)
    expect(page.get_by_text("The clip of this link is not here", exact=False)).to_be_visible()
    assert made_of(page) == []


def test_what_the_server_says_of_its_pages(served):
    address = served(APP)
    for path in ("/", "/text", "/_stcore/health", "/phenaki-viz/plotly.min.js"):
        with urllib.request.urlopen(address + path, timeout=PATIENCE) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
            scripts = next(rule for rule in policy.split("; ") if rule.startswith("script-src"))
            assert "unsafe" not in scripts and "http" not in policy
            assert answer.headers["X-Frame-Options"] == "DENY"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_another_name_is_told_what_to_do(served):
    address = served(APP)
    asked = urllib.request.Request(f"{address}/", headers={"Host": "mybox.example:8501"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(asked, timeout=PATIENCE)
    said = refused.value.read().decode()
    assert refused.value.code == 421
    assert "phenaki-viz app --allow-host mybox.example" in said
    assert "127.0.0.1, localhost" in said


def test_the_browser_itself_refuses_what_would_leave(served, room):
    """With the gate out of the way: whatever a script asks another server for is not asked."""
    page, asked = room.new_page(), []  # unwatched: what is refused is said on its console
    page.goto(served(APP))
    settle(page)
    page.route(
        "**://198.51.100.7/**", lambda route: (asked.append(route.request.url), route.abort())
    )
    blocked = page.evaluate(
        """async (remote) => {
          const blocked = [];
          document.addEventListener("securitypolicyviolation", (e) => blocked.push(e.blockedURI));
          const image = document.body.appendChild(new Image());
          await new Promise((done) => { image.onerror = image.onload = done; image.src = remote; });
          await fetch(remote + "?fetched").catch(() => null);
          while (blocked.length < 2) await new Promise((done) => setTimeout(done, 20));
          return blocked;
        }""",
        REMOTE,
    )
    page.close()
    assert blocked == [REMOTE, f"{REMOTE}?fetched"]
    assert asked == []


def test_a_link_with_absurd_numbers_shows_the_page_and_says_so(open_app):
    page = open_app(f"/?layer={'9' * 400}&row=NaN&head=Infinity&depth=1&heads=2")
    expect(the_map(page)).to_be_visible()
    expect(page.get_by_text("A part of the link cannot be read", exact=False)).to_be_visible()
    expect(page.get_by_text("layer (whole number), row (whole number), head (")).to_be_visible()
    assert "99999" not in page.url
    page.go_back()
    settle(page)
    assert page.get_by_test_id("stException").count() == 0


def test_a_word_that_stands_twice_is_two_words(open_app):
    page = open_app("/text?source=Trained&say=two+moving+right+and+two+moving+left")
    second = page.get_by_role("radio", name="two (2nd)")
    second.click()
    page.wait_for_url("**word=6**")
    expect(page.get_by_role("heading", name="“two (2nd)”")).to_be_visible()
    expect(second).to_have_attribute("aria-checked", "true")
    expect(page.get_by_role("radio", name="two (1st)")).to_have_attribute("aria-checked", "false")
    page.reload()
    settle(page)
    expect(page.get_by_role("heading", name="“two (2nd)”")).to_be_visible()
    expect(page.get_by_role("radio", name="two (2nd)")).to_have_attribute("aria-checked", "true")
