"""From a causality probe to pictures: one module's reach, and every module's on one scale."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from phenaki_viz.evaluation.reach import PARTS, Causality, ModuleReach
from phenaki_viz.figures.causality_sentences import (
    module_name,
    probe_definition,
    reach_words,
)
from phenaki_viz.figures.colour import ColourScale, largest
from phenaki_viz.figures.head_grid import HeadGrid
from phenaki_viz.figures.heatmap import Heatmap
from phenaki_viz.figures.naming import module_family
from phenaki_viz.figures.picture import Axis

UNIT = "relative change of the output"
SAID = {"through": "replaced in the transformer's input", "alone": "replaced in its own input"}


def reach_picture(
    found: Causality, one: ModuleReach, how: str, provenance: Mapping[str, Any]
) -> Heatmap:
    """Which time step of an input reaches which of a module's output; above the diagonal: leaks.

    how: "through" (the transformer's input is changed) or "alone" (the module's own).
    """
    reach = one.through if how == "through" else one.alone
    values = np.asarray(reach.relative, np.float32)
    names = tuple(f"time {step}" for step in range(found.steps))
    return Heatmap(
        name=f"causality_{_stem(found)}_{_as_file(module_name(one))}_{how}",
        title=f"Reach of time steps · {module_family(found.stack)} · {module_name(one)}",
        notes=(f"from a later step: {reach_words(reach)}", probe_definition(found)),
        provenance=_provenance(found, provenance) | {"module": one.name, "changed": SAID[how]},
        values=values,
        query=Axis(title="output at", names=names),
        key=Axis(title=SAID[how], names=names),
        scale=_scale(values, "this module"),
        unit=UNIT,
    )


def modules_picture(found: Causality, how: str, provenance: Mapping[str, Any]) -> HeadGrid:
    """Layers down, their parts across: which time step reaches which, all on one scale."""
    layers = sorted({one.layer for one in found.modules if one.layer is not None})
    kinds = [kind for kind in (*PARTS, "layer") if any(one.kind == kind for one in found.modules)]
    at: dict[tuple[int | None, str], ModuleReach] = {
        (one.layer, one.kind): one for one in found.modules if one.kind != "norm"
    }
    tiles = np.stack(
        [[_tile(at.get((layer, kind)), how, found.steps) for kind in kinds] for layer in layers]
    )
    return HeadGrid(
        name=f"causality_{_stem(found)}_modules_{how}",
        title=f"Reach of time steps · {module_family(found.stack)}, module by module",
        notes=(
            f"rows: output, columns: time step {SAID[how]}; above the diagonal: from a later step",
            probe_definition(found),
        ),
        provenance=_provenance(found, provenance) | {"changed": SAID[how]},
        thumbnails=tiles,
        layers=tuple(f"L{layer}" for layer in layers),
        heads=tuple(kind for kind in kinds),
        scales=_scale(tiles, "all modules"),
        unit=UNIT,
    )


def _tile(one: ModuleReach | None, how: str, steps: int) -> np.ndarray:
    if one is None:
        return np.full((steps, steps), np.nan, np.float32)
    reach = one.through if how == "through" else one.alone
    return np.asarray(reach.relative, np.float32)


def _scale(values: np.ndarray, scope: str) -> ColourScale:
    return ColourScale(low=0, high=largest(values) or 1, law="sqrt", scope=scope)


def _stem(found: Causality) -> str:
    return module_family(found.stack).replace(" ", "_")


def _as_file(name: str) -> str:
    return name.replace(",", "").replace(" ", "_")


def _provenance(found: Causality, provenance: Mapping[str, Any]) -> dict[str, Any]:
    return {**provenance, "shows": "causality probe", "stack": found.stack}
