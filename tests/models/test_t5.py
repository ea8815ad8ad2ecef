"""T5 as checkpoints were trained with it: a tiny one, made here, through the real loading code."""

import sys

import pytest
import torch

from phenaki_viz.errors import ConfigError
from phenaki_viz.models import T5Text
from tests.models.tiny_t5 import save_tiny_t5


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_tiny_t5(tmp_path_factory.mktemp("t5"))


def test_texts_become_vectors_with_padding_at_zero(folder):
    text = T5Text(folder, offline=True)
    vectors, mask = text(["a digit moving left", "left"])
    assert text.dim == 8 and vectors.shape == (2, 5, 8)
    assert mask.tolist() == [[True] * 5, [True, True, False, False, False]]
    assert (vectors[1, 2:] == 0).all() and vectors[mask].abs().sum() > 0
    with torch.no_grad():  # as phenaki-pytorch's t5_encode_text does it
        ids = torch.tensor([[3, 4, 5, 6, 1], [6, 1, 0, 0, 0]])
        out = text.encoder(input_ids=ids, attention_mask=mask.long()).last_hidden_state
    torch.testing.assert_close(vectors, out.masked_fill(~mask[..., None], 0.0))


def test_the_pieces_have_names(folder):
    text = T5Text(folder, offline=True)
    assert text.split("moving left") == ("moving", "left", "</s>")
    assert text.unknown("moving <b>") == ("<unk>",)


def test_what_cannot_be_loaded_is_said(tmp_path):
    with pytest.raises(ConfigError, match="could not be loaded"):
        T5Text(tmp_path / "nothing", offline=True)


def test_without_transformers(monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ConfigError, match="pip install 'phenaki-viz\\[t5\\]'"):
        T5Text("x")
