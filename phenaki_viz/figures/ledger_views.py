"""Inside a head as pictures: the steps to one weight, a row's terms, its terms as maps."""

import re
from dataclasses import replace

import numpy as np

from phenaki_viz.analysis.ledger import RowLedger, WeightLedger
from phenaki_viz.analysis.overlay import on_grid
from phenaki_viz.analysis.term_maps import TermMaps
from phenaki_viz.figures.colour import ColourScale, Palette, largest
from phenaki_viz.figures.curves import Curve, Curves
from phenaki_viz.figures.film_strip import FilmStrip
from phenaki_viz.figures.head import Head
from phenaki_viz.figures.heatmap import Heatmap
from phenaki_viz.figures.ledger_sentences import NAMES, counterfactual_name, key_words
from phenaki_viz.figures.naming import key_axis, query_axis
from phenaki_viz.figures.term_bars import TermBars, stacked
from phenaki_viz.figures.words import powers, spoken
from phenaki_viz.nouns import subject

LOGITS = "logit, around the row's mean"
WRITTEN = "weight × ‖v W_O‖"
CENTRED = "each term less its mean over the keys that a query may see: softmax takes away the rest"
PLACE = re.compile(r"time (\d+), row (\d+), column (\d+)")


def short(name: str) -> str:
    """A place in few letters: 't2 r4 c2'; other names as they are."""
    return PLACE.sub(r"t\1 r\2 c\3", name)


def weight_bars(head: Head, found: WeightLedger) -> TermBars:
    """A waterfall: each term from where the one before ended, log-sum-exp, and the log weight."""
    steps = [*found.apart.items(), ("level", -found.level)]
    values = np.array([value for _, value in steps] + [sum(value for _, value in steps)])
    if not found.is_known:
        values = np.full(len(values), np.nan)
    starts = np.append(np.cumsum(np.append(0, values[:-2])), 0)
    names = (*(_step(name) for name, _ in steps), "= log weight")
    parts = (*(name for name, _ in steps), "weight")
    totals = [spoken_signed(value) for value in values[:-1]] + [powers(f"→ {found.weight:.3g}")]
    key = key_words(head, found.key)
    return TermBars(
        name=f"{head.stem}_query_{found.query}_key_{found.key}_ledger",
        title=f"{head.title} · why {key} gets {powers(f'{found.weight:.3g}')}",
        notes=(CENTRED, *head.notes),
        provenance=_provenance(head) | {"query": found.query, "key": found.key},
        names=names,
        parts=parts,
        labels=tuple(name.removeprefix("+ ") for name in names),
        values=np.where(np.eye(len(names), dtype=bool), values, np.nan),
        starts=np.broadcast_to(np.nan_to_num(starts)[:, None], (len(names), len(names))),
        totals=tuple(totals),
        unit="natural logarithm, around the row's mean",
    )


def _step(name: str) -> str:
    return "− log Σ exp" if name == "level" else f"+ {NAMES[name]}"


def row_bars(head: Head, row: RowLedger, most: int) -> TermBars:
    """What the strongest keys of a row are made of: their terms end to end, and their weights."""
    keys, norms = row.strongest(most), head.map.value_norms
    names = key_axis(head.record, head.item).names
    parts = tuple(row.apart)
    values = np.array([[row.apart[name][key] for name in parts] for key in keys])
    values = values.reshape(len(keys), len(parts))
    totals = [_brief(row.weights[key]) for key in keys]
    if norms is not None:
        lengths = [_brief(row.weights[key] * norms[key]) for key in keys]
        totals = [f"{one} · {length}" for one, length in zip(totals, lengths, strict=True)]
    return TermBars(
        name=f"{head.stem}_query_{row.query}_terms",
        title=f"{head.title} · {query_axis(head.record, head.item).names[row.query]} · its "
        "strongest keys",
        notes=(CENTRED, f"at the end of a line: weight{'' if norms is None else f' · {WRITTEN}'}"),
        provenance=_provenance(head) | {"query": row.query, "keys": [int(key) for key in keys]},
        names=tuple(short(names[key]) for key in keys),
        parts=parts,
        labels=tuple(NAMES[name] for name in parts),
        values=np.where(np.isfinite(values), values, np.nan),
        starts=stacked(values),
        totals=tuple(totals),
        unit=LOGITS,
    )


def dimension_bars(head: Head, found: WeightLedger) -> Curves | None:
    """What each of the head's dimensions gives to the content of one weight; None if not kept."""
    if found.dimensions is None:
        return None
    at = np.arange(len(found.dimensions))
    key = key_words(head, found.key)
    return Curves(
        name=f"{head.stem}_query_{found.query}_key_{found.key}_dimensions",
        title=f"{head.title} · content of {key}, dimension by dimension",
        notes=("they sum to the content, around the row's mean", *head.notes),
        provenance=_provenance(head) | {"query": found.query, "key": found.key},
        curves=(Curve(name="content", x=at, y=found.dimensions),),
        x_title="dimension of the head",
        y_title="logit, around the row's mean",
        kind="bar",
    )


def term_scale(maps: TermMaps, palette: Palette) -> ColourScale:
    """One scale for all terms of a head, zero in its middle."""
    most = maps.most or 1.0
    return ColourScale(low=-most, high=most, palette=palette, scope="all terms of this head")


def unknown_note(maps: TermMaps) -> tuple[str, ...]:
    """The line that tells unknown cells from masked ones, which look alike; none without any."""
    if not maps.unknown:
        return ()
    return (
        f"{subject(maps.unknown, 'cell', 'has', 'have')} a stored weight of 0: the content is not "
        "known there, and drawn as where a mask hides it",
    )


def term_heatmap(head: Head, name: str, values: np.ndarray, scale: ColourScale) -> Heatmap:
    """One term as a map, every cell. values: 'i j', NaN where hidden."""
    return _map(head, values, scale, stem=name, said=f"{NAMES[name]} term", unit=LOGITS)


def counterfactual_heatmap(
    head: Head,
    names: tuple[str, ...],
    values: np.ndarray,
    scale: ColourScale,
    every: tuple[str, ...],
) -> Heatmap:
    """The map if only some terms counted, named as what it is."""
    said = counterfactual_name(names, every)
    unit = "weight it would be, not this head's"
    return _map(head, values, scale, stem=f"only_{'_'.join(names)}", said=said, unit=unit)


def written_heatmap(head: Head, values: np.ndarray, scale: ColourScale) -> Heatmap:
    """The map of weight × ‖v W_O‖, every cell."""
    return _map(head, values, scale, stem="written", said=WRITTEN, unit=WRITTEN)


def written_overlay(head: Head, picture: FilmStrip, key: int | None) -> FilmStrip:
    """A row over the frames as weight × ‖v W_O‖, or the column of one key; itself if not recorded.

    picture: of the weights. Its scale gets ends of its own.
    """
    norms = head.map.value_norms
    if norms is None:
        return picture
    each = on_grid(head.record.key_axis(head.item), norms) if key is None else norms[key]
    weights = (picture.weights * each).astype(np.float32)
    scale = replace(
        picture.scale, low=0.0, high=largest(weights) or 1.0, most=None, scope="these frames"
    )
    return replace(
        picture, name=f"{picture.name}_written", title=f"{picture.title} · {WRITTEN}",
        notes=(scale.describe(), *picture.notes[1:]), weights=weights, scale=scale, unit=WRITTEN,
        uniform=None, uniforms=None,
    )  # fmt: skip


def _map(
    head: Head, values: np.ndarray, scale: ColourScale, *, stem: str, said: str, unit: str
) -> Heatmap:
    hidden = ~np.isfinite(values)
    centred = (CENTRED,) if unit == LOGITS else ()
    return Heatmap(
        name=f"{head.stem}_{stem}",
        title=f"{head.title} · {said}",
        notes=(scale.describe(), *centred, *head.notes),
        provenance=head.provenance(scale) | {"shows": said},
        values=values,
        hidden=hidden if hidden.any() else None,
        query=query_axis(head.record, head.item),
        key=key_axis(head.record, head.item),
        scale=scale,
        unit=unit,
    )


def spoken_signed(value: float) -> str:
    """A number with its sign; nothing of one that is not known."""
    if not np.isfinite(value):
        return ""
    shown = round(value, 2)
    return ("+" if shown > 0 else "") + spoken(shown)


def _brief(value: float) -> str:
    return f"{value:.3f}" if value >= 0.001 else spoken(float(f"{value:.1g}"))


def _provenance(head: Head) -> dict[str, object]:
    scale = ColourScale(low=0, high=1, scope="fixed")
    return head.provenance(scale) | {"shows": "ledger"}
