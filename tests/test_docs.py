"""The documentation is true: its Python runs, its tables name what the code has."""

import ast
import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

import phenaki_viz
from phenaki_viz import face
from phenaki_viz.analysis.head_columns import COLUMNS
from phenaki_viz.atlas import Atlas
from phenaki_viz.atlas import Settings as AtlasSettings
from phenaki_viz.atlas.job import SPOKEN
from phenaki_viz.atlas.rows import schema_of
from phenaki_viz.recording import headers
from phenaki_viz.recording.file_entries import ARRAYS, PARTS, WRITTEN
from phenaki_viz.runs.files import RunHeader
from phenaki_viz.runs.results import FRAMES, STEPS, TOKENS
from phenaki_viz.ui.state.dial_settings import Settings
from phenaki_viz.ui.state.fields import table
from phenaki_viz.ui.state.view import FIELDS, SECTIONS, grid_choice
from phenaki_viz.ui.state.wishes import NUMBERS
from tests.browser_fixtures import PAINTED

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs").glob("*.md"))
NOTEBOOKS = sorted((ROOT / "docs").glob("*.ipynb"))
UI = sorted((ROOT / "phenaki_viz" / "ui").rglob("*.py"))


def blocks(page):
    return re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def named(text):
    """Names in the first column of every table: `layer`, `head` and the like."""
    rows = re.findall(r"^\| ([^|]*) \|", text, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def page(name):
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", [page for page in PAGES if blocks(page)], ids=lambda p: p.stem)
def test_the_python_of_a_page_runs(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if path.stem == "read-a-recording":  # which says what is done in a notebook
        monkeypatch.setattr(face, "_in_a_notebook", lambda: True)
    names: dict = {"__name__": path.stem}
    for block in blocks(path):
        exec(compile(block, str(path), "exec"), names)
    made = Atlas if path.stem == "atlas" else phenaki_viz.Recording
    assert any(isinstance(held, made) for held in names.values())


def test_the_table_that_a_page_prints_is_the_one_that_is_printed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(blocks(ROOT / "docs" / "record-your-model.md")[0], names)
    assert f"```text\n{names['recording']!r}\n```" in page("record-your-model")


@pytest.mark.parametrize("path", [*PAGES, ROOT / "README.md"], ids=lambda p: p.stem)
def test_links_between_pages_lead_somewhere(path):
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target


def test_every_field_of_the_file_is_described():
    text = page("file-format")
    fields = text.partition("## Format 2: the header")[2].partition("## Format 2: an entry")
    entries = fields[2].partition("## Tensors")[0]
    assert named(fields[0]) == {*RunHeader.__struct_fields__, "digests"}
    assert named(entries) == set(headers.Record.__struct_fields__)


def test_every_tensor_of_the_file_is_described():
    found = named(page("file-format").partition("## Tensors")[2].partition("\n## ")[0])
    attention = {
        f"records.N.{name}" for name in (*ARRAYS, *PARTS, "attn", "bias", "table", "alibi")
    }
    attention |= {f"records.N.{name}" for name in WRITTEN}
    outcome = {f"outcome.{name}" for name in (*TOKENS, *FRAMES)}
    sampled = {f"sampled.{name}" for name in (*STEPS, "previews")}
    assert found == attention | outcome | sampled | {"clip", "biases.N.surface"}


def test_every_column_of_an_atlas_is_described_and_every_setting_can_be_spoken_of():
    found = named(page("atlas").partition("## The files")[2])
    assert found | set(COLUMNS) == set(schema_of(tuple(COLUMNS)).names)
    assert set(SPOKEN) == set(AtlasSettings.__dataclass_fields__)


# ---- the link: what the page's code binds to the address, found by reading it


def bound(call):
    """Whether a widget keeps its value in the address."""
    return any(k.arg is None and ast.unparse(k.value) == "BOUND" for k in call.keywords)


def keys_of(path):
    """Names of parameters in one module; of a key that is handed on, those that are handed in."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    handed = {}
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        parameters = [argument.arg for argument in function.args.args]
        for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
            for key in keys_in(call):
                if isinstance(key, ast.Name) and key.id in parameters:
                    handed[function.name] = parameters.index(key.id)
                else:
                    yield said(key, module)
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = ast.unparse(call.func)
        if name in handed and len(call.args) > handed[name]:
            yield said(call.args[handed[name]], module)


READERS = (
    "st.query_params.get", "in_link", "say_in_url", "numbers_in_url", "among", "within",
)  # fmt: skip


def keys_in(call):
    name = ast.unparse(call.func)
    if bound(call):
        yield from (in_slot(keyword.value) for keyword in call.keywords if keyword.arg == "key")
    elif name in READERS:
        yield in_slot(call.args[0])


def in_slot(key):
    """What `named` is called with: the name, in whichever slot."""
    is_named = isinstance(key, ast.Call) and ast.unparse(key.func) in ("named", "session.named")
    return key.args[0] if is_named else key


def said(key, module):
    """The text of a key: a literal, or a constant of the module; None for what a loop hands in."""
    if isinstance(key, ast.Constant):
        return key.value
    if isinstance(key, ast.Name) and key.id.isupper():
        return getattr(importlib.import_module(module), key.id)
    return None


def test_every_parameter_of_the_link_is_in_its_schema_and_none_is_made_up():
    in_code = {key for path in UI if path.name != "main.py" for key in keys_of(path)} - {None}
    in_loops = {*NUMBERS, "ends", "times", "masked_maps", grid_choice(True), grid_choice(False)}
    in_code |= in_loops | set(Settings.__dataclass_fields__)
    assert in_code - {"kept_…"} == set(FIELDS)


def test_the_page_on_links_is_what_the_schema_says():
    text = page("link")
    for title, fields in SECTIONS.items():
        assert f"## {title}\n" in text and table(fields) in text
    assert text.count("\n| `") == len(FIELDS)


# ---- the notebook and the API


def shown(thing):
    """What a notebook would draw of a cell's last value; makes it as a notebook does."""
    if thing is None:
        return {}
    if hasattr(thing, "_repr_mimebundle_"):
        made = thing._repr_mimebundle_()
        return made[0] if isinstance(made, tuple) else made
    html = getattr(thing, "_repr_html_", None)
    return {"text/plain": repr(thing), **({"text/html": html()} if html else {})}


def run_cell(source, names):
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    if last is None:
        return {}
    return shown(eval(compile(ast.Expression(last.value), "cell", "eval"), names))


def run_notebook(path):
    """What every cell of code is drawn as, by its id."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert notebook["nbformat"] == 4 and notebook["nbformat_minor"] >= 5
    cells = notebook["cells"]
    assert len({cell["id"] for cell in cells}) == len(cells)
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    names: dict = {"__name__": "__main__"}
    return {cell["id"]: run_cell("".join(cell["source"]), names) for cell in code}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """The cells of each notebook, run once as in a kernel."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("notebooks"))
        patch.setattr(face, "_in_a_notebook", lambda: True)
        yield {path.stem: run_notebook(path) for path in NOTEBOOKS}


@pytest.mark.parametrize("name", [path.stem for path in NOTEBOOKS])
def test_a_notebook_runs_from_top_to_bottom(drawn, name):
    kinds = {kind for outputs in drawn[name].values() for kind in outputs}
    assert {"image/png", "text/html", "application/vnd.jupyter.widget-view+json"} <= kinds


@pytest.mark.browser
def test_what_a_saved_notebook_shows_draws_by_itself(drawn, page):
    """The HTML of its cells, as a converted notebook has it: no kernel, and no network."""
    outputs = drawn["look-inside"]
    body = "".join(shown.get("text/html", "") for shown in outputs.values())
    page.set_content(f"<!doctype html><meta charset=utf-8><body>{body}</body>")
    assert page.locator("img").first.evaluate("image => image.naturalWidth") > 200
    frame = page.frame_locator("iframe")
    top = frame.locator("canvas.top")
    expect(top).to_have_attribute("data-painted", PAINTED)
    expect(frame.locator(".pv-map .notes")).to_contain_text("L1 H3")
    left, upper, wide, high = map(float, top.get_attribute("data-plot").split(","))
    top.click(position={"x": left + wide / 2, "y": upper + high / 2})
    expect(top).to_have_attribute("data-picked", re.compile(r"^[1-9]\d*,\d+$"))
    strip = frame.locator(".strip")
    query = top.get_attribute("data-picked").partition(",")[0]
    place = np.unravel_index(int(query), (5, 6, 6))
    expect(strip).to_have_attribute("data-picked", ",".join(map(str, place)))


def test_there_is_a_notebook():
    assert NOTEBOOKS


def test_the_api_is_documented(tmp_path):
    """Made by the command of `make docs`."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    modules = re.search(r"^API = ((?:.*\\\n)*.*)$", makefile, re.MULTILINE)[1]
    command = [sys.executable, "-W", "error::UserWarning", "-m", "pdoc", "-o", str(tmp_path)]
    done = subprocess.run(
        [*command, *modules.replace("\\\n", " ").split()],
        capture_output=True, text=True, cwd=ROOT, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Warn" not in done.stderr
    face = (tmp_path / "phenaki_viz.html").read_text(encoding="utf-8")
    for name in phenaki_viz.__all__:
        assert f'id="{name}"' in face, name
    for name in ("recording/files", "runs/model", "figures/one", "models"):
        assert (tmp_path / "phenaki_viz" / f"{name}.html").is_file()
