"""What is changed in a model: laws that hold for every kind, and maps that are what was used."""

import itertools
import threading

import numpy as np
import pytest
import torch

import phenaki_viz
from phenaki_viz import models, record
from phenaki_viz.errors import RecordingError
from phenaki_viz.numerics.offsets import OffsetBias
from phenaki_viz.recording.interventions import (
    CutDepth,
    CutEdges,
    DropText,
    MeanHead,
    ScaleAlibi,
    ScaleAttention,
    ScalePosition,
    SwapText,
    ZeroHead,
    from_json,
    intervened,
    to_json,
)
from phenaki_viz.recording.sentences import describe_origin
from tests.published import published_attention
from tests.recording.models import GRID, SmallVideo, inputs
from tests.recording.test_switches import hooks_on, in_another_thread, without, written

SELF, CROSS = (f"transformer.layers.{{}}.{part}" for part in (1, 2))
STEPS = torch.arange(30) // 15
LIBRARIES = {"ours": lambda: models, "published": published_attention}


class Small(SmallVideo):
    """With a text encoder: the vectors of a text depend on its letters."""

    def encode_texts(self, texts):
        chance = torch.Generator().manual_seed(sum(map(ord, texts[0])))
        words = len(texts[0].split())
        return torch.randn(1, words, 16, generator=chance), torch.ones(1, words, dtype=torch.bool)


class Causal(torch.nn.Module):
    """A causal transformer over six steps: ALiBi in every layer."""

    def __init__(self, library):
        super().__init__()
        self.transformer = library.Transformer(16, depth=2, heads=3, dim_head=8, causal=True)

    def forward(self, x):
        return self.transformer(x, video_shape=(2, 6, 1, 1))


@pytest.fixture(params=LIBRARIES)
def model(request):
    return made(LIBRARIES[request.param]())


def made(library, kind=Small):
    torch.manual_seed(0)
    return kind(library).eval()


def steps():
    return torch.randn(2, 6, 16, generator=torch.Generator().manual_seed(3))


ALL = [
    ZeroHead(module=SELF.format(1), head=1),
    MeanHead(module=CROSS.format(0), head=2, mean=tuple(range(8)), over="nothing"),
    ScalePosition(factor=0.5, module=SELF.format(0)),
    CutEdges(reads="other steps", module=SELF.format(1)),
    SwapText(text="a b c"),
    CutDepth(module="transformer", kept=2),
]
OURS = [ScaleAttention(factor=2.0, module="transformer", head=0)]


@torch.no_grad()
@pytest.mark.parametrize("one", [*ALL[:5], DropText(), *OURS], ids=lambda one: one.kind)
def test_something_changes_in_this_thread_alone_and_nothing_is_written(one):
    model = made(models)
    whole, before = model(*inputs()), written(model)

    def beside():
        with torch.no_grad():
            return model(*inputs())

    with pytest.raises(ZeroDivisionError), intervened(model, [one]):
        assert not torch.allclose(model(*inputs()), whole, atol=1e-4)
        assert torch.equal(in_another_thread(beside), whole)
        assert written(model) == before
        raise ZeroDivisionError
    assert hooks_on(model) == 0 and written(model) == before
    assert torch.equal(model(*inputs()), whole)


@torch.no_grad()
@pytest.mark.parametrize("one", [ScalePosition(factor=1), ScaleAttention(factor=1)])
def test_a_factor_of_1_is_nothing(model, one):
    whole = model(*inputs())
    with intervened(model, [one]):
        assert torch.equal(model(*inputs()), whole) and hooks_on(model) == 0


@torch.no_grad()
def test_the_order_changes_nothing():
    model = made(models)
    some = [*ALL, *OURS]
    found = []
    for order in (some, some[::-1], [*some[3:], *some[:3]]):
        with intervened(model, order):
            found.append(model(*inputs()))
    assert torch.equal(found[0], found[1]) and torch.equal(found[0], found[2])
    factors = [ScalePosition(factor=f) for f in (0.5, 4.0)]
    with intervened(model, factors):
        two = model(*inputs())
    with intervened(model, [ScalePosition(factor=2.0)]):
        assert torch.equal(model(*inputs()), two)


@torch.no_grad()
def test_a_mean_of_zeros_is_a_head_that_is_off_and_its_own_output_is_nothing(model):
    name = SELF.format(1)
    zero = MeanHead(module=name, head=1, mean=(0.0,) * 8, over="nothing")
    with intervened(model, [zero]):
        found = model(*inputs())
    with intervened(model, [ZeroHead(module=name, head=1)]):
        assert torch.equal(model(*inputs()), found)


def planted_surface(model, factor):
    """A bias that is the model's, times a factor, where nothing else is changed."""

    def scale(_, args, bias):
        if isinstance(bias, OffsetBias):
            return OffsetBias(bias.surface * factor, bias.dimensions)
        return bias * factor

    return model.continuous_pos_bias.register_forward_hook(scale)


@torch.no_grad()
@pytest.mark.parametrize("factor", [0.0, 2.5])
def test_position_scaled_everywhere_is_the_bias_itself_scaled(model, factor):
    handle = planted_surface(model, factor)
    wanted = model(*inputs())
    handle.remove()
    with intervened(model, [ScalePosition(factor=factor)]):
        assert torch.allclose(model(*inputs()), wanted, atol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("library", LIBRARIES)
def test_alibi_times_0_is_a_model_without_slopes(library):
    model = made(LIBRARIES[library](), Causal)
    bare = made(LIBRARIES[library](), Causal)
    for module in bare.modules():
        if hasattr(module, "slopes"):
            module.slopes = torch.zeros_like(module.slopes)
    with intervened(model, [ScaleAlibi(factor=0)]), record(model) as recording:
        assert torch.allclose(model(steps()), bare(steps()), atol=1e-6)
    assert all((one.alibi.slopes == 0).all() for one in recording)
    assert all(one.alibi.max_abs_error < 1e-6 for one in recording)


@torch.no_grad()
def test_alibi_made_row_by_row_is_scaled_too(monkeypatch):
    """Long maps are made in blocks of rows, each with its own part of the bias."""
    from phenaki_viz.numerics.room import Room

    model = made(models, Causal)
    with intervened(model, [ScaleAlibi(factor=0.5, head=1)]):
        wanted = model(steps())
        monkeypatch.setattr(Room, "on", classmethod(lambda cls, *_: Room(whole=0, block=40)))
        assert torch.allclose(model(steps()), wanted, atol=1e-6)
        with record(model, storage="factored") as recording:
            model(steps())
    assert all(one.verification.max_abs_error < 1e-5 for one in recording)
    assert recording[0].alibi.slopes[1] == pytest.approx(0.5 * models.position.alibi_slopes(3)[1])


@torch.no_grad()
@pytest.mark.parametrize("scale", [0.0, 0.5, 3.0])
def test_the_attention_scale_is_another_scale_of_the_class(scale):
    model, other = made(models), made(models)
    for module in other.modules():
        if hasattr(module, "to_kv"):
            module.scale = module.scale * scale
    with intervened(model, [ScaleAttention(factor=scale)]):
        assert torch.allclose(model(*inputs()), other(*inputs()), atol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize(
    ("reads", "wanted"),
    [
        ("own step", STEPS[:, None] != STEPS),
        ("other steps", STEPS[:, None] == STEPS),
        ("null keys", torch.ones(30, 30, dtype=torch.bool)),
        ("words", torch.ones(30, 30, dtype=torch.bool)),
    ],
)
@pytest.mark.parametrize("storage", ["dense", "factored"])
def test_nothing_is_read_over_an_edge_that_is_cut(model, reads, wanted, storage, tmp_path):
    with intervened(model, [CutEdges(reads=reads)]), record(model, storage=storage) as recording:
        model(*inputs())
    recording.save(tmp_path / "run.safetensors")
    for found in (recording, phenaki_viz.open(tmp_path / "run.safetensors")):
        for one in found:
            rows = np.stack([one.map.full(0, head) for head in range(3)])
            cut = ~wanted.numpy() if one.kind == "self" else np.zeros((30, 6), bool)
            if one.kind == "cross" and reads in ("words", "null keys"):
                cut[:, slice(2, None) if reads == "words" else slice(2)] = True
            hidden = one.hidden(0, (0, 30), (0, rows.shape[-1]))
            assert (rows[:, cut] == 0).all() and (hidden | ~cut).all()
            np.testing.assert_allclose(rows.sum(-1), 1, atol=1e-5)
            assert one.verification.verdict == "passed" and one.verification.max_abs_error < 1e-5
            assert one.visible_keys(0).tolist() == (~hidden).sum(-1).tolist()
            assert not len(one.map.wrong_rows(0, 0))


KNOCKED_OUT = [
    (CutEdges(reads="one word", word=1, module=CROSS.format(1)), None, None),
    (CutEdges(reads="one word", word=3, head=2), None, 2),
    (CutEdges(reads="one word", word=0, head=1, step=1), STEPS == 1, 1),
    (CutEdges(reads="one word", word=2, patch=(1, 4)), torch.arange(30) % 15 == 9, None),
    (CutEdges(reads="one word", word=2, step=0, patch=(2, 1)), torch.arange(30) == 11, None),
]


@torch.no_grad()
@pytest.mark.parametrize(("cut", "queries", "head"), KNOCKED_OUT)
@pytest.mark.parametrize("storage", ["dense", "factored"])
def test_one_word_is_not_read_by_the_queries_and_the_head_that_are_named(
    model, cut, queries, head, storage, tmp_path
):
    """Rows 3 × 5 patches of two steps; the words follow two null keys."""
    with intervened(model, [cut]), record(model, storage=storage) as recording:
        model(*inputs())
    assert hooks_on(model) == 0
    recording.save(tmp_path / "run.safetensors")
    by = np.ones(30, bool) if queries is None else queries.numpy()
    for found in (recording, phenaki_viz.open(tmp_path / "run.safetensors")):
        for one in found:
            wanted = np.zeros((3, 30, one.map.shape[3]), bool)
            if one.kind == "cross" and cut.module in ("", one.module):
                wanted[slice(None) if head is None else head, by, 2 + cut.word] = True
            rows = np.stack([one.map.full(0, at) for at in range(3)])
            assert (rows[wanted] == 0).all()
            np.testing.assert_allclose(rows.sum(-1), 1, atol=1e-5)
            assert one.verification.verdict == "passed" and one.verification.max_abs_error < 1e-5
            for at in range(3):
                of = one.head(at)
                hidden = of.hidden((0, 30), (0, rows.shape[-1]))
                padding = one.hidden_by(0, (0, 30), (0, rows.shape[-1]))[1]
                assert (hidden == wanted[at] | padding[None]).all()
                assert of.visible_keys.tolist() == (~hidden).sum(-1).tolist()
                np.testing.assert_allclose(of.terms(range(30)).weights, rows[at], atol=1e-5)
            assert (one.hidden(0, (0, 30), (0, rows.shape[-1])) >= wanted.all(0)).all()


PATCHES = [
    (CutEdges(reads="one patch", key_patch=(1, 4)), torch.arange(30) % 15 == 9, None, None),
    (
        CutEdges(reads="one patch", key_patch=(2, 1), key_step=0, step=1, patch=(0, 3)),
        torch.arange(30) == 11,
        torch.arange(30) == 18,
        None,
    ),
    (
        CutEdges(reads="one patch", key_patch=(0, 0), key_step=1, head=2, module=SELF.format(1)),
        torch.arange(30) == 15,
        None,
        2,
    ),
    (CutEdges(reads="one patch", key_patch=(7, 0)), torch.zeros(30, dtype=torch.bool), None, None),
]


@torch.no_grad()
@pytest.mark.parametrize(("cut", "keys", "queries", "head"), PATCHES)
@pytest.mark.parametrize("storage", ["dense", "factored"])
def test_one_patch_is_not_read_by_the_queries_and_the_head_that_are_named(
    model, cut, keys, queries, head, storage
):
    """Rows 3 × 5 patches of two steps; a patch that the grid has not got is cut nowhere."""
    with intervened(model, [cut]), record(model, storage=storage) as recording:
        model(*inputs())
    by = np.ones(30, bool) if queries is None else queries.numpy()
    for one in recording:
        wanted = np.zeros((3, 30, one.map.shape[3]), bool)
        if one.kind == "self" and cut.module in ("", one.module):
            wanted[slice(None) if head is None else head] = by[:, None] & keys.numpy()
        rows = np.stack([one.map.full(1, at) for at in range(3)])
        assert ((rows == 0) == wanted).all()
        np.testing.assert_allclose(rows.sum(-1), 1, atol=1e-5)
        assert one.verification.verdict == "passed"


@torch.no_grad()
def test_heads_that_are_chosen_for_a_recording_keep_their_own_cuts(tmp_path):
    model = made(models)
    cut = CutEdges(reads="one word", word=1, head=2)
    for storage in ("dense", "factored"):
        with intervened(model, [cut]), record(model, storage=storage, heads=[2, 0]) as recording:
            model(*inputs())
        cross = next(one for one in recording if one.kind == "cross")
        for at, is_cut in enumerate(head == 2 for head in cross.heads):
            assert (cross.map.full(0, at)[:, 3] == 0).all() == is_cut
            assert cross.head(at).hidden((0, 30), (3, 4)).all() == is_cut


@torch.no_grad()
def test_a_word_cut_in_every_head_is_a_word_that_the_mask_hides(model):
    x, context, mask = inputs()
    hides = mask.clone()
    hides[:, 1] = False
    wanted = model(x, context, hides)
    with intervened(model, [CutEdges(reads="one word", word=1)]):
        assert torch.allclose(model(x, context, mask), wanted, atol=1e-5)
    heads = [CutEdges(reads="one word", word=1, head=head) for head in range(3)]
    with intervened(model, heads):
        assert torch.allclose(model(x, context, mask), wanted, atol=1e-5)
    whole = model(x, context, mask)
    with intervened(model, [CutEdges(reads="one word", word=40)]):  # no text here is as long
        assert torch.equal(model(x, context, mask), whole)


@torch.no_grad()
def test_rows_that_are_not_renormalised_sum_to_less_and_are_no_map(model):
    cut = CutEdges(reads="own step", renormalise=False)
    seen = []
    with intervened(model, [cut]):
        hooks = [
            one.attn_dropout.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
            for name, one in model.named_modules()
            if name.endswith(".1") and hasattr(one, "to_kv")
        ]
        model(*inputs())
        for hook in hooks:
            hook.remove()
        with pytest.raises(RecordingError, match="not renormalised"), record(model):
            model(*inputs())
    with record(model) as whole:
        model(*inputs())
    own = (STEPS[:, None] == STEPS).numpy()
    first = whole[0].map.full(0, 1)
    np.testing.assert_allclose(seen[0][0, 1].numpy(), np.where(own, 0, first), atol=1e-6)
    assert (seen[0].sum(-1) < 1).all() and hooks_on(model) == 0


@torch.no_grad()
@pytest.mark.parametrize("storage", ["dense", "factored"])
def test_what_is_recorded_is_what_was_used_and_its_terms_make_it(storage):
    """Map, ledger and verdict agree, for every change inside a call at once, per head too."""
    model = made(models)
    given = [
        ScaleAttention(factor=1.7, module=SELF.format(0), head=1),
        ScaleAttention(factor=0.3, module=CROSS.format(1)),
        ScalePosition(factor=0.4),
        ScalePosition(factor=0.0, module=SELF.format(1), head=2),
        CutEdges(reads="later steps", module=SELF.format(1)),
        CutEdges(reads="null keys", module=CROSS.format(0)),
    ]
    kept = {"storage": storage, "extras": ("queries", "keys")}
    for record_first in (False, True):
        blocks = [lambda: record(model, **kept), lambda: intervened(model, given)]
        with blocks[not record_first]() as one, blocks[record_first]() as two:
            model(*inputs())
        recording = one or two
        assert [each["do"] for each in recording.provenance["interventions"]] == [
            each.kind for each in given
        ]
        assert "position bias × 0.4 in the whole model" in describe_origin(recording.provenance)
        for each, head in itertools.product(recording, range(3)):
            terms = each.head(head, 1).terms(range(30))
            np.testing.assert_allclose(terms.weights, each.map.full(1, head), atol=1e-5)
            assert each.verification.max_abs_error < 1e-5
            assert terms.position is not None or each.kind == "cross"
    position = recording[2].head(2, 0).terms(range(30)).position
    assert (position == 0).all() and len(recording.position_biases) > 1


@torch.no_grad()
def test_position_times_0_is_the_ledgers_map_without_position():
    from phenaki_viz.analysis.term_maps import counterfactual_map

    model = made(models)
    with record(model, storage="factored") as whole:
        model(*inputs())
    with intervened(model, [ScalePosition(factor=0)]), record(model) as without_it:
        model(*inputs())
    for head in range(3):
        named = counterfactual_map(whole[0].head(head, 0), {"content"}, 64)
        np.testing.assert_allclose(without_it[0].map.full(0, head), named, atol=1e-5)


@torch.no_grad()
def test_text_dropped_is_a_pass_without_text_and_swapped_one_is_that_text(model):
    x, context, mask = inputs()
    none = model(x, context, torch.zeros_like(mask))
    with intervened(model, [DropText()]):
        assert torch.equal(model(x, context, mask), none)
    words, seen = model.encode_texts(["five odd little words here"])
    other = model(x, words.expand(2, -1, -1), seen.expand(2, -1))
    with intervened(model, [SwapText(text="five odd little words here")]):
        assert torch.equal(model(x, context, mask), other)
        assert torch.equal(model(x, context, torch.zeros_like(mask)), none)  # asked without text


@torch.no_grad()
def test_alone_together_and_with_switches_it_is_the_model_without_them(model):
    from phenaki_viz.recording.switches import Switches, switched

    case = Switches(off=frozenset({(SELF.format(0), 2)}), depth=frozenset({("transformer", 1)}))
    x, context, mask = inputs()
    wanted = without(model, case)(x, context, torch.zeros_like(mask))
    with switched(model, Switches(off=case.off, depth=case.depth, also=(DropText(),))):
        assert torch.equal(model(x, context, mask), wanted)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ([ZeroHead(module="nowhere", head=0)], "there is no head 0 in nowhere"),
        ([ScalePosition(factor=2, module="nowhere")], "no attention in nowhere"),
        ([ScalePosition(factor=2, head=3)], "no head 3"),
        ([ScaleAlibi(factor=0)], "no ALiBi"),
        ([CutEdges(reads="words", head=3)], "no head 3"),
        ([CutDepth(module="transformer", kept=3)], "cannot be cut after 3"),
        ([DropText(), SwapText(text="a")], "choose one"),
        (
            [CutEdges(reads="words"), CutEdges(reads="null keys", renormalise=False)],
            "renormalised and not",
        ),
        ([ALL[0], MeanHead(module=SELF.format(1), head=1, mean=(0.0,) * 8, over="x")], "both off"),
        ([MeanHead(module=SELF.format(1), head=1, mean=(0.0,), over="x")], "a mean of 1 numbers"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_hooked(given, why):
    model = made(models)
    with pytest.raises(RecordingError, match=why), intervened(model, given):
        raise AssertionError("nothing was refused")
    assert hooks_on(model) == 0


@torch.no_grad()
def test_what_cannot_be_cut_is_refused_while_it_runs_and_leaves_nothing_behind(model):
    both = [CutEdges(reads="words"), CutEdges(reads="null keys")]
    with pytest.raises(RecordingError, match=r"left|nothing but"), intervened(model, both):
        model(*inputs())
    assert hooks_on(model) == 0
    with intervened(model, [ScalePosition(factor=0)]), pytest.raises(RecordingError, match="force"):
        with intervened(model, [ScalePosition(factor=0)]):
            pass


def test_numbers_of_numpy_are_numbers(model):
    worth = np.array([0.1, 0.7, 0.2], np.float32)
    given = [
        ZeroHead(module="transformer.layers.0.1", head=worth.argmax()),
        MeanHead(module="transformer.layers.1.1", head=0, mean=np.ones(8, np.float32), over="x"),
        ScaleAttention(factor=worth[1], head=np.int64(1)),
        CutEdges(reads="one patch", key_patch=tuple(np.array([1, 2]))),
    ]
    plain = [
        ZeroHead(module="transformer.layers.0.1", head=1),
        MeanHead(module="transformer.layers.1.1", head=0, mean=(1.0,) * 8, over="x"),
        ScaleAttention(factor=float(worth[1]), head=1),
        CutEdges(reads="one patch", key_patch=(1, 2)),
    ]
    assert given == plain and from_json(to_json(given)) == tuple(plain)


@pytest.mark.parametrize("one", ["zero head", {"do": "zero head"}, None, ZeroHead])
def test_what_is_no_intervention_is_refused(model, one):
    with pytest.raises(RecordingError, match="is no intervention: give"):
        with intervened(model, [one]):
            pass


def test_the_published_scale_is_out_of_reach_and_says_so():
    model = made(published_attention())
    with (
        pytest.raises(RecordingError, match="where no hook reaches"),
        intervened(model, [ScaleAttention(factor=2)]),
    ):
        pass


@torch.no_grad()
def test_a_block_that_another_thread_closes_leaves_nothing_in_its_own():
    model = made(models)
    whole = model(*inputs())

    def block():
        with intervened(model, [*ALL, *OURS]):
            yield model(*inputs())

    opened = block()
    assert not torch.equal(next(opened), whole)
    in_another_thread(opened.close)
    with record(model) as recording:
        model(*inputs())
    assert "interventions" not in recording.provenance and len(recording) == 4
    assert hooks_on(model) == 0 and torch.equal(model(*inputs()), whole)


@torch.no_grad()
def test_another_session_records_the_whole_model_meanwhile():
    model, found = made(models), []
    x, context, mask = inputs()
    asked = {"video_shape": (2, *GRID), "context": context, "cross_attn_context_mask": mask}

    def session():
        with torch.no_grad(), record(model.transformer) as recording:
            model.transformer(x, **asked)
        found.append((recording.provenance, [one.map.full(0, 0) for one in recording]))

    session()
    with intervened(model, [*ALL[:5], *OURS]):
        thread = threading.Thread(target=session)
        thread.start()
        thread.join(30)
    (before, alone), (beside, maps) = found
    assert "interventions" not in beside and beside["weights_digest"] == before["weights_digest"]
    assert all((ours == theirs).all() for ours, theirs in zip(maps, alone, strict=True))
