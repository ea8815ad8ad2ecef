"""What a person does with the trained model, in a real browser."""

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from phenaki_viz.data import read_prompt
from phenaki_viz.runs.sampled import Sampling, sample
from phenaki_viz.ui.source.trained import CAPTIONS
from phenaki_viz.ui.views.sampling_controls import SEED
from tests.browser_fixtures import into_view, moving, settle
from tests.checkpoints.files import PHENAKI, tensors, weights
from tests.components.gestures import press
from tests.history import values_on_next_page, were_shown
from tests.journeys.conftest import APP
from tests.journeys.gestures import again, model, number, recorded_trained, the_map
from tests.waiting import PATIENCE, eventually, shown, until

pytestmark = pytest.mark.browser


def strip_cell(page: Page, strip, step: int, row: int, column: int) -> tuple[float, float]:
    """The middle of a patch in the first frame of a time step."""
    canvas = strip.locator("figure").nth(step).locator("canvas").first
    into_view(canvas)
    box = canvas.bounding_box()
    return box["x"] + (column + 0.5) * box["width"] / 6, box["y"] + (row + 0.5) * box["height"] / 6


def test_a_word_chosen_before_the_scripts_came_is_laid_over_the_video_when_they_do(served, page):
    """A slow line: the page is there and used, and every panel waits for its script."""
    held = []
    page.route("**/phenaki-viz/**", lambda request: held.append(request))
    page.goto(served(APP) + "/text?source=Trained&layer=2&head=1")
    page.get_by_role("radio", name="right", exact=True).click(timeout=1000 * PATIENCE)
    page.wait_for_url("**word=4**", timeout=1000 * PATIENCE)
    settle(page)
    for request in held:
        request.continue_()
    page.unroute("**/phenaki-viz/**")  # what is asked for from now on comes at once
    shown(page, "L2 H1 reads “right”")
    assert held
    strip = page.locator(".st-key-word-strip .strip")
    until(
        page,
        lambda: page.mouse.move(*strip_cell(page, strip, 3, 2, 4)),
        lambda: strip.get_attribute("data-patch") == "3,2,4",
    )
    exact = recorded_trained("maskgit.transformer.layers.2.2").map.full(0, 1)[3 * 36 + 2 * 6 + 4]
    word = 2 + CAPTIONS[0].split().index("right")
    read = float(strip.get_attribute("data-weight"))
    assert read == pytest.approx(float(exact[word]), abs=1e-6)
    again(page)
    shown(page, "L2 H1 reads “right”")
    a_wrong_word_costs_nats(page)


def a_wrong_word_costs_nats(page):
    box = page.get_by_role("textbox", name="Compare with this text")
    box.fill("two moving left quickly")
    box.press("Enter")
    settle(page)
    expect(page.get_by_text("“two moving left quickly”", exact=False).first).to_be_visible()
    expect(page.get_by_test_id("stMetric").first).to_contain_text("→")


PLAY = "Play the decoding steps"
# The step that the player shows, and what is said of it in the same paint, from now on.
SAID = """(strip) => {
  const said = strip.getRootNode().querySelector(".at");
  const note = () => window.said.push([Number(strip.dataset.step) + 1, said.textContent]);
  window.said = [];
  new MutationObserver(note).observe(strip, { attributeFilter: ["data-step"] });
}"""


def test_the_decoding_steps_are_scrubbed_played_and_clicked(open_app, page):
    button, steps = (values_on_next_page(page, name) for name in ("aria-label", "data-step"))
    moving(page)
    open_app("/sampling?source=Trained")
    strip = page.locator(".strip").first
    expect(strip).to_be_visible()
    eventually(lambda: were_shown(button, "Pause", PLAY))  # played once, by itself
    were_shown(steps, "0", "17")
    expect(strip).to_have_attribute("data-step", "17")
    expect(page.get_by_role("heading", name="Attention at decoding step 18")).to_be_visible()
    scrub = page.get_by_label("Decoding step", exact=True)
    scrub.focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    expect(strip).to_have_attribute("data-step", "14")
    expect(page.get_by_role("heading", name="Attention at decoding step 15")).to_be_visible()
    until(
        page,
        lambda: page.mouse.move(*strip_cell(page, strip, 2, 3, 4)),
        lambda: strip.get_attribute("data-token") == "2,3,4",
    )
    press(page)
    expect(strip).to_have_attribute("data-token", "2,3,4")
    made = sample(model(), read_prompt(CAPTIONS[0]), Sampling(seed=SEED))
    read = float(strip.get_attribute("data-confidence"))
    assert read == pytest.approx(float(made.steps[14].confidence[2, 3, 4]), abs=1e-6)
    settle(page)
    expect(number(page, "Time")).to_have_value("2")
    expect(number(page, "Column")).to_have_value("4")
    page.keyboard.press("Escape")
    strip.evaluate(SAID)
    page.get_by_role("button", name=PLAY).click()
    eventually(lambda: were_shown(button, "Pause", PLAY, "Pause", PLAY))
    told = page.evaluate("window.said")
    assert {step for step, _ in told} == set(range(15, 19))
    assert all(text.startswith(f"Decoding step {step} of 18 fills in") for step, text in told)
    expect(page.get_by_text("of 18 fills in")).to_have_count(1)
    expect(strip).to_have_attribute("data-step", "17")
    expect(page.get_by_role("heading", name="Attention at decoding step 18")).to_be_visible()
    page.get_by_role("radio", name="Without the text").click()
    page.wait_for_url("**branch=**")
    shown(page, "attention")


@pytest.mark.parametrize(("link", "word"), [("", "2: two"), ("&word=4", "4: right")])
def test_the_word_that_is_looked_from_goes_along_to_another_page(open_app, link, word):
    """There it is another box, which began with the first null key."""
    page = open_app(f"/?source=Trained{link}")
    box = page.get_by_label("Word", exact=True)
    expect(box).to_have_value(word)
    page.get_by_test_id("stTopNav").get_by_role("link", name="Sampling").click()
    page.wait_for_url("**/sampling*")
    expect(page.get_by_role("heading", name="Attention at decoding step 18")).to_be_visible()
    expect(box).to_have_value(word)
    assert ("word=4" in settle(page).url) == bool(link)


def test_sampling_shows_progress_and_can_be_cancelled(open_app):
    page = open_app("/sampling?source=Trained&decoding=4")
    expect(page.locator(".strip").first).to_be_visible()
    steps = page.get_by_test_id("stSlider").filter(has_text="Decoding steps").locator("input")
    steps.focus()
    page.keyboard.press("End")  # 48 steps: seconds
    cancel = page.get_by_role("button", name="Cancel")
    cancel.click(timeout=1000 * PATIENCE)
    expect(page.get_by_text("Sampling was cancelled.")).to_be_visible()
    page.get_by_role("button", name="Sample", exact=True).click()
    expect(page.locator(".strip").first).to_be_visible()
    expect(page.get_by_role("heading", name="Attention at decoding step 48")).to_be_visible()


def test_the_browsers_back_leads_to_the_page_as_it_was_left(open_app):
    page = open_app("/sampling?source=Trained&decoding=4")
    expect(page.get_by_role("heading", name="Attention at decoding step 4")).to_be_visible()
    page.get_by_test_id("stTopNav").get_by_role("link", name="Heads").click()
    page.wait_for_url("**/heads*")
    expect(page.get_by_text("Look at cross").first).to_be_visible()
    page.go_back()
    page.wait_for_url("**/sampling?*decoding=4*")
    steps = page.get_by_test_id("stSlider").filter(has_text="Decoding steps").locator("input")
    expect(steps).to_have_value("4")
    expect(page.get_by_role("heading", name="Attention at decoding step 4")).to_be_visible()
    page.go_forward()
    page.wait_for_url("**/heads*")


def test_the_sampled_clip_is_taken_away_and_carried(open_app):
    page = open_app("/sampling?source=Trained&decoding=4")
    button = page.get_by_role("button", name="Video as GIF")
    expect(button).to_be_visible()
    with page.expect_download() as download:
        button.click()
    assert download.value.suggested_filename == f"{CAPTIONS[0].replace(' ', '-')}.gif"
    assert download.value.path().read_bytes()[:6] == b"GIF89a"
    page.get_by_role("button", name="Look at this clip on the other pages").click()
    expect(page.get_by_text("The other pages now show the sampled clip.")).to_be_visible()
    page.get_by_test_id("stTopNav").get_by_role("link", name="Attention").click()
    settle(page)
    clip = page.get_by_test_id("stSidebar").get_by_role("combobox", name="Clip")
    expect(clip).to_have_value("sampled: " + CAPTIONS[0])
    expect(the_map(page)).to_be_visible()


def test_a_head_is_switched_off_and_on(open_app):
    page = open_app("/?source=Trained&maps=Cross&layer=2&head=1")
    page.get_by_role("button", name="Switch off", exact=True).click()
    main = page.get_by_test_id("stMain")  # the sidebar's line of what made the maps says it, too
    expect(main.get_by_text("1 head off")).to_be_visible()
    page.wait_for_url("**off=**")
    expect(page.get_by_test_id("stMetric").first).to_contain_text("against")
    page.get_by_text("Depth: cut layers away").click()
    page.get_by_role("slider", name="MaskGit: layers kept").focus()
    page.keyboard.press("ArrowLeft")
    expect(main.get_by_text("1 head off, MaskGit cut to 3 layers")).to_be_visible()
    page.get_by_role("button", name="Switch all on").click()
    expect(page.get_by_test_id("stMetric")).to_have_count(0)
    assert "off=" not in page.url and "kept_" not in page.url


def test_a_checkpoint_is_opened_and_a_bad_one_refused(open_app, tmp_path):
    page = open_app("/?source=Your+own&maps=Self")
    chooser = page.get_by_test_id("stFileUploader").first.locator("input[type=file]")
    good = tmp_path / "mine.safetensors"
    good.write_bytes(tensors(weights(PHENAKI)))
    chooser.set_input_files(good)
    expect(the_map(page)).to_be_visible()
    expect(page.get_by_text("Phenaki, ", exact=False).first).to_be_visible()
    page.get_by_text("Assumed:", exact=False).click()
    expect(page.get_by_text("cvivit.causal")).to_be_visible()
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes(good.read_bytes()[:-999])
    chooser.set_input_files(bad)
    expect(page.get_by_text("This file cannot be opened.")).to_be_visible()
    expect(page.get_by_text("is incomplete: its header promises", exact=False)).to_be_visible()
    expect(the_map(page)).to_be_visible()


def test_a_dialled_model_learns_in_the_page(open_app):
    page = open_app(
        "/train?heads=2&depth=1&dim=32&dim_head=8&size=32&frames=5&train_steps=30&train_batch=2"
    )
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text("Finished", exact=False).first).to_be_visible()
    expect(page.locator("canvas[data-tiles]").first).to_be_visible()


def test_the_way_from_the_trained_model_to_one_that_learns(open_app):
    page = open_app("/train?source=Trained")
    expect(page.get_by_text("On one CPU core, with 52 min", exact=False)).to_be_visible()
    expect(page.locator(".plotly .trace")).to_have_count(2)
    page.get_by_role("button", name="Dial a model and train it").click()
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible()
    page = open_app("/?heads=5&depth=1")
    page.get_by_role("link", name="Train this one").click()
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible()
    page.wait_for_url("**/train?*heads=5*")


def test_recorded_maps_are_distributions():
    full = recorded_trained("maskgit.transformer.layers.2.2").map.full(0, 1)
    np.testing.assert_allclose(full.sum(axis=1), 1, atol=1e-5)


def test_a_word_stays_chosen_from_page_to_page(open_app):
    """Two kinds of box ask for it; none may read what the other left as another word."""
    page = open_app("/?source=Trained")
    shown(page, "“two”")
    page.get_by_role("link", name="Text", exact=True).click()
    shown(page, "L1 H3 reads “two”")
    page.get_by_role("radio", name="right", exact=True).click()
    shown(page, "reads “right”")
    page.get_by_role("link", name="Attention", exact=True).click()
    shown(page, "L1 H3, cross")
    expect(page.get_by_text("reads “right”").first).to_be_visible()
