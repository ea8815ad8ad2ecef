"""Two of everything on one page: what stands in one slot has nothing in common with the other."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from phenaki_viz.data import read_prompt, sample_clip
from phenaki_viz.models.dial import DialConfig
from phenaki_viz.runs.dialled import run_dialled
from phenaki_viz.runs.model import run_model
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import session
from phenaki_viz.ui.state.stage import Stage
from phenaki_viz.ui.state.view import unread, view_of
from tests.runs.trained import clip, phenaki
from tests.sent import sent


def two_stages(view: str = "attention", trained: bool = False) -> None:
    from importlib import import_module

    import streamlit as st

    from phenaki_viz.ui.state.stage import Stage
    from phenaki_viz.ui.work import page_jobs
    from tests.ui.test_stage import dialled_runs, trained_runs

    page = getattr(import_module(f"phenaki_viz.ui.views.{view}"), f"{view}_page")
    if "runs" not in st.session_state:
        st.session_state["runs"] = trained_runs() if trained else dialled_runs()
    page_jobs.run_waiting()
    for slot, run in zip(("", "b"), st.session_state["runs"], strict=True):
        Stage(run, slot).draw(page)


@cache
def dialled_runs() -> tuple[Run, Run]:
    """Of two and of five heads."""
    small = {"dim": 32, "dim_head": 8, "depth": 2}
    one, other = (
        run_dialled(DialConfig(heads=heads, **small), sample_clip(), read_prompt("a b"))
        for heads in (2, 5)
    )
    return one, other


@cache
def trained_runs() -> tuple[Run, Run]:
    """One model, told two texts."""
    model = phenaki()
    one, other = (run_model(model, clip(), read_prompt(text)) for text in ("left right", "up down"))
    return one, other


def heads_of(at: AppTest) -> dict[str, list[int]]:
    """By the key of each grid on the page: the head that it says is chosen, and of how many."""
    found = [sent(at, which) for which in range(len(at.get("bidi_component")))]
    return {
        header["id"]: [*header["push"]["value"], len(header["heads"])]
        for header, _ in found
        if str(header.get("id")).endswith("grid.heads")
    }


@pytest.fixture(scope="module")
def stages() -> Iterator[AppTest]:
    yield AppTest.from_function(two_stages, default_timeout=120).run()


KINDS = (
    "number_input", "button_group", "selectbox", "slider", "toggle", "multiselect", "text_input",
    "text_area", "radio", "button", "dataframe",
)  # fmt: skip


def widget(at: AppTest, key: str) -> Any:
    """The one widget of this key."""
    (found,) = (one for kind in KINDS for one in at.get(kind) if one.key == key)
    return found


def keys_of(at: AppTest) -> tuple[set[str], set[str]]:
    """Of the widgets in the first slot and in the other; each key stands once."""
    keys = [one.key for kind in KINDS for one in at.get(kind)]
    assert len(keys) == len(set(keys))
    return {key for key in keys if key[:2] != "b-"}, {key for key in keys if key[:2] == "b-"}


def test_two_stages_stand_on_one_page_and_have_no_key_in_common(stages: AppTest) -> None:
    assert not stages.exception  # no key stands twice
    first, second = keys_of(stages)
    assert {"layer", "head", "step", "maps", "direction"} <= first
    assert second == {f"b-{key}" for key in first}
    for name in ("wishes", "queries.also", "map.view", "grid.pins", "strip.pick.told"):
        own, other = (stages.session_state[f"{slot}{name}"] for slot in ("", "b-"))
        assert own is not other or not own  # nothing that changes is held by both


def test_what_is_chosen_in_one_is_not_in_the_other(stages: AppTest) -> None:
    assert heads_of(stages) == {"grid.heads": [0, 0, 2], "b-grid.heads": [0, 0, 5]}
    stages.number_input(key="b-head").set_value(4).run()
    stages.number_input(key="layer").set_value(1).run()
    assert not stages.exception
    assert heads_of(stages) == {"grid.heads": [1, 0, 2], "b-grid.heads": [0, 4, 5]}
    texts = [sent(stages, at)[0] for at in range(len(stages.get("bidi_component")))]
    said = {one["id"]: one["text"] for one in texts if str(one.get("id")).endswith("heading")}
    assert "L1 H0" in said["heading"] and "L0 H4" in said["b-heading"]
    links = {one["id"]: one["pick"]["link"] for one in texts if one.get("pick")}
    assert links.keys() == {"shared.selection", "b-shared.selection"}
    assert links["shared.selection"] != links["b-shared.selection"]


@pytest.mark.parametrize(
    ("view", "key", "value"),
    [
        ("position", "extent", 2),
        ("tracks", "head", 1),
        ("heads", "heads_all", True),
        ("masks", "head", 1),
        ("inside", "head", 1),
        ("figure", "figure_panels", "?"),
        ("text", "all_words", True),
        ("compare", "head", 1),
        ("train", "train_steps", 70),
        ("what_if", "effect_masks", 1),
        ("sampling", "decoding", 2),
    ],
)
def test_every_page_stands_twice(view: str, key: str, value: object) -> None:
    trained = view in ("what_if", "sampling")
    kwargs = {"view": view, "trained": trained}
    at = AppTest.from_function(two_stages, default_timeout=120, kwargs=kwargs)
    at.query_params[f"b-{key}"] = str(value).lower()
    at.run()
    assert not at.exception
    first, second = keys_of(at)
    assert key in first and second == {f"b-{name}" for name in first}
    usual = widget(at, key).value
    assert widget(at, f"b-{key}").value == value != usual
    widget(at, f"b-{key}").set_value(usual)
    widget(at, key).set_value(value)
    at.run()
    assert not at.exception
    assert (widget(at, key).value, widget(at, f"b-{key}").value) == (value, usual)


def test_a_link_says_both(stages: AppTest) -> None:
    link = {"layer": ["1"], "b-layer": ["0"], "b-head": ["4"], "b-off": ["a", "b"]}
    assert (view_of(link).layer, view_of(link).head) == (1, None)
    second = view_of(link, "b")
    assert (second.layer, second.head, second.off) == (0, 4, ("a", "b"))
    assert unread({"layer": ["x"], "b-head": ["y"], "c-row": ["2"]}) == ["layer", "b-head"]


def test_what_calls_back_later_works_in_its_own_slot() -> None:
    with session.slot("b"):
        back = session.here(session.named)
        assert session.styled(".st-key-map {}") == ".st-key-b-map {}"
    assert (session.named("map"), back("map")) == ("map", "b-map")


@pytest.mark.parametrize("slot", ["ab", "B", "1", "b-"])
def test_a_slot_is_one_letter(slot: str) -> None:
    with pytest.raises(ValueError, match="a slot is one small letter"):
        Stage(None, slot)  # type: ignore[arg-type]
