"""Inside a head as pictures and words: the figures in them are the ledger's."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from phenaki_viz import models
from phenaki_viz.analysis.ledger import row_ledger
from phenaki_viz.analysis.tallies import Tally
from phenaki_viz.analysis.term_maps import TermShares, shares_of_head, term_maps
from phenaki_viz.analysis.writing import writes_of
from phenaki_viz.errors import ShapeError
from phenaki_viz.figures import term_bars_figure
from phenaki_viz.figures.film_strip import FilmStrip
from phenaki_viz.figures.head import Head
from phenaki_viz.figures.ledger_sentences import (
    counterfactuals,
    decides,
    key_words,
    row_clause,
    shares_sentence,
    weight_heading,
    weight_sentence,
    writes_sentence,
)
from phenaki_viz.figures.ledger_views import (
    dimension_bars,
    row_bars,
    short,
    term_heatmap,
    term_scale,
    weight_bars,
    written_overlay,
)
from phenaki_viz.figures.overlays import HeadOverFrames
from phenaki_viz.figures.term_bars import stacked
from phenaki_viz.figures.weight_colours import scale_for
from phenaki_viz.recording import Recording, record
from tests.analysis.records import planted
from tests.figures.samples import term_bars
from tests.recording.models import SmallVideo, inputs


def recorded(*, storage="factored", causal=True):
    torch.manual_seed(5)
    model = SmallVideo(models, causal=causal).eval()
    asked = {"words": ("a", "two"), "extras": ("written",)}
    with torch.inference_mode(), record(model, storage=storage, **asked) as recording:
        model(*inputs())
    return recording


def head(recording, at=0, item=1, which=2):
    return Head(recording, recording.records[at], item, which)


@pytest.mark.parametrize("storage", ["dense", "factored"])
def test_a_waterfall_ends_at_the_logarithm_of_the_recorded_weight(storage):
    one = head(recorded(storage=storage))
    found = row_ledger(one.map, 17).of(4)
    bars = weight_bars(one, found)
    assert bars.names == ("+ content", "+ position", "+ ALiBi", "− log Σ exp", "= log weight")
    steps = np.diag(bars.values)
    assert steps[:-1].sum() == pytest.approx(steps[-1]) == np.log(found.weight)
    ends = np.diag(bars.starts) + steps
    np.testing.assert_allclose(np.diag(bars.starts)[1:-1], ends[:-2])  # each from where one ended
    assert np.diag(bars.starts)[-1] == 0 and ends[-2] == pytest.approx(ends[-1])
    assert bars.totals[-1] == f"→ {found.weight:.3g}"
    figure = term_bars_figure(bars)
    assert [trace.x[at] for at, trace in enumerate(figure.data)] == pytest.approx(steps.tolist())


def test_a_hidden_key_has_no_bars_and_says_why():
    one = head(recorded())
    found = row_ledger(one.map, 3).of(20)
    assert np.isnan(weight_bars(one, found).values).all()
    name = key_words(one, 20)
    assert weight_heading(found, name) == f"{name} gets nothing: a mask hides it"
    assert weight_sentence(found) == "Its logit is −∞, whatever the terms are."


def test_the_row_s_bars_are_its_strongest_keys():
    one = head(recorded())
    row = row_ledger(one.map, 17)
    bars = row_bars(one, row, 5)
    keys = bars.provenance["keys"]
    assert keys == np.argsort(-row.weights, kind="stable")[:5].tolist()
    for line, key in enumerate(keys):
        assert bars.values[line].tolist() == [row.apart[name][key] for name in row.apart]
        weight = row.weights[key]
        told = [float(number) for number in bars.totals[line].split(" · ")]
        written = weight * one.record.written.values[1, 2, key]
        assert told == pytest.approx([weight, written], abs=6e-4)
    assert bars.named_apart and short("time 2, row 4, column 2") == "t2 r4 c2"


def test_signed_bars_lie_end_to_end_on_their_side_of_0():
    values = np.array([[1.0, -2, 3, np.nan, -1]])
    assert stacked(values).tolist() == [[0, 0, 1, 0, -2]]
    with pytest.raises(ShapeError, match=r"TermBars\.values"):
        term_bars(values=np.zeros((2, 2)))


def test_dimensions_are_drawn_where_they_were_kept():
    parted, stored = head(recorded()), head(recorded(storage="dense"))
    found = row_ledger(parted.map, 17).of(4)
    bars = dimension_bars(parted, found)
    assert bars.curves[0].y.sum() == pytest.approx(found.apart["content"], abs=1e-5)
    assert dimension_bars(stored, row_ledger(stored.map, 17).of(4)) is None


def test_a_term_s_map_is_around_0_and_masked_where_it_is_hidden():
    one = head(recorded())
    maps = term_maps(one.map, 30)
    scale = term_scale(maps, "RdBu_r")
    assert -scale.low == scale.high == maps.most
    picture = term_heatmap(one, "alibi", maps.values["alibi"], scale)
    np.testing.assert_array_equal(picture.hidden, np.triu(np.ones((30, 30), bool), 1))
    assert "ALiBi term" in picture.title and "around 0" not in picture.title


def test_over_the_frames_a_row_is_weight_times_norm():
    one = head(recorded(causal=False))
    frames = np.zeros((3, 12, 20, 3), np.uint8)
    over = HeadOverFrames(
        head=one, frames=frames, temporal_patch=2, scale=scale_for(1, scope="all")
    )
    of_weights = over.of_patches([(1, 2, 3)])
    picture = written_overlay(one, of_weights, None)
    assert isinstance(picture, FilmStrip) and picture.unit == "weight × ‖v W_O‖"
    norms = one.record.written.values[1, 2].reshape(2, 3, 5)
    np.testing.assert_allclose(picture.weights, of_weights.weights * norms, rtol=1e-5)
    assert picture.scale.high == pytest.approx(picture.weights.max())
    column = written_overlay(one, of_weights, 3)
    np.testing.assert_allclose(column.weights, of_weights.weights * norms.ravel()[3], rtol=1e-5)


class Scaled:
    """A position bias made strong or weak, beside content of some scale."""

    def __init__(self, bias, content):
        torch.manual_seed(2)
        self.model = SmallVideo(models).eval()
        with torch.no_grad():
            self.model.continuous_pos_bias.net[-1].weight.mul_(bias)
            for layer in self.model.transformer.layers:
                layer[1].scale = content

    def head(self, storage):
        with torch.inference_mode(), record(self.model, storage=storage) as recording:
            self.model(*inputs())
        return head(recording)


@pytest.mark.parametrize("storage", ["dense", "factored"])
def test_planted_heads_are_named_by_whose_work_they_are(storage):
    of_places, of_content = Scaled(50, 1e-3).head(storage), Scaled(1e-3, 8).head(storage)
    shares = [shares_of_head(one.map) for one in (of_places, of_content)]
    assert decides(shares[0]) == "decides by position: 100 % of its choice"
    assert decides(shares[1]) == "decides by content: 100 % of its choice"
    assert row_clause(row_ledger(of_places.map, 8)).startswith("is decided by position 100 %")
    assert "(mean ± standard deviation over 30 queries)" in shares_sentence(shares[0])


def told(**shares):
    """Shares of two queries each."""
    tallies = {name: Tally.of(np.array(each)) for name, each in shares.items()}
    return TermShares(tallies=tallies, read=2, of=2)


def test_what_decides_is_said_with_what_works_against_it():
    assert decides(told(content=[0.5, 0.5], position=[0.4, 0.6])) == (
        "weighs content and position: 50 % and 50 % of its choice"
    )
    assert decides(told(content=[1.2, 1.4], alibi=[-0.2, -0.4])) == (
        "decides by content: 130 % of its choice, against ALiBi"
    )
    few = TermShares(tallies=told(content=[0.2, 0.4], position=[0.8, 0.6]).tallies, read=2, of=90)
    assert shares_sentence(few).startswith(
        "Position 70 % ± 10 and content 30 % ± 10 (mean ± standard deviation over 2 queries of 90, "
        "evenly spaced)"
    )


def test_content_alone_nothing_to_choose_and_blind_rows():
    cross = head(recorded(), at=1)
    assert decides(shares_of_head(cross.map)).startswith("decides by content alone")
    assert row_clause(row_ledger(cross.map, 2)) == "is decided by content alone"
    assert key_words(cross, 0) == "null key 1" and key_words(cross, 2) == "“a”"
    even = Head(Recording([one := planted(np.full((1, 1, 2, 3), 1 / 3))]), one, 0, 0)
    assert decides(shares_of_head(even.map)).startswith("has no choice to explain")
    gone = planted(np.full((1, 1, 2, 3), 1 / 3), key_mask=np.zeros((1, 3), bool))
    blind = Head(Recording([gone]), gone, 0, 0)
    assert row_clause(row_ledger(blind.map, 1)).startswith("sees no key")
    assert "gives each of them 0.333" in weight_sentence(row_ledger(blind.map, 1).of(0))


def test_a_small_weight_is_written_with_a_minus_that_breaks_no_line():
    one = head(recorded())
    found = replace(row_ledger(one.map, 17).of(4), weight=7.04e-6, made=7.04e-6)
    assert weight_heading(found, "time 0") == "Why time 0 gets 7.04e−6"
    assert "= 7.04e−6." in weight_sentence(found)
    picture = weight_bars(one, found)
    assert "gets 7.04e−6" in picture.title and picture.totals[-1] == "→ 7.04e−6"


def test_sums_and_writes_are_said_with_their_numbers():
    one = head(recorded())
    found = row_ledger(one.map, 17).of(4)
    said = weight_sentence(found)
    assert f"Key {found.rank} of 18 by weight" in said and f"= {found.made:.3g}." in said
    assert "log-sum-exp" in said.partition("As added:")[2]
    writes = writes_of(one.map)
    said = writes_sentence(writes, one.label)
    assert said.startswith(f"L0 H2 writes a vector {writes.length:.2f} ×")
    assert f"number {writes.rank} of 3 recorded heads" in said
    assert "was not recorded" in writes_sentence(None, one.label)


def test_counterfactuals_are_named_as_what_they_are():
    assert counterfactuals(("content",)) == {}
    assert counterfactuals(("content", "position")) == {
        "If only position counted": ("position",),
        "If only content counted": ("content",),
    }
    three = counterfactuals(("content", "position", "alibi"))
    assert three["Without ALiBi"] == ("content", "position")
    assert len(three) == 6


def test_of_a_row_with_one_key_no_zero_has_a_sign():
    """Its terms are as far from the row's mean as from themselves, and log-sum-exp is 0."""
    one = head(recorded())
    row = row_ledger(one.map, 0)
    assert row.visible.tolist().count(True) == 1
    found = row.of(0)
    said = [*weight_bars(one, found).totals, weight_sentence(found)]
    assert "0" in said and not [text for text in said if "−0 " in f"{text} " or "−0.00" in text]
    assert "e^0.00 = 1." in said[-1]


def test_a_head_on_one_key_is_not_said_to_have_nothing_to_choose():
    """Of a dense map that is all on one key the logits of the others are not known."""
    one = planted(np.eye(5)[None, None])
    sure = Head(Recording([one]), one, 0, 0)
    for said in (decides(shares_of_head(sure.map)), row_clause(row_ledger(sure.map, 1))):
        assert said.startswith("has no choice to explain: ") and "known to differ" in said
    assert weight_sentence(row_ledger(sure.map, 1).of(0)).startswith("Its weight is 0 in the dense")


def test_a_weight_that_is_no_number_is_not_said_to_be_0():
    gone = planted(np.full((1, 1, 3, 3), np.nan))
    found = row_ledger(Head(Recording([gone]), gone, 0, 0).map, 1).of(0)
    assert weight_heading(found, "time 0") == "time 0 gets no number"
    assert weight_sentence(found) == "Its weight is no number: its logit is not known."
