"""What is computed from the maps of a run for a page, and worth keeping while it is on screen."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from phenaki_viz.analysis import row_filter as filters
from phenaki_viz.analysis import tiles
from phenaki_viz.analysis.incremental import Incremental
from phenaki_viz.analysis.measures import Measure, applicable, head_statistics
from phenaki_viz.analysis.overlay import over_video, step_tiles
from phenaki_viz.analysis.reading import Reading, reading
from phenaki_viz.analysis.rollout import rollout
from phenaki_viz.analysis.row_filter import FilteredTile, RowFilter
from phenaki_viz.analysis.sinks import Sinks, sink_keys
from phenaki_viz.analysis.thumbnails import Thumbnails, coarser, thumbnails
from phenaki_viz.analysis.weight_range import WeightRange, weight_range
from phenaki_viz.analysis.words import content_patches
from phenaki_viz.browser.film import small_frames
from phenaki_viz.data import Clip, as_rgb
from phenaki_viz.figures.overlays import OverFrames, frame_steps
from phenaki_viz.figures.position_sentences import bias_heading
from phenaki_viz.recording import AttentionRecord, HeadMap, PositionBias
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import session
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.state.view import grid_choice
from phenaki_viz.ui.work import surveys
from phenaki_viz.ui.work.keep import is_kept, once
from phenaki_viz.ui.work.keep import kept as kept
from phenaki_viz.ui.work.kept_work import of_map, of_run
from phenaki_viz.ui.work.shelves import number_of
from phenaki_viz.ui.work.surveys import heads_of

if TYPE_CHECKING:
    import numpy as np

AT_ONCE = 2**24  # weights of a stack that are pooled within a tenth of a second or two
NO_THUMBS = "thumbs.held"


def pixels(clip: Clip) -> "np.ndarray":
    """A clip's frames as strips are sent them; to make large ones small takes milliseconds."""
    return once(("pixels", clip.digest), lambda: small_frames(as_rgb(clip)))


def thumbs(run: Run, selection: Selection) -> Thumbnails | None:
    """Thumbnails of every head of the chosen stack; None while their work is cancelled."""
    read = surveys.whole(run, selection)
    if read is not None:
        return read.thumbnails
    key = ("thumbs", *heads_of(selection))
    if session.get(NO_THUMBS) == (number_of(run), key):
        return None
    held = partial(session.put, NO_THUMBS, (number_of(run), key))
    return of_run(
        run, key, lambda: thumbnails.steps(selection.records, selection.items),
        "Drawing the heads:", held
    )  # fmt: skip


def over_frames(
    run: Run, selection: Selection, asked: OverFrames, *, of_uniform: bool = False
) -> Thumbnails:
    """The time step that is asked for, of every head of the stack."""
    weights = partial(asked.weights, of_uniform=of_uniform)
    over = of_run(
        run, ("over video", *heads_of(selection), *asked.decided_by, of_uniform),
        lambda: over_video.steps(selection.records, selection.items, weights),
        "Reading the heads:", partial(back_to_maps, selection.record),
    )  # fmt: skip
    return step_tiles(over, asked.step)


def small_thumbs(run: Run, selection: Selection, most: int) -> "np.ndarray | None":
    """Thumbnails 'l h y x' of at most `most` cells a side, where they take no time to speak of.

    None where they do, and are not here already.
    """
    _, h, i, j = selection.record.map.shape
    known = is_kept((number_of(run), "thumbs", *heads_of(selection)))
    known = known or surveys.whole(run, selection) is not None
    if not known and len(selection.records) * h * i * j > AT_ONCE:
        return None
    shown = thumbs(run, selection)
    if shown is None:
        return None
    key = (number_of(run), "small thumbs", *heads_of(selection), most)
    return once(key, lambda: coarser(shown.values, most))


def draw_thumbs() -> None:
    """Ask for thumbnails again that were cancelled; a callback."""
    session.drop(NO_THUMBS)


def tile(
    record: AttentionRecord, item: int, head: int, window: tiles.Window, most: int
) -> tiles.MapTile:
    """A window of one map as the browser draws it; the last ones that were looked at are kept."""
    return of_map(
        record, ("tile", item, head, window, most),
        lambda: tiles.map_tile.steps(HeadMap(record, item, head), window, most),
        "Reading this part of the map:",
    )  # fmt: skip


def filtered_tile(
    record: AttentionRecord, item: int, head: int, tile: tiles.MapTile, row_filter: RowFilter
) -> FilteredTile:
    """How a tile looks under a cut; kept like the tiles."""
    return of_map(
        record, ("row filter", item, head, number_of(tile), row_filter),
        lambda: filters.filtered_tile.steps(HeadMap(record, item, head), tile, row_filter),
        "Deciding what is left out:",
    )  # fmt: skip


def ranks(record: AttentionRecord, item: int, head: int, tile: tiles.MapTile) -> "np.ndarray":
    """The rank of every key of a tile of single cells in its whole row; kept like the tiles."""
    return of_map(
        record, ("ranks", item, head, number_of(tile)),
        lambda: filters.tile_ranks.steps(HeadMap(record, item, head), tile), "Ranking the keys:",
    )  # fmt: skip


def range_of(
    run: Run, record: AttentionRecord, item: int, head: int, of_uniform: bool = False
) -> WeightRange:
    """Where the weights of one head lie; of_uniform: their multiples of uniform."""
    return of_run(
        run, ("range", *_head(record, item, head), of_uniform),
        lambda: weight_range.steps([HeadMap(record, item, head)], of_uniform),
        "Looking where colours should end:",
    )  # fmt: skip


def range_of_all(run: Run, selection: Selection, of_uniform: bool = False) -> WeightRange:
    """Where the weights of all heads and layers of the stack lie, for one common scale."""
    heads = [
        HeadMap(record, item, head)
        for record, item in zip(selection.records, selection.items, strict=True)
        for head in range(len(record.heads))
    ]
    key = ("ranges", *heads_of(selection), of_uniform)
    return of_run(
        run, key, lambda: weight_range.steps(heads, of_uniform),
        "Looking where colours should end:", _back_to_one_head,
    )  # fmt: skip


def reading_of(run: Run, records: Sequence[AttentionRecord], items: Sequence[int]) -> Reading:
    """How every word is read by every head of a cross-attention stack. items: one a record."""

    def steps() -> Incremental[Reading]:
        frames = run.clip.frames
        at = frame_steps(len(frames), run.temporal_patch)
        return reading.steps(records, items, content_patches(frames, records[0].places.grid, at))

    maps = tuple(number_of(record.map) for record in records)
    return of_run(run, ("reading", maps, tuple(items)), steps, "Comparing words:")


def rollout_of(run: Run, selection: Selection) -> "np.ndarray":
    """Rollout of the chosen map, from the first layer to the chosen one; see `rollout`."""
    records, items = (
        selection.records[: selection.layer + 1],
        selection.items[: selection.layer + 1],
    )
    key = ("rollout", *zip((number_of(one.map) for one in records), items, strict=True))
    return of_run(
        run, key, lambda: rollout.steps(records, items), "Multiplying the layers:", _close_rollout
    )


def _close_rollout() -> None:
    session.put("rollout", False)


def sinks(run: Run, selection: Selection) -> Sinks:
    """The sinks of the selected head."""
    record, item, head = selection.record, selection.item, selection.head
    read = surveys.whole(run, selection)
    if read is not None and (known := read.heads[selection.layer, head].sinks) is not None:
        return known
    return of_run(
        run, ("sinks", *_head(record, item, head)),
        lambda: sink_keys.steps(HeadMap(record, item, head)), "Looking for sinks:",
    )  # fmt: skip


def highest_left(run: Run, selection: Selection, row_filter: RowFilter) -> float:
    """The largest weight of the selected head as a cut leaves it."""
    record, item, head = selection.record, selection.item, selection.head
    return of_run(
        run, ("highest left", *_head(record, item, head), row_filter),
        lambda: filters.highest_weight.steps(HeadMap(record, item, head), row_filter),
        "Looking for the largest weight:",
    )  # fmt: skip


def table(run: Run, selection: Selection, measure: str) -> "np.ndarray":
    """One metric of every head of the stack, 'l h'."""
    key = ("table", *heads_of(selection), measure)
    found = of_run(
        run, key, lambda: head_statistics.steps(selection.records, selection.items, [measure]),
        "Measuring the heads:", partial(back_to_maps, selection.record),
    )  # fmt: skip
    return found.mean(measure)


def _back_to_one_head() -> None:
    session.put("scale", "head")


def back_to_maps(record: AttentionRecord) -> None:
    """The grid of heads shows maps again; a callback of who cancelled what else it was to show."""
    session.put(grid_choice(record.reads_words), "map")


def measures_for(record: AttentionRecord) -> dict[str, Measure]:
    """The metrics that mean something for this kind of map."""
    return applicable(record)


def _head(record: AttentionRecord, item: int, head: int) -> tuple[int, int, int]:
    """One map of one call, whichever call of its module that is."""
    return number_of(record.map), item, head


def bias_heading_of(run: Run, used: PositionBias, head: int, whose: str) -> str:
    """Where position alone would put one head's weight, in a sentence."""
    key = ("bias heading", number_of(run), number_of(used), head, whose)
    return once(key, lambda: bias_heading(used, head, whose))
