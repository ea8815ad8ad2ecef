"""What lengths must reach: each bar beside what was measured, for `length.md`."""

from collections.abc import Iterator, Mapping
from typing import Any

Line = tuple[str, str, str, bool]  # figure, bar, measured, reached


def bars(found: Mapping[str, Any]) -> str:
    """Markdown: the bars of which there is a measurement. found: as in `length.json`."""
    lines = ["| figure | bar | measured | |", "|---|---|---|---|"]
    for figure, bar, measured, reached in _lines(found):
        lines.append(f"| {figure} | {bar} | {measured} | {'✓' if reached else 'missed'} |")
    return "\n".join(lines) + "\n"


def _lines(found: Mapping[str, Any]) -> Iterator[Line]:
    for name, most in {
        "factored / fused, 576": 1.05,
        "factored / fused, 1536": 1.05,
        "factored / published, 1536": 0.30,
    }.items():
        if name in found["ratios"]:
            ratio = found["ratios"][name]
            freed = found["ratios"].get(f"{name}, glibc as it is")
            aside = f" ({freed:.3f} where glibc gives freed memory back)" if freed else ""
            yield f"time, {name} tokens", f"≤ {most:.2f}", f"{ratio:.3f}{aside}", ratio <= most
    if kept := found.get("kept"):
        figure = "kept at 1,536 tokens, 6 layers × 8 heads"
        measured = f"{kept['factored'] / 1e6:.1f} MB (maps: {kept['dense'] / 1e6:.0f} MB)"
        yield figure, "≤ 45 MB", measured, kept["factored"] <= 45e6
    yield from _of_one_layer(found.get("one layer"))
    yield from _of_browsing(found.get("browsing"))
    if linear := found.get("linear"):
        measured = f"n^{linear['exponent of n']:.2f}, R² of a line {linear['R²']:.3f}"
        yield "growth of memory with n, factored", "linear", measured, linear["R²"] > 0.98


def _of_one_layer(one: Mapping[str, float] | None) -> Iterator[Line]:
    if one is None:
        return
    figure = "8,192 tokens, one layer, 8 heads, output alone, against materialising as published"
    hooked = one["memory, ours for a hook"], one["time, ours for a hook"]
    memory = f"1/{1 / one['memory']:.0f} (as ours does for a hook: 1/{1 / hooked[0]:.0f})"
    yield f"{figure}: memory", "≤ 1/16", memory, one["memory"] <= 1 / 16
    time = f"{one['time']:.2f} (as ours does for a hook: {hooked[1]:.2f})"
    yield f"{figure}: time", "≤ 0.60", time, one["time"] <= 0.6


def _of_browsing(browsing: Mapping[str, float] | None) -> Iterator[Line]:
    if browsing is None:
        return
    more = browsing["MiB more for all"] * 2**20 / 1e9
    figure = "16,384 tokens, 6 layers: recorded, overview, thumbnails and metrics of all heads"
    yield figure, "runs, ≤ 4 GB more", f"{more:.2f} GB", more <= 4
    tile = browsing["ms for an exact tile of 256 × 256"]
    worst = browsing["ms for the slowest of these tiles"]
    measured = f"{tile:.2f} ms (slowest of 40: {worst:.2f})"
    yield "256 × 256 exact tile anywhere, 16,384 tokens", "≤ 5 ms", measured, tile <= 5
