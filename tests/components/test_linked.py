"""A film strip, its map and pinned maps that show one selection and answer each other at once."""

import numpy as np
import pytest
from playwright.sync_api import expect

from phenaki_viz.analysis.overlay import combined
from tests.components import planted
from tests.components.gestures import (
    click_cell,
    coloured,
    drag_to_patch,
    drawn,
    map_canvas,
    patch_at,
    point_until_steady,
    runs,
)
from tests.components.gestures import click_patch as click
from tests.components.gestures import to_patch as to
from tests.history import values_of, were_shown, words_of
from tests.waiting import at_rest, eventually, frames

pytestmark = pytest.mark.browser
ATTN = planted.attention(3, 1)


def row_of(*place):
    return int(np.ravel_multi_index(place, planted.GRID))


@pytest.fixture
def linked(demo):
    def opened(more=""):
        page = demo(f"show=linked{more}")
        page.set_viewport_size({"width": 1280, "height": 1900})
        strip, shown = page.locator(".strip"), map_canvas(page)
        key = row_of(2, 4, 4) if "side=column" in more else ""
        expect(strip).to_have_attribute("data-picked", "2,4,4")
        expect(shown).to_have_attribute("data-picked", f"{row_of(2, 4, 4)},{key}")
        return page, strip, shown

    return opened


def total(strip):
    return float(strip.get_attribute("data-total"))


def test_the_pointer_is_followed_without_asking_until_a_click_holds_the_patch(linked):
    page, strip, shown = linked("&follow=1")
    expect(strip).to_have_attribute("data-follows", "true")
    to(page, 4, 5, 2)
    expect(strip).to_have_attribute("data-looked", "2.5.2")
    own = float(strip.get_attribute("data-weight"))
    assert own == pytest.approx(ATTN[row_of(2, 5, 2), row_of(2, 5, 2)], abs=1e-6)
    expect(shown).to_have_attribute("data-guide", f"{row_of(2, 5, 2)},")
    expect(page.locator(".title")).to_contain_text("time 2, row 5, column 2 looks at")
    most = int(ATTN[row_of(2, 5, 2)].argmax())
    t, h, w = np.unravel_index(most, planted.GRID)
    said = page.locator(".panel:has(.strip) output.said")
    expect(said).to_contain_text(f"most at time {t}, row {h}, column {w}")
    assert runs(page, "linked") == 1
    page.mouse.click(*patch_at(page, 4, 5, 2))
    expect(page.get_by_text("linked has [(2, 5, 2)]", exact=False)).to_be_visible()
    expect(strip).to_have_attribute("data-locked", "true")
    to(page, 0, 0, 0)
    expect(strip).to_have_attribute("data-looked", "2.5.2")
    read = float(strip.get_attribute("data-weight"))
    assert read == pytest.approx(ATTN[row_of(2, 5, 2), 0], abs=1e-6)
    page.keyboard.press("Escape")
    expect(strip).to_have_attribute("data-follows", "true")


def test_a_click_is_shown_before_python_answers_by_all_pictures(linked):
    page, strip, shown = linked()
    to(page, 7, 1, 6)
    seen = page.evaluate(
        """([strip, map]) => {
          const target = strip.querySelectorAll(".frames canvas")[7];
          const { width, height } = target.getBoundingClientRect();
          const offset = { offsetX: (6.5 * width) / 8, offsetY: (1.5 * height) / 8 };
          const event = new MouseEvent("click", { bubbles: true, composed: true });
          for (const [name, value] of Object.entries(offset))
            Object.defineProperty(event, name, { value });
          target.dispatchEvent(event);
          return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() =>
            done([strip.dataset.looked, map.dataset.picked, Number(strip.dataset.total)]))));
        }""",
        [strip.element_handle(), shown.element_handle()],
    )
    assert seen[:2] == ["4.1.6", f"{row_of(4, 1, 6)},"]
    assert seen[2] == pytest.approx(1, abs=1e-4)
    expect(page.get_by_text("linked has [(4, 1, 6)]", exact=False)).to_be_visible()


def test_patches_are_added_taken_away_and_put_together(linked):
    page, strip, shown = linked()
    click(page, 7, 1, 6, shift=True)
    click(page, 0, 3, 3, shift=True)
    expect(strip).to_have_attribute("data-also", "4.1.6_0.3.3")
    added = f"{row_of(4, 1, 6)},{row_of(0, 3, 3)}"
    expect(shown).to_have_attribute("data-also", added)
    expect(page.locator(".title")).to_contain_text("3 patches look at (mean)")
    assert total(strip) == pytest.approx(1, abs=1e-4)
    page.locator(".own select").select_option("sum")
    expect(page.get_by_text("sum key", exact=False)).to_be_visible()
    rows = [ATTN[row_of(*at)].reshape(planted.GRID) for at in [(2, 4, 4), (4, 1, 6), (0, 3, 3)]]
    expect(page.locator(".title")).to_contain_text("(sum)")
    assert total(strip) == pytest.approx(3, abs=1e-4)
    to(page, 2, 6, 1)
    read = float(strip.get_attribute("data-weight"))
    assert read == pytest.approx(combined(np.stack(rows), "sum")[1, 6, 1], abs=3e-6)
    click(page, 7, 1, 6, shift=True)
    expect(strip).to_have_attribute("data-also", "0.3.3")
    page.keyboard.press("Escape")
    expect(strip).to_have_attribute("data-also", "")
    expect(page.get_by_text("linked has [(2, 4, 4)]", exact=False)).to_be_visible()


def test_a_box_is_drawn_over_patches(linked):
    page, strip, _ = linked()
    to(page, 3, 1, 2)
    page.mouse.down()
    drag_to_patch(page, 4, 2, 4)
    page.mouse.up()
    wanted = [(2, h, w) for h in (1, 2) for w in (2, 3, 4)]
    expect(page.get_by_text(f"linked has {wanted} mean", exact=False)).to_be_visible()
    expect(page.locator(".title")).to_contain_text("6 patches look at")
    assert total(strip) == pytest.approx(1, abs=1e-4)


def test_too_many_patches_are_refused_in_words(linked):
    page, strip, _ = linked()
    for frame in (0, 1, 5):
        to(page, frame, 0, 0)
        page.keyboard.down("Shift")
        page.mouse.down()
        drag_to_patch(page, frame, 7, 7)
        page.mouse.up()
        page.keyboard.up("Shift")
        if frame:
            said = page.locator(".panel:has(.strip) output.said")
            expect(said).to_contain_text("at most 128 patches together")
    assert len(strip.get_attribute("data-also").split("_")) == 64


def test_a_cell_picked_on_the_map_is_seen_on_the_strip_as_query_and_key(linked):
    page, strip, shown = linked()
    click_cell(shown, row_of(1, 2, 3), row_of(3, 6, 5))
    expect(strip).to_have_attribute("data-picked", "1,2,3")
    expect(strip).to_have_attribute("data-key", "3,6,5")
    expect(page.get_by_text("linked has [(1, 2, 3)]", exact=False)).to_be_visible()
    point_until_steady(shown, row_of(0, 1, 1), row_of(4, 7, 0))
    expect(strip).to_have_attribute("data-guides", "query 0,1,1 key 4,7,0")
    expect(strip).to_have_attribute("data-looked", "1.2.3")


def test_a_column_is_followed_where_the_direction_is_who_looks_at_it(linked):
    page, strip, shown = linked("&follow=1&side=column")
    expect(strip).to_have_attribute("data-follows", "true")
    to(page, 4, 5, 2)
    expect(strip).to_have_attribute("data-looked", "2.5.2")
    assert total(strip) == pytest.approx(ATTN[:, row_of(2, 5, 2)].sum(), rel=1e-4)
    expect(shown).to_have_attribute("data-guide", f",{row_of(2, 5, 2)}")


def test_a_walk_shows_every_patch_in_turn_and_tells_python_once_at_its_end(linked):
    page, strip, shown = linked()
    of_strip, of_map = (values_of(one, "data-picked") for one in (strip, shown))
    strip.focus()
    page.keyboard.press(" ")
    expect(page.locator(".panel:has(.strip)")).to_have_attribute("data-playing", "true")
    eventually(lambda: were_shown(of_strip, "4,4,4", "1,4,4"))  # once around
    eventually(lambda: were_shown(of_map, f"{row_of(4, 4, 4)},"))
    assert runs(page, "linked") == 1
    page.keyboard.press(" ")
    expect(page.locator(".panel:has(.strip)")).to_have_attribute("data-playing", "false")
    stopped = tuple(map(int, strip.get_attribute("data-picked").split(",")))
    expect(page.get_by_text(f"linked has [{stopped}]", exact=False)).to_be_visible()
    # A walk that ends where it began shows these words before Python has answered.
    expect(page.get_by_text("linked runs 2", exact=True)).to_be_visible()
    at_rest(page)
    assert runs(page, "linked") == 2


def test_the_way_and_the_pace_of_the_walk_are_kept(linked):
    page, strip, _ = linked()
    page.get_by_label("Way of the walk").select_option("row")
    expect(page.get_by_text("'along': 'row'", exact=False)).to_be_visible()
    seen = values_of(strip, "data-picked")
    page.get_by_role("button", name="Walk").click()
    eventually(lambda: were_shown(seen, "2,4,7", "2,4,1"))
    page.get_by_role("button", name="Pause").click()


def test_a_walk_over_a_large_map_waits_for_python_at_every_patch(linked):
    page, strip, _ = linked("&apart=1")
    expect(page.get_by_role("button", name="Follow pointer")).to_be_disabled()
    answers = words_of(page, "linked has ")
    page.get_by_role("button", name="Walk").click()
    eventually(lambda: were_shown(answers, *[f"linked has [({t}, 4, 4)]" for t in (3, 4, 0)]))
    page.get_by_role("button", name="Pause").click()
    at_rest(page)
    stopped, ran = strip.get_attribute("data-picked"), runs(page, "linked")
    frames(page, 30)  # half a second: six steps of a walk that goes on
    assert strip.get_attribute("data-picked") == stopped and runs(page, "linked") == ran


def test_weights_are_shown_beside_the_frames_when_asked(linked):
    page, _, _ = linked()
    frame = page.locator(".strip .frames canvas").nth(3)
    over = coloured(frame)
    drawn(page, "apart").check()
    apart = page.locator(".strip .apart").nth(2)
    expect(apart).to_be_visible()

    def is_apart():
        assert coloured(frame) < 0.5 * over
        assert coloured(apart) > 0.5

    eventually(is_apart)
    assert page.locator(".strip .apart").count() == 5


@pytest.mark.parametrize("apart", ["", "&apart=1"])
def test_pinned_heads_show_the_chosen_row_over_the_frames(linked, apart):
    page, _, _ = linked(apart)
    films = page.locator(".pinned .film")
    expect(films).to_have_count(2)
    for at in (0, 1):
        expect(films.nth(at)).to_have_attribute("data-of", f"{row_of(2, 4, 4)},")
        assert float(films.nth(at).get_attribute("data-line")) == pytest.approx(1, abs=1e-4)
    click(page, 7, 1, 6)
    for at in (0, 1):
        expect(films.nth(at)).to_have_attribute("data-of", f"{row_of(4, 1, 6)},")
        expect(films.nth(at)).not_to_have_attribute("data-line", "")


def test_a_selection_from_python_reaches_all(linked):
    page, strip, shown = linked()
    page.get_by_role("button", name="corner").click()
    expect(strip).to_have_attribute("data-picked", "0,0,0")
    expect(shown).to_have_attribute("data-picked", "0,")
    expect(page.locator(".pinned canvas[role=img]").first).to_have_attribute("data-picked", "0,")


def test_a_masked_patch_lends_nothing_and_stays_without_colour(linked):
    page, strip, _ = linked("&causal=1&follow=1")
    to(page, 0, 3, 3)
    expect(strip).to_have_attribute("data-looked", "0.3.3")
    assert total(strip) == pytest.approx(1, abs=1e-4)
    page.mouse.click(*patch_at(page, 0, 3, 3))
    to(page, 8, 3, 3)
    expect(strip).to_have_attribute("data-weight", "NaN")


def test_a_click_does_not_send_frames_or_maps_again(demo, page):
    sizes = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda sent: sizes.append(sent)))
    demo("show=linked")
    page.set_viewport_size({"width": 1280, "height": 1900})
    expect(page.locator(".strip")).to_have_attribute("data-picked", "2,4,4")
    at_rest(page)
    sizes.clear()
    click(page, 7, 1, 6)
    expect(page.get_by_text("linked has [(4, 1, 6)]", exact=False)).to_be_visible()
    at_rest(page)
    assert sum(map(len, sizes)) < 30_000  # the map alone is 200 kB, the frames 20


def test_contrast_lowers_the_end_of_the_colours_and_says_so(linked):
    page, strip, _ = linked()
    end = float(before := strip.get_attribute("data-high"))
    drawn(page, "contrast").fill("4")
    expect(strip).not_to_have_attribute("data-high", before)
    assert float(strip.get_attribute("data-high")) == pytest.approx(end / 4, rel=1e-4)
    expect(page.locator(".panel:has(.strip) .legend")).to_contain_text("and above")
    assert runs(page, "linked") == 1
    page.keyboard.press("Escape")  # the controls lie over the frames
    click(page, 7, 1, 6)  # another patch, another end, the same contrast
    row = ATTN[row_of(4, 1, 6)]
    expect(page.get_by_text("linked has [(4, 1, 6)]", exact=False)).to_be_visible()
    assert float(strip.get_attribute("data-high")) == pytest.approx(row.max() / 4, rel=1e-3)
