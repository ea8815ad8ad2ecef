"""What is taken away is what is on the screen: colours of the page against those of the file."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.journeys.gestures import take, the_map, the_strip
from tests.waiting import at_rest, shown

pytestmark = pytest.mark.browser
SMALL = (
    "/?size=32&patch=8&frames=5&depth=2&heads=2&causal=true&layer=1&head=1&step=1&row=1&column=2"
)
# One page shows both: how the map is looked at, and the strip.
LOOKS = [
    ("", "85"),
    ("&law=Linear&end=Largest", "30"),
    ("&law=Log&scale=Shared+by+all+heads", "85-x4"),
    ("&law=%C3%97+uniform&palette=Light", "85-apart"),
    ("&ends=0.005-0.06", "85-lines"),
    ("&top=60&sinks=Off", ""),
    ("&view=8-32-0-24", ""),
]
# One canvas pixel at each place (shares of its width and height), as [red, green, blue].
PIXELS = """(canvas, places) => {
  const pen = canvas.getContext("2d");
  return places.map(([x, y]) => [...pen.getImageData(
    Math.floor(x * canvas.width), Math.floor(y * canvas.height), 1, 1).data.slice(0, 3)]);
}"""


def image_in(page: Page, which: str, of: str) -> np.ndarray:
    """The largest picture inside the SVG that is taken away: 'H W 4'."""
    box = take(page, which)
    with page.expect_download() as download:
        box.get_by_role("button", name=f"SVG of {of}").click()
    svg = download.value.path().read_text()
    found = [base64.b64decode(one) for one in re.findall(r'base64,([^"]+)"', svg)]
    images = [Image.open(io.BytesIO(one), formats=("PNG",)) for one in found]
    return np.asarray(max(images, key=lambda one: one.width * one.height).convert("RGBA"), int)


def middles(cells: int) -> np.ndarray:
    return (np.arange(cells) + 0.5) / cells


@pytest.mark.parametrize(("link", "look"), LOOKS)
def test_maps_and_frames_have_the_colours_of_the_page(open_app, link, look):
    page = open_app(SMALL + link + (f"&strip={look}" if look else ""))
    shown(page)
    at_rest(page)
    the_map_is_as_on(page, link)
    if look:
        the_frames_are_as_on(page, look)


def the_map_is_as_on(page, link):
    canvas = the_map(page)
    left, top, width, height = map(float, canvas.get_attribute("data-plot").split(","))
    view = [float(at) for at in canvas.get_attribute("data-view").split(",")]
    rows, columns = round(view[1] - view[0]), round(view[3] - view[2])
    high, wide = page.locator("canvas.base").first.evaluate("c => [c.height, c.width]")
    # Beside the middle, where neither the lines of the selection nor a number stands.
    at = [(r + 0.3, c + 0.7) for r in range(0, rows, 3) for c in range(1, columns, 4)]
    places = [
        [(left + c * width / columns) / wide, (top + r * height / rows) / high] for r, c in at
    ]
    seen = np.array(page.locator("canvas.base").first.evaluate(PIXELS, places))
    file = image_in(page, "map", "the map")
    inside = [[int(r / rows * len(file)), int(c / columns * file.shape[1])] for r, c in at]
    taken = np.array([file[r, c, :3] for r, c in inside])
    apart = np.abs(seen - taken).max(axis=1)
    assert np.quantile(apart, 0.9) <= 6, (link, seen[apart > 6][:4], taken[apart > 6][:4])


def the_frames_are_as_on(page, look):
    strip = the_strip(page)
    expect(strip).to_have_attribute("data-painted", re.compile("[1-9]"))
    apart = "apart" in look
    canvases = strip.locator("canvas.apart" if apart else ".frames canvas")
    places = [[x, y] for y in middles(4) for x in middles(4)]
    file = image_in(page, "strip", "the frames")
    found = [np.array(one.evaluate(PIXELS, places)) for one in canvases.all()]
    frames = frames_of(file, apart)
    assert len(frames) == len(found)
    off = []
    for canvas, frame in zip(found, frames, strict=True):
        high, wide, _ = frame.shape
        taken = np.array([frame[int(y * high), int(x * wide)] for x, y in places])
        off.extend(np.abs(canvas - taken).max(axis=1))
    assert np.median(off) <= 8 and np.quantile(off, 0.8) <= 30, (look, sorted(off)[::8])


def frames_of(image: np.ndarray, apart: bool) -> list[np.ndarray]:
    """The frames of a strip in one row, or the weights apart, which are clear around them."""
    drawn = image[..., 3] > 0
    band = runs(drawn.any(axis=1))[1 if apart else 0]
    return [image[band, columns, :3] for columns in runs(drawn[band].any(axis=0))]


def runs(flags: np.ndarray) -> list[slice]:
    """Where flags are true without a gap."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    return [slice(first, last) for first, last in edges.reshape(-1, 2)]
