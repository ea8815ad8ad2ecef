"""What `node --test` compares with is what the Python twins say today."""

import json

import pytest

from tests.js import twins

LEAST = 1e-5  # of a number: logarithms in 32 bits differ from processor to processor


def test_the_file_of_the_twins_is_what_they_say():
    kept = json.loads(twins.FILE.read_text(encoding="utf-8"))
    assert_alike(kept, json.loads(twins.text()), "run `python -m tests.js.twins`: ")


def test_another_number_or_word_is_told():
    kept = {"scales": [{"law": "log", "values": [0.5, 0]}]}
    assert_alike({"scales": [{"law": "log", "values": [0.5 + 1e-9, 0]}]}, kept)
    for law, values in (
        ("log", [0.51, 0]),
        ("log", [0.5]),
        ("linear", [0.5, 0]),
        ("log", [0.5, 1]),
    ):
        with pytest.raises(AssertionError, match=r"scales\.0"):
            assert_alike({"scales": [{"law": law, "values": values}]}, kept)


def assert_alike(kept, said, place=""):
    """The same words, flags and shapes, and the same numbers but for their last digits."""
    if isinstance(kept, dict) and isinstance(said, dict):
        assert kept.keys() == said.keys(), place
        for key, value in kept.items():
            assert_alike(value, said[key], f"{place}.{key}")
    elif isinstance(kept, list) and isinstance(said, list):
        assert len(kept) == len(said), place
        for at, (one, other) in enumerate(zip(kept, said, strict=True)):
            assert_alike(one, other, f"{place}.{at}")
    elif isinstance(kept, float) and isinstance(said, float):
        assert said == pytest.approx(kept, rel=LEAST, abs=0, nan_ok=True), place
    else:
        assert type(kept) is type(said) and kept == said, place
