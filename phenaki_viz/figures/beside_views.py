"""One head's map before and after a change as pictures, and the difference around 0."""

from collections.abc import Sequence

import numpy as np

from phenaki_viz.analysis.beside import Beside, most_first, rows_compared
from phenaki_viz.figures.clauses import percent
from phenaki_viz.figures.colour import ColourScale, Palette
from phenaki_viz.figures.head import Head, wrong_notes
from phenaki_viz.figures.heatmap import Heatmap
from phenaki_viz.figures.naming import key_axis, query_axis
from phenaki_viz.runs.sampled import SampledRun

DIFFERENCE = "weight now − before"


def difference_scale(found: Beside, palette: Palette) -> ColourScale:
    """One scale around 0, its ends alike: where all but one in 200 differences lie."""
    end = found.end or found.most or 1.0
    scope = f"all but one in 200 differences, the largest {found.most:.2g}"
    return ColourScale(low=-end, high=end, palette=palette, scope=scope)


def difference_heatmap(head: Head, values: np.ndarray, scale: ColourScale) -> Heatmap:
    """How much more weight there is with the changes, every cell 'i j': NaN where hidden, infinite
    where a row is no distribution.
    """
    hidden = np.isnan(values)
    wrong = np.flatnonzero(np.isinf(values).any(axis=1)).tolist()
    return Heatmap(
        name=f"{head.stem}_difference",
        title=f"{head.title} · {DIFFERENCE}",
        notes=(scale.describe(), *wrong_notes(wrong), *head.notes),
        provenance={**head.provenance(scale), "shows": DIFFERENCE},
        values=values,
        hidden=hidden if hidden.any() else None,
        wrong=tuple(wrong),
        query=query_axis(head.record, head.item),
        key=key_axis(head.record, head.item),
        scale=scale,
        unit=DIFFERENCE,
    )


def moved_label(name: str, moved: float) -> str:
    """'self L3 H1: 21 % of its weight elsewhere'."""
    if not np.isfinite(moved):
        return f"{name}: no row of it is a distribution"
    return f"{name}: {_share(moved)} of its weight elsewhere"


def moved_sentence(names: Sequence[str], moved: np.ndarray, queries: int = 0) -> str:
    """Whose maps the changes move most: of all heads, the first three. queries: of each map."""
    order, read = most_first(moved), len(rows_compared(queries))
    over = f" in the {read:,} of {queries:,} rows that were compared" if read < queries else ""
    if order and not np.isfinite(moved).any():
        return "No map is made of distributions: what the changes do to them cannot be said."
    if not order or not moved[order[0]]:
        alone = "" if over else ": what is changed acts on the output alone, if at all"
        return f"No map changes{over}{alone}."
    most = [f"{names[at]} ({_share(moved[at])})" for at in order[:3] if moved[at]]
    still = int((moved == 0).sum())
    rest = f" {still} of {len(names)} maps stay as they were." if still else ""
    return f"Of their weight{over}, most is put elsewhere by {', '.join(most)}.{rest}"


def _share(moved: float) -> str:
    """'30 %', '2.4 %', '0 %'; little is not nothing: 'less than 0.1 %'."""
    if not moved:
        return "0 %"
    return percent(moved) if moved >= 5e-4 else "less than 0.1 %"


def generated_sentence(before: SampledRun, now: SampledRun) -> str:
    """How many tokens of two generated clips differ."""
    one, other = before.steps[-1].codes, now.steps[-1].codes
    if one.shape != other.shape:
        return "The two clips have different sizes."
    share = float((one != other).mean())
    return (
        f"{share * 100:.0f} % of the {one.size} tokens are other codes. Same text, seed "
        f"{now.sampling.seed}, {len(now.steps)} decoding steps, guidance {now.sampling.guidance:g}."
    )
