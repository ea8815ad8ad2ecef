"""Several pictures of one run as the panels of one figure, and its caption."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from string import ascii_lowercase
from typing import Any

from phenaki_viz.analysis.incremental import Incremental, incremental, within
from phenaki_viz.analysis.thumbnails import Thumbnails, thumbnails
from phenaki_viz.data import as_rgb
from phenaki_viz.errors import ConfigError
from phenaki_viz.figures.attention_views import MOST_WEIGHTS, attention_heatmap
from phenaki_viz.figures.colour import ColourScale
from phenaki_viz.figures.film_strip import FilmStrip
from phenaki_viz.figures.grid_over_frames import grid_over_frames
from phenaki_viz.figures.head import Head
from phenaki_viz.figures.head_grid import HeadGrid
from phenaki_viz.figures.heatmap import Heatmap
from phenaki_viz.figures.naming import kind_name
from phenaki_viz.figures.overlays import HeadOverFrames, OverFrames
from phenaki_viz.figures.picked import Picked, chosen_passes, grid_of, items_of, picked_heads
from phenaki_viz.figures.recipe import Panel, Recipe, as_data
from phenaki_viz.figures.tex import tex
from phenaki_viz.figures.track_panels import panel_tracks
from phenaki_viz.figures.tracks import Tracks
from phenaki_viz.figures.weight_colours import Colours
from phenaki_viz.figures.words import plain
from phenaki_viz.recording import AttentionRecord, Place
from phenaki_viz.runs.run import Run

ALL_PANELS = "all panels"
Scaled = Heatmap | HeadGrid | FilmStrip
Drawn = Heatmap | HeadGrid | FilmStrip | Tracks


@dataclass(frozen=True, kw_only=True)
class Composed:
    """The panels of a figure, in reading order, drawn by its recipe."""

    recipe: Recipe
    panels: tuple[Drawn, ...]

    @property
    def provenance(self) -> Mapping[str, Any]:
        """What made all panels, what each is beside that, and the recipe that makes it again."""
        first, *others = (picture.provenance for picture in self.panels)
        alike = {
            name: held
            for name, held in first.items()
            if all(name in other and other[name] == held for other in others)
        }
        each = [
            {name: held for name, held in one.items() if name not in alike}
            for one in (first, *others)
        ]
        return {**alike, "panels": each, "recipe": as_data(self.recipe)}

    @property
    def letters(self) -> tuple[str, ...]:
        """a, b, c …; none of a figure of one panel, or without letters."""
        count = len(self.panels)
        return (
            tuple(ascii_lowercase[:count]) if self.recipe.letters and count > 1 else ("",) * count
        )

    @property
    def caption(self) -> str:
        """Every panel's title, and each note once, as plain text."""
        said = [
            f"({letter}) {picture.title}" if letter else picture.title
            for letter, picture in zip(self.letters, self.panels, strict=True)
        ]
        notes = dict.fromkeys((*_of_scales(self), *_other_notes(self.panels)))
        parts = (plain(part).rstrip(".") for part in ("; ".join(said), *notes))
        return " ".join(f"{part[:1].upper()}{part[1:]}." for part in parts)

    @property
    def tex_caption(self) -> str:
        """The caption as LaTeX, each letter that TeX would read escaped."""
        return f"\\caption{{{tex(self.caption)}}}"


@incremental
def compose(run: Run, recipe: Recipe) -> Incremental[Composed]:
    """The figure of a run; a step is a run of rows of a panel that has to be read whole.

    Raises ConfigError for a kind, layer, head, word that is not there.
    """
    colours = Colours(recipe.colours, whole=recipe.up_to_largest, palette=recipe.table)
    pooled: dict[Hashable, Thumbnails] = {}  # read once, coloured twice
    panels = yield from _panels(run, recipe, colours, pooled)
    if recipe.shared and sum(1 for _ in _scales(panels)) > 1:
        low, high = zip(*((scale.low, scale.high) for scale in _scales(panels)), strict=True)
        ends = min(low), max(high)
        alike = Colours(recipe.colours, palette=recipe.table, ends=ends, set_by=ALL_PANELS)
        panels = yield from _panels(run, recipe, alike, pooled)
    return Composed(recipe=recipe, panels=panels)


def _panels(
    run: Run, recipe: Recipe, colours: Colours, pooled: dict[Hashable, Thumbnails]
) -> Incremental[tuple[Drawn, ...]]:
    drawn, count = [], len(recipe.panels)
    for at, panel in enumerate(recipe.panels):
        steps = _panel(run, panel, colours, pooled)
        drawn.append((yield from within(steps, at / count, (at + 1) / count)))
    return tuple(drawn)


def _panel(
    run: Run, panel: Panel, colours: Colours, pooled: dict[Hashable, Thumbnails]
) -> Incremental[Drawn]:
    try:
        return (yield from _drawn(run, panel, colours, pooled))
    except ConfigError as error:
        raise ConfigError(f"panel “{panel_name(panel)}”: {error}") from error


def panel_name(panel: Panel) -> str:
    """As one says it on the command line: "cross L2 H0 word 3"."""
    numbers = [f"L{panel.layer}"] if panel.layer is not None else []
    numbers += [f"H{panel.head}"] if panel.head is not None else []
    numbers += [f"L{layer} H{head}" for layer, head in panel.also]
    word = f"word {panel.word}" if panel.word is not None else ""
    patch = ",".join(map(str, panel.patch or ()))
    patch = patch and f"{'track' if panel.shows == 'track' else 'patch'} {patch}"
    grid = "grid" if panel.shows == "grid" else ""
    return " ".join(filter(None, (panel.maps, *numbers, grid, word, patch)))


def _drawn(
    run: Run, panel: Panel, colours: Colours, pooled: dict[Hashable, Thumbnails]
) -> Incremental[Drawn]:
    picked = Picked(
        kinds=None if panel.maps is None else [panel.maps],
        layers=None if panel.layer is None else [panel.layer],
        heads=None if panel.head is None else [panel.head],
        passes=panel.which,
        video=panel.video,
        colours=colours,
    )
    passes = chosen_passes(run.recording, picked)
    named = [one for one in passes if kind_name(run.recording, one.records[0]) == panel.maps]
    for one in named or passes:
        if panel.shows == "grid" and panel.patch is not None:
            asked = OverFrames((_place(panel, one.records[0]),), word=panel.word)
            return (yield from grid_over_frames(run.recording, one, picked, asked))
        if panel.shows == "grid":
            items = items_of(one, picked)
            key = (*map(id, one.records), *items)
            if key not in pooled:
                pooled[key] = yield from thumbnails.steps(one.records, items)
            return grid_of(run.recording, one, picked, pooled[key])
        for head in picked_heads(run.recording, one, picked):
            if panel.shows == "track":
                place = _place(panel, head.record)
                return panel_tracks(run, one, head, place, panel.also, panel.video or 0)
            return _of_head(run, head, panel, colours)
    raise ConfigError(f"there is no head {panel.head} in layer {panel.layer} of these maps")


def _of_head(run: Run, head: Head, panel: Panel, colours: Colours) -> Drawn:
    i, j = head.map.shape
    if panel.shows == "map" and i * j > MOST_WEIGHTS:
        raise ConfigError(
            f"a map of {i:,} × {j:,} weights is too large to be drawn whole: say grid"
        )
    scale = colours.of_maps([head.map], "this head")
    if panel.shows == "map":
        return attention_heatmap(head, scale)
    over = HeadOverFrames(
        head=head, frames=as_rgb(run.clip), temporal_patch=run.temporal_patch, scale=scale
    )
    if panel.shows == "word":
        keys = head.record.map.shape[3]
        if not head.record.reads_words or (panel.word or 0) >= keys:
            there = f"keys 0 to {keys - 1}" if head.record.reads_words else "no words"
            raise ConfigError(f"there is no word {panel.word}: these maps have {there}")
        return over.of_key(panel.word or 0)
    return over.of_patches([_place(panel, head.record)])


def _place(panel: Panel, record: AttentionRecord) -> Place:
    """The patch that is named. Raises ConfigError outside the video."""
    place, grid = panel.patch or (0, 0, 0), record.places.grid
    if any(at >= size for at, size in zip(place, grid, strict=True)):
        sizes = " × ".join(map(str, grid))
        raise ConfigError(f"there is no patch {place}: the video has {sizes} of them")
    return place


def scale_of(picture: Scaled) -> ColourScale:
    """Of the colour bar."""
    return picture.bar_scale if isinstance(picture, HeadGrid) else picture.scale


def _of_scales(composed: Composed) -> Iterator[str]:
    """What the colours mean: once where all panels have the same."""
    panels, letters = composed.panels, composed.letters
    coloured = scaled(panels)
    if len(coloured) > 1 and same_scale(panels):
        most = max(scale.most or scale.high for scale in _scales(panels))
        yield replace(scale_of(coloured[0]), most=most).describe()
        return
    for letter, picture in zip(letters, panels, strict=True):
        if isinstance(picture, Tracks):
            continue
        which = f"({letter}) " if letter else f"{picture.title}: " if len(panels) > 1 else ""
        yield f"{which}{scale_of(picture).describe()}"


def _other_notes(panels: Sequence[Drawn]) -> Iterator[str]:
    for picture in panels:
        said = "" if isinstance(picture, Tracks) else scale_of(picture).describe()
        yield from (note for note in picture.notes if note != said)


def scaled(panels: Sequence[Drawn]) -> list[Scaled]:
    """The panels whose colours are numbers."""
    return [picture for picture in panels if not isinstance(picture, Tracks)]


def _scales(panels: Sequence[Drawn]) -> Iterator[ColourScale]:
    for picture in scaled(panels):
        if not isinstance(picture, HeadGrid):
            yield picture.scale
        elif isinstance(picture.scales, ColourScale):
            yield picture.scales
        else:
            yield from (scale for row in picture.scales for scale in row)


def same_scale(panels: Sequence[Drawn]) -> bool:
    """Whether one colour bar speaks for all panels."""
    ends = [(one.low, one.high, one.law, one.palette) for one in _scales(panels)]
    return all(one == other for one, other in pairwise(ends))
