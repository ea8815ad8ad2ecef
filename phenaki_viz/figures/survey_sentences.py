"""How sure a grid of heads is while long maps are still being read, in words."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from phenaki_viz.analysis.survey import Survey
from phenaki_viz.figures.head_grid import HeadGrid


def estimated(survey: Survey, measure: str = "", unit: str = "") -> str:
    """What is estimated, from how much, and how sure it is; empty where all is exact.

    measure: the metric that is shown, whose standard error is said; its unit.
    """
    if survey.is_exact:
        return ""
    heads = len(survey.heads)
    which = f"{survey.exact} of {heads} heads exact, the others" if survey.exact else "all heads"
    said = f"{which} estimated from {survey.rows:,} of {survey.of_rows:,} rows each"
    if not measure:
        return said
    errors = survey.error(measure)
    typical = float(np.nanmedian(errors[errors > 0])) if (errors > 0).any() else 0.0
    return f"{said}, ± {typical:.2g}{' ' * bool(unit)}{unit} (standard error, median of the heads)"


def with_estimate(picture: HeadGrid, said: str) -> Mapping[str, Any]:
    """The notes and the origin of a grid that says what of it is estimated; as they are of ""."""
    if not said:
        return {"notes": picture.notes, "made_by": picture.made_by}
    return {"notes": (said, *picture.notes), "made_by": {**picture.made_by, "estimated": said}}
