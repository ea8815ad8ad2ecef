import numpy as np
import pytest

from phenaki_viz.ui.components.film_strip import MOST_PATCHES
from phenaki_viz.ui.queries import places_text, read_places
from tests.ui.test_trained_pages import components


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", ()),
        ("2.1.3", ((2, 1, 3),)),
        ("2.1.3_0.0.1_2.1.3", ((2, 1, 3), (0, 0, 1))),
        ("2.1_x.1.2_-1.0.0_1.2.3.4_²..1_4.5.6", ((4, 5, 6),)),
    ],
)
def test_places_in_a_link_are_read_and_what_cannot_be_is_dropped(text, wanted):
    assert read_places(text) == wanted


def test_places_are_written_as_they_are_read_and_bounded():
    places = tuple((t, 1, w) for t in range(20) for w in range(20))
    assert read_places(places_text(places)) == places[:MOST_PATCHES]


def test_a_link_holds_patches_key_and_walk(app):
    link = {"also": "2.1.3_9.9.9", "combine": "sum", "key": "17", "walk": "row.7"}
    at = app(step=2, row=1, column=2, depth=1, **link)
    assert not at.exception
    header, parts = components(at)["strip"]
    assert header["chosen"] == [[2, 1, 2], [2, 1, 3]] and header["combine"] == "sum"
    assert parts["weights"].sum() == pytest.approx(2, abs=1e-4)
    assert header["walk"] == {"along": "row", "pace": 7}
    selection = components(at)["shared.selection"][0]["pick"]
    assert (selection["query"], selection["key"]) == (2 * 64 + 8 + 2, 17)
    assert selection["also"] == [[2, 1, 3]]
    assert at.query_params["walk"] == "row.7" and at.query_params["key"] == "17"


def test_what_a_link_says_wrongly_is_left_out(app):
    at = app(depth=1, also="9.9.9", combine="product", key="many", walk="away.99")
    assert not at.exception
    header, parts = components(at)["strip"]
    assert len(header["chosen"]) == 1 and header["combine"] == "mean"
    assert header["walk"] == {"along": "frames", "pace": 3}
    assert np.nansum(parts["weights"]) == pytest.approx(1, abs=1e-4)
    assert components(at)["shared.selection"][0]["pick"]["key"] is None


def test_who_looks_at_it_makes_the_patch_the_key(app):
    at = app(step=2, row=1, column=2, depth=1, direction="Who looks at it")
    pick = components(at)["shared.selection"][0]["pick"]
    assert pick["query"] == pick["key"] == 2 * 64 + 8 + 2
    assert components(at)["strip"][0]["side"] == "column"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("40-x2.5-lines", {"opacity": 0.4, "contrast": 2.5, "lines": True, "beside": False}),
        ("100-x99-apart", {"opacity": 1.0, "contrast": 10.0, "lines": False, "beside": True}),
        ("85-xinf", {"opacity": 0.85, "contrast": 1.0, "lines": False, "beside": False}),
        ("much", None),
    ],
)
def test_a_link_says_how_the_strip_is_drawn(app, text, wanted):
    at = app(depth=1, strip=text)
    assert not at.exception
    assert components(at)["strip"][0]["look"] == wanted
