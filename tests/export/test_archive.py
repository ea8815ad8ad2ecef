import csv
import io
import re
import zipfile
from dataclasses import replace

import pytest

from phenaki_viz.errors import ExportError
from phenaki_viz.export import archive, read_provenance, render, write_archive
from tests.figures.samples import curves, every_kind, grid, heatmap, strip, surface


def opened(content: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(content))


def heads(layers: int = 2, count: int = 3):
    for layer in range(layers):
        for head in range(count):
            provenance = {"kind": "self", "layer": layer, "head": head, "weights": "sha256:3f9a"}
            yield replace(heatmap(), name=f"self_L{layer}_H{head}", provenance=provenance)


def test_an_archive_holds_every_picture_in_every_format():
    pictures = every_kind()
    made = opened(archive(pictures, ["npz", "csv"]))
    for picture in pictures:
        for kind in ("npz", "csv"):
            assert made.read(f"{kind}/{picture.name}.{kind}") == render(picture, kind)
    assert set(made.namelist()) == {
        *(f"{kind}/{picture.name}.{kind}" for picture in pictures for kind in ("npz", "csv")),
        "index.html",
        "index.csv",
        "README.txt",
    }


def test_the_same_pictures_give_the_same_bytes_with_one_date():
    first = archive(heads(), ["csv", "npz"], extra={"a/b.txt": b"x"})
    assert first == archive(heads(), ["csv", "npz"], extra={"a/b.txt": b"x"})
    assert {entry.date_time for entry in opened(first).infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_pages_share_one_plotly_where_they_draw_with_it_and_ask_for_nothing_else():
    made = opened(archive([heatmap(), surface()], ["html"]))
    assert made.read("html/plotly.min.js").startswith(b"/**\n* plotly.js v")
    for name, scripts in (("self_L03_H05", []), ("position_bias_H01", [b"plotly.min.js"])):
        page = made.read(f"html/{name}.html")
        assert len(page) < 200_000 and read_provenance(page)
        assert re.findall(rb'\bsrc="([^"]*)"', page) == scripts
    alone = archive([heatmap(), grid(), strip()], ["html"])
    assert "html/plotly.min.js" not in opened(alone).namelist()
    assert "html/plotly.min.js" not in opened(archive([curves()], ["csv"])).namelist()


def test_the_index_is_a_table_of_layers_and_heads():
    page = opened(archive(heads(), ["csv", "npz"])).read("index.html").decode()
    (table,) = re.findall(r"<table>.*</table>", page)
    lines = table.split("<tr>")[1:]
    assert re.findall("<th>(H.)</th>", lines[0]) == ["H0", "H1", "H2"]
    for layer, line in enumerate(lines[1:]):
        assert f"<th>L{layer}</th>" in line
        links = re.findall(r'href="([^"]*)"', line)
        assert links == [
            f"{kind}/self_L{layer}_H{head}.{kind}" for head in range(3) for kind in ("csv", "npz")
        ]
        assert line.count('src="data:image/png;base64,') == 3
    assert "<ul>" not in page


def test_pictures_of_no_head_stand_in_a_list():
    page = opened(archive([surface(), curves()], ["csv"])).read("index.html").decode()
    assert "<table>" not in page and page.count("<li>") == 2
    assert 'href="csv/position_bias_H01.csv"' in page


def test_every_link_leads_to_a_file():
    made = opened(archive([*heads(), *every_kind()], ["csv"]))
    links = re.findall(r'href="([^"]*)"', made.read("index.html").decode())
    assert len(links) == 6 + len(every_kind()) and set(links) <= set(made.namelist())
    table = list(csv.reader(io.StringIO(made.read("index.csv").decode())))
    assert {row[0] for row in table[1:]} == set(links)


def test_words_from_outside_are_inert():
    evil = "</title><img src=x onerror=alert(1)>=cmd()"
    picture = heatmap(name=f"../{evil}", title=f"={evil}", provenance={"layer": evil, "head": evil})
    made = opened(archive([picture], ["csv"]))
    page = made.read("index.html").decode()
    assert "<img src=x" not in page and "onerror=alert(1)&gt;" in page
    assert all(re.fullmatch(r"[A-Za-z0-9_./-]+", name) for name in made.namelist())
    assert not any(name.startswith(("/", "..")) for name in made.namelist())
    for row in csv.reader(io.StringIO(made.read("index.csv").decode())):
        assert not any(cell.startswith("=") for cell in row)


def test_equal_names_get_numbers():
    names = opened(archive([heatmap(), heatmap(name="SELF_L03_h05")], ["csv"])).namelist()
    assert names[:2] == ["csv/self_L03_H05.csv", "csv/SELF_L03_h05_2.csv"]


def test_progress_is_told_and_pictures_are_taken_one_at_a_time():
    progress, taken = [], []

    def pictures():
        for picture in heads(1, 3):
            taken.append((picture.name, len(progress)))
            yield picture

    archive(pictures(), ["csv"], on_progress=lambda *said: progress.append(said), total=3)
    assert progress == [(1, 3, "self_L0_H0"), (2, 3, "self_L0_H1"), (3, 3, "self_L0_H2")]
    assert [done for _, done in taken] == [0, 1, 2]
    archive(pictures(), ["csv"], on_progress=lambda *said: progress.append(said))
    assert progress[-1] == (3, 0, "self_L0_H2")
    archive(list(heads(1, 2)), ["csv"], on_progress=lambda *said: progress.append(said))
    assert progress[-1] == (2, 2, "self_L0_H1")


def test_extra_files_are_there():
    made = opened(archive([surface()], ["csv"], extra={"recording/run-1.safetensors": b"abc"}))
    assert made.read("recording/run-1.safetensors") == b"abc"


@pytest.mark.parametrize(
    "path", ["../x", "/x", "a/../b", "", "a//b", "C:\\x", ".hidden", "index.html", "CSV/a.csv"]
)
def test_extra_paths_outside_or_taken_are_refused(path):
    with pytest.raises(ExportError):
        archive([surface(name="a")], ["csv"], extra={path: b""})


@pytest.mark.parametrize("formats", [[], ["gif"], ["csv", "exe"]])
def test_unknown_formats_are_refused_before_a_picture_is_taken(formats):
    def pictures():
        pytest.fail("a picture was taken")
        yield surface()

    with pytest.raises(ExportError):
        archive(pictures(), formats)


def test_an_archive_on_disk_is_the_same(tmp_path):
    path = write_archive(tmp_path / "new" / "all.zip", heads(), ["csv"])
    assert path.read_bytes() == archive(heads(), ["csv"])


def test_the_readme_says_what_is_there():
    text = opened(archive([surface()], ["csv", "npz"])).read("README.txt").decode()
    assert text.startswith("1 picture") and "csv/" in text and "npz/NAME.npz" in text
    assert "html/" not in text
