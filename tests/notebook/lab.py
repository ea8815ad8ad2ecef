"""A real JupyterLab with a real kernel, where it is installed: this project does not need it."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.browser_fixtures import ROOT, free_port

CODE = """import sys
sys.path.insert(0, {root!r})
from tests.notebook.recordings import small
view = small().show(kind="self")
view"""
STARTS = 120  # seconds


@contextmanager
def lab(folder: Path) -> Iterator[str]:
    """The address of a notebook in it, whose one cell shows a view."""
    pytest.importorskip("jupyterlab")
    (folder / "look.ipynb").write_text(json.dumps(_notebook(CODE.format(root=str(ROOT)))))
    port = free_port()
    settings = {"token": "", "password": "", "root_dir": str(folder)}
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        *("--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"),
        *(f"--ServerApp.{name}={value}" for name, value in settings.items()),
    ]
    with (folder / "lab.log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ})
        try:
            _wait(f"http://127.0.0.1:{port}/api", server)
            yield f"http://127.0.0.1:{port}/lab/tree/look.ipynb?reset"
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait(20)


def _wait(address: str, server: subprocess.Popen) -> None:
    end = time.monotonic() + STARTS
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=1) as answer:
                answer.read()
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail("JupyterLab did not start")


def _notebook(code: str) -> dict[str, object]:
    cell = {
        "cell_type": "code", "id": "one", "metadata": {}, "execution_count": None, "outputs": [],
        "source": code,
    }  # fmt: skip
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {
        "cells": [cell], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5
    }  # fmt: skip
