"""Inside a head: what a click takes, at a short video's tokens and at 16,384 of a factored map.

    python -m benchmarks.ledger [--rounds 15] [--long]

A click is the row's terms, weights and shares, its strongest keys, the waterfall of one weight and
the words about both. Beside it: shares and maps of a whole head, and how many times as long a
recorded forward takes when it is asked what is written.
"""

import argparse
from collections.abc import Callable, Sequence

import torch
from torch import nn

from benchmarks.timing import Timing, take_turns
from phenaki_viz import models
from phenaki_viz.analysis.ledger import row_ledger
from phenaki_viz.analysis.term_maps import shares_of_head, term_maps
from phenaki_viz.analysis.writing import weight_map
from phenaki_viz.figures.head import Head
from phenaki_viz.figures.ledger_sentences import row_clause, weight_sentence
from phenaki_viz.figures.ledger_views import row_bars, weight_bars
from phenaki_viz.recording import Recording, record

SHORT, LONG = (5, 6, 6), (16, 32, 32)
MOST = {SHORT: 60, LONG: 100}  # milliseconds of a click
CELLS = 256


class Joint(nn.Module):
    """A position bias and a transformer over all tokens of a grid 't h w'."""

    def __init__(self, grid: tuple[int, int, int], layers: int) -> None:
        super().__init__()
        self.grid = grid
        self.continuous_pos_bias = models.ContinuousPositionBias(dim=32, heads=4, num_dims=3)
        self.transformer = models.Transformer(128, depth=layers, heads=4, dim_head=32)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x: 'b (t h w) d'."""
        bias = self.continuous_pos_bias(*self.grid, dense=False)
        return self.transformer(x, video_shape=(len(x), *self.grid), attn_bias=bias)


def main(argv: Sequence[str] | None = None) -> dict[str, float]:
    """Print what was measured; return milliseconds of a click by tokens and the forward's ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--long", action="store_true", help="16,384 tokens as well: a minute")
    options = parser.parse_args(argv)
    found: dict[str, float] = {}
    for grid in (SHORT, LONG) if options.long else (SHORT,):
        found |= _measured(grid, options.rounds)
    return found | _forward(options.rounds)


@torch.inference_mode()
def _recorded(grid: tuple[int, int, int]) -> Recording:
    torch.manual_seed(0)
    t, h, w = grid
    model = Joint(grid, layers=1).eval()
    with record(
        model, storage="dense" if grid == SHORT else "factored", extras=("written",)
    ) as made:
        model(torch.randn(1, t * h * w, 128))
    return made


def _measured(grid: tuple[int, int, int], rounds: int) -> dict[str, float]:
    recording = _recorded(grid)
    head = Head(recording, recording.records[0], 0, 1)
    tokens = head.map.shape[0]
    queries = iter(range(10**9))

    def click() -> None:
        row = row_ledger(head.map, 37 * next(queries) % tokens)  # another row each time
        found = row.of(int(row.strongest(1)[0]))
        row_bars(head, row, 8), weight_bars(head, found)
        row_clause(row), weight_sentence(found)

    whole: dict[str, Callable[[], object]] = {
        "shares of the head": lambda: shares_of_head(head.map),
        "its terms as maps": lambda: term_maps(head.map, CELLS),
        "weight × ‖v W_O‖ as a map": lambda: weight_map(head.map, CELLS, written=True),
    }
    timings = take_turns({"a click": click}, rounds=rounds)
    timings |= take_turns(whole, rounds=2 if grid == LONG else rounds)
    print(f"{tokens:,} tokens, {head.record.map.storage}")
    for name, timing in timings.items():
        bar = f", to stay below {MOST[grid]} ms" if name == "a click" else ""
        print(f"  {name}: {timing}{bar}")
    return {f"click, {tokens}": 1e3 * timings["a click"].median}


def _forward(rounds: int) -> dict[str, float]:
    model, x = Joint(SHORT, layers=4).eval(), torch.randn(1, 180, 128)

    def forward(**options: object) -> None:
        with torch.inference_mode(), record(model, **options):  # type: ignore[arg-type]
            model(x)

    timings: dict[str, Timing] = take_turns(
        {"maps alone": forward, "what is written too": lambda: forward(extras=("written",))},
        rounds=2 * rounds,
    )
    ratio = timings["what is written too"].over(timings["maps alone"])
    print(f"recorded forward, 180 tokens: what is written too / maps alone: {ratio:.2f}")
    return {"written / maps alone": ratio}


if __name__ == "__main__":
    main()
