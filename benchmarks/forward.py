"""A forward of MaskGit's transformer: as published, and ours with and without its maps kept.

Run: python -m benchmarks.forward
"""

import argparse
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from types import ModuleType

import torch
from torch import nn

import phenaki_viz
from benchmarks.timing import Timing, take_turns
from phenaki_viz import models
from tests.published import published_attention

DIM, DEPTH, HEADS, DIM_HEAD = 512, 6, 8, 64
GRIDS = {576: (9, 8, 8), 1536: (6, 16, 16)}  # README and paper scale
RATIOS = {  # name: (of, to, what it should stay below), by tokens
    576: (
        ("all maps kept / published", "kept", "published", 0.60),
        ("all maps kept / maps made, not kept", "kept", "made", 1.05),
    ),
    1536: (
        ("all maps kept / published", "kept", "published", 0.40),
        ("all maps kept / maps made, not kept", "kept", "made", 1.05),
    ),
}
NAMES = {
    "published": "published, position bias each time",
    "kept": "ours, recorded: all maps kept, verified",
    "made": "ours, maps made but not kept",
    "fused": "ours, nobody listening",
}


class Joint(nn.Module):
    """MaskGit's position bias and transformer over all tokens, of either code's classes."""

    def __init__(self, classes: ModuleType, grid: tuple[int, int, int]) -> None:
        super().__init__()
        self.grid = grid
        self.how = {"dense": False} if classes is models else {}  # as our MaskGit asks for it
        self.continuous_pos_bias = classes.ContinuousPositionBias(
            dim=DIM_HEAD, heads=HEADS, num_dims=3
        )
        self.transformer = classes.Transformer(
            DIM, depth=DEPTH, heads=HEADS, dim_head=DIM_HEAD, peg=True
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x: 'b (t h w) d'."""
        bias = self.continuous_pos_bias(*self.grid, **self.how)
        return self.transformer(x, video_shape=(len(x), *self.grid), attn_bias=bias)


def main(argv: Sequence[str] | None = None) -> dict[str, float]:
    """Print a table for each number of tokens; return the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--tokens", type=int, nargs="*", choices=GRIDS, default=[*GRIDS])
    options = parser.parse_args(argv)
    torch.set_num_threads(options.threads)
    ratios: dict[str, float] = {}
    for tokens in options.tokens:
        ratios |= _compare(tokens, options.rounds)
    return ratios


@torch.no_grad()
def _compare(tokens: int, rounds: int) -> dict[str, float]:
    torch.manual_seed(0)
    theirs, ours = (
        Joint(classes, GRIDS[tokens]).eval() for classes in (published_attention(), models)
    )
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(1, tokens, DIM)
    recorded = []

    def keep_maps() -> None:
        recorded.clear()  # as a person would: the recording before it is gone
        with phenaki_viz.record(ours) as recording:
            ours(x)
        recorded.append(recording)

    ways: dict[str, Callable[[], object]] = {
        "published": lambda: theirs(x),
        "kept": keep_maps,
        "made": lambda: _hooked(ours, x, lambda *_: None),
        "fused": lambda: ours(x),
    }
    error = float((theirs(x) - ours(x)).abs().max())
    timings = take_turns(ways, rounds=rounds)
    (recording,) = recorded
    size = recording.nbytes / 2**20
    print(f"{tokens} tokens: outputs agree to {error:.1e}; {len(recording)} maps, {size:,.0f} MiB")
    for way, timing in timings.items():
        print(f"  {NAMES[way]:36} {timing}")
    return _ratios(tokens, timings)


def _hooked(model: Joint, x: torch.Tensor, hook: Callable[..., None]) -> torch.Tensor:
    with ExitStack() as hooks:
        for module in model.modules():
            if isinstance(module, models.Attention):
                hooks.callback(module.attn_dropout.register_forward_pre_hook(hook).remove)
        return model(x)


def _ratios(tokens: int, timings: dict[str, Timing]) -> dict[str, float]:
    ratios = {}
    for name, of, to, below in RATIOS[tokens]:
        ratio = ratios[f"{tokens} {name}"] = timings[of].over(timings[to])
        print(f"  {name}: {ratio:.2f} (to stay below {below:.2f})")
    return ratios


if __name__ == "__main__":
    main()
