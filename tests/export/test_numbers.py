import csv
import io

import numpy as np
import pytest

from phenaki_viz.export import render
from phenaki_viz.export.numbers import guarded
from phenaki_viz.figures import Axis, Curve
from tests.figures.samples import HOSTILE, curves, every_kind, grid, heatmap, rows, strip, surface


def arrays(picture) -> dict:
    with np.load(io.BytesIO(render(picture, "npz")), allow_pickle=False) as loaded:
        return {name: loaded[name] for name in loaded.files}


def table(picture) -> list[list[str]]:
    lines = render(picture, "csv").decode().splitlines()
    return list(csv.reader(line for line in lines if not line.startswith("# ")))


def comments(picture) -> list[str]:
    return [line for line in render(picture, "csv").decode().splitlines() if line.startswith("# ")]


def floats(cells) -> np.ndarray:
    return np.array([[np.float32(cell) for cell in row] for row in cells])


def awkward() -> np.ndarray:
    """Weights whose decimal forms are long, tiny, or not normal."""
    values = rows(5, 7)
    values[0, :4] = np.array([1 / 3, 1e-45, 1.17549435e-38, 0.1], np.float32)
    return values


def test_heatmap_arrays_are_exact_and_named():
    picture = heatmap(values=awkward(), wrong=(2,))
    found = arrays(picture)
    assert found["values"].dtype == np.float32
    np.testing.assert_array_equal(found["values"], picture.values)
    np.testing.assert_array_equal(found["hidden"], picture.hidden)
    np.testing.assert_array_equal(found["uniform"], picture.uniform)
    assert found["key_names"].tolist() == list(picture.key.names)
    assert found["query_breaks"].tolist() == [2] and found["wrong"].tolist() == [2]
    assert str(found["title"]) == picture.title and str(found["kind"]) == "Heatmap"


def test_heatmap_table_is_exact_and_masked_cells_are_no_number():
    picture = heatmap(values=awkward())
    header, *body = table(picture)
    assert header == ["query \\ key", *picture.key.names]
    assert [row[0] for row in body] == list(picture.query.names)
    found = floats(row[1:] for row in body)
    np.testing.assert_array_equal(found[~picture.hidden], picture.values[~picture.hidden])
    assert np.isnan(found[picture.hidden]).all()
    assert any("masked" in line for line in comments(picture))


def test_numpy_reads_the_table():
    picture = heatmap(hidden=None)
    text = io.StringIO(render(picture, "csv").decode())
    found = np.loadtxt(text, np.float32, delimiter=",", skiprows=5, usecols=range(1, 8))
    np.testing.assert_array_equal(found, picture.values)


def test_strip_is_exact():
    picture = strip()
    found = arrays(picture)
    np.testing.assert_array_equal(found["weights"], picture.weights)
    np.testing.assert_array_equal(found["frames"], picture.frames)
    assert found["steps_frames"].tolist() == [[0, 0], [1, 1], [1, 2], [2, 3], [2, 4]]
    header, *body = table(picture)
    assert header == ["time", "row", "column", "frames", "attention weight"]
    weights = np.full((3, 3, 3), -1, np.float32)
    for step, row, column, frames, weight in body:
        weights[int(step), int(row), int(column)] = np.float32(weight)
        assert frames == " ".join(map(str, picture.steps[int(step)]))
    np.testing.assert_array_equal(weights, picture.weights)


def test_grid_is_exact():
    picture = grid()
    np.testing.assert_array_equal(arrays(picture)["thumbnails"], picture.thumbnails)
    header, *body = table(picture)
    assert header == ["layer", "head", "row", "column", "attention weight"]
    found = np.array([np.float32(row[4]) for row in body]).reshape(3, 2, 5, 7)
    np.testing.assert_array_equal(found, picture.thumbnails)
    assert body[7 * 5][:4] == ["L0", "H1", "0", "0"]


def test_grid_of_a_metric_is_the_metric():
    values = rows(3, 2)
    picture = grid(values=values)
    np.testing.assert_array_equal(arrays(picture)["values"], values)
    found = [np.float32(row[2]) for row in table(picture)[1:]]
    np.testing.assert_array_equal(found, values.ravel())


def test_surface_is_exact():
    picture = surface()
    found = arrays(picture)
    np.testing.assert_array_equal(found["z"], picture.z)
    assert found["trained"].tolist() == [-2, 2, -1, 1]
    header, *body = table(picture)
    np.testing.assert_array_equal(floats([header[1:]])[0], picture.x)
    np.testing.assert_array_equal(floats(row[:1] for row in body)[:, 0], picture.y)
    np.testing.assert_array_equal(floats(row[1:] for row in body), picture.z)


def test_curves_are_exact_in_double():
    picture = curves()
    found = arrays(picture)
    for at, curve in enumerate(picture.curves):
        np.testing.assert_array_equal(found[f"y_{at}"], curve.y)
    header, *body = table(picture)
    assert header == ["curve", "distance (tokens)", "added to the score"]
    assert [float(row[2]) for row in body] == [y for curve in picture.curves for y in curve.y]
    assert {row[0] for row in body} == {"H0", "H1", "H2"}


def test_intervals_are_numbers_too():
    x, spread = np.arange(2), np.array([0.1, np.nan])
    picture = curves(
        curves=(Curve(name="a", x=x, y=x, spread=spread), Curve(name="b", x=x, y=x)),
        x_labels=("one", "two"),
    )
    found = arrays(picture)
    np.testing.assert_array_equal(found["spread_0"], spread)
    assert "spread_1" not in found
    header, *body = table(picture)
    assert header == ["curve", "distance (tokens)", "added to the score", "spread", "label"]
    assert [row[3] for row in body] == ["0.1", "nan", "nan", "nan"]
    assert [row[4] for row in body] == ["one", "two", "one", "two"]
    assert "# spread: half the width of the interval around the value" in comments(picture)


def test_labels_of_places_are_in_the_table():
    x = np.arange(2)
    picture = curves(curves=(Curve(name="a", x=x, y=x),), x_labels=("null 1", "=moves"))
    assert [row[3] for row in table(picture)] == ["label", "null 1", "'=moves"]


@pytest.mark.parametrize(
    "name", ["=1+1", "+1", "-1", "@sum", "\t=1", " =1", "\r\n=1", "＝1", "\u202e=1"]
)
def test_a_spreadsheet_runs_no_name(name):
    assert guarded(name)[0] == "'"
    key = Axis(title=name, names=(name,) * 7)
    picture = heatmap(key=key, query=Axis(title=name, names=(name,) * 5), unit=name)
    cells = [cell for row in table(picture) for cell in (row[0], *row[1:])]
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "@", "\t") or cell[:2] == "-1"]


@pytest.mark.parametrize("cut", [",", ";", "\t"])
def test_no_comment_falls_apart_into_formulas(cut):
    evil = f'x{cut}=cmd(){cut}"{cut}=cmd(){cut}'
    picture = heatmap(title=evil, notes=(evil,), provenance={"prompt": evil, evil: [1, evil]})
    cells = [cell for line in comments(picture) for cell in line.split(cut)]
    assert not [cell for cell in cells if cell.strip('" ')[:1] in ("=", "+", "@")]


def test_negative_numbers_stay_numbers():
    assert any(cell.startswith("-") for row in table(surface())[1:] for cell in row)


@pytest.mark.parametrize("picture", every_kind(), ids=lambda picture: type(picture).__name__)
def test_names_of_every_kind_load_without_pickle(picture):
    found = arrays(picture)
    assert all(array.dtype != object for array in found.values())
    assert str(found["kind"]) == type(picture).__name__


def test_hostile_names_come_back_letter_by_letter():
    found = arrays(heatmap(key=Axis(title="key", names=HOSTILE)))
    assert found["key_names"].tolist() == list(HOSTILE)
