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
from types import ModuleType

import pytest

from phenaki_viz.atlas import processes as pools
from phenaki_viz.atlas.engines import ENGINES, engine_of, serial
from phenaki_viz.atlas.job import ClipName, Part
from phenaki_viz.atlas.making import make_atlas, plan
from phenaki_viz.atlas.working import Made
from phenaki_viz.cli import atlas as command
from phenaki_viz.errors import ConfigError
from tests.atlas.corpus import PER_PART, contents, job_of, made, sources, weights

ROOT = Path(__file__).parents[2]
MANY = 500  # clips that are not all measured before a loaded machine comes round to say stop
LONG = 400  # seconds that a run of its own may take on a loaded machine


@pytest.fixture(scope="module")
def done(tmp_path_factory, corpus):
    """A job that was done by the serial engine."""
    room = tmp_path_factory.mktemp("serial")
    job = job_of(weights(room), room / "out", masks=1)
    made(job, corpus)
    return job


def test_processes_of_which_one_is_killed_make_the_same_files(done, corpus, tmp_path, monkeypatch):
    # A spawned process runs the main module again: after a page's tests that is a page's script.
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
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
    """One whose worker dies of a part that is poison, and with it all that is under way."""

    def __init__(self, poison, tried):
        self.poison, self.tried, self.under_way = poison, tried, []

    def submit(self, _work, _job, part):
        self.tried[part.name] += 1
        self.under_way.append(future := Future())
        future.part = part
        if part.name in self.poison:
            for one in self.under_way:
                one.set_exception(BrokenProcessPool())
        return future

    def wait(self, futures, **_):
        for future in self.under_way:
            if not future.done():
                future.set_result(Made(part=future.part.name, clips=1))
        self.under_way = []
        return set(futures), set()


def run_with(monkeypatch, poison):
    """What became of four parts on two workers, and how often each was tried."""
    tried = Counter()

    @contextmanager
    def pool(workers):
        one = Pool(poison, tried)
        monkeypatch.setattr(pools, "wait", one.wait)
        yield one

    monkeypatch.setattr(pools, "_pool", pool)
    given = [Part(name=f"part-{at}", clips=(ClipName(name=str(at)),)) for at in range(4)]
    return list(pools.processes(None, given, 2)), tried


def test_a_part_that_kills_its_worker_is_given_up_and_the_others_are_made(monkeypatch):
    found, tried = run_with(monkeypatch, {"part-1"})
    lost = [one for one in found if one.why]
    assert [one.part for one in lost] == ["part-1"] and "its worker died" in lost[0].why
    assert sorted(one.part for one in found) == [f"part-{at}" for at in range(4)]
    assert tried == {"part-0": 3, "part-1": pools.TOGETHER + 1, "part-2": 1, "part-3": 1}


def test_without_a_death_every_part_is_tried_once(monkeypatch):
    found, tried = run_with(monkeypatch, set())
    assert len(found) == 4 and not any(one.why for one in found) and set(tried.values()) == {1}


# ---- the whole command


def command_line(job, corpus, engine, *more, generated=2):
    return [
        sys.executable, "-m", "phenaki_viz.cli", "atlas", f"generated:{generated}?seed=7&first=24",
        str(corpus), "--weights", job.weights, "--out", job.out, "--part", str(PER_PART),
        "--sweep", "--masks", "1", "--engine", engine, "--workers", "2", *more,
    ]  # fmt: skip


def hears_ctrl_c():
    """Also where the tests themselves run in a shell's background, which does not."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.parametrize(("how", "workers"), [(signal.SIGINT, 2), (signal.SIGKILL, 1)])
def test_a_run_that_is_stopped_takes_its_workers_along_and_leaves_what_is_done(
    done, corpus, tmp_path, how, workers
):
    job = replace(done, out=str(tmp_path / "out"))
    more = ("--part", "1", "--workers", str(workers))
    run = subprocess.Popen(
        command_line(job, corpus, "processes", *more, generated=MANY), cwd=ROOT, text=True,
        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True,
        preexec_fn=hears_ctrl_c,
    )  # fmt: skip
    deadline = time.monotonic() + LONG
    try:
        while not list(Path(job.out).glob("*.parquet")) and time.monotonic() < deadline:
            assert run.poll() is None, run.stderr.read()
            time.sleep(0.05)
        if how == signal.SIGINT:  # as a terminal does: to all of them
            os.killpg(run.pid, how)
        else:
            run.send_signal(how)
        _, said = run.communicate(timeout=LONG)
    finally:
        run.kill()
    while is_alive(run.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(run.pid), "workers are left"
    if how == signal.SIGINT:
        assert run.returncode == 130 and said.rstrip().endswith("phenaki-viz: stopped")
        assert "Traceback" not in said
    assert 1 <= len(list(Path(job.out).glob("*.parquet"))) < MANY


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
