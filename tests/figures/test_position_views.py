"""Position as pictures and sentences: of a row of tokens, of some heads, with ALiBi off."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from phenaki_viz import record
from phenaki_viz.export import render
from phenaki_viz.figures.picked import Picked, pictures_of
from phenaki_viz.figures.position_sentences import alibi_sentence, bias_heading, bias_sentence
from phenaki_viz.figures.position_views import bias_picture, slopes_picture
from phenaki_viz.models import Attention
from phenaki_viz.models.position import ContinuousPositionBias
from phenaki_viz.recording import PositionBias
from phenaki_viz.recording.interventions import ScaleAlibi, intervened


class Biased(nn.Module):
    """Attention over a row of tokens, with a bias of their offsets alone, and ALiBi."""

    def __init__(self):
        super().__init__()
        self.bias = ContinuousPositionBias(dim=8, heads=3, num_dims=1)
        self.attention = Attention(8, heads=3, dim_head=4, causal=True)

    def forward(self, x):
        return self.attention(x, attn_bias=self.bias(x.shape[1]))


def recorded(heads=None, factor=1.0):
    torch.manual_seed(0)
    model = Biased().eval()
    given = [ScaleAlibi(factor=factor)] if factor != 1 else []
    with torch.no_grad(), intervened(model, given), record(model, heads=heads) as found:
        model(torch.randn(2, 5, 8))
    return found


def test_a_bias_of_a_row_of_tokens_is_drawn_and_told():
    found = recorded()
    bias = found[0].position
    assert bias.dimensions == (5,)
    picture = bias_picture(bias, found.provenance, 1)
    np.testing.assert_array_equal(picture.z, bias.surface[1][None])
    assert picture.x.tolist() == list(range(-4, 5)) and picture.x_title.startswith("Δ token")
    assert picture.y.tolist() == [0] and picture.trained is None
    assert bias_picture(bias, found.provenance, 1, used=(3,)).trained == (-2, 2, 0, 0)
    for name in ("png", "svg", "html", "csv", "npz"):
        assert render(picture, name)
    assert bias_heading(bias, 1, "Mine").startswith("Mine H1: ")
    assert "at Δt" not in bias_sentence(bias, 1, 0)


def test_of_some_heads_the_first_one_is_marked_among_all_that_the_bias_has():
    found = recorded(heads=[1, 2])
    grid, *planes = pictures_of(SimpleNamespace(recording=found), Picked(pages=("position",)))
    assert grid.heads == ("H0", "H1", "H2") and grid.selected == (0, 1)
    assert [one.title[:2] for one in planes[:2]] == ["H1", "H2"]


@pytest.mark.filterwarnings("error")
def test_of_alibi_that_is_switched_off_it_is_said_that_distance_costs_nothing():
    found = recorded(factor=0.0)
    assert alibi_sentence(found[0], 1) == "H1 has a slope of 0: distance costs it nothing."
    picture = slopes_picture(found[0], found.provenance, 1)
    assert not picture.log_y
    hovers = [text for curve in picture.curves for text in curve.hover]
    assert sorted(hovers) == [f"H{head}: slope 0, distance costs nothing" for head in range(3)]
    assert render(picture, "png")


def test_of_a_bias_that_is_scaled_up_the_power_of_ten_is_told():
    surface = np.zeros((1, 3, 3), np.float32)
    surface[0, 1, 1] = 120  # e^120 is 1.3e52
    said = bias_sentence(PositionBias(module="bias", dimensions=(2, 2), surface=surface), 0, 0)
    assert said.endswith("outweighs the worst-placed more than 10⁵² times.")
