"""Maps of one run put into another: used as they were recorded, or refused in words."""

import numpy as np
import pytest
import torch

import phenaki_viz
from phenaki_viz import models, record
from phenaki_viz.errors import RecordingError
from phenaki_viz.recording.interventions import (
    CutEdges,
    ScalePosition,
    TransferMap,
    ZeroHead,
    from_json,
    intervened,
    keep_map,
    kept_maps,
    to_json,
)
from phenaki_viz.recording.sentences import describe_origin
from tests.recording.models import inputs
from tests.recording.test_interventions import CROSS, LIBRARIES, SELF, Causal, made, steps
from tests.recording.test_switches import hooks_on, written


class Open(Causal):
    """The same tokens, every one of which sees all."""

    def __init__(self, library):
        super().__init__(library)
        self.transformer = library.Transformer(16, depth=2, heads=3, dim_head=8)


PARTS = [SELF.format(0), SELF.format(1), CROSS.format(0), CROSS.format(1)]


@pytest.fixture(params=LIBRARIES)
def model(request):
    return made(LIBRARIES[request.param]())


def others():
    """Another video with another text of as many words."""
    generator = torch.Generator().manual_seed(11)
    x = torch.randn(2, 30, 32, generator=generator)
    context = torch.randn(2, 4, 16, generator=generator)
    return x, context, inputs()[2]


@torch.no_grad()
def recorded(model, given, storage="dense", changes=()):
    with intervened(model, changes), record(model, storage=storage) as recording:
        out = model(*given)
    return out, {one.module: one for one in recording}


@pytest.mark.parametrize("storage", ["dense", "factored"])
def test_a_runs_own_maps_put_into_it_change_nothing(model, storage):
    """Of one head, of whole modules, and of all of them; each item keeps its own."""
    whole, records = recorded(model, inputs(), storage)
    stored, _ = recorded(model, inputs(), "dense")
    cases = [[keep_map(records[name], head)] for name in PARTS for head in (0, 2, None)]
    cases.append([keep_map(records[name]) for name in PARTS])
    for given in cases:
        found, again = recorded(model, inputs(), storage, given)
        torch.testing.assert_close(found, whole, atol=2e-5, rtol=0)
        if storage == "dense":  # the very numbers that were multiplied
            assert torch.equal(found, stored)
        for name in PARTS:
            for head in range(3):
                np.testing.assert_allclose(
                    again[name].map.full(1, head), records[name].map.full(1, head), atol=1e-5
                )
    assert hooks_on(model) == 0


@pytest.mark.parametrize("storage", ["dense", "factored"])
def test_the_map_that_is_used_is_the_one_of_the_other_run(model, storage, tmp_path):
    name, head = SELF.format(1), 1
    _, source = recorded(model, others(), storage)
    whole, before = recorded(model, inputs(), storage)
    kept, weights = keep_map(source[name], head), written(model)
    found, after = recorded(model, inputs(), storage, [kept])
    assert not torch.allclose(found, whole, atol=1e-4) and written(model) == weights
    path = tmp_path / "run.safetensors"
    with intervened(model, [kept]), record(model, storage=storage) as recording, torch.no_grad():
        model(*inputs())
    recording.save(path)
    opened = {one.module: one for one in phenaki_viz.open(path)}
    for records in (after, opened):
        one = records[name]
        for item in range(2):
            np.testing.assert_allclose(
                one.map.full(item, head), source[name].map.full(item, head), atol=1e-6
            )
            np.testing.assert_allclose(  # the layer's own input is what it was
                one.map.full(item, 0), before[name].map.full(item, 0), atol=1e-5
            )
        assert one.put_in == (head,) and records[SELF.format(0)].put_in == ()
        assert one.verification.verdict == "passed" and one.verification.max_abs_error < 1e-5
        assert one.head(head).is_put_in and not one.head(0).is_put_in
        with pytest.raises(RecordingError, match="taken from another run"):
            one.head(head).terms([0])
        np.testing.assert_allclose(
            one.head(0).terms(range(30)).weights, one.map.full(0, 0), atol=1e-5
        )
    assert "head 1 with the map of map" in describe_origin(recording.provenance)
    assert from_json(to_json([kept])) == (kept,)


def test_what_is_measured_of_a_head_says_nothing_of_terms_that_did_not_make_it():
    from phenaki_viz.analysis.head_columns import COLUMNS
    from phenaki_viz.analysis.head_table import head_table
    from phenaki_viz.analysis.measures import head_statistics

    model = made(models)
    _, source = recorded(model, others())
    kept = keep_map(source[SELF.format(0)], 2)
    with intervened(model, [kept]), record(model) as recording, torch.no_grad():
        model(*inputs())
    position = COLUMNS["position"].of
    for row in head_table(recording, kind="self"):
        (facts,) = row.clips
        assert np.isfinite(position(facts)) == ((row.layer, row.head) != (0, 2))
    stack = recording.stacks()["transformer", "self"]
    found = head_statistics(stack, [0] * len(stack), ["position", "entropy"])
    assert np.isnan(found.mean("position")).sum() == 1 and np.isnan(found.mean("position")[0, 2])
    assert np.isfinite(found.mean("entropy")).all()


@torch.no_grad()
def test_it_is_alone_with_its_head_and_what_else_is_changed_is_of_the_others():
    model, name = made(models), SELF.format(1)
    _, source = recorded(model, others())
    kept = keep_map(source[name], 1)
    changes = [kept, ScalePosition(factor=0.0), CutEdges(reads="other steps", module=name)]
    _, records = recorded(model, inputs(), "dense", changes)
    np.testing.assert_allclose(records[name].map.full(0, 1), source[name].map.full(0, 1), atol=1e-6)
    step = np.arange(30) // 15
    for head in (0, 2):
        assert (records[name].map.full(0, head)[step[:, None] != step] == 0).all()
    assert not records[name].head(1).hidden((0, 30), (0, 30)).any()
    _, again = recorded(model, inputs(), "dense", changes[::-1])
    np.testing.assert_array_equal(again[name].map.full(0, 1), records[name].map.full(0, 1))
    off, _ = recorded(model, inputs(), "dense", [kept, ZeroHead(module=name, head=1)])
    zero, _ = recorded(model, inputs(), "dense", [ZeroHead(module=name, head=1)])
    assert torch.allclose(off, zero, atol=1e-6)


@torch.no_grad()
def test_one_video_goes_into_many_and_a_pass_without_text_keeps_its_own(model):
    x, context, mask = others()
    with record(model, batch_items=[1]) as recording:
        model(x, context, mask)
    kept = [keep_map(one) for one in recording if one.kind == "cross"]
    mask[0] = False
    _, before = recorded(model, (x, context, mask))
    _, after = recorded(model, (*inputs()[:2], mask), "dense", kept)
    source = {one.module: one for one in recording}
    for name in (CROSS.format(0), CROSS.format(1)):
        np.testing.assert_allclose(
            after[name].map.full(1, 0), source[name].map.full(0, 0), atol=1e-6
        )
        nulls = after[name].map.full(0, 0)[:, 2:]
        assert (nulls == 0).all() and (before[name].map.full(0, 0)[:, 2:] == 0).all()


@torch.no_grad()
def test_a_text_with_more_words_gives_the_new_ones_nothing(model):
    x, context, mask = inputs()
    _, source = recorded(model, (x, context[:, :3], torch.ones(2, 3, dtype=torch.bool)))
    kept = keep_map(source[CROSS.format(0)], 1)
    _, after = recorded(model, (x, context, mask), "dense", [kept])
    found = after[CROSS.format(0)].map.full(1, 1)
    np.testing.assert_allclose(found[:, :5], source[CROSS.format(0)].map.full(1, 1), atol=1e-6)
    assert (found[:, 5] == 0).all()


@torch.no_grad()
@pytest.mark.parametrize("library", LIBRARIES)
def test_what_does_not_fit_is_refused_in_words_and_leaves_nothing_behind(library):
    model = made(LIBRARIES[library]())
    _, source = recorded(model, inputs(words=6))
    x, context, mask = inputs()
    whole = model(x, context, mask)

    def refused(changes, why, given=(x, context, mask), of=model):
        with pytest.raises(RecordingError, match=why), intervened(of, changes):
            of(*given)
        assert hooks_on(of) == 0

    refused([keep_map(source[CROSS.format(0)], 1)], "of no more words")
    full = torch.ones(2, 4, dtype=torch.bool)
    _, seen = recorded(model, (x, context, full))
    refused([keep_map(seen[CROSS.format(1)], 0)], "hidden from it here")  # item 0 has 3 words
    own = keep_map(source[SELF.format(0)], 1)
    refused([own, keep_map(source[SELF.format(0)])], "two maps are put into head 1")
    refused([keep_map(source[SELF.format(0)]), TransferMap(
        module=SELF.format(1), head=0, digest=keep_map(source[SELF.format(1)]).digest
    )], "maps of 3 heads")  # fmt: skip
    refused([TransferMap(module="transformer", digest=own.digest)], "name it in full")
    refused([TransferMap(module="nowhere", digest=own.digest)], "no attention in nowhere")
    refused([TransferMap(module=SELF.format(0), head=0, digest="0" * 64)], "is not here")
    causal, open_ = (made(LIBRARIES[library](), kind) for kind in (Causal, Open))
    refused([own], "a call of 6 queries and 6 keys", (steps(),), causal)
    (later, own), name = (recorded(one, (steps(),))[1] for one in (open_, causal)), SELF.format(0)
    refused([keep_map(later[name], 0)], "or later steps", (steps(),), causal)
    recorded(causal, (steps(),), "dense", [keep_map(own[name], 0)])
    assert torch.equal(model(x, context, mask), whole)


@torch.no_grad()
def test_a_map_is_kept_as_long_as_there_is_room_and_only_if_it_is_one(monkeypatch):
    model = made(models)
    _, source = recorded(model, inputs())
    one = keep_map(source[SELF.format(0)], 0)
    assert keep_map(source[SELF.format(0)], 0).digest == one.digest  # the same numbers
    assert keep_map(source[SELF.format(0)], 1).digest != one.digest
    monkeypatch.setattr(kept_maps, "MOST_BYTES", 1)
    two = keep_map(source[SELF.format(0)], 2)
    assert kept_maps.is_kept(two.digest) and not kept_maps.is_kept(one.digest)
    with pytest.raises(RecordingError, match="head 3 was not recorded"):
        keep_map(source[SELF.format(0)], 3)
    with record(model, heads=[1]) as recording:
        model(*inputs())
    with pytest.raises(RecordingError, match="not all of its heads"):
        keep_map(recording[0])
    monkeypatch.setattr(kept_maps, "MOST_CELLS", 10)
    with pytest.raises(RecordingError, match="too large"):
        keep_map(source[SELF.format(0)])
    x = torch.full((2, 30, 32), torch.nan)
    _, wrong = recorded(model, (x, *inputs()[1:]))
    monkeypatch.undo()
    with pytest.raises(RecordingError, match="no distributions"):
        keep_map(wrong[SELF.format(0)])
