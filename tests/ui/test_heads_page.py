"""The page Heads: every head named and listed, linked with the chosen one, over clips if asked."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from phenaki_viz.analysis.head_columns import half_width, value
from phenaki_viz.analysis.head_table import HeadTable, head_table
from phenaki_viz.data import DIGIT_CLIPS, digit_clip, read_prompt
from phenaki_viz.evaluation.head_clips import table_over_clips
from phenaki_viz.figures.head_sentences import row_sentence
from phenaki_viz.figures.head_table_views import heads_table
from phenaki_viz.figures.table import TableColumn
from phenaki_viz.runs.model import RunOptions
from phenaki_viz.ui.views.heads_style import column_config
from tests.analysis.planted_heads import CROSS, recording, row_of
from tests.runs.trained import phenaki
from tests.sent import words_on


def drawn(kind):
    from phenaki_viz.data import read_prompt
    from phenaki_viz.runs.files import open_recording
    from phenaki_viz.runs.model import run_model
    from phenaki_viz.ui.views.heads import heads_page
    from tests.runs.trained import clip, phenaki
    from tests.ui.test_heads_page import planted_file

    if kind == "planted":
        heads_page(open_recording(("planted.safetensors", planted_file())))
    else:
        heads_page(run_model(phenaki(), clip(), read_prompt("left right")))


@cache
def planted_file():
    import tempfile
    from pathlib import Path

    from tests.analysis.planted_heads import recording

    with tempfile.TemporaryDirectory() as folder:
        return recording().save(Path(folder) / "planted.safetensors").read_bytes()


def page(kind="planted", maps="self"):
    at = AppTest.from_function(drawn, default_timeout=120, args=(kind,)).run()
    return at.button_group(key="maps").set_value(maps).run()


def rows(at):
    assert not at.exception
    return at.dataframe[0].value


def test_planted_heads_are_named_in_table_heading_and_sentence():
    at = page()
    table = rows(at)
    assert list(table["name"]) == [f"L1 H{head}" for head in range(8)]
    assert table["named"][1] == "temporal" and table["named"][2] == "null keys"
    assert table["position"][4] == pytest.approx(1, abs=1e-3)
    said = words_on(at)
    assert any(one.startswith("8 self heads: ") and "1 on null keys" in one for one in said)
    assert any("self L1 H0: Looks at and around its own place" in one for one in said)
    assert any("Mean over 60 queries." in one for one in said)


def test_the_chosen_head_is_the_marked_row_and_the_sentence():
    at = page()
    assert at.session_state["heads.table"]["selection"]["rows"] == [0]
    at.number_input(key="head").set_value(5).run()
    assert at.session_state["heads.table"]["selection"]["rows"] == [5]
    assert any("self L1 H5: " in one and "ALiBi makes 100 %" in one for one in words_on(at))
    at.multiselect(key="heads_only").set_value(["null keys", "even"]).run()
    assert list(rows(at)["name"]) == ["L1 H2", "L1 H3"]
    assert at.session_state["heads.table"]["selection"]["rows"] == []
    at.number_input(key="head").set_value(3).run()
    assert at.session_state["heads.table"]["selection"]["rows"] == [1]


def test_cross_attention_says_what_is_read_and_drops_names_it_has_not_got():
    at = page()
    at.multiselect(key="heads_only").set_value(["temporal"]).run()
    at.button_group(key="maps").set_value("cross").run()
    table = rows(at)
    assert at.multiselect(key="heads_only").value == [] and len(table) == 3
    assert list(table["reads"])[:2] == ["two (0.80)", "null 1 (0.60)"]
    assert "position" not in table and not at.button_group[1:]  # no arrows of words


def test_a_name_in_one_of_many_rows_has_its_column_to_itself():
    """The table's own look at some of the rows left “routes a word” cut."""
    rows = HeadTable(rows=tuple(row_of(head_table(recording()), "cross", name) for name in CROSS))
    picture = heads_table(rows, {})
    names = picture.column("named")
    long = replace(names, values=np.array(["null keys"] * 2 + ["routes a word, null keys"]))
    found = column_config(replace(picture, columns=(long,)))["named"]["width"]
    assert found > 24 * 6 > column_config(picture)["named"]["width"] > 9 * 6


def test_the_picture_can_be_who_is_like_whom():
    at = page()
    at.button_group(key="heads_picture").set_value("alike").run()
    assert not at.exception
    assert any("Jensen–Shannon distance" in one for one in words_on(at))


def test_a_file_has_no_model_to_ask_for_other_clips():
    assert not [one for one in page().button if one.key == "heads.start"]


def test_over_clips_every_number_has_its_interval_and_the_way_back_leads_back():
    at = page("whole")
    one_clip = rows(at)
    at.number_input(key="heads_clips").set_value(3).run()
    at.button(key="heads.start").click().run()
    over = rows(at)
    captions = list(DIGIT_CLIPS.values())[:3]
    made = table_over_clips(
        phenaki(), [(digit_clip(one), read_prompt(one)) for one in captions], RunOptions(),
        kind="self", stack="maskgit.transformer",
    )  # fmt: skip
    wanted = [value(row, "entropy") for row in made]
    at.toggle(key="heads_all").set_value(True).run()
    np.testing.assert_allclose(rows(at)["entropy"], wanted, atol=1e-5)
    halves = [half_width(row, "entropy") for row in made]
    np.testing.assert_allclose(rows(at)["entropy_half"], halves, atol=1e-5)
    assert any("of each of 3 clips; ± is the 95 % interval" in one for one in words_on(at))
    assert any(row_sentence(made.rows[0]) in one for one in words_on(at))
    at.button(key="heads.back").click().run()
    assert list(rows(at)["equal_keys"]) == list(one_clip["equal_keys"]) != list(over["equal_keys"])


def drawn_with_effects():
    import streamlit as st

    from phenaki_viz.data import read_prompt
    from phenaki_viz.runs.model import run_model
    from phenaki_viz.ui.views import what_if
    from phenaki_viz.ui.views.heads import heads_page
    from tests.runs.trained import clip, phenaki

    run = run_model(phenaki(), clip(), read_prompt("left right"))
    page = what_if.what_if_page if st.toggle("What if", True, key="first") else heads_page
    page(run)


def test_what_the_page_what_if_measured_stands_beside_and_in_the_sentence():
    at = AppTest.from_function(drawn_with_effects, default_timeout=120).run()
    at.number_input(key="effect_clips").set_value(2).run()
    at.button(key="whatif.start").click().run()
    worth = rows(at)
    at.toggle(key="first").set_value(False).run()
    at.button_group(key="maps").set_value("self").run()
    table = rows(at)
    wanted = dict(zip(worth["head"], worth["rise"], strict=True))
    for name, rise in zip(table["name"], table["effect"], strict=True):
        assert rise == pytest.approx(wanted[f"self {name}"])
    assert any("Switching it off: " in one and " nats" in one for one in words_on(at))


def drawn_of_other_videos():
    from dataclasses import replace

    from phenaki_viz.data import read_prompt
    from phenaki_viz.recording import Recording
    from phenaki_viz.runs.run import Run
    from phenaki_viz.ui.views.heads import heads_page
    from tests.analysis.planted_heads import self_record
    from tests.runs.trained import clip

    one = self_record()
    other = replace(one, module="maskgit.transformer.layers.2.1", layer=2, batch_items=(1,))
    both = Recording([one, other])
    heads_page(
        Run(clip=clip(), prompt=read_prompt(""), recording=both, temporal_patch=2, seconds=0)
    )


def test_layers_that_were_recorded_of_different_videos_are_refused_in_words():
    at = AppTest.from_function(drawn_of_other_videos, default_timeout=120).run()
    assert not at.exception and not at.dataframe
    assert "no batch item of video 0 was recorded" in at.text[-1].value


def test_rows_of_long_maps_come_head_by_head_and_cancel_keeps_them(monkeypatch):
    from phenaki_viz.analysis import head_table
    from phenaki_viz.ui.views import heads_table
    from phenaki_viz.ui.work import computed, fragment_jobs

    monkeypatch.setattr(head_table, "LONG", 59)
    monkeypatch.setattr(fragment_jobs, "SLICE", 0)
    drawn, draw = [], heads_table._draw

    def counted(chosen, picture, shown, **how):
        drawn.append(len(shown))
        draw(chosen, picture, shown, **how)
        if drawn[-1] == 3 and len(drawn) < 5:
            fragment_jobs.stop("heads")

    monkeypatch.setattr(heads_table, "_draw", counted)
    computed.kept.things.clear()
    at = AppTest.from_function(drawn_planted_self, default_timeout=120).run()
    assert not at.exception and drawn == [1, 2, 3] and len(rows(at)) == 3
    said = words_on(at)
    assert "3 of 8 heads are measured." in said
    at.number_input(key="head").set_value(5).run()
    assert not at.exception and "L1 H5 is not measured yet." in words_on(at)
    drawn.append(9)
    at.button(key="heads.rest").click().run()
    assert drawn[-1] == 8 and list(rows(at)["name"]) == [f"L1 H{head}" for head in range(8)]
    assert not [one for one in at.button if one.key == "heads.rest"]
    assert any("self L1 H5: " in one for one in words_on(at))


def test_over_clips_means_come_clip_by_clip_and_cancel_keeps_them(monkeypatch):
    from phenaki_viz.ui.views import heads_table
    from phenaki_viz.ui.work import computed, fragment_jobs

    seen, draw = [], heads_table._how_far

    def counted(chosen, table, over):
        seen.append(table.clips)
        if seen[-1] == 2 and 4 not in seen:
            fragment_jobs.stop("clips")
        draw(chosen, table, over)

    monkeypatch.setattr(heads_table, "_how_far", counted)
    computed.kept.things.clear()
    at = page("whole")
    at.number_input(key="heads_clips").set_value(4).run()
    monkeypatch.setattr(fragment_jobs, "SLICE", 0)
    seen.clear()
    at.button(key="heads.start").click().run()
    assert not at.exception and seen == [1, 2]
    said = words_on(at)
    assert "2 of 4 clips are measured." in said
    assert any("of each of 2 clips; ± is the 95 % interval" in one for one in said)
    seen.append(4)
    at.button(key="heads.rest").click().run()
    assert seen[-2:] == [3, 4] and not [one for one in at.button if one.key == "heads.rest"]
    assert any("of each of 4 clips; ± is the 95 % interval" in one for one in words_on(at))


def drawn_planted_self():
    import streamlit as st

    from phenaki_viz.data import read_prompt
    from phenaki_viz.recording import Recording
    from phenaki_viz.runs.run import Run
    from phenaki_viz.ui.views.heads import heads_page
    from tests.analysis.planted_heads import self_record
    from tests.runs.trained import clip

    if "run" not in st.session_state:
        st.session_state["run"] = Run(
            clip=clip(), prompt=read_prompt(""), recording=Recording([self_record()]),
            temporal_patch=2, seconds=0,
        )  # fmt: skip
    heads_page(st.session_state["run"])


def test_no_number_is_listed_as_minus_zero():
    values = np.array([-0.3, -0.006, -0.004, 0.004, np.nan])
    shown = TableColumn(name="dt", title="Δ time", values=values).listed()
    assert [f"{one:.2f}" for one in shown] == ["-0.30", "-0.01", "0.00", "0.00", "nan"]
    names = np.array(["step before"])
    assert TableColumn(name="named", title="Named", values=names).listed() is names
    table = rows(page())
    for column in table.select_dtypes("float").columns:
        assert "-0.00" not in [f"{one:.2f}" for one in table[column]], column
