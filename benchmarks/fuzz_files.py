"""`python -m benchmarks.fuzz_files [COUNT] [SEED]`: damaged files, and what became of them."""

import sys
import time

from tests.fuzz.fuzzing import fuzz


def main(count: int = 20_000, seed: int = 1) -> int:
    started = time.perf_counter()
    report = fuzz(seed, count)
    print(report)
    print(f"{time.perf_counter() - started:.0f} s, seed {seed}")
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
