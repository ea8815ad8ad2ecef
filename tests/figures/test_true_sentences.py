"""What a sentence says of a head is so on its map: where it looks, beside what uniform would."""

import numpy as np
import pytest
import torch
from torch import nn

from phenaki_viz import record
from phenaki_viz.analysis.comparing import compare
from phenaki_viz.analysis.head_columns import names_of, value
from phenaki_viz.analysis.head_table import HeadTable, head_row, head_table
from phenaki_viz.figures.difference_sentences import row_line
from phenaki_viz.figures.difference_views import name_of
from phenaki_viz.figures.head import Head
from phenaki_viz.figures.head_sentences import row_name, row_sentence, table_heading
from phenaki_viz.figures.head_table_views import heads_table, shifts_picture
from phenaki_viz.figures.ledger_sentences import key_words
from phenaki_viz.figures.sentences import head_sentence, patch_sentence
from phenaki_viz.models import Attention
from phenaki_viz.recording import HeadMap, Places, Recording
from phenaki_viz.recording.axes import Layout
from phenaki_viz.recording.segments import Words
from tests.analysis.records import planted

GRID = (2, 3, 4)
T, R, C = (axis.ravel() for axis in np.indices(GRID))
OWN = T[:, None] == T[None]


def shared(*shares):
    """Rows 'i j': of every query so much, evenly, on the keys of each mask 'i j' bool."""
    return sum(share * keys / keys.sum(axis=1, keepdims=True) for share, keys in shares)


def said_of(attn, grid=GRID, counts="video", items=1, **fields):
    """The sentence of the table and, if it is another, of the map alone."""
    record = planted(np.tile(attn, (items, 1, 1, 1)), Places(grid, counts), **fields)
    row = head_row(HeadMap(record, 0, 0))
    return row_sentence(row), head_sentence(Head(Recording([record]), record, 0, 0)), row


def with_nulls(keys, nulls=2):
    return np.pad(keys, ((0, 0), (nulls, 0)))


def test_a_head_that_is_mostly_in_its_own_step_does_not_look_across():
    """It is global by the rule, as uniform attention puts half of it there."""
    for said in said_of(shared((0.74, OWN), (0.26, ~OWN)))[:2]:
        assert said.startswith(
            "Looks mostly at its own time step (0.74 of its weight; 0.50 would be uniform)"
        )
    for said in said_of(shared((0.2, OWN), (0.8, ~OWN)))[:2]:
        assert said.startswith("Looks across time steps (0.80 outside its own; 0.50 would be")


def test_weight_on_null_keys_is_not_weight_across_time():
    nulls = np.zeros((24, 26), bool)
    nulls[:, :2] = True
    own, others = with_nulls(OWN), with_nulls(~OWN)
    for said in said_of(shared((0.45, nulls), (0.45, own), (0.1, others)), num_null_kv=2)[:2]:
        assert said.startswith(
            "Puts 0.45 of its weight in its own time step, 0.10 in others and 0.45 on keys that "
            "are no patch (0.46, 0.46 and 0.08 would be uniform)"
        )
    of_row, of_map, row = said_of(shared((0.9, nulls), (0.1, own)), num_null_kv=2)
    assert row.sort is None and "across" not in of_row + of_map
    assert of_row.startswith("Its null keys hold 0.90 of its weight (0.08 would be uniform)")
    assert of_map.startswith("Keys that are no patch hold 0.90 of its weight (0.08 would be")


def joint(attn):
    """A head of a sequence of 24 words and 24 patches."""
    places = Places(GRID, "video")
    layout = Layout((Words(tuple("abcdefghijklmnopqrstuvwx")), places))
    return said_of(attn, query_layout=layout, key_layout=layout)


def test_weight_of_patches_on_words_is_not_weight_across_time():
    words = np.zeros((48, 48), bool)
    words[:, :24] = True
    for said in joint(shared((0.8, words), (0.2, ~words)))[:2]:
        assert said.startswith("Keys that are no patch hold 0.80 of its weight (0.50 would be")


def test_what_a_patch_gives_null_keys_is_said_before_what_it_gives_its_step():
    """Its own step gets more than its share of what little is left."""
    first, both = np.zeros((2, 24, 26), bool)
    first[:, :1] = both[:, :2] = True
    itself = with_nulls(np.eye(24, dtype=bool))
    for nulls, said in (
        (first, "looks most at null key 1: 70 % of its weight (18 × uniform)."),
        (both, "puts 70 % of its weight on keys that are no patch (9.1 × uniform)."),
    ):
        attn = shared((0.7, nulls), (0.3, itself))
        record = planted(attn[None, None], Places(GRID, "video"), num_null_kv=2)
        head = Head(Recording([record]), record, 0, 0)
        assert patch_sentence(head, (1, 2, 3)) == f"Time 1, row 2, column 3 {said}"


def test_a_word_among_patches_stands_between_quotation_marks():
    places, words = Places(GRID, "video"), Words(("two", "moving"))
    layout = Layout((words, places))
    attn = np.full((26, 26), 0.4 / 25)
    attn[:, 1] = attn[1] = 0
    attn[:, 1], attn[1, 25] = 0.6, 1
    attn /= attn.sum(axis=1, keepdims=True)
    record = planted(attn[None, None], places, query_layout=layout, key_layout=layout)
    head = Head(Recording([record]), record, 0, 0)
    assert "looks most at “moving”: " in patch_sentence(head, (1, 2, 2))
    assert ", most from “moving”: " in patch_sentence(head, (1, 2, 3), "column")
    assert key_words(head, 0) == "“two”" and key_words(head, 2) == "time 0, row 0, column 0"


def test_words_have_no_time_step_that_they_could_look_at():
    own = np.ones((48, 48), bool)
    own[24:, 24:], own[24:, :24] = OWN, False
    said, _, row = joint(shared((1.0, own)))
    assert value(row, "own_step") == pytest.approx(1)
    assert value(row, "own_step_uniform") == pytest.approx(0.25)
    assert names_of(row) == ("spatial",)
    assert said.startswith("Stays in its own time step (1.00 of its weight; 0.25 would be uniform)")


def test_of_four_patches_around_each_other_the_frame_is_told():
    """On 2 × 2 patches what is around a patch is its whole time step."""
    step = np.repeat(np.arange(3), 4)
    own = step[:, None] == step[None]
    for grid in ((3, 2, 2), (3, 1, 4)):
        said, _, row = said_of(shared((1.0, own)), grid)
        assert names_of(row) == ("spatial",) and said.startswith("Stays in its own time step (1.00")


CAUSAL = np.tril(np.ones((5, 5), bool))
OVER_TIME = {"grid": (5, 1, 2), "counts": "patch", "items": 2, "causal": True}


def test_a_causal_mask_alone_looks_nowhere_back():
    said, _, row = said_of(shared((1.0, CAUSAL)), **OVER_TIME)
    assert value(row, "dt") == pytest.approx(-1) == value(row, "dt_uniform")
    assert said == "Hardly chooses; spread as if evenly over 2.6 of 3 keys."


def test_how_far_back_a_causal_head_looks_stands_beside_its_mask():
    first = np.zeros((5, 5), bool)
    first[:, 0] = True
    said = said_of(shared((1.0, first)), **OVER_TIME)[0]
    assert said == (
        "0.80 of its weight from later time steps on the first (3.1 × uniform); on average 2.0 "
        "time steps back (1.0 time step back would be uniform) of the query; spread as if "
        "evenly over 1 of 3 keys."
    )


def test_beside_arrows_of_causal_heads_stands_where_their_mask_would_point():
    rows = said_of(shared((1.0, CAUSAL)), **OVER_TIME)[2], said_of(shared((1.0, OWN)))[2]
    pictures = [shifts_picture(HeadTable(rows=(row,)), {}) for row in rows]
    line = "uniform attention would shift by −1.0 time steps, as masks leave it"
    assert [line in picture.notes for picture in pictures] == [True, False]


def test_over_time_alone_there_is_nothing_around_a_place():
    attn = np.tril(np.ones((5, 5)), -1)
    attn[0, 0] = 1
    attn /= attn.sum(axis=1, keepdims=True)
    record = planted(np.tile(attn, (2, 1, 1, 1)), Places((5, 1, 2), "patch"), causal=True)
    head = Head(Recording([record]), record, 0, 0)
    assert head_sentence(head).startswith("0.80 of its weight on its own place at other times (1.5")
    assert "100 % of its weight on its own place at other times" in patch_sentence(head, (3, 0, 0))
    beside = (T[:, None] != T[None]) & (abs(R[:, None] - R) <= 1) & (abs(C[:, None] - C) == 1)
    video = said_of(shared((1.0, beside)))[0]
    assert video.startswith("Looks at and around its own place in other time steps (1.00")


class Block(nn.Module):
    """Attention under names of its own: neither says what it attends to."""

    def __init__(self):
        super().__init__()
        self.attn1 = Attention(8, heads=2, dim_head=4)
        self.attn2 = Attention(8, dim_context=6, heads=2, dim_head=4)

    def forward(self, x, context):
        return self.attn2(x + self.attn1(x), context=context)


class Own(nn.Module):
    """Two of them."""

    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(Block() for _ in range(2))

    def forward(self, x, context):
        for block in self.blocks:
            x = x + block(x, context)
        return x


def test_heads_of_modules_with_names_of_their_own_are_told_apart_and_cross_is_cross():
    torch.manual_seed(0)
    model = Own().eval()
    with torch.no_grad(), record(model) as found:
        model(torch.randn(1, 7, 8), torch.randn(1, 3, 6))
    table = head_table(found)
    assert table_heading(table).startswith("8 heads")
    names = [row_name(row) for row in table]
    assert names[1:3] == ["self L0 H1 (blocks.0.attn1)", "cross L0 H0 (blocks.0.attn2)"]
    assert len(set(names)) == 8
    of_maps = ["self", "self", "cross", "cross"] * 2
    assert heads_table(table, {}).column("maps").values.tolist() == of_maps
    rows = compare(found, found).rows
    assert [name_of(row) for row in rows] == names
    assert row_line(rows[2]).startswith("cross L0 H0 (blocks.0.attn2)")
