"""Arrows of all heads on paper."""

from matplotlib.patches import Rectangle

from phenaki_viz.export.paper import EDGE, WIDTH, Body, Box, Sheet
from phenaki_viz.export.paper_legends import SWATCH_LINE, draw_swatches
from phenaki_viz.export.paper_text import FAINT, INK, TICK, printable, width_of
from phenaki_viz.figures.arrows import LONGEST_NAME, Arrows
from phenaki_viz.figures.words import plain

WIDEST_CELL = 0.75  # inches
NAMES = 0.2


def arrows_sheet(picture: Arrows, *, vector: bool) -> Sheet:
    """A cell a head, the query in its middle; the shift in time is written in its corner."""
    del vector  # arrows are lines on every paper
    layers, heads, _ = picture.shifts.shape
    names = [printable(plain(name, LONGEST_NAME)) for name in picture.layers]
    left = EDGE + max(width_of(name, TICK) for name in names) + 0.08
    cell = min(WIDEST_CELL, (WIDTH - left - EDGE) / heads)
    left += (WIDTH - left - EDGE - cell * heads) / 2
    sheet = Sheet(picture, Body(NAMES + cell * layers + SWATCH_LINE + 0.1))
    box = Box(left=left, top=sheet.top + NAMES, width=cell * heads, height=cell * layers)
    axes = sheet.axes(box)
    axes.set(xlim=(-0.5, heads - 0.5), ylim=(layers - 0.5, -0.5))
    axes.set_xticks(range(heads), [printable(plain(name, LONGEST_NAME)) for name in picture.heads])
    axes.set_yticks(range(layers), names)
    axes.tick_params(length=0, labelsize=TICK, labelcolor=INK, labeltop=True, labelbottom=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    for layer in range(layers):
        for head in range(heads):
            chosen = picture.selected == (layer, head)
            axes.add_patch(
                Rectangle(
                    (head - 0.48, layer - 0.48), 0.96, 0.96, fill=False,
                    edgecolor=INK if chosen else FAINT, linewidth=1.2 if chosen else 0.3,
                )
            )  # fmt: skip
            axes.plot([head], [layer], "o", color=FAINT, markersize=1.8)
            if tip := picture.tip(layer, head):
                axes.annotate(
                    "", (head + tip[0], layer + tip[1]), (head, layer),
                    arrowprops={
                        "arrowstyle": "-|>", "color": picture.colour(layer, head, "light"),
                        "shrinkA": 0, "shrinkB": 0, "linewidth": 1.1, "mutation_scale": 7,
                    },
                )  # fmt: skip
            time = printable(picture.time(layer, head))
            axes.text(head + 0.45, layer + 0.44, time, size=TICK - 1, color=FAINT, ha="right")
    draw_swatches(sheet, picture.swatches("light"), left, box.top + box.height + 0.06)
    return sheet
