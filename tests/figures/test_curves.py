import numpy as np
import pytest

from phenaki_viz.errors import ShapeError
from phenaki_viz.figures import Curve, curves_figure
from phenaki_viz.figures.curves import MOST_NAMED, stroke
from tests.figures.samples import HOSTILE, curves


def many(count: int, highlighted: int | None = None):
    x = np.arange(3)
    return curves(
        curves=tuple(
            Curve(name=f"H{at}", x=x, y=x * at, highlighted=at == highlighted)
            for at in range(count)
        )
    )


def test_points_are_the_numbers():
    picture = curves()
    for trace, curve in zip(curves_figure(picture).data, picture.curves, strict=True):
        np.testing.assert_array_equal(trace.x, curve.x)
        np.testing.assert_array_equal(trace.y, curve.y)


def test_the_highlighted_curve_is_thick_and_others_are_thin():
    widths = [trace.line.width for trace in curves_figure(curves()).data]
    assert widths[1] > 2 * widths[0] and widths[0] == widths[2]
    alone = [trace.line.width for trace in curves_figure(many(3)).data]
    assert len(set(alone)) == 1


def test_no_two_curves_look_alike_even_without_colour():
    looks = [stroke(many(40), at, "light") for at in range(40)]
    assert len({(look.colour, look.dash, look.marker) for look in looks}) == 40
    assert len({(look.dash, look.marker) for look in looks[:24]}) == 24


def test_neighbours_differ_in_light_and_dark():
    for theme in ("light", "dark"):
        colours = [stroke(many(7), at, theme).colour for at in range(7)]
        assert len(set(colours)) == 7


def test_hover_says_the_numbers_or_the_point_s_own_words():
    x = np.arange(2)
    picture = curves(
        curves=(
            Curve(name="plain", x=x, y=x),
            Curve(name="told", x=x, y=x, hover=("<b>one</b>", "two")),
        )
    )
    plain, told = curves_figure(picture).data
    assert "%{y:.4~g}" in plain.hovertemplate and "distance (tokens) %{x}" in plain.hovertemplate
    assert list(told.customdata) == ["&lt;b&gt;one&lt;/b&gt;", "two"]


@pytest.mark.parametrize(
    ("kind", "type_", "shape"),
    [("line", "scatter", "linear"), ("step", "scatter", "hv"), ("bar", "bar", None)],
)
def test_kinds(kind, type_, shape):
    trace = curves_figure(curves(kind=kind)).data[0]
    assert trace.type == type_
    assert shape is None or trace.line.shape == shape


def test_labels_are_ticks_at_their_places_and_literal():
    x = np.arange(len(HOSTILE))
    picture = curves(curves=(Curve(name="a", x=x, y=x),), kind="bar", x_labels=HOSTILE)
    axis = curves_figure(picture).layout.xaxis
    assert list(axis.tickvals) == list(range(len(HOSTILE)))
    assert axis.ticktext[3] == "a&lt;br&gt;b" and "<script" not in curves_figure(picture).to_json()


def test_a_log_axis_is_logarithmic():
    assert curves_figure(curves(log_y=True)).layout.yaxis.type == "log"


def test_one_curve_needs_no_legend_and_many_name_only_what_stands_out():
    assert not curves_figure(many(1)).layout.showlegend
    assert curves_figure(many(2)).layout.showlegend
    crowd = curves_figure(many(MOST_NAMED + 1, highlighted=3))
    assert [trace.name for trace in crowd.data if trace.showlegend] == ["H3"]


def test_points_that_are_no_number_are_counted():
    y = np.array([1, np.nan, np.inf])
    picture = curves(curves=(Curve(name="a", x=np.arange(3), y=y),))
    notes = [note.text for note in curves_figure(picture).layout.annotations]
    assert any("2 points are no number" in text for text in notes)


def test_nothing_to_draw_is_no_error():
    assert not curves_figure(curves(curves=())).data


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Curve(name="a", x=np.arange(3), y=np.arange(4)),
        lambda: Curve(name="a", x=np.zeros((3, 1)), y=np.zeros(3)),
        lambda: Curve(name="a", x=np.arange(3), y=np.arange(3), hover=("one",)),
        lambda: curves(x_labels=("only", "two")),
    ],
)
def test_shapes_that_disagree_are_said(wrong):
    with pytest.raises(ShapeError):
        wrong()


def bars(spread=None, apart=True):
    x, y = np.array([0, 2]), np.array([0.5, -0.1])
    other = np.array([1, 3]) if apart else x
    return curves(
        curves=(Curve(name="self", x=x, y=y, spread=spread), Curve(name="cross", x=other, y=y)),
        kind="bar",
        x_labels=("a", "b", "c", "d"),
    )


def test_an_interval_is_a_whisker():
    plain, marked = (curves_figure(bars(spread)) for spread in (None, np.array([0.2, 0.1])))
    assert plain.data[0].error_y.array is None
    assert marked.data[0].error_y.array.tolist() == [0.2, 0.1]
    assert marked.data[1].error_y.array is None
    with pytest.raises(ShapeError, match=r"Curve\.spread of 'self'"):
        bars(np.ones(3))


def test_bars_at_places_of_their_own_take_the_whole_place():
    assert curves_figure(bars()).layout.barmode == "overlay"
    assert curves_figure(bars(apart=False)).layout.barmode == "group"
