"""Recording beside the published model, at every length: time and peak memory against tokens.

    python -m benchmarks.length

6 layers, 8 heads of 64, dim 512, PEG, 3-D position bias, no gradients. In one run, ways in turns:
the published classes with nothing recorded, with a hook that keeps every map, with nnsight where
it is installed (`pip install nnsight`); ours with nothing recorded, with dense maps, with factored
ones. A way is left out at lengths where it would need more memory than the machine has, and the
table says so. What recording adds to a forward is a few per cent, so these two ways are also
measured alone, with more rounds. On the CPU; freed memory stays with the processes that take the
times, except where the figure says so. Writes `length.json`, `length.md` and `length.png` into
benchmarks/results; with --tokens, lengths that were measured before stay.
"""

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

import phenaki_viz
from benchmarks.bars import bars
from benchmarks.forward import DEPTH, DIM, DIM_HEAD, HEADS, Joint
from benchmarks.memory import growth, high_water, in_fresh_process, keep_freed_memory
from benchmarks.plots import draw
from benchmarks.timing import Timing, take_turns
from phenaki_viz import models
from phenaki_viz.analysis.measures import applicable, head_statistics
from phenaki_viz.analysis.thumbnails import thumbnails
from phenaki_viz.analysis.tiles import map_tile
from phenaki_viz.recording import HeadMap, Recording
from tests.published import published_attention

RESULTS = Path(__file__).parent / "results"
GRIDS = {
    64: (4, 4, 4),
    256: (4, 8, 8),
    576: (9, 8, 8),
    1536: (6, 16, 16),
    4096: (16, 16, 16),
    8192: (8, 32, 32),
    16384: (16, 32, 32),
}
ROUNDS = {64: 31, 256: 31, 576: 31, 1536: 15, 4096: 3, 8192: 2, 16384: 2}
WAYS = {
    "published": "published, nothing recorded",
    "hook": "published, a hook keeps every map",
    "nnsight": "published, nnsight keeps every map",
    "fused": "phenaki_viz, nothing recorded",
    "dense": "phenaki_viz, maps dense",
    "factored": "phenaki_viz, factored maps",
}
PUBLISHED = ("published", "hook", "nnsight")
LAYER_WAYS = ("published", "materialised", "fused")
ALONE = {576: 61, 1536: 31}  # rounds of factored and nothing recorded, in turns


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print, write; returns what was written."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tokens", type=int, nargs="*", choices=GRIDS, default=[*GRIDS])
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(argv)
    torch.set_num_threads(options.threads)
    # Memory first: a new process counts the high-water mark of the one that started it.
    peaks = {}
    for n in options.tokens:
        for way in _ways(n):
            peaks[n, way] = in_fresh_process(_peak, way, n, options.threads)
            _say(f"{n:6} {WAYS[way]:36} {peaks[n, way] / 2**20:8,.0f} MiB more")
    layers = _layer_peaks(options.threads) if 8192 in options.tokens else {}
    browsing = in_fresh_process(_browsing, options.threads) if 16384 in options.tokens else None
    before = _written(options.out)
    ratios = before.get("ratios", {})
    for n in ALONE:
        if n in options.tokens:
            name = f"factored / fused, {n}"
            ratios[name] = in_fresh_process(_alone, n, options.threads, True)
            ratios[f"{name}, glibc as it is"] = in_fresh_process(_alone, n, options.threads, False)
            _say(f"{n:6} factored / fused, these two in turns: {ratios[name]:.3f}")
    keep_freed_memory()  # of this process, which takes the times; peaks have their own
    rows = [row for row in before.get("rows", []) if row["n"] not in options.tokens]
    for n in options.tokens:
        timings = _timings(n)
        if n == 1536:
            ratios["factored / published, 1536"] = timings["factored"].over(timings["published"])
        for way, timing in timings.items():
            taken = {"median": timing.median, "lower": timing.lower, "upper": timing.upper}
            rows.append({"n": n, "way": way, "peak": peaks[n, way], **taken})
            _say(f"{n:6} {WAYS[way]:36} {timing}")
    rows.sort(key=lambda row: (row["n"], [*WAYS].index(row["way"])))
    found = {
        "machine": _machine(options.threads),
        "rows": rows,
        "ratios": ratios,
        "one layer": before.get("one layer"),
        "browsing": browsing or before.get("browsing"),
        "linear": _linear(rows),
        "kept": before.get("kept"),
    }
    if 1536 in options.tokens:
        found["kept"] = {way: _call(way, 1536)().nbytes for way in ("factored", "dense")}
    if layers:
        found["one layer"] = _one_layer(layers)
    print(json.dumps({name: found[name] for name in found if name != "rows"}, indent=1))
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "length.json").write_text(json.dumps(found, indent=1) + "\n")
    said = f"{found['machine']}. Medians; memory is the peak above the model's own.\n"
    (options.out / "length.md").write_text("\n".join((said, bars(found), _table(rows))))
    draw(rows, WAYS, options.out / "length.png")
    return found


def _say(line: str) -> None:
    print(line, flush=True)  # a run takes half an hour: it tells where it is


def _machine(threads: int) -> str:
    tracer = _nnsight()
    traced = f"nnsight {tracer.__version__}" if tracer else "without nnsight"
    processor = f"{platform.machine()}, {threads} threads"
    return f"{processor}, torch {torch.__version__}, {traced}"


def _written(folder: Path) -> dict[str, Any]:
    """What earlier runs found; lengths that are not measured again stay."""
    path = folder / "length.json"
    return json.loads(path.read_text()) if path.is_file() else {}


def _ways(n: int) -> list[str]:
    """The ways that fit into this machine's memory at n tokens."""
    free = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    maps = 4 * DEPTH * HEADS * n * n
    network = 3 * 4 * DIM_HEAD * n * n  # the published bias runs its network on every pair
    fits = dict.fromkeys(PUBLISHED, network + maps < free) | {"dense": 2 * maps < free}
    fits["nnsight"] = fits["nnsight"] and _nnsight() is not None
    return [way for way in WAYS if fits.get(way, True)]


def _nnsight() -> Any:
    published_attention()  # beartype, which it imports, must come first
    try:
        import nnsight
    except Exception:  # not installed, or not for this Python
        return None
    return nnsight


def _call(way: str, n: int) -> Callable[[], Any]:
    """One forward of n tokens, recorded in one way; a recording replaces the one before it."""
    torch.manual_seed(0)
    classes = published_attention() if way in PUBLISHED else models
    model = Joint(classes, GRIDS[n]).eval()
    x = torch.randn(1, n, DIM, generator=torch.Generator().manual_seed(1))
    kept: list[Any] = []

    def run() -> Any:
        kept.clear()
        with torch.no_grad():
            if way in ("published", "fused"):
                return model(x)
            if way == "hook":
                return _hooked(model, x, kept)
            if way == "nnsight":
                return _traced(model, x, kept)
            with phenaki_viz.record(model, storage=way, limit_bytes=2**40) as recording:
                model(x)
        kept.append(recording)
        return recording

    return run


def _hooked(model: Joint, x: torch.Tensor, kept: list[Any]) -> torch.Tensor:
    """What one would write without a library."""
    hooks = [
        layer[1].attn_dropout.register_forward_pre_hook(
            lambda module, args: kept.append(args[0].detach())
        )
        for layer in model.transformer.layers
    ]
    try:
        return model(x)
    finally:
        for hook in hooks:
            hook.remove()


def _traced(model: Joint, x: torch.Tensor, kept: list[Any]) -> None:
    watched = _nnsight().NNsight(model)
    with watched.trace(x):
        for layer in watched.transformer.layers:
            kept.append(layer[1].attn_dropout.input.save())


def _peak(way: str, n: int, threads: int) -> int:
    torch.set_num_threads(threads)
    _call(way, 64)()
    return growth(_call(way, n))


def _timings(n: int) -> dict[str, Timing]:
    warmups = 1 if n < 4096 else 0
    return take_turns({way: _call(way, n) for way in _ways(n)}, rounds=ROUNDS[n], warmups=warmups)


def _alone(n: int, threads: int, keep_freed: bool) -> float:
    """Factored over nothing recorded, the two of them in turns; keep_freed: see `main`."""
    torch.set_num_threads(threads)
    if keep_freed:
        keep_freed_memory()
    timings = take_turns({way: _call(way, n) for way in ("fused", "factored")}, rounds=ALONE[n])
    return timings["factored"].over(timings["fused"])


def _layer_peaks(threads: int) -> dict[str, int]:
    return {way: in_fresh_process(_layer_peak, way, threads) for way in LAYER_WAYS}


def _one_layer(peaks: dict[str, int]) -> dict[str, float]:
    """8,192 tokens, one layer, output alone: fused in blocks against materialising the map.

    As the published class does it, given the bias of all pairs; and as ours does for a hook, in
    place, which leaves less to gain. peaks: bytes by way.
    """
    timings = take_turns({way: _layer(way) for way in LAYER_WAYS}, rounds=3)
    return {
        "memory": peaks["fused"] / peaks["published"],
        "time": timings["fused"].over(timings["published"]),
        "memory, ours for a hook": peaks["fused"] / peaks["materialised"],
        "time, ours for a hook": timings["fused"].over(timings["materialised"]),
        **{f"MiB {way}": peaks[way] / 2**20 for way in LAYER_WAYS},
    }


def _layer(way: str, n: int = 8192) -> Callable[[], object]:
    torch.manual_seed(0)
    code = published_attention() if way == "published" else models
    attention = code.Attention(DIM, heads=HEADS, dim_head=DIM_HEAD).eval()
    bias = models.ContinuousPositionBias(dim=DIM_HEAD, heads=HEADS, num_dims=3)
    x = torch.randn(1, n, DIM)
    if way == "materialised":  # somebody listens, so the map is made
        attention.attn_dropout.register_forward_pre_hook(lambda *_: None)

    @torch.no_grad()
    def run() -> object:
        return attention(x, attn_bias=bias(*GRIDS[n], dense=way == "published"))

    return run


def _layer_peak(way: str, threads: int) -> int:
    torch.set_num_threads(threads)
    _layer(way, 64)()
    return growth(_layer(way))


def _browsing(threads: int) -> dict[str, float]:
    """16,384 tokens: recorded, then looked at; the memory of all of it, in a process of its own."""
    torch.set_num_threads(threads)
    _call("factored", 64)()
    clean = high_water()
    recording: Recording = _call("factored", 16384)()
    records, n = recording.records, 16384
    one = records[0].map
    tiles, rows = [], []
    for first in np.random.default_rng(0).integers(0, n - 256, 40):
        tiles.append(
            _seconds(lambda at=int(first): one.tile(0, 3, (at, at + 256), (n - at - 256, n - at)))
        )
        rows.append(_seconds(lambda at=int(first): one.rows(0, 3, [at])))
    items = [0] * len(records)
    names = list(applicable(records[0]))
    seconds = []
    for name, work in {
        "overview": lambda: map_tile(HeadMap(records[0], 0, 3), (0, n, 0, n), 324),
        "thumbnails": lambda: thumbnails(records, items),
        "metrics": lambda: head_statistics(records, items, names),
    }.items():
        seconds.append(_seconds(work))
        _say(f"{n:6} {name}: {seconds[-1]:.1f} s")
    return {
        "MB kept": recording.nbytes / 1e6,
        "ms for an exact tile of 256 × 256": 1e3 * statistics.median(tiles),
        "ms for the slowest of these tiles": 1e3 * max(tiles),
        "ms for a row": 1e3 * statistics.median(rows),
        "s for the overview of one head, 324 × 324": seconds[0],
        "s for thumbnails of all 48 heads": seconds[1],
        f"s for {len(names)} metrics of all 48 heads": seconds[2],
        "MiB more for all": (high_water() - clean) / 2**20,
    }


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _linear(rows: list[dict[str, Any]]) -> dict[str, float] | None:
    """Memory of factored maps as a line over the tokens: bytes a token, how well the line fits."""
    points = [
        (row["n"], row["peak"]) for row in rows if row["way"] == "factored" and row["n"] >= 576
    ]
    if len(points) < 3:
        return None
    n, peak = np.array(points, float).T
    slope, start = np.polyfit(n, peak, 1)
    rest = ((peak - (slope * n + start)) ** 2).sum() / ((peak - peak.mean()) ** 2).sum()
    exponent = np.polyfit(np.log(n), np.log(peak), 1)[0]
    return {"KiB a token": slope / 1024, "R²": 1 - rest, "exponent of n": float(exponent)}


def _table(rows: list[dict[str, Any]]) -> str:
    """Markdown: seconds and MiB, a row for each length, a column for each way."""
    by = {(row["n"], row["way"]): row for row in rows}
    lengths = sorted({row["n"] for row in rows})
    ways = [way for way in WAYS if any((n, way) in by for n in lengths)]
    lines = ["| tokens | " + " | ".join(WAYS[way] for way in ways) + " |"]
    lines.append("|---|" + "---|" * len(ways))
    for n in lengths:
        cells = []
        for way in ways:
            row = by.get((n, way))
            cells.append(
                f"{_time(row['median'])}, {row['peak'] / 2**20:,.0f} MiB" if row else "too large"
            )
        lines.append(f"| {n:,} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _time(seconds: float) -> str:
    return f"{1e3 * seconds:,.0f} ms" if seconds < 10 else f"{seconds:,.0f} s"


if __name__ == "__main__":
    main()
