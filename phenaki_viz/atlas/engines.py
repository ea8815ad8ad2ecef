"""What makes the parts: this process, processes of this machine, or a Ray cluster.

An engine takes a job, its parts and a number of workers, and yields each part as it is made, in
whatever order. Nothing of the engine is in the rows. To stop listening is to stop the work.
"""

from collections.abc import Callable, Generator, Sequence
from functools import partial

from phenaki_viz.atlas.job import Job, Part
from phenaki_viz.atlas.working import Made, Worker
from phenaki_viz.errors import ConfigError

Engine = Callable[[Job, Sequence[Part], int], Generator[Made, None, None]]
ENGINES = ("serial", "processes", "ray")


def engine_of(name: str, address: str | None = None) -> Engine:
    """An engine by its name. address: of a Ray cluster. Raises ConfigError."""
    if address is not None and name != "ray":
        raise ConfigError(f"--address is of a Ray cluster: {name} has none; give --engine ray")
    match name:
        case "serial":
            return serial
        case "processes":
            from phenaki_viz.atlas.processes import processes

            return processes
        case "ray":
            from phenaki_viz.atlas.on_ray import on_ray

            return partial(on_ray, address=address)
    raise ConfigError(f"{name[:40]!r} is no engine: choose of {', '.join(ENGINES)}")


def serial(job: Job, parts: Sequence[Part], workers: int = 1) -> Generator[Made, None, None]:
    """One part after the other, here. Raises what `Worker` raises."""
    del workers
    worker = Worker(job)
    for part in parts:
        yield worker.make(part)
