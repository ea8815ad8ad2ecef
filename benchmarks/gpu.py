"""Recording on a GPU: what it adds to a forward, and reading what was recorded where it lies.

    python -m benchmarks.gpu [--tokens 1536 4096 …]

6 layers, 8 heads of 64, dim 512, PEG, 3-D position bias, float32, no gradients. In one run, ways in
turns: nothing recorded, factored maps, dense maps where they fit. Then, of the longest recording,
exact tiles and the thumbnails of all heads. Maps are compared with the CPU's at 576 tokens, and
the tests marked `gpu` are run. Writes gpu.json and gpu.md into benchmarks/results. Less than three
minutes on one H100 or H200.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

import phenaki_viz
from benchmarks.forward import DEPTH, DIM, HEADS, Joint
from benchmarks.timing import take_turns
from phenaki_viz import models
from phenaki_viz.analysis.thumbnails import thumbnails
from phenaki_viz.recording import Recording

RESULTS = Path(__file__).parent / "results"
GRIDS = {
    576: (9, 8, 8),
    1536: (6, 16, 16),
    4096: (16, 16, 16),
    16384: (16, 32, 32),
    65536: (64, 32, 32),
}
ROUNDS = {576: 31, 1536: 31, 4096: 15, 16384: 7, 65536: 2}
SECTIONS = {
    "Largest difference from the CPU at 576 tokens": "agreement",
    "Reading the longest recording where it lies": "reading",
    "Kernels launched at 1,536 tokens": "launches at 1,536 tokens",
}
STORED = 4096  # tokens up to which the maps themselves are kept as well
BARS = {1536: 1.5, 4096: 1.15, 16384: 1.10, 65536: 1.10}  # factored / nothing recorded


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print, write; returns what was written."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tokens", type=int, nargs="*", choices=GRIDS, default=[*GRIDS])
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--no-tests", action="store_true", help="leave the marked tests out")
    options = parser.parse_args(argv)
    if not torch.cuda.is_available():
        sys.exit("benchmarks.gpu needs a GPU that PyTorch sees; there is none")
    found: dict[str, Any] = {"machine": _machine(), "agreement": _agreement(), "rows": []}
    print(json.dumps(found), flush=True)
    for n in options.tokens:
        row, recording = _length(n)
        found["rows"].append(row)
        print(json.dumps(row), flush=True)
    if options.tokens:
        found["reading"] = _reading(recording, max(options.tokens))
        print(json.dumps(found["reading"]), flush=True)
    found["launches at 1,536 tokens"] = _launches()
    if not options.no_tests:
        found["tests"] = _tests()
        print(found["tests"], flush=True)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "gpu.json").write_text(json.dumps(found, indent=1) + "\n")
    (options.out / "gpu.md").write_text("\n".join(_markdown(found)) + "\n")
    return found


def _machine() -> str:
    return f"{torch.cuda.get_device_name()}, torch {torch.__version__}, float32"


def _model(n: int, device: str) -> tuple[Joint, torch.Tensor]:
    torch.manual_seed(0)
    model = Joint(models, GRIDS[n]).eval()
    x = torch.randn(1, n, DIM, generator=torch.Generator().manual_seed(1))
    return model.to(device), x.to(device)


@torch.no_grad()
def _agreement() -> dict[str, float]:
    """Largest difference of maps and outputs from the CPU's at 576 tokens, dense and factored."""
    found = {}
    model, x = _model(576, "cpu")
    with phenaki_viz.record(model, storage="dense") as reference:
        out = model(x)
    model, x = _model(576, "cuda")
    for storage in ("dense", "factored"):
        with phenaki_viz.record(model, storage=storage) as recording:
            there = model(x)
        errors = [
            abs(ours.map.full(0, head) - theirs.map.full(0, head)).max()
            for ours, theirs in zip(recording, reference, strict=True)
            for head in range(HEADS)
        ]
        found[f"maps, {storage}"] = float(max(errors))
        found[f"outputs, {storage}"] = float((there.cpu() - out).abs().max())
        found[f"verified, {storage}"] = float(recording.max_abs_error or 0)
    return found


@torch.no_grad()
def _length(n: int) -> tuple[dict[str, Any], Recording]:
    """One length: seconds and GiB of each way, and the last factored recording."""
    model, x = _model(n, "cuda")
    kept: dict[str, Recording] = {}

    def record(storage: Any) -> None:
        kept.pop(storage, None)
        with phenaki_viz.record(model, storage=storage, limit_bytes=2**40) as recording:
            model(x)
        torch.cuda.synchronize()
        kept[storage] = recording

    def nothing() -> None:
        model(x)
        torch.cuda.synchronize()

    ways: dict[str, Callable[[], None]] = {
        "nothing": nothing,
        "factored": lambda: record("factored"),
    }
    if n <= STORED:
        ways["dense"] = lambda: record("dense")
    row: dict[str, Any] = {"n": n}
    for way, call in ways.items():
        call()
        row[f"{way} GiB"] = _peak(call)
    timings = take_turns(ways, rounds=ROUNDS[n], warmups=2 if n < 16384 else 0)
    for way, timing in timings.items():
        row[f"{way} ms"] = 1e3 * timing.median
        row[f"{way} / nothing"] = timing.over(timings["nothing"])
    row["kept GB"] = kept["factored"].nbytes / 1e9
    row["verified"] = kept["factored"].max_abs_error
    return row, kept["factored"]


def _peak(call: Callable[[], None]) -> float:
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    call()
    return (torch.cuda.max_memory_allocated() - before) / 2**30


@torch.no_grad()
def _launches() -> dict[str, int]:
    """Kernels that are launched at 1,536 tokens. Last: a launch that was ever watched is slower."""
    model, x = _model(1536, "cuda")
    found = {"nothing recorded": _launched(lambda: model(x))}
    with phenaki_viz.record(model, storage="factored"):
        found["factored, in the forward"] = _launched(lambda: model(x))
    return found


def _launched(call: Callable[[], object]) -> int:
    from torch.profiler import ProfilerActivity, profile

    call()
    with profile(activities=[ProfilerActivity.CUDA], acc_events=True) as seen:
        call()
    events = seen.key_averages()
    return sum(event.count for event in events if "aunchKernel" in event.key)


def _reading(recording: Recording, n: int) -> dict[str, float]:
    """Exact tiles anywhere, then the thumbnails of every head, where the recording lies."""
    one = recording.records[0].map
    places = torch.randint(0, n - 256, (21,), generator=torch.Generator().manual_seed(0)).tolist()
    tiles = [
        _seconds(lambda at=at: one.tile(0, 3, (at, at + 256), (at, at + 256))) for at in places
    ]
    row = [_seconds(lambda at=at: one.rows(0, 3, [at])) for at in places]
    small = _seconds(lambda: thumbnails(recording.records, [0] * len(recording)))
    return {
        "tokens": n,
        "ms for an exact tile of 256 × 256": 1e3 * statistics.median(tiles),
        "ms for the slowest of 20 tiles": 1e3 * max(tiles[1:]),
        "ms for a row": 1e3 * statistics.median(row),
        f"s for the thumbnails of all {DEPTH * HEADS} heads": small,
    }


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _tests() -> str:
    files = ["tests/models/test_on_a_gpu.py", "tests/recording/test_on_a_gpu.py"]
    # Not the suite's own fixtures: they bring a browser along.
    command = [sys.executable, "-m", "pytest", "--noconftest", "-q", "-m", "gpu", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = (done.stdout + done.stderr).strip().splitlines()
    return "\n".join(lines[-1:] if done.returncode == 0 else lines[-60:])


def _markdown(found: dict[str, Any]) -> Iterator[str]:
    yield f"{found['machine']}. Medians, ways in turns; GiB is the peak above the model's own."
    yield ""
    yield "| tokens | nothing recorded | factored | ratio | bar | dense | kept |"
    yield "|---|---|---|---|---|---|---|"
    for row in found["rows"]:
        n = row["n"]
        stored = _cell(row, "dense") if "dense ms" in row else "–"
        bar = f"≤ {BARS[n]:.2f}" if n in BARS else "–"
        yield (
            f"| {n:,} | {_cell(row, 'nothing')} | {_cell(row, 'factored')} | "
            f"{row['factored / nothing']:.2f} | {bar} | {stored} | {row['kept GB']:.2f} GB |"
        )
    for title, name in SECTIONS.items():
        yield from ("", f"{title}:", "")
        yield from (f"- {figure}: {value:,.3g}" for figure, value in found.get(name, {}).items())
    if "tests" in found:
        yield from (
            "",
            f"Tests marked `gpu`: {'passed' if found['tests'][:1] == '.' else 'FAILED'}.",
        )


def _cell(row: dict[str, Any], way: str) -> str:
    return f"{row[f'{way} ms']:,.1f} ms, {row[f'{way} GiB']:.2f} GiB"


if __name__ == "__main__":
    main()
