"""What a link asks for and the page does not have is said, whatever page or box it is."""

import ast

import pytest

from tests.ui.conftest import MAIN

TRAINED = {"source": "Trained"}
BOXES = {"selectbox", "segmented_control", "pills", "radio", "select_slider", "multiselect"}
SAID = "A choice of this link is not here; another is shown."
FILMS = ("film", "clip")  # of which `say_gone` says why they are not here


def absent(at):
    """What the page says that its link asked for, by name."""
    assert not at.exception
    if not any(one.value == SAID for one in at.warning):
        return {}
    lines = next(one.value for one in at.text if "(here: " in one.value).splitlines()
    return dict(line.split(": ", 1) for line in lines)


@pytest.mark.parametrize(
    ("link", "here"),
    [
        ({"frames": "33"}, {"frames": "33 (here: 1, 3, 5, 7, 9, 11, 13, 15, 17)"}),
        ({"size": "48", "dim": "100"},
         {"size": "48 (here: 32, 64, 96, 128)",
          "dim": "100 (here: 32, 64, 128, 192, 256, 384, 512)"}),
        ({"layout": "xyz"}, {"layout": "xyz (here: MaskGit, C-ViViT)"}),
        ({"source": "x"}, {"source": "x (here: Trained, Dial, Your own)"}),
        ({"law": "foo"}, {"law": "foo (here: Linear, √, Log, × uniform)"}),
        ({"maps": "<b>Self"}, {"maps": "<b>Self (here: Self, Cross)"}),
        ({"direction": "foo"}, {"direction": "foo (here: Where it looks, Who looks at it)"}),
        ({"layer": "99", "column": "8"},
         {"layer": "99 (here: 0)", "column": "8 (here: 0 to 7)"}),
        ({"start": "99"}, {"start": "99 (here: 0 to 16)"}),
        ({"key": "9999"}, {"key": "9999 (here: 0 to 319)"}),
    ],
)  # fmt: skip
def test_what_a_dial_has_not_is_said_with_what_it_has(app, link, here):
    at = app(**({"depth": 1} | link))
    assert absent(at) == here
    assert absent(at.run()) == {}


@pytest.mark.parametrize(
    ("page", "link", "names"),
    [
        ("text", {"word": "99"}, "word"),
        ("sampling", {"branch": "foo", "priming": "2"}, "branch priming"),
        (
            "heads",
            {"maps": "Self", "heads_only": "foo", "heads_picture": "foo"},
            "heads_only heads_picture",
        ),
        ("tracks", {"maps": "Self", "tracks_way": "foo"}, "tracks_way"),
        ("inside", {"maps": "Self", "inside_of": "x", "inside_if": "x"}, "inside_of inside_if"),
        ("whatif", {"effect_of": "foo"}, "effect_of"),
        ("compare", {"with": "foo"}, "with"),
        ("position", {"bias_of": "foo", "dt": "9", "bias_ends": "x"}, "bias_of dt bias_ends"),
        ("masks", {"masked_maps": "foo"}, "masked_maps"),
        ("figure", {"figure_width": "x", "figure_palette": "x"}, "figure_width figure_palette"),
        ("", {"off": "L9 H9", "kept_transformer": "9"}, "off kept_transformer"),
    ],
)
def test_every_page_says_what_its_link_asks_for_in_vain(app, page, link, names):
    at = app(page, **(TRAINED | link))
    assert absent(at).keys() == set(names.split())


def test_a_link_whose_values_are_here_is_read_without_a_word(app):
    link = {"law": "Log", "maps": "Self", "layer": "0", "head": "7", "frames": "5", "every": "2"}
    at = app(**(link | {"depth": "1", "direction": "Who looks at it", "grid": "entropy"}))
    assert absent(at) == {} and not at.warning
    assert {name: at.query_params[name] for name in ("law", "frames", "every")} == {
        "law": "Log", "frames": "5", "every": "2"
    }  # fmt: skip


def test_every_box_of_choices_that_a_link_can_set_says_what_it_offers():
    """`among` is the door: with `BOUND` alone, what is not offered is passed over."""
    silent = []
    for file in sorted(MAIN.parent.rglob("*.py")):
        for call in ast.walk(ast.parse(file.read_text())):
            if isinstance(call, ast.Call) and getattr(call.func, "attr", "") in BOXES:
                given = {one.value.id for one in call.keywords
                         if one.arg is None and isinstance(one.value, ast.Name)}  # fmt: skip
                key = next((one.value for one in call.keywords if one.arg == "key"), None)
                if "BOUND" in given and getattr(key, "value", "") not in FILMS:
                    silent.append(f"{file.name}:{call.lineno}")
    assert not silent
