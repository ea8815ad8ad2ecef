"""A sink has every finished record, and says what is kept of it."""

from dataclasses import replace

import pytest
import torch

from phenaki_viz import models, record
from phenaki_viz.errors import RecordingError, RecordingTooLargeError
from tests.recording.models import SmallVideo, inputs


@pytest.fixture
def model():
    torch.manual_seed(0)
    return SmallVideo(models).eval()


@torch.no_grad()
def run(model, **choice):
    with record(model, **choice) as recording:
        model(*inputs())
    return recording


def test_every_record_goes_through_it_in_order_and_verified(model):
    seen = []
    kept = run(model, sink=lambda one: seen.append(one) or one)
    assert [one.module for one in kept] == [one.module for one in seen]
    assert len(kept) == 4
    assert all(one.verification.verdict == "passed" for one in seen)


@pytest.mark.parametrize("storage", ["dense", "factored"])
def test_what_is_dropped_needs_no_room_and_is_not_missed(model, storage):
    whole = run(model, storage=storage)
    limit = max(one.map.nbytes for one in whole)
    limits = {"limit_bytes": limit, "factored_limit_bytes": limit}
    with pytest.raises(RecordingTooLargeError):
        run(model, storage=storage, **limits)
    weights = []
    found = run(
        model, storage=storage, **limits, sink=lambda one: weights.append(one.map.full(0, 1))
    )
    assert len(found) == 0 and not found.missed  # and no warning: they are errors here
    for mine, theirs in zip(weights, whole, strict=True):
        assert (mine == theirs.map.full(0, 1)).all()


def test_another_record_can_be_kept_in_its_place(model):
    found = run(model, sink=lambda one: replace(one, step=7) if one.kind == "cross" else None)
    assert [(one.kind, one.step) for one in found] == [("cross", 7)] * 2


def test_what_it_raises_stops_the_model_and_hooks_are_gone(model):
    seen = []

    def sink(one):
        seen.append(one.module)
        raise KeyError("no room in the table")

    with pytest.raises(KeyError, match="no room in the table"):
        run(model, sink=sink)
    assert len(seen) == 1
    assert not any(one._forward_hooks or one._forward_pre_hooks for one in model.modules())
    assert len(run(model)) == 4  # the next recording hears all


def test_an_answer_that_is_no_record_stops_the_model_in_words(model):
    """It was kept among the records, and the block ended in an AttributeError."""
    for answer in (3.5, {"entropy": 1}, True):
        with pytest.raises(RecordingError, match=r"the record or None; it answered (3\.5|{|True)"):
            run(model, sink=lambda one, answer=answer: answer)


def test_what_is_no_sink_is_refused(model):
    with pytest.raises(RecordingError, match="sink is called with a record, got 3"):
        run(model, sink=3)
