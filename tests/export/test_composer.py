"""Figures of several panels: what is in the files, and that they can be made again."""

import io
import logging
import re

import numpy as np
import pytest
from PIL import Image

import phenaki_viz
from phenaki_viz.analysis.tracks import track
from phenaki_viz.cli import main
from phenaki_viz.data import read_prompt, sample_clip
from phenaki_viz.errors import ConfigError, ExportError
from phenaki_viz.export import read_provenance
from phenaki_viz.export.composer import INCH, laid_out, render_figure
from phenaki_viz.figures.composed import compose
from phenaki_viz.figures.recipe import Recipe, panel_said, recipe_of
from phenaki_viz.models.dial import DialConfig
from phenaki_viz.runs.dialled import run_dialled
from phenaki_viz.runs.files import save_recording

CONFIG = DialConfig(heads=3, depth=2, dim_head=8, dim=32, height=32, width=48)
PANELS = [
    "self L1 H2", "self L0 H0", "cross grid", "cross L1 H0 word 3", "self L0 H1 patch 1,2,3",
    "self L0 H1 L1 H2 track 1,2,3",
]  # fmt: skip


@pytest.fixture(scope="module")
def run():
    return run_dialled(CONFIG, sample_clip(), read_prompt("a <b> c_d"))


@pytest.fixture(scope="module")
def saved(run, tmp_path_factory):
    return save_recording(tmp_path_factory.mktemp("run") / "run.safetensors", run)


def recipe(*panels, **looks):
    return Recipe(panels=tuple(map(panel_said, panels or PANELS)), **looks)


def size_of(png):
    return Image.open(io.BytesIO(png)).size


def test_the_panels_are_the_recorded_maps(run):
    composed = compose(run, recipe())
    self_maps = [record for record in run.recording if record.kind == "self"]
    np.testing.assert_array_equal(composed.panels[0].values, self_maps[1].map.full(0, 2))
    np.testing.assert_array_equal(composed.panels[1].values, self_maps[0].map.full(0, 0))
    row = self_maps[0].map.full(0, 1)[1 * 24 + 2 * 6 + 3]
    np.testing.assert_allclose(composed.panels[4].weights.ravel(), row, rtol=0, atol=1e-7)
    assert composed.letters == ("a", "b", "c", "d", "e", "f")
    paths = composed.panels[5]
    assert [line.name for line in paths.lines] == ["L0 H1", "L1 H2"]
    for line, layer, head in zip(paths.lines, (0, 1), (1, 2), strict=True):
        found = track(self_maps[layer], head, (1, 2, 3))
        np.testing.assert_array_equal(line.places, found.places)


def test_a_grid_with_a_patch_is_its_time_step_of_every_head(run):
    grids = "self grid patch 1,2,3", "cross grid word 3 patch 1,0,0"
    composed = compose(run, recipe(*grids, shared=False, width=174.0))
    steps, place = slice(24, 48), 24 + 2 * 6 + 3
    for picture, kind in zip(composed.panels, ("self", "cross"), strict=True):
        assert picture.framed and picture.thumbnails.shape == (2, 3, 4, 6)
        maps = [record.map for record in run.recording if record.kind == kind]
        for layer, head in np.ndindex(2, 3):
            attn = maps[layer].full(0, head)
            wanted = attn[place, steps] if kind == "self" else attn[steps, 3]
            found = picture.thumbnails[layer, head].ravel()
            np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-7)
    assert composed.caption.startswith(
        "(a) self attention, all heads · time 1: where its row 2, column 3 looks; "
        "(b) cross attention, all heads · time 1: who reads “<b>”. "
    )
    assert render_figure(composed, "svg")


@pytest.mark.parametrize(
    ("panel", "why"),
    [
        ("cross grid patch 1,0,0", "say which word, 0 to 4"),
        ("cross grid word 9 patch 1,0,0", "say which word, 0 to 4"),
        ("self grid word 1 patch 1,0,0", "they read no words"),
        ("self grid patch 1,9,0", "no patch"),
    ],
)
def test_a_grid_over_the_frame_of_what_is_not_there_is_refused(run, panel, why):
    with pytest.raises(ConfigError, match=why):
        compose(run, recipe(panel))


def test_one_scale_is_the_widest_and_own_scales_are_the_heads(run):
    alike = compose(run, recipe("self L1 H2", "self L0 H0"))
    own = compose(run, recipe("self L1 H2", "self L0 H0", shared=False))
    tops = [picture.scale.high for picture in own.panels]
    assert tops[0] != tops[1]
    assert [picture.scale.high for picture in alike.panels] == [max(tops)] * 2
    assert "ends from all panels" in alike.caption and "this head" in own.caption


@pytest.mark.parametrize(("width", "panels"), [(174.0, PANELS), (84.0, PANELS[:1])])
def test_a_figure_is_as_wide_as_it_was_asked_for_and_no_room_is_left(run, width, panels):
    made = recipe(*panels, width=width, dpi=150, points=5)
    png = render_figure(compose(run, made), "png")
    wide, high = size_of(png)
    assert abs(wide - width / INCH * 150) <= 1
    dots = np.asarray(Image.open(io.BytesIO(png)).convert("L"))
    drawn = np.flatnonzero((dots < 250).any(axis=1))
    assert drawn[0] < 0.12 * wide and high - drawn[-1] < 0.12 * wide


def test_panels_of_a_row_begin_at_one_height_whatever_is_below_them(run):
    composed = compose(run, recipe("self L1 H2", "cross grid", width=174.0))
    with laid_out(composed, vector=True) as figure:
        figure.draw_without_rendering()
        tops = [axes.get_position().y1 for axes in figure.axes[:2]]
        heights = [axes.get_position().height for axes in figure.axes[:2]]
    assert len(figure.axes) == 3  # one bar for both, below them
    assert abs(heights[0] - heights[1]) > 0.1 and abs(tops[0] - tops[1]) < 1e-3


def test_words_are_text_in_svg_and_pdf(run):
    composed = compose(run, recipe("cross L1 H0", "self L0 H0", words="in"))
    svg = render_figure(composed, "svg").decode()
    words = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    assert {"query", "key", "attention weight", "&lt;b&gt;", "c_d"} <= set(words)
    assert "L1 H0 · cross attention" in words
    assert b"/Type0" in render_figure(composed, "pdf")  # letters as letters, not as outlines


@pytest.mark.parametrize("format", ["svg", "pdf", "png"])
def test_a_file_holds_its_recipe_and_is_made_again_byte_for_byte(run, format):
    made = recipe(PANELS[0], PANELS[3], PANELS[5], typeface="serif", width=100.0, dpi=100)
    first = render_figure(compose(run, made), format)
    again = recipe_of(read_provenance(first)["recipe"])
    assert again == made
    assert render_figure(compose(run, again), format) == first
    assert read_provenance(first)["weights_digest"] == run.recording.provenance["weights_digest"]


def test_what_made_it_is_said_of_all_panels_and_of_each(run):
    provenance = compose(run, recipe("self L1 H2", "cross L0 H1")).provenance
    assert [(one["layer"], one["head"]) for one in provenance["panels"]] == [(1, 2), (0, 1)]
    assert "head" not in provenance and provenance["prompt"] == run.recording.provenance["prompt"]


def test_a_map_that_is_too_large_is_refused_before_it_is_read(run, monkeypatch):
    monkeypatch.setattr("phenaki_viz.figures.composed.MOST_WEIGHTS", 120 * 120 - 1)
    with pytest.raises(ConfigError, match="120 × 120 weights is too large"):
        compose(run, recipe("self L0 H0"))
    assert compose(run, recipe("self L0 H0 patch 1,2,3")).panels


def test_other_programs_hear_of_fonts_as_before(run):
    log = logging.getLogger("fontTools")
    before = log.level
    render_figure(compose(run, recipe("self L0 H0", typeface="computer modern")), "pdf")
    assert log.level == before


@pytest.mark.parametrize("typeface", ["sans", "serif", "computer modern"])
def test_every_typeface_writes_every_word(run, typeface):
    made = recipe("cross L0 H0", typeface=typeface, dpi=72)
    words = re.findall(
        r"<text[^>]*>([^<]*)</text>", render_figure(compose(run, made), "svg").decode()
    )
    assert {"query", "time 0", "&lt;b&gt;", "0.2"} <= set(words)


def test_transparent_has_no_ground_and_dark_has_a_dark_one(run):
    clear = render_figure(compose(run, recipe("self L0 H0", transparent=True, dpi=72)), "png")
    assert Image.open(io.BytesIO(clear)).convert("RGBA").getpixel((0, 0))[3] == 0
    dark = render_figure(compose(run, recipe("self L0 H0", theme="dark", dpi=72)), "png")
    assert max(Image.open(io.BytesIO(dark)).convert("RGB").getpixel((0, 0))) < 40


def test_a_caption_says_every_note_once_and_is_safe_in_latex(run):
    composed = compose(run, recipe("self L0 H0", "cross L1 H0 word 4"))
    assert composed.caption.startswith("(a) L0 H0 · self attention; (b) L1 H0 · cross attention")
    assert composed.caption.lower().count("random weights") == 1
    tex = composed.tex_caption
    assert tex.startswith("\\caption{") and "c\\_d" in tex and not re.search(r"(?<!\\)[_&%#$]", tex)


@pytest.mark.parametrize(
    ("panel", "why"),
    [
        ("self L7 H0", "no layer 7"),
        ("self L0 H9", "no head 9"),
        ("pooled L0 H0", "no maps of the kind 'pooled'"),
        ("cross L0 H0 word 99", "no word 99"),
        ("self L0 H0 word 1", "no words"),
        ("self L0 H0 patch 9,9,9", "no patch"),
    ],
)
def test_a_panel_that_is_not_there_is_named(run, panel, why):
    with pytest.raises(ConfigError, match=why) as error:
        compose(run, recipe(PANELS[0], panel))
    assert panel in str(error.value)


def test_the_command_and_python_make_the_same_file(saved, tmp_path, capsys):
    out = tmp_path / "figure.svg"
    said = ["--panel", PANELS[0], "--panel", PANELS[2], "--width", "double", "--points", "8"]
    assert main(["figure", str(out), "--from", str(saved), *said]) == 0
    assert capsys.readouterr().out.startswith("(a) L1 H2 · self attention")
    fields = {
        "panels": [{"maps": "self", "layer": 1, "head": 2}, {"maps": "cross", "shows": "grid"}],
        "width": 174,
        "points": 8,
    }
    figure = phenaki_viz.open(saved).figure(recipe=fields)
    assert figure.save(tmp_path / "python.svg").read_bytes() == out.read_bytes()
    assert figure.numbers["a.values"].shape == (120, 120)
    again, tex = tmp_path / "again.svg", tmp_path / "caption.tex"
    command = ["figure", str(again), "--from", str(saved), "--recipe", str(out), "--caption", tex]
    assert main(list(map(str, command))) == 0
    assert again.read_bytes() == out.read_bytes()
    assert tex.read_text().startswith("\\caption{")
    with pytest.raises(ExportError, match=r"\.svg, \.pdf, \.png"):
        figure.save(tmp_path / "figure.gif")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["f.gif", "--panel", "L0 H0"], "no format of a figure"),
        (["f.svg"], "a figure of what?"),
        (["f.svg", "--panel", "L0 H0", "--recipe", "r.json"], "panel is in the recipe"),
        (["f.svg", "--recipe", "r.json", "--points", "8"], "points is in the recipe"),
        (["f.svg", "--panel", "L0 H0", "--width", "wide"], "give millimetres"),
        (["f.svg", "--panel", "L0 H0", "--points", "200"], "points"),
        (["f.svg", "--recipe", "nowhere.json"], "nowhere.json"),
    ],
)
def test_what_cannot_be_made_is_one_sentence(saved, tmp_path, capsys, monkeypatch, words, why):
    monkeypatch.chdir(tmp_path)
    assert main(["figure", *words, "--from", str(saved)]) == 1
    said = capsys.readouterr().err
    assert why in said and said.count("\n") == 1 and not (tmp_path / "f.svg").exists()
