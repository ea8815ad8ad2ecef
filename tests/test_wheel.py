"""`pip install .` gives the whole program: a wheel in an environment of its own, far from here."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser_fixtures import PAINTED, ROOT, free_port, serve_command, settle

DIGITS = ROOT / "assets" / "digits"
SMALL = ["--heads", "2", "--depth", "1", "--dim", "32", "--size", "32"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--wheel-dir", str(folder), str(ROOT)], check=True, timeout=300)
    (built,) = folder.glob("phenaki_viz-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The folder of commands of a new environment that has the wheel; libraries are this one's."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=False)
    binaries = home / ("Scripts" if os.name == "nt" else "bin")
    site = sysconfig.get_path("purelib", "venv", {"base": str(home), "platbase": str(home)})
    Path(site, "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = [sys.executable, "-m", "pip", "--python", str(binaries / "python"), "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--no-index", str(wheel)], check=True, timeout=300)
    return binaries


@pytest.fixture
def run(installed, tmp_path):
    """Run phenaki-viz in an empty folder; what it wrote on both streams."""

    def command(*words: str) -> str:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(
            [str(installed / "phenaki-viz"), *words],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    return command


def test_a_wheel_holds_every_file_of_the_program(wheel):
    held = set(zipfile.ZipFile(wheel).namelist())
    package = ROOT / "phenaki_viz"
    files = {path.relative_to(ROOT).as_posix() for path in package.rglob("*") if path.is_file()}
    assert {name for name in files if "__pycache__" not in name} <= held
    assert "phenaki_viz/shipped/app.py" in held
    clips = {f"phenaki_viz/shipped/assets/digits/{path.name}" for path in DIGITS.glob("*.gif")}
    assert len(clips) > 10 and clips <= held
    assert not [name for name in held if name.startswith(("tests/", "assets/"))]


def test_every_command_runs_where_there_is_no_checkout(run, tmp_path):
    assert "{app,open,record,export,figure,inspect,heads" in run("--help")
    said = run("record", "run.safetensors", "--weights", "trained", "--prompt", "two")
    assert "16 maps" in said
    run("export", "heads.zip", *SMALL, "--formats", "npz")
    names = zipfile.ZipFile(tmp_path / "heads.zip").namelist()
    assert sum(name.endswith(".npz") for name in names) == 2 * 1 * 2  # heads, layers, kinds
    assert "recording" in run("inspect", "run.safetensors")


@pytest.mark.browser
def test_its_page_opens_and_paints_the_trained_model(installed, page, tmp_path):
    port = free_port()
    command = [str(installed / "phenaki-viz"), "app", "--port", str(port)]
    log = tmp_path / "app.log"
    headless = {"STREAMLIT_SERVER_HEADLESS": "true", "PYTHONPATH": ""}
    with serve_command(command, port, log, tmp_path, **headless) as address:
        page.goto(address)
        settle(page)
        expect(page.locator("canvas.top").first).to_have_attribute("data-painted", PAINTED)
        page.goto("about:blank")  # a page would ask the server that ends how it is
    assert "Traceback" not in log.read_text()
