"""Maps that lie elsewhere answer with arrays on the host: a tensor stands in that must be fetched.

On a GPU `numpy()` fails before `cpu()`; so it does here, through all that is computed of it.
"""

import copy
import pickle

import numpy as np
import pytest
import torch

from phenaki_viz import models
from phenaki_viz.numerics.offsets import OffsetBias
from phenaki_viz.recording import DenseMap, FactoredMap, record
from phenaki_viz.recording import maps as held_maps
from phenaki_viz.recording.maps import pool
from tests.recording.models import SmallVideo, inputs


class Far(torch.Tensor):
    """A tensor that has to be fetched before NumPy can see it."""

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        if func is torch.Tensor.numpy or func is torch.Tensor.__array__:
            raise TypeError("can't convert a far tensor to numpy: fetch it first")
        with torch._C.DisableTorchFunctionSubclass():
            found = func(*args, **(kwargs or {}))
        if func is torch.Tensor.cpu:
            return found.clone().as_subclass(torch.Tensor)
        return found.as_subclass(Far) if type(found) is torch.Tensor else found


def far(held):
    """The same map with all of its tensors elsewhere."""

    def go(tensor):
        return tensor.clone().as_subclass(Far)

    if isinstance(held, DenseMap):
        return DenseMap(go(held.attn), held.precision)
    made = held.moved(go)
    if isinstance(held.bias, OffsetBias):
        assert isinstance(made.bias.surface, Far)
    return made


def recorded(storage, causal=True):
    torch.manual_seed(0)
    model = SmallVideo(models, causal=causal).eval()
    with torch.no_grad(), record(model, storage=storage) as recording:
        model(*inputs())
    return recording


QUESTIONS = {
    "rows": lambda held, i, j: held.rows(1, 2, [0, i - 1, 3]),
    "columns": lambda held, i, j: held.columns(0, 1, [0, j - 1]),
    "tile": lambda held, i, j: held.tile(1, 0, (3, 20), (1, j)),
    "pooled": lambda held, i, j: held.tile(0, 2, (0, i), (0, j), (7, 2), "max"),
    "full": lambda held, i, j: held.full(1, 1),
    "wrong": lambda held, i, j: held.wrong_rows(0, 1),
    "some wrong": lambda held, i, j: held.wrong_rows(0, 0, (2, 9)),
}


@pytest.mark.parametrize("storage", ["dense", "factored"])
@pytest.mark.parametrize("question", list(QUESTIONS))
def test_every_answer_is_on_the_host(storage, question):
    for one in recorded(storage):
        _, _, i, j = one.map.shape
        found = QUESTIONS[question](far(one.map), i, j)
        assert type(found) is np.ndarray
        np.testing.assert_array_equal(found, QUESTIONS[question](one.map, i, j))


@pytest.mark.parametrize("storage", ["dense", "factored"])
def test_files_and_copies_need_no_other_device(storage, tmp_path):
    import phenaki_viz

    recording = recorded(storage)
    wanted = [one.map.full(1, 2) for one in recording]
    for one in recording.records:
        object.__setattr__(one, "map", far(one.map))
    opened = phenaki_viz.open(recording.save(tmp_path / "far.safetensors"))
    for held in (
        [one.map for one in opened],
        [copy.deepcopy(one.map) for one in recording],
        [pickle.loads(pickle.dumps(one.map)) for one in recording],
    ):
        for one, exact in zip(held, wanted, strict=True):
            tensor = one.q if isinstance(one, FactoredMap) else one.attn
            assert not isinstance(tensor, Far)
            np.testing.assert_array_equal(one.full(1, 2), exact)


@pytest.mark.parametrize("shape", [(70, 33), (64, 64), (5, 200), (3, 4)])
@pytest.mark.parametrize("reduce", ["mean", "max", "sum"])
@pytest.mark.parametrize("cell", [(8, 16), (1, 4), (5, 1)])
def test_pooling_along_one_side_after_the_other_is_pooling(shape, reduce, cell):
    tile = torch.rand(shape)
    found = held_maps._pool_along(tile, cell[1], reduce)
    found = held_maps._pool_along(found.mT, cell[0], reduce).mT
    torch.testing.assert_close(found, pool(tile, cell, reduce), rtol=1e-5, atol=1e-6)


def test_a_table_that_went_away_comes_back_as_itself():
    table = OffsetBias(torch.randn(3, 5, 5), (3, 3))
    there = OffsetBias(table.surface.clone(), (3, 3))
    table.adopt(there)
    assert there.moved(lambda tensor: tensor.clone()) is table
    assert table.moved(lambda tensor: tensor) is table
    again = pickle.loads(pickle.dumps(there))
    torch.testing.assert_close(again.dense(), table.dense(), rtol=0, atol=0)
