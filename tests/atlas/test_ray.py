"""The engine of Ray on a cluster that is there; and what is said of one that is not.

A cluster of one node is begun as its owner would, with a token. Only where Ray is installed.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from phenaki_viz.atlas import on_ray
from phenaki_viz.atlas.job import Part
from phenaki_viz.errors import AtlasError
from tests.atlas.corpus import PER_PART, contents, job_of, made, weights

ROOT = Path(__file__).parents[2]
LONG = 400  # seconds that a run may take on a loaded machine
BEGIN = "from ray.scripts.scripts import main; main()"


@dataclass(frozen=True)
class Cluster:
    """folder: its own, short as sockets lie in it. environment: who runs in it joins it."""

    folder: str
    address: str
    environment: dict[str, str]

    def processes(self) -> Iterator[tuple[int, str]]:
        """Process numbers and command lines of what the cluster has begun."""
        for path in Path("/proc").glob("[0-9]*/environ"):
            try:
                ours = self.environment["RAY_AUTH_TOKEN"].encode() in path.read_bytes()
                said = (path.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if ours:
                yield int(path.parent.name), said


@pytest.fixture(scope="module")
def cluster():
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'phenaki-viz[ray]'")
    if not Path("/proc/self/environ").is_file():
        pytest.skip("the cluster's processes are found in /proc, which this system has not")
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    folder, port = tempfile.mkdtemp(prefix="ray"), free_port()
    one = Cluster(folder, f"127.0.0.1:{port}", os.environ | token | {"PYTHONPATH": str(ROOT)})
    begun = subprocess.run(
        [sys.executable, "-c", BEGIN, "start", "--head", "--port", str(port), "--num-cpus", "2",
         "--node-ip-address", "127.0.0.1", "--include-dashboard", "false", "--temp-dir", folder,
         "--disable-usage-stats", "--object-store-memory", "100000000"],
        env=one.environment, capture_output=True, text=True, timeout=LONG, check=False,
    )  # fmt: skip
    try:
        if "timed out during startup" in begun.stderr:  # 15 s of its own, whatever else runs
            pytest.skip("Ray gave up on beginning a node: this machine is too busy")
        assert begun.returncode == 0, begun.stderr
        yield one
    finally:
        for process, _ in list(one.processes()):
            if process != os.getpid():
                os.kill(process, signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def done(tmp_path_factory, corpus):
    """A job that was done by the serial engine."""
    room = tmp_path_factory.mktemp("serial")
    job = job_of(weights(room), room / "out")
    made(job, corpus)
    return job


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextmanager
def begun(cluster, job, corpus, **more):
    """The command as a user of the cluster gives it, running."""
    command = [
        sys.executable, "-m", "phenaki_viz.cli", "atlas", "generated:2?seed=7&first=24",
        str(corpus), "--weights", job.weights, "--out", job.out, "--part", str(PER_PART),
        "--engine", "ray", "--address", cluster.address, "--workers", "2",
    ]  # fmt: skip
    run = subprocess.Popen(
        command, cwd=ROOT, env=cluster.environment | more, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield run
    finally:
        run.kill()
        run.wait(LONG)


def test_a_cluster_makes_the_same_files_and_loses_nothing_with_an_actor(
    cluster, done, corpus, tmp_path
):
    job, killed = replace(done, out=str(tmp_path / "out")), []
    deadline = time.monotonic() + LONG
    with begun(cluster, job, corpus) as run:
        while not killed and run.poll() is None and time.monotonic() < deadline:
            working = [number for number, said in cluster.processes() if "_Actor.make" in said]
            for number in working[:1]:
                os.kill(number, signal.SIGKILL)
                killed.append(number)
            time.sleep(0.02)
        said, complaints = run.communicate(timeout=LONG)
    assert run.returncode == 0, complaints
    assert killed and "5 clips measured, 1 failed, in 3 parts" in said
    assert contents(job.out) == contents(done.out)


def test_another_token_ends_in_a_sentence(cluster, done, corpus, tmp_path):
    job = replace(done, out=str(tmp_path / "out"))
    with begun(cluster, job, corpus, RAY_AUTH_TOKEN="f" * 64) as run:
        _, complaints = run.communicate(timeout=LONG)
    assert run.returncode == 1
    *_, last = complaints.strip().splitlines()
    assert last.startswith(f"phenaki-viz: the Ray cluster at {cluster.address} cannot be had: ")


# ---- without Ray


class RefusedError(Exception):
    pass


def joined(error):
    """What Ray's errors are told as. A stand-in: it gets no further than joining."""

    def init(**_):
        raise error

    ray = SimpleNamespace(init=init, exceptions=SimpleNamespace(RayError=RefusedError))
    return lambda address: on_ray._join(ray, address, 1)


@pytest.mark.parametrize(
    ("address", "why"),
    [("127.0.0.1:{}", "refused"), ("[::1]:{}", "\\S"), ("127.0.0.1:99999", "no port 99999")],
)
def test_an_address_where_nobody_answers_is_told_at_once_in_a_sentence(address, why):
    named, started = address.format(free_port()), time.monotonic()
    join = joined(AssertionError("Ray would ask for minutes"))
    with pytest.raises(AtlasError, match=rf"^the Ray cluster at .* cannot be had: .*{why}.*$"):
        join(named)
    assert time.monotonic() - started < on_ray.ANSWER


@pytest.mark.parametrize("error", [RefusedError("no token\nmore"), ConnectionError("no token")])
def test_what_ray_says_of_a_cluster_that_it_cannot_join_is_one_sentence(error):
    with pytest.raises(AtlasError, match=r"^the Ray cluster at auto cannot be had: no token$"):
        joined(error)("auto")
    with pytest.raises(AtlasError, match=r"^a Ray cluster on this machine cannot be had: no token"):
        joined(error)(None)


def test_of_an_address_where_something_answers_the_token_is_asked_about():
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(
            AtlasError, match=r"no token\. Something answers there: .*RAY_AUTH_TOKEN"
        ):
            joined(ConnectionError("no token"))(address)


def test_the_command_ends_with_that_sentence_on_a_line_of_its_own(
    monkeypatch, done, corpus, tmp_path, capsys
):
    from phenaki_viz import cli

    ray = SimpleNamespace(exceptions=SimpleNamespace(RayError=RefusedError), shutdown=lambda: None)
    monkeypatch.setattr(on_ray, "_ray", lambda: ray)
    address = f"127.0.0.1:{free_port()}"
    command = ["atlas", str(corpus), "--weights", done.weights, "--out", str(tmp_path / "out")]
    assert cli.main([*command, "--engine", "ray", "--address", address]) == 1
    *_, last = capsys.readouterr().err.splitlines()
    assert last == f"phenaki-viz: the Ray cluster at {address} cannot be had: Connection refused"


class DiedError(Exception):
    actor_init_failed = True


@pytest.mark.parametrize(
    ("begins", "why"),
    [
        (
            False,
            "no worker could begin: ModuleNotFoundError: No module named 'phenaki_viz' (all ma",
        ),
        (True, "its worker died 4 times: The actor died"),
    ],
)
def test_of_a_worker_that_dies_the_reason_is_told(begins, why):
    error = DiedError("The actor died\n\x1b[36mray::\n\nModuleNotFoundError: No module named "
                      "'phenaki_viz'\n")  # fmt: skip
    error.actor_init_failed = not begins

    def get(_):
        raise error

    actor = SimpleNamespace(make=SimpleNamespace(remote=lambda *_: object()))
    ray = SimpleNamespace(
        get=get, wait=lambda under_way, num_returns: (under_way[:1], []),
        exceptions=SimpleNamespace(RayActorError=DiedError),
    )  # fmt: skip
    (made,) = on_ray._through(ray, [actor], None, [Part(name="part", clips=())])
    assert made.why.startswith(why)
