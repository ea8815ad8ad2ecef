"""An atlas of generated clips: clips a second by engine, memory, bytes, and how fast it opens.

`python -m benchmarks.atlas --clips 1000 --engines processes` measures, and adds to what
`benchmarks/results/atlas.json` has; `docs/atlas.md` counts on these figures. Processor seconds a
clip say on a busy machine what seconds do not. Last come the rows of the document's table.
Engines side by side, in one run of a minute or two where nothing else runs:

    python -m benchmarks.atlas --clips 24 --part 3 --stack maskgit.transformer --engines …

with `serial processes ray` for the engines.
"""

import argparse
import json
import os
import resource
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

from phenaki_viz.atlas.engines import ENGINES, engine_of
from phenaki_viz.atlas.job import Job, Settings
from phenaki_viz.atlas.making import Plan, make_atlas, plan, settings_for
from phenaki_viz.atlas.reading import read_atlas
from phenaki_viz.atlas.sources import clips_of
from phenaki_viz.data import SHIPPED_MODEL

RESULTS = Path(__file__).parent / "results" / "atlas.json"


class Memory:
    """What the workers hold, looked at after every part: the largest of them, in bytes."""

    def __init__(self) -> None:
        self.levels: list[int] = []

    def look(self) -> None:
        """Add what the largest of them holds now."""
        held = [_resident(pid) for pid in _descendants(os.getpid())] or [_resident(os.getpid())]
        self.levels.append(max(held))


def _descendants(pid: int) -> list[int]:
    """Processes that this one has begun, and theirs, that work on an atlas."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            found += [child, *_descendants(child)]
    return found


def _resident(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def measured(engine: str, planned: Plan, workers: int) -> dict[str, Any]:
    """One run: seconds, processor seconds, memory, bytes, seconds to open it."""
    memory, before, started = Memory(), _processor(), time.perf_counter()
    firsts: list[float] = []

    def tell(progress: Any) -> None:
        memory.look()
        if progress.clips and not firsts:
            firsts.append(time.perf_counter() - started)

    report = make_atlas(planned, engine_of(engine), workers, tell)
    seconds, spent = time.perf_counter() - started, _processor() - before
    parts = list(Path(planned.job.out).glob("*.parquet"))
    started = time.perf_counter()
    atlas = read_atlas(Path(planned.job.out))
    tenth = max(1, len(memory.levels) // 10)
    return {
        "clips": atlas.clips,
        "failed": report.progress.failed,
        "heads": len(atlas.table),
        "workers": workers,
        "seconds": round(seconds, 1),
        "first part after": round(firsts[0], 1),
        "clips a second": round(atlas.clips / seconds, 3),
        "processor seconds a clip": None if engine == "ray" else round(spent / atlas.clips, 3),
        "worker, MB, after a tenth": round(memory.levels[tenth] / 1e6),
        "worker, MB, most": round(max(memory.levels) / 1e6),
        "bytes a clip": round(sum(path.stat().st_size for path in parts) / atlas.clips),
        "parts": len(parts),
        "seconds to open": round(time.perf_counter() - started, 2),
        "load": [round(one, 1) for one in os.getloadavg()],
        "cores": os.cpu_count(),
        "day": date.today().isoformat(),
    }


def _processor() -> float:
    """Processor seconds of this process and of those that it has begun and that have ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=64)
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=["serial", "processes"])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--part", type=int, default=16, help="clips in a file (default: 16)")
    parser.add_argument("--stack", help="of this transformer alone (default: all)")
    parser.add_argument("--sweep", action="store_true")
    options = parser.parse_args()
    masks = 2 if options.sweep else 0
    wanted = Settings(weights_digest="", stack=options.stack, masks=masks)
    settings = settings_for(SHIPPED_MODEL, wanted)
    lines = []
    for engine in options.engines:
        with tempfile.TemporaryDirectory() as out:
            job = Job(weights=str(SHIPPED_MODEL), settings=settings, out=out)
            planned = plan(job, clips_of([f"generated:{options.clips}"]), options.part)
            workers = 1 if engine == "serial" else options.workers
            row = measured(engine, planned, workers)
        name = f"{engine}, {options.stack or 'all stacks'}{', sweep' if masks else ''}"
        print(name, json.dumps(row, indent=1), flush=True)
        lines.append(_line(name, row))
        found = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
        found[f"{name}, {options.clips}"] = row
        RESULTS.write_text(json.dumps(found, indent=1) + "\n")
    print("\n".join(lines))


def _line(name: str, row: dict[str, Any]) -> str:
    """A run as a row of the table in `docs/atlas.md`; in it the start of the workers counts."""
    spent = row["processor seconds a clip"]
    cells = (
        f"{name} ({row['heads']})", row["clips"], row["workers"], row["clips a second"],
        "–" if spent is None else spent, f"{row['worker, MB, most']} MB",
        f"{row['bytes a clip']:,}", f"{row['load'][0]:.0f}",
    )  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    main()
