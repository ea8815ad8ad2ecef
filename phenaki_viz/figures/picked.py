"""Pictures of a whole run, picked by kind of map, layer, head, pass and by the page they are on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from phenaki_viz.analysis.thumbnails import Thumbnails, thumbnails
from phenaki_viz.analysis.weight_range import drawn_range
from phenaki_viz.data import as_rgb
from phenaki_viz.errors import ConfigError
from phenaki_viz.figures.attention_views import attention_heatmap, head_grid
from phenaki_viz.figures.colour import ColourScale
from phenaki_viz.figures.head import Head
from phenaki_viz.figures.head_grid import HeadGrid
from phenaki_viz.figures.heatmap import Heatmap
from phenaki_viz.figures.mask_views import mask_picture, visible_keys_picture
from phenaki_viz.figures.naming import branch_name, kind_name
from phenaki_viz.figures.overlays import HeadOverFrames
from phenaki_viz.figures.picture import Picture
from phenaki_viz.figures.position_views import (
    bias_heads,
    bias_picture,
    penalty_picture,
    slopes_picture,
)
from phenaki_viz.figures.weight_colours import Colours
from phenaki_viz.recording import AttentionRecord, HeadMap, Recording
from phenaki_viz.recording.passes import Pass, shown_first
from phenaki_viz.runs.run import Run

Page = Literal["heads", "grid", "words", "position", "masks"]
PAGES: tuple[str, ...] = get_args(Page)
WEIGHTS = Colours()


@dataclass(frozen=True, kw_only=True)
class Picked:
    """Which pictures. None takes all there are; layers and heads are counted from 0, as recorded.

    pages: heads is every map, grid all heads of a stack, words the tokens that read each word.
    kinds: "self", "cross", "spatial", "decoder temporal", …; a part of the name will do. passes:
    "with the text", "without the text", "first" (the one that a page shows first) or "all".
    video: of a batch; None takes the first that was recorded. shared: one colour scale for all
    heads of a stack, not one for each.
    """

    pages: Sequence[str] = ("heads",)
    kinds: Sequence[str] | None = None
    layers: Sequence[int] | None = None
    heads: Sequence[int] | None = None
    passes: str = "all"
    video: int | None = None
    colours: Colours = WEIGHTS
    shared: bool = True


def pictures_of(run: Run, picked: Picked) -> Iterator[Picture]:
    """The pictures that are picked, one at a time.

    Raises ConfigError, before the first one, when a kind, layer, head, pass or video is not there.
    """
    stacks = chosen_passes(run.recording, picked)
    return _drawn(run, picked, stacks)


def how_many(run: Run, picked: Picked) -> int:
    """How many there are, without a number read. Raises ConfigError as `pictures_of` does."""
    stacks = chosen_passes(run.recording, picked)
    return sum(_count(run.recording, page, one, picked) for page in picked.pages for one in stacks)


def heads_of(recording: Recording, picked: Picked) -> Iterator[Heatmap]:
    """Every map that is picked; a shared scale is that of all passes of its stack."""
    return _heads(recording, chosen_passes(recording, picked), picked)


def _drawn(run: Run, picked: Picked, stacks: Sequence[Pass]) -> Iterator[Picture]:
    draw = {"grid": _grid, "words": _words, "position": _position, "masks": _masks}
    for page in picked.pages:
        if page == "heads":
            yield from _heads(run.recording, stacks, picked)
            continue
        for one in stacks:
            yield from draw[page](run, one, picked)


def _count(recording: Recording, page: str, one: Pass, picked: Picked) -> int:
    heads = len(picked_heads(recording, one, picked))
    records = len(_layers(one, picked))
    if page == "grid":
        return 1
    if page == "masks":
        return 2 * records
    if page == "words":
        keys = one.records[0].map.shape[3] if one.records[0].reads_words else 0
        return heads * keys
    if page == "position":
        return sum(1 for _ in _position_parts(recording, one, picked))
    return heads


def chosen_passes(recording: Recording, picked: Picked) -> list[Pass]:
    """The passes whose kind and labels are picked, in the order in which they began.

    Raises ConfigError for a page, kind, pass, layer, head or video that is not there.
    """
    unknown = [page for page in picked.pages if page not in PAGES]
    if unknown:
        raise ConfigError(f"no pictures called {unknown[0]!r}: there are {', '.join(PAGES)}")
    passes = list(recording.passes())
    names = {id(one): kind_name(recording, one.records[0]) for one in passes}
    for kind in picked.kinds or ():
        if not any(kind in name for name in names.values()):
            there = ", ".join(dict.fromkeys(names.values()))
            raise ConfigError(f"no maps of the kind {kind!r}: there are {there}")
    if picked.kinds is not None:
        kinds = picked.kinds
        passes = [one for one in passes if any(kind in names[id(one)] for kind in kinds)]
    passes = _of_pass(passes, picked.passes)
    _check("layer", picked.layers, [record.layer for one in passes for record in one.records])
    _check("head", picked.heads, [h for one in passes for r in one.records for h in r.heads])
    items = [item for one in passes for record in one.records for item in _videos(record)]
    _check("video", None if picked.video is None else [picked.video], items)
    return passes


def _of_pass(passes: list[Pass], which: str) -> list[Pass]:
    if which == "all":
        return passes
    if which == "first":
        stacks: dict[tuple[str, str], list[Pass]] = {}
        for one in passes:
            stacks.setdefault((one.stack, one.kind), []).append(one)
        return [shown_first(group) for group in stacks.values()]
    found = [one for one in passes if one.branch and branch_name(one.branch) == which]
    if not found:
        there = dict.fromkeys(branch_name(one.branch) for one in passes if one.branch)
        raise ConfigError(f"no pass {which!r}: there are {', '.join((*there, 'first', 'all'))}")
    return found


def _check(name: str, chosen: Sequence[int] | None, there: Sequence[int]) -> None:
    missing = sorted(set(chosen or ()) - set(there))
    if missing:
        known = ", ".join(map(str, sorted(set(there))[:16])) or "none"
        raise ConfigError(f"no {name} {missing[0]!r} in these maps: there are {known}")


def _videos(record: AttentionRecord) -> list[int]:
    each = record.places.items_per_video
    return [item // each for item in record.batch_items]


def _item(record: AttentionRecord, picked: Picked) -> int:
    """The place of the video's first batch item."""
    videos = _videos(record)
    return videos.index(picked.video) if picked.video in videos else 0


def _layers(one: Pass, picked: Picked) -> list[AttentionRecord]:
    return [r for r in one.records if picked.layers is None or r.layer in picked.layers]


def picked_heads(recording: Recording, one: Pass, picked: Picked) -> list[Head]:
    """The heads of a pass that are picked, layer by layer."""
    return [
        Head(recording, record, _item(record, picked), head)
        for record in _layers(one, picked)
        for head, original in enumerate(record.heads)
        if picked.heads is None or original in picked.heads
    ]


def _maps(one: Pass, picked: Picked) -> list[HeadMap]:
    return [HeadMap(r, _item(r, picked), head) for r in one.records for head in range(len(r.heads))]


def _heads(recording: Recording, stacks: Sequence[Pass], picked: Picked) -> Iterator[Heatmap]:
    """Every map; a shared scale is that of the whole stack, whatever was picked of it."""
    scales: dict[tuple[str, str], ColourScale] = {}
    for one in stacks:
        stack = one.stack, one.kind
        if picked.shared and stack not in scales:  # of all passes, read once
            same = (other for other in stacks if (other.stack, other.kind) == stack)
            maps = [one for other in same for one in _maps(other, picked)]
            scales[stack] = picked.colours.of_maps(maps, "all heads and layers")
        scale = scales.get(stack)
        for head in picked_heads(recording, one, picked):
            own = scale or picked.colours.of_maps([head.map], "this head")
            yield attention_heatmap(head, own)


def _grid(run: Run, one: Pass, picked: Picked) -> Iterator[Picture]:
    items = items_of(one, picked)
    yield grid_of(run.recording, one, picked, thumbnails(one.records, items))


def items_of(one: Pass, picked: Picked) -> list[int]:
    """The batch item of each layer that is picked."""
    return [_item(record, picked) for record in one.records]


def grid_of(recording: Recording, one: Pass, picked: Picked, pooled: Thumbnails) -> HeadGrid:
    """All heads of one pass in one picture, a row a layer. pooled: their weights, of `items_of`."""
    shown = picked.colours.thumbnails(pooled, one.records, items_of(one, picked))
    return grid_shown(recording, one, picked, shown)


def grid_shown(recording: Recording, one: Pass, picked: Picked, shown: Thumbnails) -> HeadGrid:
    """A grid of tiles that are what colours follow."""
    colours = picked.colours
    if picked.shared:
        whole = colours.over(*drawn_range(shown.values), "all heads and layers")
        return head_grid(recording, one.records, shown, whole, unit=colours.unit)
    each = colours.of_each(shown.values)
    return head_grid(recording, one.records, shown, each, unit=colours.unit)


def _words(run: Run, one: Pass, picked: Picked) -> Iterator[Picture]:
    """Of cross-attention: who reads each word, and each null key, over the frames."""
    if not one.records[0].reads_words:
        return
    frames = as_rgb(run.clip)
    for head in picked_heads(run.recording, one, picked):
        scale = picked.colours.of_maps([head.map], "all words of this head")
        over = HeadOverFrames(
            head=head, frames=frames, temporal_patch=run.temporal_patch, scale=scale
        )
        yield from map(over.of_key, range(head.record.map.shape[3]))


def _position(run: Run, one: Pass, picked: Picked) -> Iterator[Picture]:
    yield from _position_parts(run.recording, one, picked)


def _position_parts(recording: Recording, one: Pass, picked: Picked) -> Iterator[Picture]:
    """Of the first layer that has them: position bias and ALiBi are the same in every layer."""
    provenance, record = recording.provenance, one.records[0]
    heads = [at for at, h in enumerate(record.heads) if picked.heads is None or h in picked.heads]
    bias = recording.bias_surface(record)
    if bias is not None:
        yield bias_heads(bias, provenance, record.heads[heads[0]])
        for head in heads:
            yield bias_picture(bias, provenance, record.heads[head])
    if record.alibi is not None:
        yield slopes_picture(record, provenance, heads[0])
        yield penalty_picture(record, provenance, heads[0], max(1, record.map.shape[3] - 1))


def _masks(run: Run, one: Pass, picked: Picked) -> Iterator[Picture]:
    for record in _layers(one, picked):
        item, provenance = _item(record, picked), run.recording.provenance
        yield mask_picture(record, item, "together", provenance)
        yield visible_keys_picture(record, item, provenance)
