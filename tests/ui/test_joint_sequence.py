"""Text and video in one sequence: pages ask the axes what rows and columns are, not a name."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from phenaki_viz.browser.linked import Linked
from phenaki_viz.errors import RecordingError
from phenaki_viz.figures.weight_colours import Colours
from phenaki_viz.recording import Places, Recording
from phenaki_viz.recording.axes import Layout
from phenaki_viz.recording.segments import Null, Words
from phenaki_viz.runs.saving import run_of
from tests.analysis.records import planted
from tests.ui.test_trained_pages import components

GRID, WORDS, NULLS = (3, 4, 4), 3, 2
N = WORDS + 48


def joint():
    """Three words, then the patches of a video: both read both, and two null keys."""
    maps = np.random.default_rng(0).dirichlet(np.ones(NULLS + N) / 2, (1, 2, N))
    tokens = Words(("a", "cat", "runs")), Places(GRID, "video")
    return planted(
        maps.astype(np.float32), tokens[1], num_null_kv=NULLS, query_layout=Layout(tokens),
        key_layout=Layout((Null(NULLS), *tokens)),
    )  # fmt: skip


def attention(pick=None, direction="row"):
    import streamlit as st

    from phenaki_viz.data import Clip, read_prompt
    from phenaki_viz.recording import Recording
    from phenaki_viz.runs.run import Run
    from phenaki_viz.ui import session
    from phenaki_viz.ui.sections.maps import picked_cell
    from phenaki_viz.ui.views.attention import draw_attention
    from tests.ui.test_joint_sequence import joint, moving

    if "run" not in st.session_state:
        st.session_state["run"] = Run(
            clip=Clip(moving(), "planted"), prompt=read_prompt("a cat runs"),
            recording=Recording([joint()], {}), temporal_patch=2, seconds=0.1,
        )  # fmt: skip
    run = st.session_state["run"]
    session.put("direction", direction)
    if pick is not None:
        picked_cell(run.recording.records[0], 0)(dict(zip(("query", "key"), pick, strict=True)))
    draw_attention(run)


def moving():
    return np.random.default_rng(1).integers(0, 256, (5, 16, 16, 1), np.uint8)


def drawn(**kwargs):
    at = AppTest.from_function(attention, default_timeout=120, kwargs=kwargs).run()
    assert not at.exception
    return components(at)


PATCH = (1, 1, 2)
AT = 16 + 4 + 2  # of the patches


def test_a_row_picked_on_the_map_is_the_patch_behind_the_words():
    shown = drawn(pick=(WORDS + AT, None))
    pick = shown["shared.selection"][0]["pick"]
    assert pick["places"] == [[*PATCH]] and pick["query"] == WORDS + AT and pick["key"] is None
    header, parts = shown["strip"]
    row = joint().map.full(0, 0)[WORDS + AT]
    np.testing.assert_allclose(parts["weights"], row[NULLS + WORDS :], atol=1e-6)
    assert header["places"] == [[*PATCH]] and header["word"] is None and header["side"] == "row"


def test_a_row_that_is_a_word_is_no_patch_and_a_word_among_the_keys_is_only_a_key():
    first = drawn()["shared.selection"][0]["pick"]
    pick = drawn(pick=(1, NULLS + 1))["shared.selection"][0]["pick"]
    assert pick["places"] == first["places"] and pick["query"] == first["query"]
    assert pick["key"] == NULLS + 1


@pytest.mark.parametrize("null", [False, True])
def test_who_looks_at_a_patch_is_its_column_behind_nulls_and_words(null):
    key = 1 if null else NULLS + WORDS + AT
    shown = drawn(pick=(WORDS + AT, key), direction="column")
    pick = shown["shared.selection"][0]["pick"]
    header, parts = shown["strip"]
    t, h, w = pick["places"][0]
    own = NULLS + WORDS + (t * 4 + h) * 4 + w
    assert pick["key"] == own and header["side"] == "column"
    assert null or own == key  # a null key is no patch: what was chosen stays
    column = joint().map.full(0, 0)[:, own]
    np.testing.assert_allclose(parts["weights"], column[WORDS:], atol=1e-6)


def test_a_linked_page_goes_by_the_axes_too():
    run = run_of(Recording([joint()], {}))
    linked = Linked(run, colours=Colours("sqrt"))
    at = linked.first(None, None)
    assert at.key is None and at.places == ((0, 0, 0),) and linked.word_of(at) is None
    assert linked.query_of(at) == WORDS and linked.place_of(at, WORDS + AT) == PATCH
    with pytest.raises(RecordingError, match="query 1 is 'cat', which is no patch"):
        linked.place_of(at, 1)
    there = linked.moved(at, PATCH, (0, 0, 1))
    assert there.places == (PATCH, (0, 0, 1)) and linked.query_of(there) == WORDS + AT
    word = linked.at_cell(there, 1, NULLS)
    assert word.places == (PATCH,) and word.key == NULLS
    assert linked.at_cell(there, WORDS, 3).places == ((0, 0, 0),)
