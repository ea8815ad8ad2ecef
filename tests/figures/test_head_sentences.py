"""Each planted head in one sentence with its figures; the table's heading counts them."""

import re
from dataclasses import replace

import numpy as np
import pytest

from phenaki_viz.analysis import head_table as tables
from phenaki_viz.analysis.head_columns import NAMES, names_of
from phenaki_viz.analysis.head_table import HeadTable, head_row, head_table, stack_table
from phenaki_viz.analysis.reading import Reading, read_there
from phenaki_viz.figures.head_sentences import (
    SAID,
    row_name,
    row_sentence,
    table_heading,
    taken_over,
)
from phenaki_viz.figures.head_table_views import heads_table
from phenaki_viz.recording import HeadMap, Places
from tests.analysis.planted_heads import CROSS, TRUTH, cross_record, recording, row_of, softmax
from tests.analysis.records import planted, uniform

SAYS = {
    ("self", "step before"): "one time step back",
    (
        "self",
        "same patch",
    ): "Looks at and around its own place in other time steps (1.00 of its weight; ",
    ("self", "nulls"): "Its null keys hold 1.00 of its weight (0.03 would be uniform); spread ",
    ("self", "uniform"): "Hardly chooses; spread as if evenly over 62 of 62 keys.",
    ("self", "position"): "position makes 100 % of its choice",
    ("self", "ALiBi"): "ALiBi makes 100 % of its choice",
    ("self", "follows"): "it finds the object in 100 % of other time steps",
    ("cross", "one word"): "Reads “two” most (0.80 of its weight; 0.20 would be uniform)",
    ("cross", "nulls"): "Reads null key 1 most (0.60 of its weight; 0.20 would be uniform); "
    "then null key 2 (0.30); its null keys hold 0.90 of its weight (0.40 would be uniform)",
    ("cross", "uniform"): "Hardly chooses; spread as if evenly over 5 of 5 keys.",
}


@pytest.fixture(scope="module")
def table():
    return head_table(recording(), truth=TRUTH)


@pytest.mark.parametrize(("kind", "name"), SAYS)
def test_the_sentence_names_every_planted_head_right(table, kind, name):
    said = row_sentence(row_of(table, kind, name))
    assert SAYS[kind, name] in said
    assert said[0].isupper() and said.endswith(".") and "nan" not in said
    others = {
        "position makes": "position", "ALiBi makes": "ALiBi", "finds the object": "follows",
        "null keys hold": "nulls", "Hardly": "uniform",
    }  # fmt: skip
    for words, whose in others.items():
        assert (words in said) == (name == whose), (words, said)


def test_a_head_that_sees_one_key_is_not_said_to_hardly_choose():
    alone = planted(np.ones((4, 1, 1, 1)), Places((1, 2, 2), "patch"))
    said = row_sentence(head_row(HeadMap(alone, 0, 0)))
    assert said == "Sees one key alone."


def test_a_head_that_does_not_choose_is_not_said_to_find_the_object():
    """Where the object stays in the corner that comes first of all that tie."""
    corner = replace(TRUTH, paths=(np.zeros((3, 2), int),))
    even = row_of(head_table(recording(), truth=corner), "self", "uniform")
    assert row_sentence(even) == SAYS["self", "uniform"]


def test_no_sentence_says_that_a_head_understands(table):
    for row in table:
        assert not re.search(r"recogni|understand|know", row_sentence(row))


def test_the_heading_counts_what_the_rules_name(table):
    mine = HeadTable(rows=tuple(row for row in table if row.kind == "cross"))
    assert table_heading(mine) == "3 cross heads: 1 even, 1 on null keys and 1 on one word"
    assert table_heading(table).startswith("11 heads: ")
    assert table_heading(HeadTable(rows=mine.rows[:1])) == "1 cross head: 1 on one word"
    sorts = {"spatial", "temporal", "global", "even"}
    assert set(SAID) | sorts == set(NAMES), "every name is counted"


def test_over_clips_a_word_that_some_say_is_said_to_be_of_those(table):
    first = stack_table([cross_record()])
    second = stack_table([replace(cross_record(), words=("six", "moving", "right"))])
    row = first.join(second).rows[0]
    assert "Reads “two” where it is said most (0.80 of its weight" in row_sentence(row)
    assert names_of(row) == () and names_of(first.rows[0]) == ("one word",)


def test_over_what_it_was_taken_is_said(table):
    mine = HeadTable(rows=tuple(row for row in table if row.kind == "self"))
    assert taken_over(mine) == "Mean over 60 queries."
    assert "of each of 2 clips; ± is the 95 % interval" in taken_over(mine.join(mine))
    assert row_name(mine.rows[3]) == "self L1 H3"
    assert "± " not in row_sentence(mine.join(mine).rows[4])  # alike clips: no width to speak of


def even_table(queries):
    """A head of a map of so many queries, all of it measured."""
    return stack_table([planted(uniform(1, 1, queries, queries), Places((1, 1, queries), "video"))])


def test_clips_of_other_lengths_are_said_to_be_so():
    short, long = even_table(6), even_table(12)
    said = "Mean over 6 to 12 queries of each of 2 clips; ± is the 95 % interval over clips"
    assert taken_over(short.join(long)) == taken_over(long.join(short)) == f"{said} (Student's t)."
    assert taken_over(short.join(short)).startswith("Mean over 6 queries of each of 2 clips; ")


def test_long_clips_of_other_lengths_are_not_said_to_have_that_of_the_first(monkeypatch):
    monkeypatch.setattr(tables, "LONG", 5)
    monkeypatch.setattr(tables, "FEW_KEYS", 0)
    monkeypatch.setattr(tables, "MOST_QUERIES", 4)
    short, long = even_table(8), even_table(12)
    said = taken_over(short.join(long))
    assert said.startswith("Mean over 4 queries of each of 2 clips; ")
    assert said.endswith("; where there are more, of evenly spaced ones.")
    assert taken_over(long.join(long)).startswith("Mean over 4 evenly spaced of 12 queries of each")


def test_over_how_many_queries_is_said_of_all_heads_not_of_the_first():
    """Of many places not all maps over time are read, and other stacks have other tokens."""
    grid = (3, 9, 9)
    few = planted(uniform(1, 1, 6, 6), Places((1, 2, 3), "video"))
    over_time = planted(
        uniform(81, 1, 3, 3), Places(grid, "patch"), stack="temporal", module="temporal.layers.0.1"
    )
    rows = (*stack_table([few]).rows, *stack_table([over_time]).rows)
    assert taken_over(HeadTable(rows=rows[:1])) == "Mean over 6 queries."
    assert taken_over(HeadTable(rows=rows[1:])) == "Mean over 192 evenly spaced of 243 queries."
    said = "Mean over 6 to 192 queries; where there are more, of evenly spaced ones."
    assert taken_over(HeadTable(rows=rows)) == taken_over(HeadTable(rows=rows[::-1])) == said


def read(*told):
    """Of one head: for each key how well it tells, what is there, and elsewhere."""
    auc, there, elsewhere = np.array(told).T[:, :, None, None]
    return Reading(auc=auc, there=there, elsewhere=elsewhere)


def reading_there(row, *told, clips=1):
    """A row that reads what is told in some of its clips: a name, and how it tells each."""
    reads = {}
    for name, *one in told:
        at, found = read_there(read((0.99, 0.9, 0.1), one), nulls=1)
        assert at == 1
        reads[name] = reads[name].merge(found) if name in reads else found
    facts = (replace(row.facts, reads=reads), *[row.facts] * (clips - 1))
    return replace(row, clips=facts, queries=row.queries * clips)


def test_a_word_that_is_read_where_there_is_something_is_said_first(table):
    found = read((0.99, 0.9, 0.1), (0.95, 0.3, 0.1), (0.9, 0.55, 0.04))  # most goes to the last
    at, two = read_there(found, nulls=1)
    assert at == 2 and (two.there, two.elsewhere, two.routed) == (0.55, 0.04, 1)
    word, nulls, even = (
        reading_there(row_of(table, "cross", name), ("two", 0.9, 0.55, 0.04)) for name in CROSS
    )
    assert row_sentence(word).startswith(
        "Reads “two” where there is something (0.55 of a token's weight there, 0.04 elsewhere); "
        "on the whole reads “two” most (0.80"
    )
    assert row_sentence(word, placed_word="two").startswith("On the whole reads “two” most (0.80")
    other = row_sentence(word, placed_word="six")
    assert other == row_sentence(word), "of another word it is still said"
    said = row_sentence(nulls)
    assert "; its null keys hold 0.90" in said and "most" not in said, "said of them together"
    assert row_sentence(even) == SAYS["cross", "uniform"], "which hardly chooses"


def test_the_table_says_the_same_of_a_word_as_the_sentence(table):
    """Named, where a word is read, what is read most: none against another, or the sentence."""
    nulls = reading_there(row_of(table, "cross", "nulls"), ("two", 0.9, 0.55, 0.04))
    assert names_of(nulls) == ("routes a word", "null keys")
    picture = heads_table(HeadTable(rows=(nulls,)), {})
    assert picture.column("there").values.tolist() == ["two (0.55, elsewhere 0.04)"]
    assert picture.column("reads").values.tolist() == ["null 1 (0.60)"]
    assert picture.column("sentence").values.tolist() == [row_sentence(nulls)]
    assert picture.title == "1 cross head: 1 routing a word and 1 on null keys"
    little = reading_there(row_of(table, "cross", "nulls"), ("two", 0.9, 0.3, 0.04))
    assert names_of(little) == ("null keys",), "read there, but not chosen there"
    none = heads_table(HeadTable(rows=(row_of(table, "cross", "nulls"),)), {})
    assert "there" not in {column.name for column in none.columns}


def test_over_clips_the_word_may_be_another_one_in_each(table):
    row = row_of(table, "cross", "nulls")
    both = reading_there(row, ("two", 0.9, 0.6, 0.04), ("six", 0.9, 0.5, 0.02), clips=3)
    assert row_sentence(both).startswith(
        "Reads a word where there is something in 2 of 3 clips (0.55 of a token's weight there, "
        "0.03 elsewhere); its null keys"
    )
    assert names_of(both) == ("routes a word", "null keys")
    seldom = reading_there(row, ("two", 0.9, 0.6, 0.04), clips=3)
    assert "something" not in row_sentence(seldom) and names_of(seldom) == ("null keys",)


@pytest.mark.parametrize("told", [(0.59, 0.9, 0.1), (0.99, 0.12, 0.1), (np.nan,) * 3])
def test_what_is_read_alike_everywhere_is_not_said_to_be_read_somewhere(told):
    assert read_there(read((0.99, 0.9, 0.1), told), nulls=1) is None


def test_a_long_map_is_told_from_a_few_rows_with_the_error_of_its_shares():
    """The same sentence as of a short map, which says how it was had; no drift by chance."""
    grid = Places((5, 16, 16), "video")
    noise = np.random.default_rng(0).normal(size=(1, 1, 1280, 1280)) * 2
    record = planted(softmax(noise), grid)
    head = HeadMap(record, 0, 0)
    few, all_rows = row_sentence(head_row(head, few=True)), row_sentence(head_row(head))
    said = re.search(r"; estimated from 64 of 1,280 rows \(standard error .*: (\S+) at most\)", few)
    assert said and 0 < float(said[1]) < 0.05
    assert "estimated from 512 of 1,280 rows" in all_rows
    assert " of 1,280 keys;" in few
    assert few.split(" (")[0] == all_rows.split(" (")[0] and "of the query" not in few


def test_a_long_map_of_few_keys_is_read_whole():
    words = planted(uniform(1, 1, 1280, 5), Places((5, 16, 16), "video"), kind="cross")
    row = head_row(HeadMap(words, 0, 0), few=True)
    assert row.facts.queries == 1280 and "estimated" not in row_sentence(row)


def test_a_head_alone_is_the_row_of_the_table(table):
    for row in table:
        record = next(one for one in recording() if one.module == row.module)
        alone = head_row(HeadMap(record, 0, record.heads.index(row.head)), TRUTH)
        assert row_sentence(alone) == row_sentence(row)


def test_of_more_patches_than_are_read_it_is_said_how_many_there_are():
    """Maps over time, a batch item a patch: 64 of a hundred are measured."""
    record = planted(uniform(100, 1, 3, 3), Places((3, 10, 10), "patch"))
    table = stack_table([record])
    assert taken_over(table) == "Mean over 192 evenly spaced of 300 queries."
    assert "; estimated from 192 of 300 rows" in row_sentence(table.rows[0])
