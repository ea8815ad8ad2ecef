"""From Python to a picture: a recording's figure, its table in a notebook, and `show`."""

import html.parser
import io
import sys
import types
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import phenaki_viz
from phenaki_viz import record
from phenaki_viz.errors import ConfigError, ExportError, RecordingError, RecordingWarning
from phenaki_viz.export import FORMATS, read_provenance
from phenaki_viz.recording.records import Verification
from tests.recording.calls import TOKENS, guided_steps, transformer


@pytest.fixture(scope="module")
def recording():
    """Two decoding steps with guidance, of three videos: two layers, three heads."""
    return guided_steps()


def test_a_figure_is_the_exact_map_of_the_head_that_is_named(recording):
    figure = recording.figure("cross", layer=1, head=2, step=0, branch="unconditional", item=1)
    (one,) = recording.select(kind="cross", layer=1, step=0, branch="unconditional")
    np.testing.assert_array_equal(figure.numbers["values"], one.map.full(1, 2))
    assert figure.title.startswith("L1 H2 · cross attention")
    assert "without the text" in figure.title and "decoding step 1" in figure.title
    assert repr(figure).startswith(f"Heatmap: {figure.title}\n  ") and figure.notes


def test_the_pass_with_the_text_is_drawn_and_the_last_run(recording):
    figure = recording.figure("cross", 0, 1)
    (one,) = recording.select(kind="cross", layer=0, step=1, branch="conditional")
    np.testing.assert_array_equal(figure.numbers["values"], one.map.full(0, 1))


def test_without_a_head_it_is_a_grid_of_all(recording):
    assert recording.figure().numbers["thumbnails"].shape[:2] == (2, 3)
    assert recording.figure(layer=1).numbers["thumbnails"].shape[:2] == (1, 3)
    assert list(recording.figure(layer=1).numbers["layers"]) == ["L1"]
    assert "cross" in recording.figure("cross").title


def test_heads_on_one_scale_end_where_the_stack_does(recording):
    ends = {
        recording.figure("self", layer, head, shared=True).picture.scale.high
        for layer in range(2)
        for head in range(3)
    }
    own = {recording.figure("self", 0, head).picture.scale.high for head in range(3)}
    assert len(ends) == 1 and len(own) == 3


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"head": 1}, "head 1 of which layer. There are 0, 1: say layer="),
        ({"kind": "temporal"}, "no maps of the kind 'temporal': there are self, cross"),
        ({"layer": 4, "head": 0}, "no layer 4 in these maps: there are 0, 1"),
        ({"layer": 0, "head": 3}, "no head 3 in these maps: there are 0, 1, 2"),
        ({"step": 7}, "no call with step 7; there are 0, 1"),
        ({"item": 3}, "no call with batch item 3; there are 0, 1, 2"),
    ],
)
def test_a_figure_that_is_not_there_is_refused_with_what_is(recording, options, said):
    with pytest.raises((RecordingError, ConfigError), match=said):
        recording.figure(**options)


def test_a_call_is_told_by_its_labels_alone(recording):
    with pytest.raises(TypeError, match="a call is not told by heads, but by branch, step, item"):
        recording.figure("self", 1, heads=0)


def test_nothing_has_no_figure():
    with pytest.raises(RecordingError, match="nothing was recorded"):
        phenaki_viz.Recording().figure()


@pytest.mark.parametrize("format", FORMATS)
def test_a_figure_is_saved_as_what_its_name_ends_in(recording, tmp_path, format):
    figure = recording.figure("self", 1, 0)
    path = figure.save(str(tmp_path / "new" / f"head.{format.upper()}"))
    assert path.is_file() and path.stat().st_size > 100
    if format in ("png", "svg", "pdf"):
        assert read_provenance(path)["head"] == 0
    if format == "npz":
        with np.load(path) as numbers:
            np.testing.assert_array_equal(numbers["values"], figure.numbers["values"])


def test_a_name_without_a_format_is_refused(recording, tmp_path):
    with pytest.raises(ExportError, match=r"head\.bmp ends in no format: use \.png, \.svg"):
        recording.figure("self", 1, 0).save(tmp_path / "head.bmp")
    assert not list(tmp_path.iterdir())


def test_a_notebook_is_shown_a_png_and_an_svg_if_it_asks(recording):
    figure = recording.figure("self", 1, 0)
    shown = figure._repr_mimebundle_()
    assert set(shown) == {"text/plain", "image/png"}
    assert Image.open(io.BytesIO(shown["image/png"])).width > 200
    (vector,) = figure._repr_mimebundle_(include=["image/svg+xml"]).keys() - {"text/plain"}
    assert figure._repr_mimebundle_(include=[vector])[vector].lstrip().startswith("<?xml")
    assert set(figure._repr_mimebundle_(exclude=["image/png"])) == {"text/plain"}


class Tags(html.parser.HTMLParser):
    """Tags and text of a piece of HTML; every tag that is opened is closed."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.cells, self.pictures = [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.open.append(tag)
        if tag == "img":
            self.pictures.append(dict(attrs))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("td", "th"):
            self.cells.append(data)


def test_a_notebook_is_shown_the_table_of_the_repr(recording):
    shown = Tags(recording._repr_html_())
    assert shown.cells[:8] == [
        "stack", "kind", "layers × heads", "tokens", "calls", "storage", "bytes", "verified"
    ]  # fmt: skip
    assert set(shown.tags) == {"div", "p", "table", "tr", "th", "td", "img"}
    assert shown.tags.count("img") == 1  # all heads of the first stack
    text = repr(recording)
    assert all(cell in text for cell in shown.cells) and shown.tags.count("tr") == 3


def test_names_from_outside_are_only_text(recording):
    nasty = "<img src=x onerror=alert(1)>'\""
    records = [replace(one, stack=nasty, branch=nasty) for one in recording]
    made = phenaki_viz.Recording(records, provenance={"model": nasty}, missed=(nasty,))
    shown = Tags(made._repr_html_())
    assert shown.tags.count("img") == 1 and nasty in shown.cells  # the picture, and no more
    (picture,) = shown.pictures
    assert set(picture) == {"alt", "style", "src"} and nasty in picture["alt"]
    assert set(Tags(phenaki_viz.Recording()._repr_html_()).tags) == {"div", "p"}


def test_a_check_that_failed_is_said_as_failed(recording):
    wrong = Verification(verdict="failed", max_abs_error=0.5, relative_error=0.5, tolerance=1e-5)
    records = [replace(recording[0], verification=wrong), *recording[1:]]
    made = phenaki_viz.Recording(records)
    assert (
        "CHECK FAILED for 1 of 8" in repr(made) and "CHECK FAILED for 1 of 8" in made._repr_html_()
    )
    assert "FAILED" not in repr(recording)


def test_a_script_is_told_how_to_look_at_it(recording, capsys):
    phenaki_viz.show(recording)
    said = capsys.readouterr().out
    assert said.startswith("Recording of MaskGit: 16 calls")
    path = Path(said.split("phenaki-viz open ")[1].strip())
    assert len(phenaki_viz.open(path)) == 16
    path.unlink()
    path.parent.rmdir()


def in_a_notebook(monkeypatch):
    kernel = types.ModuleType("IPython")
    kernel.get_ipython = lambda: types.SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", kernel)


def test_a_notebook_is_given_a_view_of_one_stack(recording, monkeypatch):
    from phenaki_viz.notebook.still import StillView

    in_a_notebook(monkeypatch)
    monkeypatch.setitem(sys.modules, "anywidget", None)  # as where it is not installed
    monkeypatch.delitem(sys.modules, "phenaki_viz.notebook.widget", raising=False)
    view = recording.show(kind="cross", layer=1, head=2, step=0, branch="unconditional")
    assert isinstance(view, StillView)
    assert (view.layer, view.head, view.query, view.key) == (1, 2, 0, recording[1].num_null_kv)
    assert "L1 H2 · cross attention" in repr(view) and "decoding step 1" in repr(view)
    assert view._repr_html_().startswith("<iframe ")
    with pytest.raises(RecordingError, match="no layer 4 in these maps: there are 0, 1"):
        phenaki_viz.show(recording, layer=4)


def test_a_marimo_notebook_is_one_too(recording, monkeypatch):
    marimo = types.ModuleType("marimo")
    marimo.running_in_notebook = lambda: True
    monkeypatch.setitem(sys.modules, "marimo", marimo)
    assert phenaki_viz.show(recording).layer == 0


def test_a_recording_of_many_weights_is_shown_as_its_table_alone(recording, monkeypatch):
    monkeypatch.setattr("phenaki_viz.face.MOST_WEIGHTS", 10)
    assert "img" not in Tags(recording._repr_html_()).tags


def test_nothing_is_not_shown_and_why_is_said():
    model = transformer()
    with pytest.warns(RecordingWarning), record(model) as made:
        transformer()(TOKENS)
    with pytest.raises(RecordingError, match=r"nothing to show\. Nothing was recorded: 2 "):
        phenaki_viz.show(made)
