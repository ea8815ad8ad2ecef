"""A run is data: no module hangs on it, and another process is sent it whole."""

import gc
import json
import pickle
import subprocess
import sys
import weakref
from dataclasses import fields, replace

import numpy as np
import pytest
from torch import nn

from phenaki_viz.data import read_prompt, sample_clip
from phenaki_viz.errors import RecordingError
from phenaki_viz.models.dial import DialConfig
from phenaki_viz.numerics.footprint import _inside
from phenaki_viz.runs.dialled import run_dialled
from phenaki_viz.runs.files import open_recording, save_recording
from phenaki_viz.runs.live import find_model, model_of
from phenaki_viz.runs.model import RunOptions, run_model
from phenaki_viz.runs.sampled import Sampling, sample
from tests.runs.trained import clip, phenaki

CONFIG = DialConfig(heads=3, depth=1, dim_head=8, dim=32)
RUNS = {
    "dialled": lambda: run_dialled(CONFIG, sample_clip(), read_prompt("a b"), storage="factored"),
    "of a model": lambda: run_model(phenaki(), clip(), read_prompt("left"), RunOptions()),
    "sampled": lambda: sample(phenaki(), read_prompt("left"), Sampling(frames=5, steps=2)),
}
SEE = """
import json, pickle, sys
from tests.runs.test_sent import what_is_seen
print(json.dumps(what_is_seen(pickle.load(sys.stdin.buffer))))
"""


def what_is_seen(run):
    """Sums of every map, and the caption: for another process to say."""
    maps = [record.map.full(0, 1).sum(axis=1).tolist() for record in run.recording]
    return maps, run.prompt.text, run.clip.digest, find_model(run) is None


@pytest.fixture(scope="module", params=RUNS)
def run(request):
    return RUNS[request.param]()


def modules_on(thing):
    found, waiting, seen = [], [thing], set()
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, type):
            continue
        seen.add(id(one))
        found += [one] if isinstance(one, nn.Module) else []
        waiting.extend(_inside(one))
    return found


def test_no_module_hangs_on_a_run(run):
    assert isinstance(model_of(run), nn.Module)
    assert modules_on(run) == []
    assert len(modules_on((run, model_of(run)))) > 5  # it would have been seen


def test_another_process_sees_the_same_run():
    run = RUNS["dialled"]()
    # Its bytes, to a process that has nothing else of this one: no shared memory, no descriptors.
    done = subprocess.run(
        [sys.executable, "-c", SEE], input=pickle.dumps(run), capture_output=True, timeout=300
    )
    assert done.returncode == 0, done.stderr.decode()
    maps, text, digest, alone = json.loads(done.stdout)
    np.testing.assert_allclose(maps, what_is_seen(run)[0], rtol=0, atol=1e-6)
    assert (text, digest) == ("a b", run.clip.digest) and alone


def test_every_kind_of_run_comes_back_from_its_bytes(run):
    back = pickle.loads(pickle.dumps(run))
    assert type(back) is type(run)
    assert {field.name for field in fields(back)} == {field.name for field in fields(run)}
    assert what_is_seen(back)[0] == what_is_seen(run)[0]
    assert find_model(back) is None and find_model(run) is not None
    with pytest.raises(RecordingError, match="without its model: open the weights"):
        model_of(back)


def test_a_part_of_a_run_knows_its_model_and_a_file_has_none(run, tmp_path):
    part = replace(run, recording=run.recording.select(layer=run.recording[0].layer))
    assert model_of(part) is model_of(run)
    assert find_model(open_recording(save_recording(tmp_path / "r.safetensors", run))) is None


def test_a_model_goes_with_the_last_of_its_runs():
    run = RUNS["dialled"]()
    model, part = weakref.ref(model_of(run)), replace(run, seconds=0.0)
    del run
    gc.collect()
    assert model() is model_of(part)
    del part
    gc.collect()
    assert model() is None
