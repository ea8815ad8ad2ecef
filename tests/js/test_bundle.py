"""The panels' scripts: the checked-in bundle is what the modules make, and is what is served."""

import os
import re
import shutil
import subprocess

import pytest

from phenaki_viz import browser
from tests.browser_fixtures import ROOT

IMPORTED = re.compile(r'^(?:import|export)\b[^"]*?\bfrom "([^"]+)";', re.MULTILINE)
NODE_SECONDS = 120


def test_the_bundles_are_of_the_modules_as_they_are():
    for bundle in browser.BUNDLES:
        assert browser.is_fresh(bundle), f"{bundle} is old: run `make bundle`"
    assert browser.entry() == browser.BUNDLE


def test_modules_that_were_edited_since_are_served_themselves(monkeypatch):
    edited = dict(browser.scripts()) | {"page/page.js": b"export const page = {};\n"}
    monkeypatch.setattr(browser, "scripts", lambda: edited)
    browser.sources_digest.cache_clear()
    try:
        assert browser.entry() == browser.INDEX
    finally:
        browser.sources_digest.cache_clear()


def test_every_import_is_of_a_module_that_is_served():
    scripts = browser.scripts()
    reached, ahead = set(), [browser.INDEX, "hosts/file.js", "hosts/widget.js"]
    while ahead:
        name = ahead.pop()
        reached.add(name)
        folder = (browser.HERE / name).parent
        for path in IMPORTED.findall(scripts[name].decode()):
            found = (folder / path).resolve().relative_to(browser.HERE.resolve()).as_posix()
            assert found in scripts, f"{name} imports {path}"
            ahead += [found] if found not in reached else []
    assert set(scripts) - reached == set(browser.BUNDLES)


def test_no_module_keeps_anything_on_the_window():
    for name, content in browser.scripts().items():
        assert b"phenakiViz" not in content, name


def needs_node() -> str:
    """The path of node, where the tools are installed too; else the test is skipped."""
    node = shutil.which("node")
    if node and (ROOT / "node_modules" / "esbuild").is_dir():
        return node
    if os.environ.get("PHENAKI_VIZ_NEEDS_NODE"):
        pytest.fail("Node and its tools have to be here: `make lint` installs them")
    pytest.skip("needs Node and `npm ci`")


def test_node_makes_the_same_bundles():
    command = [needs_node(), "tools/bundle.mjs", "--check"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=NODE_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
