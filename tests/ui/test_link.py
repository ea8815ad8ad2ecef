import json

import msgspec
import pytest

from phenaki_viz.cli import main
from phenaki_viz.ui.components.film_strip import MOST_PATCHES
from phenaki_viz.ui.state.link import _is_sane, groups_text, number_groups, whole_number
from phenaki_viz.ui.state.view import FIELDS, unread, view_of


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", ()),
        ("2.1.3", ((2, 1, 3),)),
        ("2.1.3_0.0.1_2.1.3", ((2, 1, 3), (0, 0, 1))),
        ("2.1_x.1.2_-1.0.0_1.2.3.4_1.x.2.3_²..1_4.5.6", ((4, 5, 6),)),
    ],
)
def test_groups_in_a_link_are_read_and_what_cannot_be_is_dropped(text, wanted):
    assert number_groups(text, 3, 9) == wanted


def test_groups_are_written_as_they_are_read_and_bounded():
    places = tuple((t, 1, w) for t in range(20) for w in range(20))
    assert number_groups(groups_text(places), 3, 400) == places
    assert number_groups(groups_text(places), 3, MOST_PATCHES) == places[:MOST_PATCHES]


def test_whole_numbers_are_digits_that_int_will_read():
    assert whole_number("0042") == 42
    for text in ("", "-1", "1.0", " 1", "²", "٣", "1e3", "9" * 5000):
        assert whole_number(text) is None


def test_numbers_that_no_page_can_read_are_told_from_words_and_from_those_it_can():
    for text in ("9" * 400, "9" * 5000, "Infinity", "-inf", "NaN", "1e400", str(2**31), "-3e9"):
        assert not _is_sane(text)
    for text in ("", "0", "-1", "1.5", str(2**31 - 1), "\x00", "²", "two", "1.1_2.2", "x" * 5000):
        assert _is_sane(text)


def test_a_view_is_read_whole_from_a_link():
    view = view_of({"layer": ["2"], "off": ["L0 H1", "L2 H3"], "alone": ["true"], "dt": ["-3"],
                    "guidance": ["3.0"], "embed": ["true"]})  # fmt: skip
    assert (view.layer, view.off, view.alone, view.dt) == (2, ("L0 H1", "L2 H3"), True, -3)
    assert view.guidance == 3.0 and view.head is None
    assert msgspec.to_builtins(view).keys() == {"layer", "off", "alone", "dt", "guidance"}
    with pytest.raises(AttributeError):
        view.layer = 3


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("layer", "two"),
        ("layer", "-1"),
        ("row", "1.5"),
        ("heads", "99"),
        ("masked", "101"),
        ("extent", "5"),
        ("guidance", "nan"),
        ("alone", "perhaps"),
        ("view", "1-2-3"),
        ("ends", "0.1"),
        ("say", "x" * 5001),
    ],
)
def test_a_value_that_is_none_of_its_fields_is_named(name, text):
    assert unread({"head": ["1"], name: [text], "embed": [text]}) == [name]


def test_a_link_with_such_a_value_is_opened_without_it(app):
    at = app(layer="two", heads="99", head="1", source="Dial")
    assert not at.exception and at.warning[0].value.startswith("A part of the link")
    assert "layer (whole number), heads (whole number, 1 to 16)" in [one.value for one in at.text]
    assert "layer" not in at.query_params and at.query_params["head"] == "1"


@pytest.mark.parametrize(("old", "now"), [("Stored", "Dense"), ("By parts", "Factored")])
def test_a_link_of_before_opens_by_the_names_of_now(app, old, now):
    at = app(hold=old, heads="2", depth="1", source="Dial")
    assert not at.exception and not at.warning
    assert at.selectbox(key="storage").value == {"Dense": "dense", "Factored": "factored"}[now]
    assert at.query_params["storage"] == now and "hold" not in at.query_params


def test_the_schema_is_printed(capsys):
    assert main(["link", "--schema"]) == 0
    found = json.loads(capsys.readouterr().out)["$defs"]["View"]
    assert found["properties"].keys() == FIELDS.keys()
    assert found["properties"]["heads"]["anyOf"][0] == {
        "type": "integer", "minimum": 1, "maximum": 16
    }  # fmt: skip
    assert main(["link"]) == 0
    assert "| `heads` | whole number, 1 to 16 | of the transformer |" in capsys.readouterr().out
