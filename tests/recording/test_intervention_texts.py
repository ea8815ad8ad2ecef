"""Interventions as JSON: there and back, and refused in words where it is not one."""

import json

import pytest

from phenaki_viz.errors import ConfigError
from phenaki_viz.recording.interventions import (
    CutDepth,
    CutEdges,
    DropText,
    MeanHead,
    ScaleAlibi,
    ScaleAttention,
    ScalePosition,
    SwapText,
    TransferMap,
    ZeroHead,
    from_json,
    to_json,
)
from phenaki_viz.recording.interventions.kinds import KINDS
from phenaki_viz.recording.sentences import describe_origin

ALL = (
    ZeroHead(module="m.layers.3.1", head=3),
    MeanHead(module="m", head=0, mean=(0.5, -1.25, 3), over="10 clips"),
    ScalePosition(factor=0, module="maskgit"),
    ScaleAlibi(factor=0.1, head=2),
    ScaleAttention(factor=2.5, module="", head=None),
    CutEdges(reads="earlier steps", renormalise=False),
    CutEdges(reads="one word", word=2, module="maskgit", head=1, step=0, patch=(3, 1)),
    CutEdges(reads="one patch", key_patch=(0, 4), key_step=2, step=1),
    TransferMap(module="m", head=2, clip="a clip", prompt="two moving", seed=7, share=0.25),
    TransferMap(module="m", recording="run.safetensors", call=3, digest="ab" * 32),
    DropText(),
    SwapText(text="a “two” moves ← left"),
    CutDepth(module="maskgit.transformer", kept=0),
)


def test_there_and_back():
    assert from_json(to_json(ALL)) == ALL and len({*ALL, *ALL}) == len(ALL)
    assert {one.kind for one in ALL} == set(KINDS)
    assert from_json(to_json(ALL).encode()) == ALL and from_json("[]") == ()
    for one in ALL:
        assert one.said in describe_origin({"interventions": json.loads(to_json([one]))})


ONE = {"do": "scale position", "factor": 1.0}


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ("", "no JSON"),
        ("{", "no JSON"),
        (b"\xff\xfe\xff", "no JSON"),
        ("[" * 100_000, "lists in lists"),
        ("null", "JSON list"),
        ('{"do": "drop text"}', "JSON list"),
        ([1], "says what is done"),
        ([{"do": ["zero head"]}], "says what is done"),
        ([{"do": "zero everything"}], "nothing is called"),
        ([{"do": "zero head"}], "needs 'module'"),
        ([{"do": "drop text", "text": "a"}], "does not know 'text'"),
        ([{**ONE, "__class__": "os"}], "does not know '__class__'"),
        ([{**ONE, "factor": True}], "the factor is True"),
        ([{**ONE, "factor": -1}], "use 0 to 100"),
        ([{**ONE, "factor": 101}], "use 0 to 100"),
        ([{**ONE, "factor": 10**400}], "the factor is"),
        ([{**ONE, "factor": "2"}], "the factor is 2"),
        ([{**ONE, "head": 1.5}], "the head is '1.5'"),
        ([{**ONE, "head": True}], "the head is 'True'"),
        ([{**ONE, "module": ["a"]}], "named by"),
        ([{**ONE, "module": "a" * 301}], "named by"),
        ([{**ONE, "module": "a\x1b[31m"}], "named by"),
        ('[{"do": "scale position", "factor": NaN}]', "no number of JSON"),
        ('[{"do": "scale position", "factor": 1e999}]', "the factor is inf"),
        ([{"do": "mean head", "module": "m", "head": 0, "mean": 1, "over": "x"}], "list of"),
        ([{"do": "mean head", "module": "m", "head": 0, "mean": [[1]], "over": "x"}], "finite"),
        ([{"do": "mean head", "module": "m", "head": 0, "mean": [], "over": "x"}], "finite"),
        ([{"do": "cut edges", "reads": "everything"}], "own step, other steps"),
        ([{"do": "cut edges", "reads": ["words"]}], "is not read"),
        ([{"do": "cut edges", "reads": "one word"}], "a word is named"),
        ([{"do": "cut edges", "reads": "words", "word": 1}], "a word is named"),
        ([{"do": "cut edges", "reads": "one word", "word": -1}], "the word is '-1'"),
        ([{"do": "cut edges", "reads": "words", "step": "0"}], "the time step is '0'"),
        ([{"do": "cut edges", "reads": "words", "patch": [1]}], "its row and its column"),
        ([{"do": "cut edges", "reads": "words", "patch": [1, 0.5]}], "the column is '0.5'"),
        ([{"do": "cut edges", "reads": "words", "renormalise": 0}], "yes or no"),
        ([{"do": "cut edges", "reads": "one patch"}], "a key_patch is named"),
        ([{"do": "cut edges", "reads": "words", "key_patch": [0, 0]}], "a key_patch is named"),
        ([{"do": "cut edges", "reads": "words", "key_step": 0}], "a key_patch is named"),
        ([{"do": "cut edges", "reads": "one patch", "key_patch": [0]}], "its row and its column"),
        (
            [{"do": "cut edges", "reads": "one patch", "key_patch": [0, 0], "key_step": True}],
            "the key's time step is 'True'",
        ),
        ([{"do": "transfer map", "module": "m"}], "say which map"),
        ([{"do": "transfer map", "module": "m", "clip": "a", "recording": "b"}], "not of both"),
        ([{"do": "transfer map", "module": "m", "digest": "AB" * 32}], "64 hexadecimal"),
        ([{"do": "transfer map", "module": "m", "digest": 7}], "64 hexadecimal"),
        ([{"do": "transfer map", "module": "m", "clip": ["a"]}], "give a text"),
        ([{"do": "transfer map", "module": "m", "clip": "a\x1b[31m"}], "give a text"),
        ([{"do": "transfer map", "module": "m", "clip": "a", "share": 1.5}], "the share is 1.5"),
        ([{"do": "transfer map", "module": "m", "clip": "a", "seed": -1}], "the seed is '-1'"),
        ([{"do": "swap text", "text": "  "}], "give a text"),
        ([{"do": "swap text", "text": "\ud800"}], "give a text"),
        ([{"do": "cut depth", "module": "m", "kept": -1}], "layers kept"),
        ([{"do": "drop text"}] * 1025, "up to 1,024"),
        ("[" + " " * 4_000_000 + "]", "characters"),
    ],
)
def test_what_is_none_is_refused_in_words(told, why):
    with pytest.raises(ConfigError, match=why):
        from_json(told if isinstance(told, (str, bytes)) else json.dumps(told))


def test_a_recording_that_tells_nonsense_of_its_interventions_says_nothing_of_them():
    for told in (7, "x", [7], [{"do": "zero head"}], {"a": 1}):
        assert describe_origin({"weights_digest": "ab12", "interventions": told}) == "weights ab12"
