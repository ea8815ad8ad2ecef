"""Models built by hand, one behaviour each: table, sentence, ledger, track and probe all name it.

Odd sizes: 3 × 4 × 5 patches, 2 layers of 3 heads, 3 words after 2 null keys. The first layer gives
nothing to the output; every head of the second one behaves as planted.
"""

from functools import cache

import numpy as np
import pytest
import torch
from torch import nn

from phenaki_viz import record
from phenaki_viz.analysis.head_columns import names_of
from phenaki_viz.analysis.head_table import head_table
from phenaki_viz.analysis.term_maps import shares_of_head
from phenaki_viz.analysis.tracks import judged, track, track_of_key
from phenaki_viz.evaluation.causality import probe
from phenaki_viz.evaluation.transformer_input import transformer_input
from phenaki_viz.figures.head_sentences import row_sentence
from phenaki_viz.figures.ledger_sentences import decides
from phenaki_viz.models import ContinuousPositionBias, Transformer
from phenaki_viz.numerics.offsets import OffsetBias
from tests.analysis.planted_heads import GRID, PATH, TRUTH, WORDS, N, along, on

DIM, HEADS, STEPS = 12, 3, GRID[0]
BEFORE = on(lambda t, r, c: (t == -1) & (r == 0) & (c == 0))
SAME = on(lambda t, r, c: (t != 0) & (r == 0) & (c == 0))
BIASES = {"step before": BEFORE, "same patch": SAME, "follows": along(PATH)}
CROSS = ("one word", "nulls")
KINDS = (*BIASES, "position", "ALiBi", "uniform", *CROSS)
SURFACE = torch.from_numpy(
    np.random.default_rng(1).normal(size=(HEADS, *(2 * size - 1 for size in GRID))) * 2
).float()


class Bias(ContinuousPositionBias):
    """A position bias of which every offset's value is known."""

    def surface(self, *dimensions):
        assert dimensions == GRID
        return SURFACE


class Planted(nn.Module):
    """A transformer whose second layer does one thing."""

    def __init__(self, kind):
        super().__init__()
        torch.manual_seed(0)
        self.kind = kind
        self.stack = Transformer(
            DIM, depth=2, heads=HEADS, dim_head=4, causal=kind == "ALiBi", has_cross_attn=True,
            dim_context=4, attn_num_null_kv=2,
        ).eval()  # fmt: skip
        if kind == "position":
            self.bias = Bias(dim=4, heads=HEADS, num_dims=3)
        with torch.no_grad():
            self._plant()

    def _plant(self):
        for at, (_, own, cross, feed_forward) in enumerate(self.stack.layers):
            own.to_q.weight.zero_()  # no content: what is added decides
            for name, module in (("own", own), ("cross", cross)):
                if at == 0 or (name == "cross") != (self.kind in CROSS):
                    module.to_out.weight.zero_()
            for part in feed_forward.modules():
                if isinstance(part, nn.Linear):
                    part.weight.zero_()
            self._plant_words(cross)

    def _plant_words(self, cross):
        """All queries point one way, and so does the one key that is read; the others against."""
        way = torch.tensor([1.0, 0, 0, 0]).repeat(HEADS)
        cross.to_q.weight.zero_()
        cross.to_q.weight[:, 0] = way  # of the first feature, which every token has
        # Of a word: itself, and a last feature that all words have.
        seen = torch.tensor([4.0, -1, -1, 0] if self.kind == "one word" else [0, 0, 0, -1.0])
        cross.to_kv.weight[: 4 * HEADS] = way[:, None] * seen
        nulls = cross.null_kv.view(HEADS, 2, 2, 4)[:, :, 0]
        nulls[:] = torch.tensor([1.0, 0, 0, 0]) * (1 if self.kind == "nulls" else -1)

    def forward(self):
        bias = None
        if self.kind in BIASES:
            bias = torch.from_numpy(np.log(BIASES[self.kind] + 1e-30)).float().repeat(HEADS, 1, 1)
        if self.kind == "position":
            bias = self.bias(*GRID, device=torch.device("cpu"))
        x = torch.randn(1, N, DIM, generator=torch.Generator().manual_seed(4))
        x[..., 0] = 50
        words = torch.cat((torch.eye(len(WORDS)), torch.full((len(WORDS), 1), 3.0)), dim=1)
        return self.stack(x, video_shape=(1, *GRID), attn_bias=bias, context=words[None])


@cache
def made(kind, storage="factored"):
    """What was recorded, and the record of the layer that does it."""
    model = Planted(kind)
    with torch.no_grad(), record(model, storage=storage, words=WORDS) as recording:
        model()
    wanted = "cross" if kind in CROSS else "self"
    return recording, next(one for one in recording if one.kind == wanted and one.layer == 1)


NAMED = {
    "step before": {"temporal", "step before"}, "same patch": {"temporal"},
    "follows": {"global", "follows"}, "position": {"position"}, "ALiBi": {"ALiBi"},
    "uniform": {"even"}, "one word": {"one word"}, "nulls": {"null keys"},
}  # fmt: skip
SAYS = {
    "step before": "one time step back", "same patch": "Looks at and around its own place in other",
    "follows": "it finds the object in 100 % of other time steps",
    "position": "position makes 100 % of its choice", "ALiBi": "ALiBi makes 100 % of its choice",
    "uniform": "Hardly chooses", "one word": "Reads “two” most (1.00 of its weight",
    "nulls": "Reads null key 1 most (0.50 of its weight",
}  # fmt: skip


@pytest.mark.parametrize("storage", ["dense", "factored"])
@pytest.mark.parametrize("kind", KINDS)
def test_table_and_sentence_name_it(kind, storage):
    recording, there = made(kind, storage)
    table = head_table(recording, truth=TRUTH)
    rows = [one for one in table if (one.module, one.kind) == (there.module, there.kind)]
    assert len(rows) == HEADS
    # ALiBi's other slopes are near 0; one random surface happens to find the object.
    for row in {"ALiBi": rows[2:], "position": rows[:2]}.get(kind, rows):
        more = {"spatial", "temporal", "global"} if kind in ("position", "ALiBi") else set()
        assert NAMED[kind] <= set(names_of(row)) <= NAMED[kind] | more, (kind, row.head)
        assert SAYS[kind] in row_sentence(row)


@pytest.mark.parametrize("kind", KINDS)
def test_the_ledger_names_it(kind):
    _, there = made(kind)
    clause = decides(shares_of_head(there.head(1), 16))
    if kind in ("position", "ALiBi"):
        assert clause == f"decides by {kind}: 100 % of its choice"
    elif kind in CROSS:
        assert clause.startswith("decides by content alone")
    elif kind == "uniform":
        assert clause.startswith("has no choice to explain")
    else:
        assert clause == "decides by the added bias: 100 % of its choice"


@pytest.mark.parametrize("kind", KINDS)
def test_the_track_names_it(kind):
    _, there = made(kind)
    if kind in CROSS:  # everyone reads the same key alike: no place is found
        for key in range(2 + len(WORDS)):
            assert track_of_key(there, 1, key).confidence == pytest.approx(1 / 20)
        return
    start = (1, *map(int, PATH[1]))
    found = track(there, 1, start)
    if kind == "follows":
        assert judged(found, PATH).accuracy == 1
    elif kind == "same patch":
        assert found.places.tolist() == [list(start[1:])] * 3 and found.confidence > 0.999
    elif kind == "step before":
        assert found.places[0].tolist() == list(start[1:]) and found.shares[0] > 0.999
        assert there.head(1).rows([np.ravel_multi_index(start, GRID)])[0, 40:].sum() < 1e-6
    elif kind == "position":
        bias = OffsetBias(SURFACE, GRID).dense()[1, np.ravel_multi_index(start, GRID)].numpy()
        most = bias.reshape(STEPS, -1).argmax(axis=1)
        assert [np.ravel_multi_index(tuple(at), GRID[1:]) for at in found.places[[0, 2]]] == [
            most[0], most[2],
        ]  # fmt: skip
    elif kind == "ALiBi":  # nearest in the order of the tokens, and nothing later
        assert found.places[0].tolist() == [GRID[1] - 1, GRID[2] - 1] and not found.found[2]
    else:
        assert found.confidence == pytest.approx(1 / 20)


OWN, EVERY = np.eye(STEPS, dtype=bool), np.ones((STEPS, STEPS), bool)
REACHES = {
    "step before": OWN | np.eye(STEPS, k=-1, dtype=bool), "same patch": EVERY, "follows": EVERY,
    "position": EVERY, "uniform": EVERY, "ALiBi": np.tril(EVERY), "one word": OWN, "nulls": OWN,
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_the_probe_names_it(kind):
    model = Planted(kind)
    found = probe(transformer_input(model, "stack", model))
    assert (found.whole.moved == REACHES[kind]).all()
    wanted = "cross-attention" if kind in CROSS else "attention"
    (mine,) = (one for one in found.modules if one.kind == wanted and ".1." in one.name)
    assert (mine.alone.moved <= REACHES[kind]).all()
