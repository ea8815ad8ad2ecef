import numpy as np
import pytest

from tests.ui.test_trained_pages import components


def test_a_link_holds_patches_key_and_walk(app):
    link = {"also": "2.1.3_9.9.9", "combine": "sum", "key": "17", "walk": "row.7"}
    at = app(step=2, row=1, column=2, depth=1, **link)
    assert not at.exception
    header, parts = components(at)["strip"]
    assert header["places"] == [[2, 1, 2], [2, 1, 3]] and header["combine"] == "sum"
    assert parts["weights"].sum() == pytest.approx(2, abs=1e-4)
    assert header["walk"] == {"along": "row", "pace": 7}
    selection = components(at)["shared.selection"][0]["pick"]
    assert (selection["query"], selection["key"]) == (2 * 64 + 8 + 2, 17)
    assert selection["places"] == [[2, 1, 2], [2, 1, 3]]
    assert at.query_params["walk"] == "row.7" and at.query_params["key"] == "17"


def test_what_a_link_says_wrongly_is_left_out(app):
    at = app(
        depth=1, also="9.9.9", combine="product", key="9" * 5000, walk="away.99", step="²",
        head="-1", word="²", pins="²._9.9", view="-".join(["9" * 400] * 4), strip="²",
    )  # fmt: skip
    assert not at.exception
    header, parts = components(at)["strip"]
    assert len(header["places"]) == 1 and header["combine"] == "mean"
    assert header["walk"] == {"along": "frames", "pace": 3}
    assert np.nansum(parts["weights"]) == pytest.approx(1, abs=1e-4)
    assert components(at)["shared.selection"][0]["pick"]["key"] is None


def test_who_looks_at_it_makes_the_patch_the_key(app):
    at = app(step=2, row=1, column=2, depth=1, direction="Who looks at it")
    pick = components(at)["shared.selection"][0]["pick"]
    assert pick["query"] == pick["key"] == 2 * 64 + 8 + 2
    assert components(at)["strip"][0]["side"] == "column"


PLAIN = {"opacity": 0.85, "contrast": 1.0, "lines": False, "beside": False, "bare": False}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("40-x2.5-lines", PLAIN | {"opacity": 0.4, "contrast": 2.5, "lines": True}),
        ("100-x99-apart", PLAIN | {"opacity": 1.0, "contrast": 10.0, "beside": True}),
        ("85-xinf", PLAIN),
        ("85-bare", PLAIN | {"bare": True}),
        ("much", None),
    ],
)
def test_a_link_says_how_the_strip_is_drawn(app, text, wanted):
    at = app(depth=1, strip=text)
    assert not at.exception
    assert components(at)["strip"][0]["look"] == wanted
