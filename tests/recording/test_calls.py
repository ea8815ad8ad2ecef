"""Every call of attention is told apart: passes, steps, runs, uses; and none is left out."""

import zipfile

import numpy as np
import pytest
import torch

from phenaki_viz import models, record
from phenaki_viz.export import write_archive
from phenaki_viz.export.provenance import read_provenance
from phenaki_viz.figures.head import Head
from phenaki_viz.figures.picked import Picked, heads_of
from phenaki_viz.models import Attention, ContinuousPositionBias
from tests.recording.calls import TOKENS, Checkpointed, Twice, guided, maskgit, tied, transformer
from tests.recording.models import SmallVideo, inputs


def all_heads(recording, video=None):
    return heads_of(recording, Picked(video=video))


def recorded(model, *inputs, **choice):
    with torch.no_grad(), record(model, **choice) as recording:
        model(*inputs)
    return recording


def steps_of_guidance(steps=2, batch=1):
    model = maskgit()
    with torch.no_grad(), record(model, words=("a", "b", "c")) as recording:
        for step in range(steps):
            recording.mark(step=step)
            guided(model, batch)
    return recording


def test_the_pass_with_the_text_is_looked_at_first_at_the_last_step():
    recording = steps_of_guidance()
    for (stack, kind), records in recording.stacks().items():
        assert stack == "transformer"
        assert [(r.layer, r.branch, r.step) for r in records] == [
            (0, "conditional", 1), (1, "conditional", 1),
        ], kind  # fmt: skip
    cross = recording.stacks()["transformer", "cross"][0]
    assert cross.map.full(0, 0)[:, 2:].sum() > 0.1


def test_every_pass_and_step_is_drawn_under_a_name_of_its_own():
    recording = steps_of_guidance()
    pictures = list(all_heads(recording))
    assert len(pictures) == sum(len(one.heads) for one in recording) == 2 * 2 * 2 * 2 * 3
    for names in ([p.name for p in pictures], [p.title for p in pictures]):
        assert len(set(names)) == len(names)
    crossed = {p.name: p for p in pictures}["cross_without_the_text_step01_L01_H02"]
    assert crossed.title == "L1 H2 · cross attention · without the text · decoding step 1"
    assert crossed.provenance["pass"] == "without the text · decoding step 1"
    np.testing.assert_allclose(crossed.values[:, :2].sum(axis=1), 1, atol=1e-5)
    (exact,) = recording.select(kind="cross", layer=1, step=0, branch="unconditional")
    np.testing.assert_array_equal(crossed.values, exact.map.full(0, 2))


def test_the_archive_holds_and_indexes_every_call(tmp_path):
    recording = steps_of_guidance(steps=1)
    pictures = all_heads(recording)
    path = write_archive(tmp_path / "a.zip", pictures, ["csv"], total=48)
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.startswith("csv/")]
        index = archive.read("index.html").decode()
        one = archive.read("csv/cross_with_the_text_step01_L00_H01.csv")
    assert len(names) == 24 and "csv/self_without_the_text_step01_L01_H00.csv" in names
    for kind in ("self", "cross"):
        for said in ("with the text", "without the text"):
            assert f"kind {kind}, pass {said} · decoding step 1" in index
    provenance = read_provenance(one)
    assert (provenance["branch"], provenance["step"], provenance["forward"]) == (
        "conditional",
        0,
        0,
    )


def test_runs_with_the_same_labels_are_numbered():
    model = transformer()
    with torch.no_grad(), record(model) as recording:
        model(TOKENS)
        model(TOKENS * 2)
        model(TOKENS * 3)
    assert [(r.layer, r.forward, r.call) for r in recording] == [
        (0, 0, 0), (1, 0, 0), (0, 1, 1), (1, 1, 1), (0, 2, 2), (1, 2, 2),
    ]  # fmt: skip
    titles = [picture.title for picture in all_heads(recording)]
    assert titles[0] == "L0 H0 · self attention · item 1 of 2 · run 1 of 3"
    assert sum("run 2 of 3" in title for title in titles) == 6
    assert [r.forward for r in recording.stacks()["", "self"]] == [2, 2]


def test_a_run_that_was_broken_off_is_not_the_one_to_look_at():
    model = transformer()
    with torch.no_grad(), record(model) as recording:
        model(TOKENS)
        broken = model.layers[1][1].register_forward_pre_hook(_fail)
        with pytest.raises(RuntimeError, match="on purpose"):
            model(TOKENS * 2)
        broken.remove()
    assert [(r.layer, r.forward) for r in recording] == [(0, 0), (1, 0), (0, 1)]
    assert [r.forward for r in recording.stacks()["", "self"]] == [0, 0]


def _fail(*_):
    raise RuntimeError("on purpose")


@pytest.mark.parametrize("storage", ["dense", "factored"])
def test_a_module_that_serves_three_layers_is_three_layers(storage):
    recording = recorded(tied(), TOKENS, storage=storage)
    names = tuple(f"layers.{layer}.1" for layer in range(3))
    assert [(r.module, r.layer, r.call, r.use) for r in recording] == [
        (name, layer, 0, layer) for layer, name in enumerate(names)
    ]
    assert all(r.shared == names for r in recording)
    assert [r.layer for r in recording.stacks()["", "self"]] == [0, 1, 2]
    # Each is that layer of a model with three equal modules of their own.
    apart = transformer(depth=3)
    for layer in apart.layers:
        layer.load_state_dict(tied().layers[0].state_dict())
    for one, other in zip(recording, recorded(apart, TOKENS), strict=True):
        np.testing.assert_allclose(one.map.full(1, 2), other.map.full(1, 2), rtol=0, atol=1e-5)
    pictures = list(all_heads(recording))
    assert [p.name for p in pictures][::3] == [f"self_video01_L{at:02d}_H00" for at in range(3)]
    assert "one module serves 3 layers: layers.0.1, layers.1.1, layers.2.1" in pictures[0].notes


def test_layers_of_a_shared_module_are_chosen_one_by_one():
    everything = recorded(tied(), TOKENS)
    (only,) = recorded(tied(), TOKENS, modules=["layers.1.1"])
    assert (only.module, only.layer, only.use) == ("layers.1.1", 1, 1)
    np.testing.assert_allclose(only.map.full(0, 0), everything[1].map.full(0, 0), atol=1e-6)


def test_a_module_called_twice_in_a_run_is_two_rows():
    model = Twice().eval()
    recording = recorded(model, TOKENS)
    assert [(r.module, r.forward, r.use) for r in recording] == [("attn", 0, 0), ("attn", 0, 1)]
    titles = [Head(recording, one, 0, 0).title for one in recording]
    assert [title.split(" · ")[-1] for title in titles] == ["use 1 of 2", "use 2 of 2"]
    stems = [Head(recording, one, 0, 0).stem for one in recording]
    assert len(set(stems)) == 2 and stems[1].endswith("L00_use2_H00")
    (records,) = recording.stacks().values()
    assert [r.use for r in records] == [0, 1]
    second = recorded(model.attn, model.attn(TOKENS) + TOKENS)[0]
    np.testing.assert_allclose(recording[1].map.full(0, 0), second.map.full(0, 0), atol=1e-6)


def test_attention_called_by_itself_is_a_run_each_time():
    model = transformer()
    with torch.no_grad(), record(model) as recording:
        for _ in range(2):
            for layer in model.layers:
                layer[1](TOKENS)
    assert [(r.layer, r.forward, r.use) for r in recording] == [
        (0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, 0),
    ]  # fmt: skip
    assert recording.provenance["model"] == "Transformer"


@pytest.mark.parametrize("reentrant", [True, False])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("storage", ["dense", "factored"])
@pytest.mark.parametrize("inside", [True, False])
def test_what_a_backward_pass_recomputes_is_no_second_call(reentrant, training, storage, inside):
    def gradient(how):
        model = Checkpointed(reentrant=reentrant).train(training)
        x = TOKENS.clone().requires_grad_()
        recording = how(model, x)
        return recording, x.grad

    def plainly(model, x):
        model(x).square().sum().backward()

    def watched(model, x):
        with record(model, storage=storage) as recording:
            loss = model(x).square().sum()
            if inside:
                loss.backward()
        if not inside:
            loss.backward()
        return recording

    _, expected = gradient(plainly)
    recording, found = gradient(watched)
    assert [(r.layer, r.call, r.use) for r in recording] == [(0, 0, 0), (1, 0, 0)]
    assert recording.recomputed == (2 if inside else 0)
    assert recording.missed == ()
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_a_stack_of_the_same_kind_as_another_keeps_its_name():
    class Two(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = transformer(depth=1), transformer(depth=1)

        def forward(self, x):
            return self.second(self.first(x))

    recording = recorded(Two(), TOKENS)
    names = [p.name for p in all_heads(recording)]
    assert len(set(names)) == 6 and "self_second_video01_L00_H02" in names


def test_a_picture_says_which_item_of_the_batch_it_is_of():
    recording = recorded(transformer(), TOKENS, batch_items=[1])
    assert recording[0].batch == 2
    (picture, *_) = all_heads(recording)
    assert "item 2 of 2" in picture.title and "video02" in picture.name
    assert picture.provenance["video"] == "item 2 of 2" and picture.provenance["batch_item"] == 1
    both = recorded(transformer(), TOKENS)
    second = list(all_heads(both, video=1))
    np.testing.assert_array_equal(second[0].values, both[0].map.full(1, 0))
    assert all("item 2 of 2" in one.title for one in second)
    alone = recorded(transformer(), TOKENS[:1])
    assert next(all_heads(alone)).title == "L0 H0 · self attention"


def test_a_part_of_a_recording_still_knows_the_whole():
    recording = steps_of_guidance()
    part = recording.one_pass(branch="unconditional", step=0)
    assert {(r.branch, r.step) for r in part} == {("unconditional", 0)} and len(part) == 4
    assert part.whole is recording and part.one_pass(step=0).whole is recording
    assert part.pass_of(part[0]).records[0] is part[0]


def test_one_pass_keeps_stacks_that_have_no_such_label():
    model = torch.nn.ModuleDict({"maskgit": maskgit(), "eyes": transformer()})
    with torch.no_grad(), record(model) as recording:
        model["eyes"](TOKENS)
        guided(model["maskgit"])
    part = recording.one_pass(branch="conditional")
    assert {r.stack for r in part} == {"eyes", "maskgit.transformer"}
    assert {r.branch for r in part} == {None, "conditional"}


class Doubled(torch.nn.Module):
    """Writes to what its position bias returned before, or after, attention adds it."""

    def __init__(self, when, offsets):
        super().__init__()
        torch.manual_seed(0)
        self.bias = ContinuousPositionBias(dim=8, heads=3, num_dims=2)
        self.transformer, self.when, self.offsets = transformer(depth=1), when, offsets

    def forward(self, x):
        bias = self.bias(3, 4, dense=not self.offsets)
        tensor = bias.surface if self.offsets else bias
        if self.when == "before":
            tensor.mul_(2)
        x = self.transformer(x, attn_bias=bias)
        if self.when == "after":
            tensor.mul_(2)
        return x


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
@pytest.mark.parametrize("storage", ["dense", "factored"])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("offsets", [True, False])
def test_a_bias_written_to_after_its_module_is_kept_as_it_was_added(mode, storage, when, offsets):
    with mode():
        model = Doubled(when, offsets)
        dense = model.bias(3, 4).numpy().copy()
        with record(model, storage=storage) as recording:
            model(TOKENS)
    (one,) = recording
    assert one.verification.max_abs_error < 1e-5
    (kept,) = recording.position_biases.values()
    np.testing.assert_array_equal(kept.table.dense().numpy(), dense)
    if when == "before":
        assert one.position_bias is None
        np.testing.assert_array_equal(one.dense_bias, 2 * dense)
    else:
        assert one.position_bias in recording.position_biases
    np.testing.assert_allclose(one.map.full(1, 2).sum(axis=1), 1, atol=1e-5)


def test_masks_and_biases_are_not_written_to_afterwards():
    torch.manual_seed(0)
    attention = Attention(24, heads=3, dim_head=8).eval()
    for shape in ((3, 12, 12), (2, 3, 12, 12), (1, 12, 12), (12, 12), (3, 1, 12)):
        for storage in ("dense", "factored"):
            bias, mask = torch.randn(shape), torch.ones(2, 12, dtype=torch.bool)
            mask[1, 5:] = False
            with torch.no_grad(), record(attention, storage=storage) as recording:
                attention(TOKENS, mask=mask, attn_bias=bias)
            (one,) = recording
            before = one.map.full(1, 2).copy()
            assert one.verification.max_abs_error < 1e-5, (shape, storage)
            bias.fill_(7)
            mask.fill_(True)
            np.testing.assert_array_equal(one.map.full(1, 2), before)
            assert before[:, 5:].sum() == 0


def test_a_position_bias_that_changed_between_runs_is_two():
    model = SmallVideo(models).eval()
    x, context, _ = inputs()
    with torch.no_grad(), record(model) as recording:
        model(x, context)
        model.continuous_pos_bias.net[-1].weight.mul_(3)
        model(x, context)
    first, second = recording.select(kind="self", layer=0)
    assert first.position_bias != second.position_bias
    one, other = (recording.bias_surface(r).surface for r in (first, second))
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("inplace", [True, False])
def test_dropout_in_place_does_not_reach_the_map(inplace):
    model = transformer(attn_dropout=0.5).train()
    for layer in model.layers:
        layer[1].attn_dropout = torch.nn.Dropout(0.5, inplace=inplace)
    for one in recorded(model, TOKENS):
        np.testing.assert_allclose(one.map.full(0, 0).sum(axis=1), 1, atol=1e-5)
