"""Ray core actors: the way beyond one machine. `pip install phenaki-viz[ray]`.

Actors and not Ray Data: an actor holds its model, is made anew when it dies and its part is tried
again, while Ray Data's actors can starve the tasks that feed them. Workers read clips and weights
and write parts by path, so all machines have to see the same folders.
"""

import socket
from collections.abc import Generator, Iterator, Sequence
from typing import Any

from phenaki_viz.atlas.job import Job, Part
from phenaki_viz.atlas.working import Made, work
from phenaki_viz.errors import AtlasError, ConfigError

RETRIES = 3  # of a part whose worker died
ANSWER = 10  # seconds in which a cluster's address has to answer; Ray itself asks for minutes
ASK = (
    ". Something answers there: is it Ray's port, and does RAY_AUTH_TOKEN say what "
    "`ray get-auth-token` does on the cluster?"
)


def on_ray(
    job: Job, parts: Sequence[Part], workers: int, address: str | None = None
) -> Generator[Made, None, None]:
    """Parts on `workers` actors with a processor each. address: of a cluster that is there, as
    `ray.init` takes it; None begins one on this machine, which ends with the run.

    Raises ConfigError where Ray is not installed, AtlasError where the cluster cannot be had.
    """
    ray = _ray()
    _join(ray, address, workers)
    actors: list[Any] = []
    try:
        make = ray.remote(num_cpus=1, max_restarts=-1, max_task_retries=RETRIES)(_Actor)
        actors = [make.remote() for _ in range(min(workers, len(parts)))]
        yield from _through(ray, actors, job, parts)
    finally:
        for actor in actors:
            ray.kill(actor)
        ray.shutdown()


class _Actor:
    def make(self, job: Job, part: Part) -> Made:
        return work(job, part)


def _through(ray: Any, actors: list[Any], job: Job, parts: Sequence[Part]) -> Iterator[Made]:
    """One part at a time for each actor."""
    left = iter(parts)
    under_way: dict[Any, tuple[Any, Part]] = {}

    def give(actor: Any) -> None:
        part = next(left, None)
        if part is not None:
            under_way[actor.make.remote(job, part)] = actor, part

    for actor in actors:
        give(actor)
    while under_way:
        done, _ = ray.wait(list(under_way), num_returns=1)
        actor, part = under_way.pop(done[0])
        try:
            made: Made = ray.get(done[0])
        except ray.exceptions.RayActorError as error:
            made = Made(part=part.name, clips=len(part.clips), why=_why(error))
        yield made
        give(actor)


def _why(error: Any) -> str:
    """Why a part has no file. The last line is Python's: what a worker lacked to begin with."""
    said = [line for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    if getattr(error, "actor_init_failed", False):
        return f"no worker could begin: {said[-1]} (all machines need this package and its folders)"
    return f"its worker died {RETRIES + 1} times: {said[0]}"


def _ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise ConfigError(
            "Ray is not installed: pip install 'phenaki-viz[ray]', or use --engine processes"
        ) from error
    return ray


def _join(ray: Any, address: str | None, workers: int) -> None:
    where = f"the Ray cluster at {address}" if address else "a Ray cluster on this machine"
    local = {"num_cpus": workers, "include_dashboard": False, "_node_ip_address": "127.0.0.1"}
    hint = ""
    try:
        if address and _answers(address):
            hint = ASK
        ray.init(
            address=address or "local", log_to_driver=False, logging_level="error",
            **({} if address else local),
        )  # fmt: skip
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        why = str(getattr(error, "strerror", None) or error).strip() or type(error).__name__
        raise AtlasError(f"{where} cannot be had: {why.splitlines()[0]}{hint}") from error


def _answers(address: str) -> bool:
    """Whether something answers at HOST:PORT; of other addresses, as "auto", nothing is known.

    Raises OSError when nothing does, ValueError of a port that cannot be.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal():
        return False
    if int(port) >= 2**16:
        raise ValueError(f"there is no port {port}")
    socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWER).close()
    return True
