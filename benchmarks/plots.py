"""Time and memory against tokens, both axes logarithmic."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

# Okabe and Ito's colours, told apart by the colour-blind too; markers as well.
LOOKS = {
    "published": ("#999999", "o"),
    "hook": ("#D55E00", "s"),
    "nnsight": ("#CC79A7", "^"),
    "fused": ("#009E73", "D"),
    "dense": ("#E69F00", "v"),
    "factored": ("#0072B2", "*"),
}


def draw(rows: Sequence[Mapping[str, Any]], names: Mapping[str, str], path: Path) -> None:
    """Two panels side by side, as PNG. rows: with n, way, median, lower, upper, peak."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained")
    for way, (colour, marker) in LOOKS.items():
        points = sorted((row for row in rows if row["way"] == way), key=lambda row: row["n"])
        if not points:
            continue
        n = [row["n"] for row in points]
        look = {"color": colour, "marker": marker, "label": names[way], "markersize": 6}
        left.plot(n, [row["median"] for row in points], **look)
        left.fill_between(
            n, [row["lower"] for row in points], [row["upper"] for row in points],
            color=colour, alpha=0.2, linewidth=0,
        )  # fmt: skip
        right.plot(n, [max(row["peak"], 2**20) / 2**20 for row in points], **look)
    ticks = sorted({row["n"] for row in rows})
    for axes, what in (
        (left, "seconds for one forward"),
        (right, "MiB at the peak, above the model"),
    ):
        axes.set(xscale="log", yscale="log", xlabel="tokens", ylabel=what)
        axes.set_xticks(ticks, [f"{n:,}" for n in ticks], rotation=30)
        axes.minorticks_off()
        axes.grid(alpha=0.25)
    left.legend(fontsize=8, frameon=False)
    figure.savefig(path, dpi=130)
    plt.close(figure)
