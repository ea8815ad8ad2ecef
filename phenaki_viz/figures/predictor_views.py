"""What goes with a head's worth, in words and as a scatter."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from phenaki_viz.analysis.head_columns import COLUMNS, SHARE
from phenaki_viz.evaluation.predictors import Correlation, Predictor
from phenaki_viz.figures.curves import Curve, Curves
from phenaki_viz.figures.effect_views import RISE, effect_words, head_name
from phenaki_viz.figures.words import spoken

NO_PROOF = "A correlation over heads is no proof that one makes the other."


def correlation_words(found: Correlation) -> str:
    """'ρ = 0.63 (0.20 to 0.86), n = 16', with what an interval that holds 0 means."""
    if np.isnan(found.rho):
        return f"no ρ of {found.count} heads"
    said = f"ρ = {found.rho:.2f} ({found.low:.2f} to {found.high:.2f}), n = {found.count}"
    said = said.replace("-", "−")
    return said if found.is_sure else f"{said}: the interval holds 0"


def predictors_sentence(found: Sequence[Predictor]) -> str:
    """What predicts the loss, only where an interval leaves out 0."""
    if not found:
        return "These heads are too few, or too alike, to say what goes with their worth."
    sure = [one for one in found if one.correlation.is_sure]
    looks = (
        f"Spearman's ρ of {len(found)} measures with the rise of the loss; 95 % intervals that "
        "hold for all of them at once."
    )
    if not sure:
        best = found[0]
        return (
            f"No measure predicts what these heads are worth: the strongest is "
            f"{_title(best)}, {correlation_words(best.correlation)}. {looks}"
        )
    named = ", ".join(f"{_title(one)} ({correlation_words(one.correlation)})" for one in sure[:3])
    more = f" and {len(sure) - 3} more" if len(sure) > 3 else ""
    return f"With what a head is worth goes {named}{more}. {looks} {NO_PROOF}"


def _title(one: Predictor) -> str:
    title = COLUMNS[one.column].title
    is_name = title[:2].isupper() or title.startswith("Δ")  # as ALiBi
    return title if is_name else f"{title[0].lower()}{title[1:]}"


def scatter_picture(one: Predictor, kind: str, provenance: Mapping[str, Any]) -> Curves:
    """A dot a head: the measure across, the rise of the loss with its 95 % interval up."""
    column = COLUMNS[one.column]
    unit = "" if column.unit == SHARE else f" ({column.unit})"
    order = np.argsort(one.x, kind="stable")
    return Curves(
        name=f"worth_by_{one.column}",
        title=f"{column.title} and worth of {len(one.rows)} {kind} heads",
        notes=(correlation_words(one.correlation), column.means, NO_PROOF),
        provenance={**provenance, "measure": one.column},
        curves=(
            Curve(
                name=kind,
                x=one.x[order],
                y=one.y[order],
                spread=np.array([one.effects[at].half_width for at in order]),
                hover=tuple(
                    f"{head_name(one.effects[at])}: {spoken(one.x[at])}, "
                    f"{effect_words(one.effects[at])}"
                    for at in order
                ),
            ),
        ),
        x_title=f"{column.title}{unit}",
        y_title=RISE.format("head"),
        kind="dot",
    )
