"""Options of `record` are checked: before anything is touched, or before a call is computed."""

from dataclasses import fields
from typing import get_type_hints

import numpy as np
import pytest
import torch

from phenaki_viz import RecordingTooLargeError, models, record
from phenaki_viz.errors import RecordingError
from phenaki_viz.recording.options import OptionsByName, RecordOptions
from tests.recording.calls import TOKENS, tied, transformer
from tests.recording.models import SmallVideo, inputs

HEADS = "heads takes whole numbers from 0"
REFUSED = {
    "no heads": ({"heads": []}, "heads is empty, so nothing would be recorded"),
    "a negative head": ({"heads": [-1]}, f"{HEADS}, got -1"),
    "a negative head among others": ({"heads": [0, -1, 0]}, f"{HEADS}, got -1"),
    "a head twice": ({"heads": [2, 0, 2]}, "heads has 2 more than once"),
    "a head too many": ({"heads": [0, 3]}, "heads has 3; layers.0.1 has 3 heads"),
    "half a head": ({"heads": [0.5]}, "heads takes whole numbers, got 0.5"),
    "a head of yes": ({"heads": [True]}, "heads takes whole numbers, got True"),
    "heads in a text": ({"heads": "01"}, "heads is a list of whole numbers, got '01'"),
    "a lone head": ({"heads": 1}, "heads is a list of whole numbers, got 1"),
    "a mean of heads": ({"heads": {"mean": 1}}, "heads is a list of whole numbers"),
    "no items": ({"batch_items": ()}, "batch_items is empty"),
    "a negative item": ({"batch_items": [-1]}, "batch_items takes whole numbers from 0, got -1"),
    "an item twice": ({"batch_items": [1, 1]}, "batch_items has 1 more than once"),
    "no modules": ({"modules": []}, "modules is empty"),
    "a module twice": ({"modules": ["layers.0.1"] * 2}, "modules has layers.0.1 more than once"),
    "an unknown module": (
        {"modules": ["layers.7.1"]},
        "no attention module named layers.7.1; there",
    ),
    "modules in a text": (
        {"modules": "layers.0.1"},
        "modules is a list of texts, got 'layers.0.1'",
    ),
    "a module by number": ({"modules": [0]}, "modules is a list of texts, and 0 is none"),
    "words in a text": ({"words": "two moving"}, "words is a list of texts, got 'two moving'"),
    "words by number": ({"words": ["two", 2]}, "words is a list of texts, and 2 is none"),
    "texts of words": (
        {"words": [["a"], ["b"]]},
        "words is a list of texts, and \\['a'\\] is none",
    ),
    "half a grid": ({"grid": (3, 4)}, r"grid is \(steps, rows, columns\), got \(3, 4\)"),
    "an empty grid": ({"grid": (3, 0, 4)}, "grid takes whole numbers from 1, got 0"),
    "a grid of halves": ({"grid": (3, 1.5, 4)}, "grid takes whole numbers, got 1.5"),
    "another extra": ({"extras": ["queries", "scores"]}, "extras has scores; there are queries"),
    "extras in a text": ({"extras": "queries"}, "extras is a list of texts, got 'queries'"),
    "another storage": (
        {"storage": "stored"},
        "storage is 'auto', 'dense' or 'factored', got 'stored'",
    ),
    "another precision": ({"dtype": torch.int8}, "maps are kept as float32 or float16"),
    "a negative limit": ({"limit_bytes": -1}, "limit_bytes takes whole numbers from 0, got -1"),
    "a negative other limit": (
        {"factored_limit_bytes": -5},
        "factored_limit_bytes takes whole numbers",
    ),
    "no rows to verify": ({"verify_rows": 0}, "verify_rows takes whole numbers from 1, got 0"),
    "progress to nobody": ({"on_progress": 3}, "on_progress is called with two numbers, got 3"),
}


def touched(model):
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_before_anything_is_touched(what):
    options, said = REFUSED[what]
    model = transformer()
    ran = []
    with pytest.raises(RecordingError, match=said), record(model, **options):
        ran.append(touched(model))
    assert not ran and touched(model) == 0


@pytest.mark.parametrize(
    ("thing", "said"),
    [
        (lambda x: x, r"takes a torch.nn.Module, got function"),
        (None, r"takes a torch.nn.Module, got NoneType"),
        (torch.nn.Linear(2, 2), r"Linear has no attention module"),
    ],
)
def test_what_is_no_model_is_refused(thing, said):
    with pytest.raises(RecordingError, match=said), record(thing):
        pass


AT_THE_CALL = {
    "an item that the batch lacks": ({"batch_items": [0, 2]}, "batch_items has 2; .* with 2 items"),
    "a grid of other tokens": ({"grid": (5, 2, 2)}, "grid is 5 × 2 × 2, and layers.0.1 was called"),
}


@pytest.mark.parametrize("what", AT_THE_CALL)
def test_what_does_not_fit_the_call_is_refused_before_it_is_computed(what):
    options, said = AT_THE_CALL[what]
    model, computed = transformer(), []
    model.layers[0][1].to_q.register_forward_hook(lambda *_: computed.append(1))
    with (
        torch.no_grad(),
        pytest.raises(RecordingError, match=said),
        record(model, **options) as recording,
    ):
        model(TOKENS)
    assert not computed and not len(recording)
    assert touched(model) == 1  # the test's own


def test_more_words_than_keys_are_refused():
    model = SmallVideo(models).eval()
    x, context, mask = inputs()  # 4 words
    with (
        torch.no_grad(),
        pytest.raises(RecordingError, match=r"words has 5 names, and .*layers.0.2 reads 4 text"),
        record(model, words=list("abcde")),
    ):
        model(x, context, mask)


def test_options_that_fit_are_taken_in_any_sequence_of_whole_numbers():
    model = transformer()
    options = {"heads": np.array([2, 0]), "batch_items": range(1, 2), "grid": [3, 2, 2]}
    with torch.no_grad(), record(model, **options) as recording:
        model(TOKENS)
    assert {(r.heads, r.batch_items) for r in recording} == {((2, 0), (1,))}
    assert all(r.places.grid == (3, 2, 2) for r in recording)


def test_the_limit_counts_what_is_chosen():
    one_head = 12 * 12 * 4 * 2
    model = transformer(depth=1)
    with torch.no_grad(), record(model, heads=[1], storage="dense", limit_bytes=one_head):
        model(TOKENS)
    with (
        torch.no_grad(),
        pytest.raises(RecordingTooLargeError),
        record(model, heads=[1], storage="dense", limit_bytes=one_head - 1),
    ):
        model(TOKENS)


def test_every_name_of_a_shared_module_is_known():
    with pytest.raises(RecordingError, match=r"there are layers.0.1, layers.1.1, layers.2.1"):
        with record(tied(), modules=["layers.3.1"]):
            pass


def test_options_have_one_list_each_named_once():
    named = get_type_hints(OptionsByName)
    assert list(named) == [field.name for field in fields(RecordOptions)]
    for name in named:
        assert name in (RecordOptions.__doc__ or "") and name in (record.__doc__ or "")


def test_an_option_that_is_none_is_refused_and_told():
    with pytest.raises(TypeError, match=r"no option head; it has modules, heads, batch_items"):
        with record(transformer(), head=[0]):
            pass
