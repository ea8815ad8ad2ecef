"""The recipe of a figure: read strictly, written back, said in words."""

import json

import pytest

from phenaki_viz.cli import figure
from phenaki_viz.errors import ConfigError
from phenaki_viz.figures.colour import LAWS
from phenaki_viz.figures.recipe import (
    TABLES,
    TYPEFACES,
    Panel,
    Recipe,
    as_data,
    panel_said,
    read_recipe,
    recipe_of,
)

SAID = {
    "self L1 H3": Panel(maps="self", layer=1, head=3),
    "L0 H2": Panel(layer=0, head=2),
    "encoder spatial L1 H0": Panel(maps="encoder spatial", layer=1, head=0),
    "cross grid": Panel(shows="grid", maps="cross"),
    "self grid patch 2,1,4": Panel(shows="grid", maps="self", patch=(2, 1, 4)),
    "cross grid word 3 patch 2,1,4": Panel(shows="grid", maps="cross", word=3, patch=(2, 1, 4)),
    "cross L2 H0 word 3": Panel(shows="word", maps="cross", layer=2, head=0, word=3),
    "self L2 H2 track 2,1,4": Panel(shows="track", maps="self", layer=2, head=2, patch=(2, 1, 4)),
    "L2 H2 L1 H0 L0 H3 track 0,1,4": Panel(
        shows="track", layer=2, head=2, patch=(0, 1, 4), also=((1, 0), (0, 3))
    ),
    "L1 H3 patch 2,1,4": Panel(shows="patch", layer=1, head=3, patch=(2, 1, 4)),
}


@pytest.mark.parametrize("words", SAID)
def test_a_panel_is_said_in_words(words):
    assert panel_said(words) == SAID[words]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("", "needs its layer"),
        ("self L1", "needs its head"),
        ("cross L1 H0 word two", "after 'word' comes a number"),
        ("self L1 H0 patch 1,2", "patch"),
        ("self L1 H0 track 1,2", "patch"),
        ("self L1 H0 track a,b,c", "after 'track' comes time,row,column"),
        ("self track 1,2,3", "needs its layer"),
        ("self L1 H0 L2 H0", "has one head"),
        ("self L1 H0 L2 track 1,2,3", "pairs"),
        ("self L1 H0 patch a,b,c", "after 'patch' comes time,row,column"),
        ("cross grid L1", "has no layer"),
        ("cross grid word 3", "needs a patch"),
        ("self grid track 1,2,3", "needs its layer"),
        ("self L999999 H0", "needs its layer"),  # no number that long is one: it names a kind
    ],
)
def test_other_words_are_refused_with_an_example(words, why):
    with pytest.raises(ConfigError, match=why):
        panel_said(words)


def test_a_recipe_comes_back_from_its_json_and_says_only_what_is_not_by_default():
    recipe = Recipe(panels=tuple(SAID.values()), width=174.0, typeface="serif", shared=False)
    written = json.dumps(as_data(recipe))
    assert read_recipe(written) == recipe
    assert set(json.loads(written)) == {"panels", "width", "typeface", "shared"}


BAD = {
    "no JSON": "{",
    "no panels": '{"panels": []}',
    "an unknown field": '{"panels": [{"layer": 1, "head": 0}], "colour": "log"}',
    "a misspelt panel": '{"panels": [{"layers": 1, "head": 0}]}',
    "too many": json.dumps({"panels": [{"layer": 0, "head": 0}] * 25}),
    "a width of nothing": '{"panels": [{"layer": 1, "head": 0}], "width": 0}',
    "letters as a number": '{"panels": [{"layer": "one", "head": 0}]}',
    "infinity": '{"panels": [{"layer": 1, "head": 0}], "points": 1e999}',
    "too deep": "[" * 100_000,
    "bytes of a picture": b"\x89PNG\xff",
}


@pytest.mark.parametrize("what", BAD)
def test_anything_else_is_one_typed_error(what):
    with pytest.raises(ConfigError, match="no recipe of a figure"):
        read_recipe(BAD[what])


def test_a_program_says_the_fields():
    recipe = recipe_of({"panels": [{"layer": 1, "head": 3}], "theme": "dark"})
    assert recipe == Recipe(panels=(Panel(layer=1, head=3),), theme="dark")
    assert recipe.table == "magma" and recipe_of(recipe) is recipe
    with pytest.raises(ConfigError, match="theme"):
        recipe_of({"panels": [{"layer": 1, "head": 3}], "theme": "blue"})


def test_the_shell_offers_what_a_recipe_can_say():
    assert set(figure.LAWS) == set(LAWS)
    assert figure.TYPEFACES == TYPEFACES and figure.TABLES == TABLES
