"""Heads built by hand, one a behaviour, so that what a table should call them is known.

Odd sizes: 3 × 4 × 5 patches, 2 null keys, layers of 8 and of 3 heads, so that a swapped axis
fails.
"""

from dataclasses import replace

import numpy as np
import torch

from phenaki_viz.analysis.truth import Truth
from phenaki_viz.recording import Alibi, DenseMap, HeadMap, Places, PositionBias, Recording
from phenaki_viz.recording.written import Written
from tests.analysis.records import planted

GRID, N, NULLS = (3, 4, 5), 60, 2
PATH = np.array([[0, 1], [1, 2], [3, 4]])
TRUTH = Truth(names=("two",), paths=(PATH,))
WORDS = ("two", "moving", "right")
T, R, C = (axis.ravel() for axis in np.indices(GRID))
SELF = (
    "step before", "same patch", "nulls", "uniform", "position", "ALiBi", "follows", "content",
)  # fmt: skip
CROSS = ("one word", "nulls", "uniform")


def on(inside):
    """Rows 'i j' that are even over the patches for which `inside(Δt, Δrow, Δcolumn)` holds."""
    there = inside(*(axis[None] - axis[:, None] for axis in (T, R, C))).astype(np.float64)
    there[there.sum(axis=1) == 0, 0] = 1
    return there / there.sum(axis=1, keepdims=True)


def along(path):
    """Every query looks, at every time step, where it would be if it moved with the object."""
    attn = np.zeros((N, N))
    for query, (t, r, c) in enumerate(zip(T, R, C, strict=True)):
        for u in range(GRID[0]):
            row, column = np.clip((r, c) + path[u] - path[t], 0, (GRID[1] - 1, GRID[2] - 1))
            attn[query, np.ravel_multi_index((u, row, column), GRID)] += 1 / GRID[0]
    return attn


def softmax(values):
    made = np.exp(values - values.max(axis=-1, keepdims=True))
    return made / made.sum(axis=-1, keepdims=True)


def self_record():
    """All of `SELF`; the maps of position and ALiBi are the softmax of what was added."""
    maps = np.zeros((len(SELF), N, N + NULLS))
    maps[0, :, NULLS:] = on(lambda t, r, c: (t == -1) & (r == 0) & (c == 0))
    maps[1, :, NULLS:] = on(lambda t, r, c: (t != 0) & (r == 0) & (c == 0))
    maps[2, :, :NULLS] = 0.5
    maps[3] = 1 / (N + NULLS)
    maps[6, :, NULLS:] = along(PATH)
    maps[7] = softmax(np.random.default_rng(0).normal(size=(N, N + NULLS)) * 2)
    surface = np.zeros((len(SELF), *(2 * size - 1 for size in GRID)), np.float32)
    surface[4] = np.random.default_rng(1).normal(size=surface.shape[1:]) * 2
    slopes = np.zeros(len(SELF), np.float32)
    slopes[5] = 0.5
    record = planted(
        maps[None],
        Places(GRID, "video"),
        module="maskgit.transformer.layers.1.1",
        stack="maskgit.transformer",
        layer=1,
        num_null_kv=NULLS,
        alibi=Alibi(slopes=slopes, max_abs_error=0),
        position_bias="bias",
        position=PositionBias(module="bias", dimensions=GRID, surface=surface),
        written=Written(
            values=np.where(np.arange(N + NULLS) < NULLS, 0.1, 1)[None, None].repeat(8, axis=1),
            heads=np.ones((1, 8, N)), whole=np.ones((1, N)),
        ),
    )  # fmt: skip
    for head, term in ((4, "position"), (5, "alibi")):
        maps[head] = softmax(getattr(HeadMap(record, 0, head).terms(range(N)), term))
    return replace(record, map=DenseMap(torch.from_numpy(maps[None].astype(np.float32))))


def cross_record():
    """All of `CROSS`."""
    maps = np.full((len(CROSS), N, NULLS + len(WORDS)), 1 / (NULLS + len(WORDS)))
    maps[0] = [0.05, 0.05, 0.8, 0.05, 0.05]
    maps[1] = [0.6, 0.3, 0.05, 0.03, 0.02]
    return planted(
        maps[None],
        Places(GRID, "video"),
        module="maskgit.transformer.layers.0.2",
        stack="maskgit.transformer",
        kind="cross",
        num_null_kv=NULLS,
        words=WORDS,
        queries=np.random.default_rng(5).normal(size=(1, len(CROSS), N, 7)).astype(np.float32),
    )


def recording():
    """Both, as one run of one transformer."""
    mine = self_record()
    assert mine.position is not None
    return Recording([cross_record(), mine], {"bias": mine.position})


def row_of(table, kind, name):
    """The row of a planted head in a table of `recording`."""
    at = (SELF if kind == "self" else CROSS).index(name)
    return next(row for row in table if row.kind == kind and row.head == at)
