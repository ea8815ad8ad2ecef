"""A figure for LaTeX: code that reads its images, words that are no commands."""

import io
import re
import shutil
import subprocess
import zipfile

import pytest
from PIL import Image

from phenaki_viz.data import read_prompt, sample_clip
from phenaki_viz.export import read_provenance
from phenaki_viz.export.in_hand import FigureInHand
from phenaki_viz.export.pgf import pgf_files, pgf_zip
from phenaki_viz.figures.composed import compose
from phenaki_viz.figures.recipe import Recipe, panel_said, recipe_of
from phenaki_viz.figures.tex import tex
from phenaki_viz.models.dial import DialConfig
from phenaki_viz.runs.dialled import run_dialled

CONFIG = DialConfig(heads=2, depth=1, dim_head=8, dim=32, height=32, width=48)
HOSTILE = r"a \input{x} 50%$^_ {#&~ <b> |"
PANELS = ("cross L0 H1", "self L0 H0", "cross grid", "self L0 H1 patch 1,2,3")
DOCUMENT = r"""\documentclass{article}\usepackage{pgf}
\usepackage[paperwidth=200mm,paperheight=200mm,margin=5mm]{geometry}
\begin{document}\noindent\input{%s}\end{document}
"""


@pytest.fixture(scope="module")
def run():
    return run_dialled(CONFIG, sample_clip(), read_prompt(HOSTILE))


def figure(run, **looks):
    return compose(run, Recipe(panels=tuple(map(panel_said, PANELS)), width=174.0, **looks))


def code_of(files):
    return files["figure.pgf"].decode()


def test_every_image_that_the_code_reads_is_beside_it(run):
    files = pgf_files(figure(run))
    named = re.findall(r"\{([^{}]*\.png)\}", code_of(files))
    assert len(named) >= len(PANELS) and sorted(named) == sorted(set(files) - {"figure.pgf"})
    for name in named:
        assert Image.open(io.BytesIO(files[name])).size[0] > 1


def test_latex_is_not_needed_to_make_it(run, monkeypatch):
    monkeypatch.setenv("PATH", "")
    code = code_of(pgf_files(figure(run)))
    assert code.count("\\pgfimage[interpolate=false,") >= len(PANELS)


def test_words_are_text_and_no_commands(run):
    code = code_of(pgf_files(figure(run, words="in")))
    assert tex(r"\input{x}") == r"\textbackslash{}input\{x\}" and tex(r"\input{x}") in code
    assert not re.search(r"\\input\{x", code.split("\n", 4)[-1])
    assert tex("50%$^_") in code and "L0 H1 \\ensuremath{\\cdot} cross attention" in code
    body = code[code.index("\\begingroup") :]
    plain = re.sub(r"\\[{}%]", "", body)
    assert plain.count("{") == plain.count("}")


def test_type_is_the_documents_own(run):
    assert r"\sffamily\fontsize{7.0" in code_of(pgf_files(figure(run)))
    assert r"\rmfamily\fontsize{9.0" in code_of(pgf_files(figure(run, typeface="serif", points=9)))


def test_it_is_made_again_byte_for_byte_from_its_recipe(run, tmp_path):
    composed = figure(run)
    path = FigureInHand(composed).save(tmp_path / "my figure_1.pgf")
    beside = sorted(one.name for one in tmp_path.iterdir())
    assert path.name in beside and "my-figure-1-img0.png" in beside
    again = compose(run, recipe_of(read_provenance(path)["recipe"]))
    assert pgf_files(again, "my figure_1")[path.name] == path.read_bytes()
    assert pgf_zip(again) == pgf_zip(composed)
    with zipfile.ZipFile(io.BytesIO(pgf_zip(composed))) as archive:
        assert "figure.pgf" in archive.namelist()


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX on this machine")
def test_latex_sets_it(run, tmp_path):
    FigureInHand(figure(run, words="in")).save(tmp_path / "figure.pgf")
    (tmp_path / "paper.tex").write_text(DOCUMENT % "figure.pgf")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"],
        cwd=tmp_path, capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "paper.pdf").read_bytes().startswith(b"%PDF")
