import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from phenaki_viz.errors import ConfigError, ShapeError
from phenaki_viz.models import AlibiPositionalBias, ContinuousPositionBias
from phenaki_viz.models.position import alibi_slopes
from phenaki_viz.numerics.offsets import gather_pairs
from tests.models.storages import Storages

# ALiBi.


@pytest.mark.parametrize(
    ("heads", "slopes"),
    [
        (1, [2**-8]),
        (3, [2**-4, 2**-8, 2**-2]),
        (5, [2**-2, 2**-4, 2**-6, 2**-8, 2**-1]),
        (8, [2**-power for power in range(1, 9)]),
    ],
)
def test_slopes_are_the_published_ones_in_their_order(heads, slopes):
    assert alibi_slopes(heads) == pytest.approx(slopes, rel=1e-6)


@given(st.integers(1, 200))
def test_every_head_has_a_slope_of_its_own(heads):
    slopes = alibi_slopes(heads)
    assert len(slopes) == len(set(slopes)) == heads
    assert all(0 < slope < 1 for slope in slopes)


@pytest.mark.parametrize(("i", "j"), [(10, 10), (3, 10), (1, 10), (8, 8), (1, 1), (10, 3), (5, 11)])
def test_the_bias_is_right_whatever_was_asked_before(i, j):
    alibi = AlibiPositionalBias(heads=3)
    for before in ((10, 10), (3, 10), (1, 10), (12, 12)):
        alibi(torch.empty(2, 3, *before))
    bias = alibi(torch.empty(2, 3, i, j))
    assert bias.shape == (3, i, j)
    for head, query, key in itertools.product(range(3), range(i), range(j)):
        distance = abs(query + j - i - key)
        assert bias[head, query, key] == -alibi.slopes[head, 0, 0] * distance


def test_alibi_keeps_nothing():
    alibi = AlibiPositionalBias(heads=4)
    alibi(torch.empty(1, 4, 3, 9))
    assert set(vars(alibi)["_buffers"]) == {"slopes"}
    assert alibi.slopes.shape == (4, 1, 1) and not alibi.state_dict()


@pytest.mark.parametrize("heads", [0, -3])
def test_alibi_without_heads_is_refused(heads):
    with pytest.raises(ConfigError, match=f"got {heads} heads, use at least 1"):
        AlibiPositionalBias(heads)


def test_scores_with_other_heads_are_refused():
    with pytest.raises(ShapeError, match="slopes for 3 heads; the scores have 4"):
        AlibiPositionalBias(3)(torch.empty(1, 4, 5, 5))


# The continuous position bias.


def position_bias(**settings):
    return ContinuousPositionBias(**({"dim": 13, "heads": 3, "num_dims": 2} | settings))


def dense(module, *dimensions):
    """The bias as published: the network on the offset of every pair."""
    grid = torch.cartesian_prod(*(torch.arange(d) for d in dimensions))
    grid = grid[:, None] if grid.ndim == 1 else grid
    bias = (grid[:, None] - grid[None]).float()
    if module.log_dist:
        bias = bias.sign() * (bias.abs() + 1).log()
    for layer in module.net:
        bias = layer(bias)
    return bias.movedim(-1, 0)


@pytest.mark.parametrize("dimensions", [(1,), (7,), (5, 3), (1, 6), (3, 5, 2), (2, 1, 3, 2)])
@pytest.mark.parametrize("log_dist", [True, False])
@torch.no_grad()
def test_distinct_offsets_give_the_dense_bias(dimensions, log_dist):
    module = position_bias(num_dims=len(dimensions), layers=3, log_dist=log_dist)
    n = math.prod(dimensions)
    bias = module(*dimensions)
    assert bias.shape == (3, n, n)
    torch.testing.assert_close(bias, dense(module, *dimensions), atol=1e-6, rtol=0)


def test_gradients_are_those_of_the_dense_bias():
    module, weights = position_bias(), torch.randn(3, 15, 15)
    ours = torch.autograd.grad((module(5, 3) * weights).sum(), [*module.parameters()])
    theirs = torch.autograd.grad((dense(module, 5, 3) * weights).sum(), [*module.parameters()])
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, other, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_dimensions_one_after_another_do_not_mix():
    module = position_bias(cache_rel_pos=True)
    for dimensions in ((4, 4), (2, 8), (3, 3)):
        torch.testing.assert_close(
            module(*dimensions), dense(module, *dimensions), atol=1e-6, rtol=0
        )


@torch.no_grad()
def test_the_surface_holds_every_offset_at_its_place():
    module = position_bias()
    surface, bias = module.surface(5, 3), module(5, 3)
    assert surface.shape == (3, 9, 5)
    cells = [*itertools.product(range(5), range(3))]
    for (i, (y, x)), (j, (v, u)) in itertools.product(enumerate(cells), enumerate(cells)):
        assert torch.equal(surface[:, y - v + 4, x - u + 2], bias[:, i, j])


@torch.no_grad()
def test_a_larger_surface_continues_the_smaller_one():
    module = position_bias()
    inner = module.surface(9, 7)[:, 4:-4, 4:-4]
    torch.testing.assert_close(inner, module.surface(5, 3), atol=1e-6, rtol=0)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 4), st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_every_pair_reads_its_own_offset(heads, dimensions):
    shape = [2 * d - 1 for d in dimensions]
    surface = torch.arange(heads * math.prod(shape)).reshape(heads, *shape)
    pairs = gather_pairs(surface, tuple(dimensions))
    grid = torch.cartesian_prod(*(torch.arange(d) for d in dimensions)).reshape(-1, len(shape))
    offset = grid[:, None] - grid[None] + torch.tensor(dimensions) - 1
    assert torch.equal(pairs, surface[(slice(None), *offset.unbind(dim=-1))])


def test_nothing_stays_on_the_module():
    module = position_bias(cache_rel_pos=True)
    before = {name: list(m.__dict__) for name, m in module.named_modules()}
    module(5, 3)
    module.surface(2, 7)
    assert {name: list(m.__dict__) for name, m in module.named_modules()} == before
    assert not [*module.buffers()]


def test_a_call_without_gradient_does_not_spoil_training():
    module = position_bias(cache_rel_pos=True)
    with torch.inference_mode():
        module(4, 4)
    module(4, 4).sum().backward()
    assert all(parameter.grad is not None for parameter in module.parameters())


@torch.no_grad()
def test_no_tensor_is_larger_than_the_bias():
    module = position_bias(dim=64, num_dims=3)
    with Storages() as storages:
        bias = module(5, 6, 7)
    assert max(storages.bytes.values()) == bias.nbytes == 4 * 3 * 210**2


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
@torch.no_grad()
def test_other_precisions(dtype):
    module = position_bias()
    expected = module(5, 3)
    bias = module.to(dtype)(5, 3)
    assert bias.dtype == dtype
    torch.testing.assert_close(bias.float(), expected, atol=0.01, rtol=0)


def test_the_bias_is_made_where_the_weights_are():
    module = position_bias().to("meta")
    assert module(5, 3, device=torch.device("cpu")).device.type == "meta"


@pytest.mark.parametrize(
    ("dimensions", "found"),
    [((5,), "5"), ((5, 3, 2), "5 × 3 × 2"), ((5, 0), "5 × 0"), ((), "none")],
)
def test_other_grids_are_refused(dimensions, found):
    with pytest.raises(ShapeError, match=f"a grid of 2 axes; got {found}: give 2 lengths"):
        position_bias()(*dimensions)


@pytest.mark.parametrize("setting", ["dim", "heads", "num_dims", "layers"])
def test_settings_that_cannot_work_are_refused(setting):
    with pytest.raises(ConfigError, match=f"position bias with {setting} 0: use at least 1"):
        position_bias(**{setting: 0})
