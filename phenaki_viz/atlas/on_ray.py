"""Ray core actors: the way beyond one machine. `pip install phenaki-viz[ray]`.

Actors and not Ray Data: an actor holds its model, is made anew when it dies and its part is tried
again, while Ray Data's actors can starve the tasks that feed them. Workers read clips and weights
and write parts by path, so all machines have to see the same folders.
"""

from collections.abc import Generator, Iterator, Sequence
from typing import Any

from phenaki_viz.atlas.job import Job, Part
from phenaki_viz.atlas.working import Made, work
from phenaki_viz.errors import AtlasError, ConfigError

RETRIES = 3  # of a part whose worker died


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
            why = f"its worker died {RETRIES + 1} times: {str(error).splitlines()[0]}"
            made = Made(part=part.name, clips=len(part.clips), why=why)
        yield made
        give(actor)


def _ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise ConfigError(
            "Ray is not installed: pip install 'phenaki-viz[ray]', or use --engine processes"
        ) from error
    return ray


def _join(ray: Any, address: str | None, workers: int) -> None:
    local = {"num_cpus": workers, "include_dashboard": False, "_node_ip_address": "127.0.0.1"}
    try:
        ray.init(
            address=address or "local", log_to_driver=False, logging_level="error",
            **({} if address else local),
        )  # fmt: skip
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        where = f"the cluster at {address}" if address else "a cluster on this machine"
        raise AtlasError(f"{where} cannot be had: {str(error).splitlines()[0]}") from error
