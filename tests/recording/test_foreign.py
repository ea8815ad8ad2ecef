"""Attention of another hand: it has the parts, and is called, masked and answers in its own way."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from phenaki_viz import estimate, record
from phenaki_viz.errors import RecordingWarning
from phenaki_viz.models import Attention
from phenaki_viz.recording.arguments import tensor_of
from phenaki_viz.recording.interventions import ZeroHead, intervened
from phenaki_viz.recording.interventions.kinds import CutEdges
from tests.recording.calls import TOKENS, transformer

TEXT = torch.randn(2, 5, 24, generator=torch.Generator().manual_seed(4))


class Foreign(nn.Module):
    """As in docs/record-your-model.md; it remembers the map that it made."""

    def __init__(self, dim: int = 24, heads: int = 3, dim_head: int = 8) -> None:
        super().__init__()
        self.heads, self.scale, self.causal = heads, 8.0, False
        self.to_q = nn.Linear(dim, heads * dim_head, bias=False)
        self.to_kv = nn.Linear(dim, 2 * heads * dim_head, bias=False)
        self.to_out = nn.Linear(heads * dim_head, dim, bias=False)
        self.q_scale = nn.Parameter(torch.ones(dim_head))
        self.k_scale = nn.Parameter(torch.ones(dim_head))
        self.attn_dropout = nn.Dropout(0.0)

    def attend(self, x: torch.Tensor, read: torch.Tensor | None = None) -> torch.Tensor:
        q, k, v = self.project(x, x if read is None else read)
        q = nn.functional.normalize(q, dim=-1) * self.q_scale
        k = nn.functional.normalize(k, dim=-1) * self.k_scale
        self.made = self.hide(q @ k.transpose(-1, -2) * self.scale).softmax(dim=-1)
        return self.mix(self.drop(self.made) @ v)

    def project(self, x: torch.Tensor, read: torch.Tensor) -> list[torch.Tensor]:
        each = (self.to_q(x), *self.to_kv(read).chunk(2, dim=-1))
        return [one.unflatten(-1, (self.heads, -1)).transpose(1, 2) for one in each]

    def hide(self, scores: torch.Tensor) -> torch.Tensor:
        return scores

    def drop(self, attn: torch.Tensor) -> torch.Tensor:
        return self.attn_dropout(attn)

    def mix(self, mixed: torch.Tensor) -> Any:
        return self.to_out(mixed.transpose(1, 2).flatten(-2))

    def forward(self, x: torch.Tensor) -> Any:
        return self.attend(x)


class Named(Foreign):
    def forward(self, hidden_states: torch.Tensor, encoder_hidden_states: Any = None) -> Any:
        return self.attend(hidden_states, encoder_hidden_states)


class Placed(Foreign):
    def forward(self, x: torch.Tensor, place: torch.Tensor) -> Any:
        return self.attend(x + place)


class ByKeyword(Foreign):
    def drop(self, attn: torch.Tensor) -> torch.Tensor:
        return self.attn_dropout(input=attn)


class MixedByKeyword(Foreign):
    def mix(self, mixed: torch.Tensor) -> Any:
        return self.to_out(input=mixed.transpose(1, 2).flatten(-2))


class Told(Foreign):
    def forward(self, x: torch.Tensor) -> Any:
        return self.attend(x), self.made


class Adapter(nn.Linear):
    def forward(self, x: torch.Tensor) -> Any:
        return super().forward(x), None


class Adapted(Foreign):
    def __init__(self) -> None:
        super().__init__()
        self.to_q, self.to_kv = Adapter(24, 24, bias=False), Adapter(24, 48, bias=False)

    def project(self, x: torch.Tensor, read: torch.Tensor) -> list[torch.Tensor]:
        each = (self.to_q(x)[0], *self.to_kv(read)[0].chunk(2, dim=-1))
        return [one.unflatten(-1, (self.heads, -1)).transpose(1, 2) for one in each]


class Gridded(Foreign):
    def forward(self, x: torch.Tensor) -> Any:
        return self.attend(x.flatten(1, 3)).view(x.shape)


class Windowed(Foreign):
    def forward(self, x: torch.Tensor) -> Any:
        return self.attend(x.reshape(4, 6, 24)).reshape(x.shape)


class Flat(Foreign):
    """Heads and batch on one axis."""

    def project(self, x: torch.Tensor, read: torch.Tensor) -> list[torch.Tensor]:
        return [one.flatten(0, 1) for one in super().project(x, read)]

    def mix(self, mixed: torch.Tensor) -> Any:
        return super().mix(mixed.unflatten(0, (-1, self.heads)))


class Listed(Foreign):
    def forward(self, batch: dict[str, torch.Tensor]) -> Any:
        return self.attend(batch["x"])


class Masked(Foreign):
    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> Any:
        self.mask = mask
        return self.attend(x)

    def hide(self, scores: torch.Tensor) -> torch.Tensor:
        if self.mask.is_floating_point():
            return scores + self.mask[:, None, None]
        return scores.masked_fill(~self.mask, -1e9)


WAYS = {
    "its input by its own name": (Named, (), {"hidden_states": TOKENS}),
    "a text by its own name": (Named, (TOKENS,), {"encoder_hidden_states": TEXT}),
    "something else beside its input": (Placed, (TOKENS, torch.ones(12, 24)), {}),
    "its map by keyword": (ByKeyword, (TOKENS,), {}),
    "its values by keyword": (MixedByKeyword, (TOKENS,), {}),
    "its map returned as well": (Told, (TOKENS,), {}),
    "projections that return more": (Adapted, (TOKENS,), {}),
    "tokens in a grid": (Gridded, (TOKENS.view(2, 3, 2, 2, 24),), {}),
    "windows as batch items": (Windowed, (TOKENS,), {}),
}


@pytest.mark.parametrize("extras", [(), ("queries", "keys", "values", "written")])
@pytest.mark.parametrize("storage", ["dense", "factored"])
@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_call_attention_is_recorded(way, storage, extras):
    its_class, args, kwargs = WAYS[way]
    model = nn.Sequential(its_class()).eval()
    with torch.no_grad(), record(model, storage=storage, extras=extras) as recording:
        model[0](*args, **kwargs)
    (one,) = recording
    assert recording.missed == () and one.verification.verdict == "passed"
    made = model[0].made.numpy()
    assert one.map.shape == made.shape and one.batch == len(made)
    for item, head in np.ndindex(made.shape[:2]):
        np.testing.assert_allclose(one.map.full(item, head), made[item, head], atol=1e-5)
        axes = one.query_axis(item), one.key_axis(item)
        assert tuple(map(len, axes)) == made.shape[2:]
    assert one.kind == ("cross" if way.startswith("a text") else "self")
    assert one.key_mask is None and recording.figure(layer=0, head=2)


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_call_attention_is_changed_as_it_is_called(way):
    its_class, args, kwargs = WAYS[way]
    model = nn.Sequential(its_class()).eval()
    given = [CutEdges(reads="null keys"), ZeroHead(module="0", head=1)]
    with torch.no_grad(), intervened(model, given), record(model) as recording:
        changed = model[0](*args, **kwargs)
    assert recording[0].verification.verdict == "passed" and recording.provenance["interventions"]
    with torch.no_grad():
        model[0].to_out.weight[:, 8:16] = 0
        expected = model[0](*args, **kwargs)
    torch.testing.assert_close(tensor_of(changed), tensor_of(expected))


@pytest.mark.parametrize(
    "mask",
    [
        torch.zeros(2, 12).index_fill(1, torch.tensor([3]), -1e9),
        torch.ones(12, 12, dtype=torch.bool).tril(),
        torch.ones(2, 1, 1, 12, dtype=torch.bool),
    ],
    ids=["added to the scores", "queries × keys", "four axes"],
)
@pytest.mark.parametrize("storage", ["dense", "factored"])
def test_a_mask_of_another_kind_is_taken_for_no_key_mask(mask, storage):
    """Read as one, what it shows would be hidden, and what it hides be seen."""
    model = nn.Sequential(Masked()).eval()
    with torch.no_grad(), record(model, storage=storage) as recording:
        model[0](TOKENS, mask)
    (one,), (said,) = recording, recording.missed
    assert one.key_mask is None and "0 was given a mask that is not one of batch × keys" in said
    np.testing.assert_allclose(one.map.full(1, 2), model[0].made[1, 2].numpy(), atol=1e-5)


@pytest.mark.parametrize("mask", [torch.tensor([[1, 0] * 6] * 2), torch.tensor([[1, 0] * 6]) == 1])
def test_a_mask_in_whole_numbers_or_for_all_items_is_a_key_mask(mask):
    model = nn.Sequential(Masked()).eval()
    model[0].hide = lambda scores: scores.masked_fill(mask[:, None, None] == 0, -1e9)
    with torch.no_grad(), record(model, storage="factored") as recording:
        model[0](TOKENS, mask)
    assert recording.missed == () and recording[0].verification.verdict == "passed"
    assert recording[0].key_mask.tolist() == [[True, False] * 6] * 2


@pytest.mark.parametrize(
    ("its_class", "given", "said"),
    [
        (Flat, TOKENS, "its map is 6 × 12 × 12; maps are read as batch × heads"),
        (Listed, {"x": TOKENS}, "what it reads is no tensor"),
    ],
)
def test_what_cannot_be_read_does_not_stop_the_model(its_class, given, said):
    model = nn.Sequential(its_class(), Foreign()).eval()
    with torch.no_grad(), pytest.warns(RecordingWarning, match=f"0 ran and could not.*{said}"):
        with record(model) as recording:
            model(given)
    assert [one.module for one in recording] == ["1"]


def test_attention_without_scales_is_none_that_can_be_read_and_said():
    old = Foreign()
    old.q_scale = old.k_scale = None
    model = nn.Sequential(old, Foreign()).eval()
    old.attend = lambda x: x
    with torch.no_grad(), record(model) as recording:
        model(TOKENS)
    assert [one.module for one in recording] == ["1"]
    (said,) = recording.missed
    assert said.startswith("0: attention without q_scale and k_scale")
    with torch.no_grad(), record(model, modules=["1"]) as chosen:
        model(TOKENS)
    assert chosen.missed == ()


@pytest.mark.parametrize("storage", ["dense", "factored"])
@pytest.mark.parametrize("shape", [(0, 12), (2, 0), (0, 0)])
def test_a_call_without_tokens_does_not_stop_the_model(shape, storage):
    model = transformer(causal=True)
    with torch.no_grad():
        expected = model(TOKENS[: shape[0], : shape[1]])
        with pytest.warns(RecordingWarning, match="called once without a batch item, a token"):
            with record(model, storage=storage) as recording:
                found = model(TOKENS[: shape[0], : shape[1]])
                assert len(recording) == 0
    assert found.shape == expected.shape
    assert estimate(model, TOKENS[: shape[0], : shape[1]]).bytes == 0


@pytest.mark.parametrize("storage", ["dense", "factored"])
def test_a_text_without_words_ends_no_process(storage):
    attention = Attention(24, heads=3, dim_head=8).eval()
    with torch.no_grad(), pytest.warns(RecordingWarning, match="or a key, so there was no map"):
        with record(attention, storage=storage):
            found = attention(TOKENS, context=TEXT[:, :0])
    assert (found == 0).all()
