import inspect
import itertools
from pathlib import Path
from types import ModuleType

import pytest
import torch
from einops import rearrange, repeat
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook

from phenaki_viz.errors import ConfigError, ShapeError
from phenaki_viz.models import Attention
from tests.models.listening import hear, maps_of, only_map
from tests.models.storages import Storages

DIM, CONTEXT = 11, 6


def attention(**settings):
    return Attention(DIM, **{"heads": 3, "dim_head": 5, **settings}).eval()


def close(ours, theirs, atol=1e-5):
    torch.testing.assert_close(ours, theirs, atol=atol, rtol=0)


# The two paths agree.


def case(b=2, i=7, n=5, heads=3, *, mask="none", bias="none", cross=True):
    """Arguments of a forward call, of the shapes and masks asked for."""
    keys = n if cross else i
    hidden = {"some": torch.rand(b, keys) < 0.5, "all": torch.zeros(b, keys, dtype=torch.bool)}
    biases = {"shared": (heads, i, keys), "each": (b, heads, i, keys), "square": (i, keys)}
    call = {"x": torch.randn(b, i, DIM), "mask": hidden.get(mask)}
    if bias != "none":
        call["attn_bias"] = torch.randn(biases[bias])
    if cross:
        call["context"] = torch.randn(b, n, CONTEXT)
    return call


MASKS, BIASES = ("none", "some", "all"), ("none", "shared", "each", "square")


@pytest.mark.parametrize(
    ("mask", "bias", "nulls", "causal", "cross"),
    [*itertools.product(MASKS, BIASES, (0, 2), (False, True), (False, True))],
)
@torch.no_grad()
def test_fused_and_open_agree(mask, bias, nulls, causal, cross):
    context = {"dim_context": CONTEXT} if cross else {}
    module = attention(causal=causal, num_null_kv=nulls, **context)
    call = case(mask=mask, bias=bias, cross=cross)
    close(module(**call), hear(module, **call)[0])


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.tuples(*[st.integers(1, 6)] * 5),
    heads=st.integers(1, 6),
    nulls=st.integers(0, 3),
    causal=st.booleans(),
    mask=st.sampled_from(MASKS),
    bias=st.sampled_from(BIASES),
    scale=st.floats(0.25, 16),
)
@torch.no_grad()
def test_fused_and_open_agree_at_any_size(sizes, heads, nulls, causal, mask, bias, scale):
    b, i, n, dim_head, _ = sizes
    module = Attention(
        DIM, CONTEXT, dim_head, heads, causal=causal, num_null_kv=nulls, scale=scale
    ).eval()
    call = case(b, i, n, heads, mask=mask, bias=bias)
    fused = module(**call)
    heard, maps = hear(module, **call)
    close(fused, heard)
    assert maps[""][0].shape == (b, heads, i, nulls + n)


@pytest.mark.parametrize(
    ("dtype", "atol"), [(torch.float64, 1e-12), (torch.bfloat16, 0.05), (torch.float16, 0.01)]
)
@pytest.mark.parametrize(("mask", "causal"), [*itertools.product(MASKS, (False, True))])
@torch.no_grad()
def test_fused_and_open_agree_in_other_precisions(dtype, atol, mask, causal):
    module = attention(causal=causal, num_null_kv=2).to(dtype)
    call = case(mask=mask, bias="shared", cross=False)
    call = {
        k: v.to(dtype) if v.is_floating_point() else v for k, v in call.items() if v is not None
    }
    heard, maps = hear(module, **call)
    assert heard.dtype == maps[""][0].dtype == dtype
    close(module(**call), heard, atol)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("causal", [False, True])
@torch.no_grad()
def test_autocast_keeps_fully_masked_rows_uniform(dtype, causal):
    module = attention(causal=causal)
    call = case(mask="all", cross=False)
    exact = module(**call)
    with torch.autocast("cpu", dtype):
        fused = module(**call)
        heard, maps = hear(module, **call)
    close(fused.float(), exact, 0.05)
    close(heard.float(), exact, 0.05)
    close(maps[""][0].float(), torch.full((2, 3, 7, 7), 1 / 7), 1e-3)


def gradients(module, call):
    wanted = [call["x"], call["attn_bias"], *module.parameters()]
    for tensor in wanted:
        tensor.requires_grad_().grad = None
    (module(**call) * torch.linspace(-1, 1, DIM)).sum().backward()
    return [tensor.grad for tensor in wanted]


@pytest.mark.parametrize(
    ("causal", "nulls", "mask"), [*itertools.product((False, True), (0, 2), MASKS)]
)
def test_gradients_of_both_paths_agree(causal, nulls, mask):
    module = attention(causal=causal, num_null_kv=nulls, norm_context=False)
    call = case(mask=mask, bias="shared", cross=False)
    fused = gradients(module, call)
    with maps_of(module):
        opened = gradients(module, call)
    for ours, theirs in zip(fused, opened, strict=True):
        close(ours, theirs)
    *_, to_out = fused
    assert to_out.abs().max() > 0


# Laws of the map.


@pytest.mark.parametrize(
    ("mask", "causal", "nulls"), [*itertools.product(MASKS, (False, True), (0, 2))]
)
@torch.no_grad()
def test_rows_are_distributions(mask, causal, nulls):
    module = attention(causal=causal, num_null_kv=nulls, dim_context=CONTEXT)
    attn = only_map(module, **case(mask=mask, bias="each"))
    close(attn.sum(dim=-1), torch.ones(2, 3, 7))
    assert attn.min() >= 0


@torch.no_grad()
def test_the_map_is_what_multiplies_the_values():
    module = attention(num_null_kv=2, dim_context=CONTEXT)
    call = case(mask="some", bias="shared")
    out, maps = hear(module, **call)
    values = module.to_kv(module.context_norm(call["context"])).chunk(2, dim=-1)[1]
    values = rearrange(values, "b n (h d) -> b h n d", h=3)
    nulls = repeat(module.null_kv[:, 1::2], "h n d -> b h n d", b=2)
    read = maps[""][0] @ torch.cat((nulls, values), dim=-2)
    close(out, module.to_out(rearrange(read, "b h i d -> b i (h d)")))


@torch.no_grad()
def test_scores_are_scaled_cosines_plus_bias():
    module = attention(scale=3.5)
    call = case(bias="each", cross=False)
    q = rearrange(module.to_q(module.norm(call["x"])), "b n (h d) -> b h n d", h=3)
    k = rearrange(module.to_kv(call["x"]).chunk(2, dim=-1)[0], "b n (h d) -> b h n d", h=3)
    cosine = torch.cosine_similarity(q[:, :, :, None], k[:, :, None], dim=-1)
    close(only_map(module, **call), (3.5 * cosine + call["attn_bias"]).softmax(dim=-1))


@torch.no_grad()
def test_permuting_heads_permutes_maps():
    module, order = attention(num_null_kv=1), [2, 0, 1]
    call = case(bias="shared", cross=False)
    before = only_map(module, **call)
    module.null_kv.copy_(module.null_kv[order])
    module.to_q.weight.copy_(_heads(module.to_q.weight, order))
    keys, values = module.to_kv.weight.chunk(2)
    module.to_kv.weight.copy_(torch.cat((_heads(keys, order), _heads(values, order))))
    call["attn_bias"] = call["attn_bias"][order]
    close(only_map(module, **call), before[:, order])


def _heads(weight, order):
    return rearrange(rearrange(weight, "(h d) c -> h d c", h=3)[order], "h d c -> (h d) c")


@pytest.mark.parametrize(("i", "n", "nulls"), [(5, 5, 0), (3, 7, 0), (1, 6, 0), (3, 7, 2)])
@torch.no_grad()
def test_causal_queries_are_the_last_of_the_keys(i, n, nulls):
    module = attention(causal=True, num_null_kv=nulls, dim_context=CONTEXT)
    attn = only_map(module, **case(i=i, n=n))
    keys = nulls + n
    for query, key in itertools.product(range(i), range(keys)):
        later = key > query + keys - i
        assert (attn[:, :, query, key] == 0).all() == later


@torch.no_grad()
def test_hidden_keys_get_nothing_and_nulls_are_never_hidden():
    module = attention(num_null_kv=2, dim_context=CONTEXT)
    call = case(mask="some", n=9)
    attn = only_map(module, **call)
    null, real = attn[..., :2], attn[..., 2:]
    hidden = ~repeat(call["mask"], "b n -> b h i n", h=3, i=7)
    assert hidden.any() and not hidden.all()
    assert (real[hidden] == 0).all() and (real[~hidden] > 0).all() and (null > 0).all()


@torch.no_grad()
def test_without_text_all_mass_is_on_the_nulls():
    module = attention(num_null_kv=2, dim_context=CONTEXT)
    attn = only_map(module, **case(mask="all", bias="shared"))
    close(attn[..., :2].sum(dim=-1), torch.ones(2, 3, 7))


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
@torch.no_grad()
def test_a_row_with_nothing_to_see_is_uniform(causal, dtype):
    module = attention(causal=causal).to(dtype)
    call = {"x": torch.randn(2, 7, DIM, dtype=dtype), "mask": torch.zeros(2, 7, dtype=torch.bool)}
    close(only_map(module, **call), torch.full((2, 3, 7, 7), 1 / 7, dtype=dtype), 1e-3)
    values = module.to_kv(call["x"]).chunk(2, dim=-1)[1].mean(dim=1, keepdim=True)
    close(module(**call), module.to_out(values).expand(2, 7, DIM), 2e-3)


@pytest.mark.parametrize("causal", [False, True])
@torch.no_grad()
def test_no_bias_shines_through_a_mask(causal):
    module, call = attention(causal=causal), case(mask="all", cross=False)
    blind = module(**call)
    call["attn_bias"] = 1e6 * torch.randn(3, 7, 7)
    heard, maps = hear(module, **call)
    close(module(**call), blind)
    close(heard, blind)
    close(maps[""][0], torch.full((2, 3, 7, 7), 1 / 7))


@torch.no_grad()
def test_a_visible_key_beats_a_hidden_one_however_low_its_bias():
    module, call = attention(), case(mask="some", cross=False)
    call["mask"][:, 0] = True
    call["attn_bias"] = torch.full((3, 7, 7), -1e12)
    heard, maps = hear(module, **call)
    assert (maps[""][0][~repeat(call["mask"], "b n -> b h i n", h=3, i=7)] == 0).all()
    close(module(**call), heard)


@torch.no_grad()
def test_keys_and_values_come_from_before_the_norm():
    module, call = attention(), case(cross=False)
    out, maps = hear(module, **call)
    larger, larger_maps = hear(module, 1000 * call["x"])
    close(larger_maps[""][0], maps[""][0])
    torch.testing.assert_close(larger, 1000 * out, atol=0.01, rtol=1e-3)


@pytest.mark.parametrize("heads", [1, 3, 5])
@pytest.mark.parametrize("causal", [False, True])
@torch.no_grad()
def test_one_token_sees_itself(heads, causal):
    module = Attention(1, dim_head=1, heads=heads, causal=causal).eval()
    attn = only_map(module, torch.randn(4, 1, 1))
    assert torch.equal(attn, torch.ones(4, heads, 1, 1))
    assert module(torch.randn(0, 3, 1)).shape == (0, 3, 1)


@torch.no_grad()
def test_a_planted_head_looks_where_it_was_told():
    module = Attention(4, dim_head=4, heads=1).eval()
    nxt = torch.eye(4).roll(1, dims=0)
    module.to_q.weight.copy_(nxt)
    module.to_kv.weight.copy_(torch.cat((torch.eye(4), torch.eye(4))))
    module.to_out.weight.copy_(torch.eye(4))
    attn = only_map(module, torch.eye(4)[None])
    assert torch.equal(attn[0, 0].argmax(dim=-1), torch.tensor([1, 2, 3, 0]))


# Listening.


@torch.no_grad()
def test_the_map_is_whole_contiguous_and_heard_once():
    module = attention(num_null_kv=2)
    _, maps = hear(module, **case(cross=False))
    ((attn,),) = maps.values()
    assert attn.shape == (2, 3, 7, 9) and attn.is_contiguous()


LISTENERS = {
    "pre-hook": lambda module, heard: module.register_forward_pre_hook(heard),
    "hook": lambda module, heard: module.register_forward_hook(heard),
    "global": lambda module, heard: register_module_forward_pre_hook(
        lambda m, args: heard(m, args) if m is module else None
    ),
}


@pytest.mark.parametrize("how", LISTENERS)
@torch.no_grad()
def test_any_listener_hears_the_map_and_leaves_no_trace(how):
    module, call = attention(), case(cross=False)
    expected, heard = only_map(module, **call), []
    quiet = module(**call)
    hook = LISTENERS[how](module.attn_dropout, lambda _, args, *out: heard.append(args[0]))
    try:
        close(module(**call), quiet)
    finally:
        hook.remove()
    assert torch.equal(heard[0], expected)
    assert torch.equal(module(**call), quiet) and len(heard) == 1


def test_a_backward_hook_hears_the_gradient_of_the_map():
    module, call, heard = attention(), case(cross=False), []
    module.attn_dropout.register_full_backward_hook(lambda _, into, out: heard.extend(out))
    module(**call).sum().backward()
    assert heard[0].shape == (2, 3, 7, 7) and heard[0].abs().max() > 0


@torch.no_grad()
def test_a_hook_may_replace_the_map():
    module, call = attention(), case(cross=False)
    module.attn_dropout.register_forward_pre_hook(lambda _, args: (torch.zeros_like(args[0]),))
    assert torch.equal(module(**call), torch.zeros(2, 7, DIM))


@torch.no_grad()
def test_a_module_in_place_of_the_dropout_gets_the_map():
    class Keep(nn.Module):
        def forward(self, attn):
            self.attn = attn
            return attn

    module, call = attention(), case(cross=False)
    expected = only_map(module, **call)
    module.attn_dropout = Keep()
    module(**call)
    assert torch.equal(module.attn_dropout.attn, expected)


@pytest.mark.parametrize("listen", [False, True])
@torch.no_grad()
def test_alibi_is_heard_in_both_paths(listen):
    module, heard = attention(causal=True, heads=8, dim_context=CONTEXT), []
    module.rel_pos_bias.register_forward_hook(lambda _, args, out: heard.append((args[0], out)))
    (hear if listen else lambda module, **call: module(**call))(module, **case(i=3, n=7))
    ((scores, bias),) = heard
    assert scores.shape == (2, 8, 3, 7)
    assert torch.equal(bias, module.rel_pos_bias.bias(3, 7))


@torch.no_grad()
def test_a_kept_map_is_not_written_to_again():
    module, call = attention(), case(cross=False)
    first = only_map(module, **call)
    kept = first.clone()
    module.attn_dropout.register_forward_pre_hook(lambda *_: None)
    module(**case(cross=False))
    assert torch.equal(first, kept)


@torch.no_grad()
def test_the_callers_tensors_are_left_alone():
    module = attention(causal=True, num_null_kv=2, dim_context=CONTEXT)
    call = case(mask="some", bias="each")
    before = {name: tensor.clone() for name, tensor in call.items()}
    module(**call)
    hear(module, **call)
    for name, tensor in call.items():
        assert torch.equal(tensor, before[name]), name


@pytest.mark.parametrize("listen", [False, True])
def test_dropout_only_while_training(listen):
    module, call = attention(dropout=0.5), case(cross=False)
    if listen:
        module.attn_dropout.register_forward_pre_hook(lambda *_: None)
    assert torch.equal(module(**call), module(**call))
    module.train()
    assert not torch.equal(module(**call), module(**call))


@torch.no_grad()
def test_the_map_is_heard_before_dropout():
    module, call = attention(dropout=0.5), case(cross=False)
    quiet = only_map(module, **call)
    close(only_map(module.train(), **call), quiet)


@torch.no_grad()
def test_long_rows_are_softmaxed_in_place_as_well_as_apart():
    module = Attention(4, dim_head=4, heads=1).eval()
    x = torch.randn(1, 1031, 4)
    attn = only_map(module, x)
    with torch.enable_grad():
        apart = only_map(module, x)
    close(attn, apart, 1e-7)


def test_shapes_alone_are_enough():
    module = attention(causal=True, num_null_kv=2).to("meta")
    call = case(mask="some", bias="shared", cross=False)
    call = {name: tensor.to("meta") for name, tensor in call.items()}
    assert module(**call).shape == hear(module, **call)[0].shape == (2, 7, DIM)


# What cannot work is refused.

REFUSED = {
    "x is 7 × 11; attention takes batch × tokens × 11": {"x": torch.zeros(7, 11)},
    "x is 2 × 7 × 5; attention takes batch × tokens × 11": {"x": torch.zeros(2, 7, 5)},
    "keys and values come from 2 × 5 × 11; this attention reads 2 (batch) × tokens × 6": {
        "context": torch.zeros(2, 5, 11)
    },
    "keys and values come from 3 × 5 × 6; this attention reads 2 (batch) × tokens × 6": {
        "context": torch.zeros(3, 5, 6)
    },
    "keys and values come from 2 × 7 × 11; this attention reads 2 (batch) × tokens × 6, as "
    "context or, without one, as x": {"context": None},
    "mask is 2 × 7 of torch.bool; it must be 2 (batch) × 5 (keys": {
        "mask": torch.ones(2, 7, dtype=torch.bool)
    },
    "mask is 2 × 5 of torch.float32; it must be 2 (batch) × 5 (keys": {"mask": torch.ones(2, 5)},
    "attn_bias is 3 × 5 × 7; it must be 3 (heads) × 7 (queries) × 5 (keys": {
        "attn_bias": torch.zeros(3, 5, 7)
    },
    "attn_bias is 2 × 7 × 5; it must be 3 (heads)": {"attn_bias": torch.zeros(2, 7, 5)},
    "attn_bias is 3 × 3 × 7 × 5; it must be 3 (heads)": {"attn_bias": torch.zeros(3, 3, 7, 5)},
    "attn_bias is 7 × 1; it must be 3 (heads)": {"attn_bias": torch.zeros(7, 1)},
    "attn_bias is a single number; it must be 3 (heads)": {"attn_bias": torch.tensor(0.0)},
}


@pytest.mark.parametrize("message", REFUSED)
def test_shapes_that_cannot_work_are_refused_in_words(message):
    module = attention(dim_context=CONTEXT)
    with pytest.raises(ShapeError) as refusal:
        module(**(case() | REFUSED[message]))
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    ("setting", "value"),
    [("heads", 0), ("dim_head", 0), ("dim", -1), ("dim_context", 0), ("num_null_kv", -1)],
)
def test_settings_that_cannot_work_are_refused(setting, value):
    with pytest.raises(ConfigError, match=f"attention with {setting} {value}: use"):
        Attention(**({"dim": DIM} | {setting: value}))


def test_refusals_survive_python_without_asserts():
    source, stripped = Path(inspect.getfile(Attention)), ModuleType("stripped")
    exec(compile(source.read_text("utf-8"), source, "exec", optimize=1), vars(stripped))
    with pytest.raises(ValueError, match="x is 2 × 4; attention takes batch × tokens × 4"):
        stripped.Attention(4)(torch.zeros(2, 4))


@torch.no_grad()
def test_listening_takes_one_map_of_memory():
    module, x, bias = attention(), torch.randn(1, 300, DIM), torch.randn(3, 300, 300)
    mask = torch.rand(1, 300) < 0.5
    with maps_of(module) as maps, Storages() as storages:
        module(x, mask, attn_bias=bias)
    assert sum(size >= bias.nbytes for size in storages.bytes.values()) == 1
    assert maps[""][0].nbytes == bias.nbytes


@torch.no_grad()
def test_the_fused_path_makes_no_map():
    module, x, bias = attention(), torch.randn(1, 300, DIM), torch.randn(3, 300, 300)
    with Storages() as storages:
        module(x, attn_bias=bias)
    assert bias.untyped_storage().data_ptr() in storages.bytes  # viewed, not copied
    assert sum(size >= bias.nbytes for size in storages.bytes.values()) == 1
