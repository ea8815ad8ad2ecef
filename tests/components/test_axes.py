"""The sides of a map as the browser names them: as the record's axes do, whatever their tokens."""

import numpy as np
import pytest

from phenaki_viz.browser.axes import axis_of
from phenaki_viz.errors import RecordingError
from phenaki_viz.figures.naming import key_axis, query_axis
from phenaki_viz.recording import Places
from phenaki_viz.recording.axes import Layout
from phenaki_viz.recording.segments import Grid, Null, Plain, Special, Words
from tests.analysis.records import planted, uniform

VIDEO = (2, 3, 5)
PATCHES = Places(VIDEO, "video")
ROLLED = Grid(whole=VIDEO, shape=(1, 2, 2), origin=(1, 2, 4))
SEQUENCES = {  # along both sides, and what is sent of it: a grid, or names
    "a video": ((PATCHES,), "grid"),
    "null keys and a video": ((Null(2), PATCHES), "grid"),
    "a joint sequence": ((Words(("a", "cat", "a")), PATCHES), "both"),
    "null keys, then text behind a video": ((Null(2), PATCHES, Words(("a", "cat"))), "both"),
    "a class token and registers": ((Special("cls"), Special("register", 2), PATCHES), "both"),
    "a class token and a window that was rolled": ((Special("cls"), ROLLED), "words"),
    "a window": ((Grid(whole=VIDEO, shape=(1, 2, 2), origin=(1, 1, 3)),), "grid"),
    "a window that was rolled over the border": ((ROLLED,), "words"),
    "pooled": ((Grid(whole=VIDEO, shape=(1, 1, 2), stride=(1, 2, 2)),), "words"),
    "time runs fastest": ((Grid(whole=VIDEO, shape=VIDEO, order="hwt"),), "words"),
    "no more than tokens": ((Plain(7),), "neither"),
}


@pytest.mark.parametrize("name", SEQUENCES)
def test_the_browser_names_the_tokens_as_the_record_does(name):
    segments, wanted = SEQUENCES[name]
    layout = Layout(segments)
    n = len(layout.axis(0))
    record = planted(uniform(1, 1, n, n), PATCHES, query_layout=layout, key_layout=layout)
    for side, axis in (("query", query_axis(record, 0)), ("key", key_axis(record, 0))):
        sent = axis_of(record, 0, side)
        assert [sent.name(at) for at in range(n)] == list(axis.names)
        assert (sent.title, sent.breaks, sent.groups) == (side, axis.breaks, axis.groups)
        assert [sent.grid is not None, sent.words is not None] == [
            wanted in ("grid", "both"),
            wanted in ("words", "both"),
        ]
        if sent.grid is not None:
            assert record.key_axis(0).index(sent.origin) == sent.nulls + sent.before
        assert sent.count in (None, n)


def test_an_empty_text_leaves_the_null_keys():
    record = planted(uniform(1, 1, 30, 2), PATCHES, kind="cross", num_null_kv=2)
    assert [axis_of(record, 0, "key").name(at) for at in range(2)] == ["null 1", "null 2"]
    assert axis_of(record, 0, "key").count == 2


def test_a_patch_is_the_row_that_its_axis_says():
    layout = Layout((Words(("a", "cat", "a")), PATCHES))
    record = planted(uniform(1, 1, 33, 33), PATCHES, query_layout=layout, key_layout=layout)
    head = record.head(0)
    assert head.row_of((1, 2, 4)) == 32 and query_axis(record, 0).names[32].startswith("time 1")
    rolled = Layout((ROLLED,))
    window = planted(np.full((1, 1, 4, 4), 0.25, np.float32), PATCHES, query_layout=rolled)
    assert window.head(0).row_of((1, 0, 0)) == 3
    with pytest.raises(RecordingError, match=r"no query of this map .* is at \(0, 0, 0\)"):
        window.head(0).row_of((0, 0, 0))
