import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phenaki_viz.export import numbered, safe_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("self_L03_H05", "self_L03_H05"),
        ("L3 H5 · self/attention", "L3-H5-self-attention"),
        ("../..", "figure"),
        ("/etc/passwd", "etc-passwd"),
        ("C:\\Windows\\x", "C-Windows-x"),
        ("", "figure"),
        ("···", "figure"),
        ("nul", "nul_"),
        ("Com1", "Com1_"),
        ("console", "console"),
        ("a\x00b\n", "a-b"),
        ("=cmd()", "cmd"),
        ("-rf", "rf"),
        (".hidden", "hidden"),
        ("name.tar.gz", "name-tar-gz"),
        ("x" * 200, "x" * 80),
        ("x" * 79 + " y", "x" * 79),
        ("\u202egnp.exe", "gnp-exe"),
    ],
)
def test_hostile_names(text, name):
    assert safe_name(text) == name


@settings(max_examples=100, deadline=None)
@given(st.text())
def test_every_name_is_a_plain_file_name(text):
    name = safe_name(text)
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,81}", name) and not name.startswith("-")
    assert safe_name(name) == name


def test_a_name_that_is_taken_gets_a_number_whatever_its_case():
    assert numbered("map", []) == "map"
    assert numbered("map", ["Map"]) == "map_2" and numbered("MAP", ["map"]) == "MAP_2"
    assert numbered("map", ["map", "map_2", "map_4"]) == "map_3"
    assert numbered("x" * 80, ["x" * 80]) == "x" * 78 + "_2"
