import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from phenaki_viz.export import FORMATS, render
from phenaki_viz.export.paper import dots_for
from phenaki_viz.export.paper_text import broken, printable, rules, width_of
from phenaki_viz.figures import Axis, ColourScale, Curve
from phenaki_viz.figures.colour import MASKED_COLOUR, QUERY_COLOUR, WRONG_COLOUR, lut
from phenaki_viz.figures.paint import rgb
from tests.export.alone import alone
from tests.export.rendered import PICTURES, rendered
from tests.figures.samples import (
    HOSTILE,
    axis,
    curves,
    grid,
    heatmap,
    rows,
    strip,
    surface,
)
from tests.forked import forks, held_elsewhere, in_a_fork

SVG = "{http://www.w3.org/2000/svg}"
kinds = pytest.mark.parametrize("kind", PICTURES)


def pixels(picture) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(render(picture, "png"))).convert("RGB"))


def is_colour(image: np.ndarray, colour) -> np.ndarray:
    return (image == np.array(colour, np.uint8)).all(axis=-1)


def checkers(i: int, j: int):
    """A map of two colours that occur nowhere else on the sheet."""
    values = (np.indices((i, j)).sum(axis=0) % 2).astype(np.float32) * 0.3 + 0.5
    return heatmap(
        values=values,
        hidden=None,
        uniform=None,
        query=Axis(title="query", names=("",) * i),
        key=Axis(title="key", names=("",) * j),
        scale=ColourScale(low=0, high=1),
    )


@pytest.mark.parametrize(("i", "j"), [(5, 7), (7, 5), (31, 23), (180, 182)])
def test_every_cell_has_its_colour_and_whole_pixels(i, j):
    picture = checkers(i, j)
    image = pixels(picture)
    two = [lut("magma")[round(value * 255)] for value in (0.5, 0.8)]
    inside = is_colour(image, two[0]) | is_colour(image, two[1])
    # The colour bar has these colours too, far to the right of the map.
    columns, lines = np.flatnonzero(inside.sum(axis=0) > 40), np.flatnonzero(inside.any(axis=1))
    left, right = columns[0] - 1, columns[-1] + 2
    top, bottom = lines[0] - 1, lines[-1] + 2
    wide, high = (right - left) / j, (bottom - top) / i
    assert abs(wide - high) < 0.6
    for row, column in ((0, 0), (i - 1, j - 1), (i // 2, j // 3), (1, j - 1)):
        at = int(top + (row + 0.5) * high), int(left + (column + 0.5) * wide)
        wanted = two[round((float(picture.values[row, column]) - 0.5) / 0.3)]
        np.testing.assert_array_equal(image[at], wanted)
    middle = image[int(top + (i // 2 + 0.5) * high), left + 2 : right - 2]
    changes = np.flatnonzero((middle[1:] != middle[:-1]).any(axis=1))
    assert len(changes) == j - 1 and len(set(np.diff(changes))) == 1


def test_masked_and_wrong_cells_are_printed_in_their_colours():
    image = pixels(heatmap(wrong=(3,)))
    cells = {name: is_colour(image, rgb(c)).sum() for name, c in COLOURS.items()}
    assert cells["wrong"] > 3 * cells["masked"] > 1000


COLOURS = {"masked": MASKED_COLOUR, "wrong": WRONG_COLOUR}


def test_the_query_is_outlined_on_the_strip():
    assert is_colour(pixels(strip()), rgb(QUERY_COLOUR)).sum() > 200
    assert not is_colour(pixels(strip(places=())), rgb(QUERY_COLOUR)).any()


@kinds
def test_nothing_touches_the_edge_of_the_sheet(kind):
    picture = PICTURES[kind]
    long = {"title": "A title that goes on " * 9, "notes": ("a note that goes on " * 12, "two")}
    image = pixels(type(picture)(**vars(picture) | long))
    margin = np.concatenate([image[:12].ravel(), image[-12:].ravel()])
    sides = np.concatenate([image[:, :12].ravel(), image[:, -12:].ravel()])
    assert (margin == 255).all() and (sides == 255).all()


@kinds
def test_svg_is_xml_with_title_and_vector_letters(kind):
    root = ElementTree.fromstring(rendered(kind, "svg"))
    assert root.tag == f"{SVG}svg" and root.findtext(f"{SVG}title") == PICTURES[kind].title
    assert len(root.findall(f".//{SVG}use")) > 20
    assert not root.findall(f".//{SVG}text") and not root.findall(f".//{SVG}script")


def test_svg_holds_the_map_with_sharp_cells():
    root = ElementTree.fromstring(rendered("Heatmap", "svg"))
    images = root.iter(f"{SVG}image")
    links = [image.get("{http://www.w3.org/1999/xlink}href") for image in images]
    assert links and all(link.startswith("data:image/png;base64,") for link in links)
    sizes = [_decoded(link).size for link in links]
    width, height = max(sizes)
    assert width >= 1000 and width % 7 == 0 and height % 5 == 0


def _decoded(link: str) -> Image.Image:
    from base64 import b64decode

    return Image.open(io.BytesIO(b64decode(link.partition(",")[2])))


@kinds
def test_pdf_has_letters_as_fonts_and_no_date(kind):
    content = rendered(kind, "pdf")
    assert content.startswith(b"%PDF-1.") and content.rstrip().endswith(b"%%EOF")
    assert b"/FontFile2" in content and b"Date" not in content
    assert b"/JavaScript" not in content and b"/URI" not in content


@pytest.mark.parametrize("kind", ["Heatmap", "Curves"])
@pytest.mark.parametrize("form", FORMATS)
def test_the_same_picture_gives_the_same_bytes(kind, form):
    assert render(PICTURES[kind], form) == rendered(kind, form)


def test_words_from_outside_are_printed_as_they_are():
    evil = heatmap(
        title="$\\href{javascript:x}{y}$ $\\frac$ --> ]]> </title>",
        notes=("$x^2$ and $", "\x00\x07 \ud800 \u202e 漢字 🙂"),
        query=Axis(title="$\\alpha$", names=HOSTILE[:5]),
        key=Axis(title="<b>key</b>", names=HOSTILE),
        unit="$w_{ij}$",
    )
    assert render(evil, "png") and render(evil, "pdf")
    assert ElementTree.fromstring(render(evil, "svg")).findtext(f"{SVG}title") == evil.title
    with rules():
        assert printable("a \u0378 \u0379 b \u0378") == "a ⟨1⟩ ⟨2⟩ b ⟨1⟩"  # assigned to no letter


def test_matplotlib_is_left_as_it_was():
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    with mpl.rc_context({"font.size": 33, "axes.facecolor": "red", "text.parse_math": True}):
        odd = render(PICTURES["Curves"], "png")
        assert mpl.rcParams["font.size"] == 33
    assert dict(mpl.rcParams) == before and odd == rendered("Curves", "png")


def test_importing_the_package_does_not_import_matplotlib():
    script = "import sys, phenaki_viz.export; print('matplotlib' in sys.modules)"
    assert alone(script).strip() == "False"


@pytest.mark.parametrize("cells", [1, 7, 180, 320, 1051])
def test_every_cell_is_given_a_whole_number_of_dots(cells):
    dots = dots_for(cells, 3.5) * 3.5 / cells
    assert dots == pytest.approx(round(dots)) and dots_for(cells, 3.5) >= 299


def test_lines_of_text_fit_their_width():
    with rules():
        for line in broken("words and averyveryverylongword " * 5 + "x" * 300, 7, 2.0):
            assert width_of(line, 7) <= 2.05


@pytest.mark.parametrize(
    "picture",
    [
        heatmap(values=rows(1, 1), hidden=None, uniform=None, query=axis("q", 1), key=axis("k", 1)),
        heatmap(values=rows(5, 40), hidden=None, key=axis("key", 40, (2, 39))),
        heatmap(scale=ColourScale(low=1e-5, high=1, law="log"), wrong=(0, 1, 2, 3, 4)),
        grid(unit="a unit with a name longer than the bar is high " * 2),
        grid(values=rows(3, 2), selected=None),
        surface(trained=None, z=np.full((5, 7), np.nan, np.float32)),
        curves(curves=()),
        curves(kind="bar", log_y=False),
        curves(kind="step", x_labels=("a", "b", "c", "d", "e" * 50)),
        curves(curves=(Curve(name="_x", x=np.arange(3), y=np.array([1, np.nan, 3])),) * 2),
        curves(
            curves=(Curve(name="a", x=np.arange(4), y=np.array([0.5, 0.1, 1e-3, 1e-7])),),
            log_y=True,
            kind="bar",
        ),
    ],
    ids=lambda picture: type(picture).__name__,
)
def test_pictures_at_their_limits_are_printed(picture):
    image = pixels(picture)
    assert 1400 < image.shape[1] < 3000 and (image != 255).any()


def test_a_legend_entry_may_begin_with_an_underscore():
    x = np.arange(3)
    named = curves(curves=(Curve(name="_a", x=x, y=x), Curve(name="b", x=x, y=x)))
    comments = re.findall(r"<!-- (.*?) -->", render(named, "svg").decode())
    assert any(comment.endswith("_a") for comment in comments) and "b" in comments


@forks
def test_a_forked_process_draws_while_another_thread_of_its_parent_did():
    with held_elsewhere(rules()):
        assert in_a_fork(lambda: render(heatmap(), "svg")) == 0
