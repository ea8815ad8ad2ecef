import numpy as np
import pytest
from plotly.colors import unlabel_rgb

from phenaki_viz.errors import ConfigError, ShapeError
from phenaki_viz.figures import ColourScale, heatmap_figure
from phenaki_viz.figures.colour import MASKED_COLOUR, WRONG_COLOUR, lut
from tests.figures.samples import HOSTILE, axis, heatmap


def traces(figure) -> dict:
    return {trace.name: trace for trace in figure.data}


def shown(trace) -> np.ndarray:
    return ~np.isnan(trace.z)


def test_z_is_the_raw_weight_wherever_it_may_be_read():
    picture = heatmap(wrong=(3,))
    drawn = traces(heatmap_figure(picture))["map"]
    readable = ~picture.hidden
    readable[3] = False
    np.testing.assert_array_equal(drawn.z[readable], picture.values[readable])
    assert np.isnan(drawn.z[~readable]).all()
    assert drawn.z.dtype == np.float32


def test_masked_and_wrong_cells_are_apart_and_in_their_own_colours():
    picture = heatmap(wrong=(0, 3))
    drawn = traces(heatmap_figure(picture))
    wrong = np.zeros((5, 7), bool)
    wrong[[0, 3]] = True
    np.testing.assert_array_equal(shown(drawn["not a distribution"]), wrong)
    np.testing.assert_array_equal(shown(drawn["masked"]), picture.hidden & ~wrong)
    for name, colour in (("masked", MASKED_COLOUR), ("not a distribution", WRONG_COLOUR)):
        assert {stop[1] for stop in drawn[name].colorscale} == {colour}
        assert "%{z" not in drawn[name].hovertemplate
    covered = sum(shown(drawn[name]) for name in ("map", "masked", "not a distribution"))
    assert (covered == 1).all()


def test_what_is_not_there_has_no_trace_and_no_legend():
    figure = heatmap_figure(heatmap(hidden=None))
    assert set(traces(figure)) == {"map", "colour bar"}
    assert "masked" not in legend(figure)


def legend(figure) -> str:
    return next(note.text for note in figure.layout.annotations if note.name == "legend")


def test_the_legend_names_the_unit_and_the_wrong_rows():
    text = legend(heatmap_figure(heatmap(wrong=(1, 4))))
    assert "attention weight" in text and MASKED_COLOUR in text
    assert "rows 1, 4" in text and WRONG_COLOUR in text


def test_hover_says_the_raw_weight_and_its_multiple_of_uniform():
    uniform = np.array([1 / 5, 1 / 7, 1 / 7, 1 / 7, 1 / 3], np.float32)
    picture = heatmap(uniform=uniform)
    drawn = traces(heatmap_figure(picture))["map"]
    assert "attention weight %{z:.4~g}" in drawn.hovertemplate
    assert "(%{customdata:.3~g} × uniform)" in drawn.hovertemplate
    np.testing.assert_allclose(drawn.customdata[4], picture.values[4] * 3, rtol=1e-6)
    bare = traces(heatmap_figure(heatmap(uniform=None)))["map"]
    assert "uniform" not in bare.hovertemplate and bare.customdata is None


@pytest.mark.parametrize("log", [False, True])
def test_the_colour_of_a_raw_weight_is_the_scale_s(log):
    scale = ColourScale(low=0.001, high=0.5, law="log" if log else "linear")
    drawn = traces(heatmap_figure(heatmap(scale=scale)))["map"]
    assert (drawn.zmin, drawn.zmax) == (0.001, 0.5)
    places = np.array([stop for stop, _ in drawn.colorscale])
    colours = np.array([unlabel_rgb(colour) for _, colour in drawn.colorscale])
    for raw in (0.001, 0.003, 0.02, 0.1, 0.31, 0.5):
        at = (raw - 0.001) / (0.5 - 0.001)
        found = [np.interp(at, places, colours[:, c]) for c in range(3)]
        wanted = lut("magma")[round(float(scale.unit(np.array(raw))) * 255)]
        assert np.abs(found - wanted.astype(float)).max() <= 3


def test_the_colour_bar_says_raw_values_at_their_places():
    scale = ColourScale(low=1e-4, high=1, law="log")
    bar = traces(heatmap_figure(heatmap(scale=scale)))["colour bar"].marker.colorbar
    assert list(bar.ticktext) == ["0.0001", "0.001", "0.01", "0.1", "1"]
    np.testing.assert_allclose(bar.tickvals, [0, 0.25, 0.5, 0.75, 1], atol=1e-6)


def test_queries_run_from_top_to_bottom_and_cells_are_square():
    layout = heatmap_figure(heatmap()).layout
    assert list(layout.yaxis.range) == [4.5, -0.5]
    assert list(layout.xaxis.range) == [-0.5, 6.5]
    assert layout.yaxis.scaleanchor == "x"


def test_a_long_map_fills_the_plot():
    long = heatmap(values=np.ones((5, 23), np.float32), hidden=None, key=axis("key", 23))
    assert heatmap_figure(long).layout.yaxis.scaleanchor is None


def test_boundaries_stand_between_groups():
    shapes = heatmap_figure(heatmap()).layout.shapes
    across = [shape.x0 for shape in shapes if shape.xref == "x"]
    down = [shape.y0 for shape in shapes if shape.yref == "y"]
    assert (across, down) == ([0.5, 3.5], [1.5])


def test_groups_are_ticks_in_the_middle_of_their_cells():
    key = axis("key", 25, (2, 12))
    layout = heatmap_figure(
        heatmap(values=np.ones((5, 25), np.float32), hidden=None, key=key)
    ).layout
    assert list(layout.xaxis.tickvals) == [0.5, 6.5, 18]
    assert list(layout.xaxis.ticktext) == ["time 0", "time 1", "time 2"]


def test_cells_with_equal_or_numeric_names_stay_apart():
    key = axis("key", 7)
    names = ("the", "4", "the", "0", "the", "a", "a")
    drawn = traces(heatmap_figure(heatmap(key=type(key)(title="key", names=names))))["map"]
    assert len(set(drawn.x)) == 7
    assert not set(drawn.x) & set(names)
    assert [name.replace("\u200b", "") for name in drawn.x] == list(names)


def test_words_from_outside_are_not_markup():
    key = type(axis("key", 7))(title="<i>key</i>", names=HOSTILE)
    figure = heatmap_figure(heatmap(key=key, title="<b>$x$</b>", unit="<a href='x'>%{x}"))
    text = figure.to_json()
    assert "<script" not in text and "<a href" not in text and "<i>" not in text
    assert "$x$" not in text and "$\\\\href" not in text
    assert "&lt;script&gt;" in text or "\\u0026lt;script" in text


def test_bare_leaves_out_title_and_notes_only():
    names = [{note.name for note in figure.layout.annotations} for figure in _both()]
    assert names[0] - names[1] == {"title", "notes"}
    assert "legend" in names[1]


def _both():
    return heatmap_figure(heatmap()), heatmap_figure(heatmap(), bare=True)


def test_themes_differ_in_ink_and_both_are_clear():
    light, dark = heatmap_figure(heatmap()), heatmap_figure(heatmap(), "dark")
    assert light.layout.font.color != dark.layout.font.color
    for figure in (light, dark):
        assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0,0,0,0)"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"values": np.ones((5, 7, 1))}, "(i, j), got shape (5, 7, 1)"),
        ({"values": np.ones((0, 7))}, "got shape (0, 7)"),
        ({"key": axis("key", 6)}, "names 6, the array has 7 cells"),
        ({"hidden": np.zeros((7, 5), bool)}, "(i=5, j=7), got shape (7, 5)"),
        ({"uniform": np.ones(7)}, "(i=5), got shape (7,)"),
        ({"wrong": (5,)}, "(5,) is not inside shape (5,)"),
        ({"key": axis("key", 7, (7,))}, "rise from 1 to 6"),
        ({"key": axis("key", 7, (4, 2))}, "rise from 1 to 6"),
    ],
)
def test_shapes_that_disagree_are_said(changes, said):
    with pytest.raises(ShapeError) as error:
        heatmap(**changes)
    assert said in str(error.value)


@pytest.mark.parametrize(
    "scale",
    [
        ColourScale(low=0, high=1, law="log"),
        ColourScale(low=1, high=0),
        ColourScale(low=0, high=float("nan")),
    ],
)
def test_a_scale_that_gives_no_colours_is_refused(scale):
    with pytest.raises(ConfigError):
        heatmap(scale=scale)
