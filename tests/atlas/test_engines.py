"""Engines make the same files to the last bit, and lose none of them when a worker is killed."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import active_children
from pathlib import Path

import pytest

from phenaki_viz.atlas import processes as pools
from phenaki_viz.atlas.engines import ENGINES, engine_of, serial
from phenaki_viz.atlas.job import ClipName, Part
from phenaki_viz.atlas.making import make_atlas, plan
from phenaki_viz.atlas.working import Made
from phenaki_viz.cli import atlas as command
from phenaki_viz.errors import ConfigError
from tests.atlas.corpus import PER_PART, clips, contents, job_of, made, sources, weights

ROOT = Path(__file__).parents[2]
LONG = 400  # seconds that a run of its own may take on a loaded machine


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return clips(tmp_path_factory.mktemp("corpus") / "clips")


@pytest.fixture(scope="module")
def done(tmp_path_factory, corpus):
    """A job that was done by the serial engine."""
    room = tmp_path_factory.mktemp("serial")
    job = job_of(weights(room), room / "out", masks=1)
    made(job, corpus)
    return job


def test_processes_of_which_one_is_killed_make_the_same_files(done, corpus, tmp_path):
    job, killed = replace(done, out=str(tmp_path / "out")), []

    def kill_once(progress):
        if progress.clips and not killed:
            killed.extend(child.pid for child in active_children())
            for pid in killed:
                os.kill(pid, signal.SIGKILL)

    planned = plan(job, sources(corpus), PER_PART)
    report = make_atlas(planned, engine_of("processes"), 2, kill_once)
    assert killed and report.progress.clips == 6 and not report.lost
    assert contents(job.out) == contents(done.out)
    assert not active_children()


# ---- who is begun again, and who is given up, without a process


class Pool:
    """Runs a part when it is given; one whose name is poison breaks it, with all under way."""

    def __init__(self, poison):
        self.poison, self.futures, self.order = poison, [], []

    def submit(self, work, job, part):
        self.order.append(part.name)
        self.futures.append(future := Future())
        if part.name in self.poison:
            for one in self.futures:
                if not one.done():
                    one.set_exception(BrokenProcessPool())
        elif len(self.futures) % 2 or not self.poison:
            future.set_result(Made(part=part.name, clips=1))
        return future


def run_with(monkeypatch, poison, parts=4):
    tried = Counter()

    @contextmanager
    def pool(workers):
        one = Pool(poison)
        yield one
        tried.update(one.order)

    def done_at_once(futures, **_):
        for future in futures:
            if not future.done():
                future.set_result(Made(part="", clips=1))
        return set(futures), set()

    monkeypatch.setattr(pools, "_pool", pool)
    monkeypatch.setattr(pools, "wait", done_at_once)
    given = [Part(name=f"part-{at}", clips=(ClipName(name=str(at)),)) for at in range(parts)]
    return list(pools.processes(None, given, 2)), tried


def test_a_part_that_kills_its_worker_is_given_up_and_the_others_are_made(monkeypatch):
    found, tried = run_with(monkeypatch, {"part-1"})
    lost = [one for one in found if one.why]
    assert [one.part for one in lost] == ["part-1"] and "its worker died" in lost[0].why
    assert len(found) == 4 and tried["part-1"] == pools.TOGETHER + 1
    assert all(tried[f"part-{at}"] <= pools.TOGETHER + 1 for at in range(4))


def test_without_a_death_every_part_is_tried_once(monkeypatch):
    found, tried = run_with(monkeypatch, set())
    assert len(found) == 4 and not any(one.why for one in found) and set(tried.values()) == {1}


# ---- the whole command


def command_line(job, corpus, engine, *more):
    return [
        sys.executable, "-m", "phenaki_viz.cli", "atlas", "generated:2?seed=7&first=24",
        str(corpus), "--weights", job.weights, "--out", job.out, "--part", str(PER_PART),
        "--sweep", "--masks", "1", "--engine", engine, "--workers", "2", *more,
    ]  # fmt: skip


def test_ctrl_c_stops_all_workers_and_leaves_what_is_done(done, corpus, tmp_path):
    job = replace(done, out=str(tmp_path / "out"))
    line = [one if one != str(PER_PART) else "1" for one in command_line(job, corpus, "processes")]
    run = subprocess.Popen(
        line, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + LONG
        while not list(Path(job.out).glob("*.parquet")) and time.monotonic() < deadline:
            assert run.poll() is None, run.stderr.read()
            time.sleep(0.05)
        os.killpg(run.pid, signal.SIGINT)
        _, said = run.communicate(timeout=LONG)
    finally:
        run.kill()
    assert run.returncode == 130 and said.rstrip().endswith("phenaki-viz: stopped")
    assert "Traceback" not in said
    while is_alive(run.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(run.pid), "workers are left"
    kept = contents(job.out)
    assert 1 <= len([name for name in kept if name.endswith(".parquet")]) < 6


def is_alive(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_ray_actors_make_the_same_files(done, corpus, tmp_path):
    pytest.importorskip("ray")
    job = replace(done, out=str(tmp_path / "out"))
    run = subprocess.run(
        command_line(job, corpus, "ray"), cwd=ROOT, capture_output=True, text=True, timeout=LONG,
        check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert "5 clips measured, 1 failed, in 3 parts" in run.stdout
    assert contents(job.out) == contents(done.out)


def test_engines_by_name():
    assert engine_of("serial") is serial and command.ENGINES == ENGINES
    with pytest.raises(ConfigError, match="--address is of a Ray cluster"):
        engine_of("processes", "10.0.0.1:6379")
    with pytest.raises(ConfigError, match="'dask' is no engine"):
        engine_of("dask")
