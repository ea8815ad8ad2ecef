"""How sure a grid of heads is while long maps are still being read, in words."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from phenaki_viz.analysis.survey import Survey
from phenaki_viz.figures.head_grid import HeadGrid

ERROR = "± is the standard error, the median over the heads that are estimated"


def estimated(survey: Survey, measure: str = "", unit: str = "") -> str:
    """What is estimated, from how much, and how sure it is.

    measure: the metric that is shown, whose standard error is said; its unit.
    """
    heads = len(survey.heads)
    if survey.is_exact:
        return f"every row of all {heads} heads was read"
    which = f"{survey.exact} of {heads} exact, the rest " if survey.exact else ""
    said = f"{which}estimated from {survey.rows:,} of {survey.of_rows:,} rows"
    if not measure:
        return said
    errors = survey.error(measure)
    typical = float(np.median(errors[errors > 0])) if (errors > 0).any() else 0.0
    return f"{said}, ± {typical:.2g} {unit}".rstrip()


def with_estimate(picture: HeadGrid, survey: Survey, said: str) -> Mapping[str, Any]:
    """The notes and the origin of a grid that says what of it is estimated, if something is."""
    if survey.is_exact:
        return {"notes": picture.notes, "provenance": picture.provenance}
    note = f"{said} ({ERROR})" if "±" in said else said
    return {
        "notes": (note, *picture.notes),
        "provenance": {**picture.provenance, "estimated": note},
    }
