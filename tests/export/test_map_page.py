"""A map as an HTML page: what is in it, and what a browser makes of it, from disk and offline."""

import base64
import hashlib
import json
import re
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import expect

from phenaki_viz.browser.axes import MapAxis, as_grid_axis, as_map_axis
from phenaki_viz.export import render
from phenaki_viz.figures import Axis, ColourScale
from tests.browser_fixtures import PAINTED
from tests.components.test_weight_codes import shown
from tests.export.test_page import Page, hostile
from tests.figures.samples import HOSTILE, heatmap, rows
from tests.sent import unpack

GRID = (3, 8, 8)
MOST_BYTES = 200_000  # of a map of 192 tokens


def grid_axis(title, grid=GRID, nulls=0, origin=(0, 0, 0)):
    """An axis as recordings name it."""
    axis = MapAxis(title=title, nulls=nulls, grid=grid, origin=origin)
    return Axis(title=title, names=tuple(axis.name(at) for at in range(axis.count)))


def large():
    """192 tokens, half of what a causal mask leaves."""
    values = rows(192, 192, seed=3)
    return heatmap(
        values=values,
        hidden=np.triu(np.ones((192, 192), bool), 100),
        query=grid_axis("query"),
        key=grid_axis("key"),
        scale=ColourScale(low=0, high=float(values.max()), law="sqrt"),
        uniform=np.full(192, 1 / 192, np.float32),
    )


def inflated(text):
    """What `deflated` made of a message, read back."""
    letters = text.translate(str.maketrans("./,", "<>&"))
    return zlib.decompress(base64.b85decode(letters))


def message_in(picture):
    """What the panel of its page is sent: header and arrays."""
    page = Page(render(picture, "html").decode())
    ((panel,),) = (json.loads(script) for script in page.scripts if script.startswith('[{"panel"'))
    return unpack(inflated(panel["data"]))


def test_weights_are_sent_with_what_is_masked_and_what_is_wrong():
    picture = heatmap(wrong=(4,))
    header, parts = message_in(picture)
    values = parts["values"].reshape(5, 7)
    seen = ~picture.hidden
    seen[4] = False
    np.testing.assert_array_equal(values[seen], picture.values[seen])
    assert np.isnan(values[0, 5:]).all() and np.isinf(values[4]).all()
    assert header["unit"] == "attention weight"


def test_left_out_cells_are_painted_over():
    left_out = np.zeros((5, 7), bool)
    left_out[2, :3] = True
    header, parts = message_in(heatmap(left_out=left_out))
    kept = np.unpackbits(parts["keptBits"])[:35].reshape(5, 7)
    np.testing.assert_array_equal(kept == 0, left_out)
    assert header["rowFilter"]["said"] == []


def test_only_the_one_script_may_run():
    page = Page(render(heatmap(), "html").decode())
    policy = next(
        attributes["content"] for tag, attributes in page.tags if "http-equiv" in attributes
    )
    (allowed,) = re.findall(r"script-src ([^;]*);", policy)
    scripts = [attributes for tag, attributes in page.tags if tag == "script"]
    assert [one["type"] for one in scripts] == ["application/json", "application/json", "module"]
    digest = base64.b64encode(hashlib.sha256(page.scripts[-1].encode()).digest()).decode()
    assert allowed == f"'sha256-{digest}'"


@pytest.mark.parametrize(
    "axis",
    [
        grid_axis("query"),
        grid_axis("key", (2, 3, 5), nulls=2, origin=(4, 0, 0)),
        grid_axis("key", (1, 3, 5), origin=(3, 0, 0)),
    ],
)
def test_names_of_a_grid_are_sent_as_a_grid(axis):
    found = as_grid_axis(axis)
    assert found.words is None and found.grid
    assert tuple(found.name(at) for at in range(len(axis.names))) == axis.names


names = st.lists(
    st.one_of(
        st.text(max_size=8),
        st.builds("time {}, row {}, column {}".format, *[st.integers(0, 2)] * 3),
        st.builds("null {}".format, st.integers(1, 3)),
    ),
    min_size=1,
    max_size=12,
)


@given(names)
def test_no_cell_changes_its_name_on_the_way(listed):
    axis = Axis(title="key", names=tuple(listed))
    found = as_map_axis(as_grid_axis(axis), len(listed))
    assert [found.name(at) for at in range(len(listed))] == listed


def at_cell(page, row, column, shape):
    """Move onto a cell of a map that is shown whole; the words under it."""
    canvas = page.locator("canvas.top")
    box = canvas.bounding_box()
    left, top, wide, high = map(float, canvas.get_attribute("data-plot").split(","))
    x = left + (column + 0.5) / shape[1] * wide
    y = top + (row + 0.5) / shape[0] * high
    page.mouse.move(box["x"] + x, box["y"] + y)
    expect(canvas).to_have_attribute("data-key", str(column))
    expect(canvas).to_have_attribute("data-query", str(row))
    return page.locator(".said").text_content()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_map_of_192_tokens_is_small_and_reads_exactly_from_disk(browser, tmp_path, scheme):
    picture = large()
    content = render(picture, "html")
    assert len(content) <= MOST_BYTES
    file = tmp_path / "map.html"
    file.write_bytes(content)
    trouble = []
    context = browser.new_context(offline=True, color_scheme=scheme)
    page = context.new_page()
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda said: trouble.append(said.text))
    page.on("request", lambda sent: trouble.append(sent.url) if sent.url != file.as_uri() else 0)
    page.goto(file.as_uri())
    canvas = page.locator("canvas.top")
    expect(canvas).to_have_attribute("data-painted", PAINTED)
    for row, column in [(0, 0), (20, 57), (191, 191), (100, 3)]:
        said = at_cell(page, row, column, (192, 192))
        assert f"query {picture.query.names[row]}" in said
        number = re.search(r"attention weight ([0-9.e−]+)", said)[1].replace("−", "-")
        assert float(number) == float(shown(float(picture.values[row, column])))
    assert "masked" in at_cell(page, 0, 150, (192, 192))
    at_cell(page, 20, 57, (192, 192))
    page.mouse.down()
    page.mouse.up()
    expect(canvas).to_have_attribute("data-picked", "20,57")
    page.keyboard.press("+")
    expect(canvas).not_to_have_attribute("data-view", "0,192,0,192")
    page.keyboard.press("0")
    expect(canvas).to_have_attribute("data-view", "0,192,0,192")
    page.emulate_media(color_scheme="light" if scheme == "dark" else "dark")
    expect(canvas).to_have_attribute("data-picked", "20,57")
    context.close()
    assert not trouble


@pytest.mark.browser
def test_hostile_words_are_names_of_cells_letter_by_letter(page):
    dialogs = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    picture = hostile()
    body = render(picture, "html").decode()
    address = "http://127.0.0.1/picture.html"
    page.route(address, lambda route: route.fulfill(body=body, content_type="text/html"))
    page.goto(address)
    expect(page.locator("canvas.top")).to_have_attribute("data-painted", PAINTED)
    assert page.locator("h1").text_content() == picture.title
    for column, name in enumerate(HOSTILE):
        said = at_cell(page, 2, column, (5, 7))
        number = re.search(r"([0-9.e−]+) · [0-9.]+\u00a0×\u00a0uniform$", said)[1]
        assert f"{picture.key.title} {name}" in said
        number = number.replace("−", "-")
        assert float(number) == pytest.approx(picture.values[2, column], 1e-3)
    assert "masked: this query may not read it" in at_cell(page, 0, 6, (5, 7))
    assert "not a distribution" in at_cell(page, 4, 0, (5, 7))
    assert page.locator("a").count() == 0 and not dialogs
