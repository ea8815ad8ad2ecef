"""What can be looked at in one pass of a stack: heads, patches, keys, by what they are called."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

from phenaki_viz.browser.axes import Place
from phenaki_viz.browser.grid_message import MOST_PINS
from phenaki_viz.errors import RecordingError
from phenaki_viz.figures.attention_views import Head
from phenaki_viz.figures.naming import kind_name, labels_and_run
from phenaki_viz.recording import AttentionRecord, Recording


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What is looked at. row: of the grid, a call. head, item: among those recorded. place: the
    patch (step, row, column); also: patches chosen with it. key: of the map, None for none. pins:
    row and head of those that are held beside others.
    """

    row: int
    head: int
    item: int
    place: Place
    key: int | None = None
    also: tuple[Place, ...] = ()
    pins: tuple[tuple[int, int], ...] = ()


class Looked:
    """Goes from one `Chosen` to another; what is not there raises RecordingError, with what is.

    records: the calls of the pass, a row of the grid each.
    """

    recording: Recording
    records: Sequence[AttentionRecord]

    def first(self, layer: int | None, head: int | None) -> Chosen:
        """The selection to begin with. layer, head: as recorded, None for the first.

        Raises RecordingError when they are not there, and says what there is.
        """
        row = 0 if layer is None else self.row_of(layer)
        at = 0 if head is None else self.head_of(row, head)
        record = self.records[row]
        place = record.places.place(record.batch_items[0], 0)
        words = record.kind == "cross" and record.map.shape[3] > record.num_null_kv
        return Chosen(
            row=row, head=at, item=0, place=place, key=record.num_null_kv if words else None
        )

    def row_of(self, layer: int) -> int:
        """The first row of the grid that is of this layer."""
        layers = [record.layer for record in self.records]
        if layer not in layers:
            raise RecordingError(f"no layer {layer} in these maps: there are {_listed(layers)}")
        return layers.index(layer)

    def head_of(self, row: int, head: int) -> int:
        """The place of a head among those that were recorded."""
        heads = self.records[row].heads
        if head not in heads:
            raise RecordingError(f"no head {head} in these maps: there are {_listed(heads)}")
        return heads.index(head)

    def pins_of(self, heads: Sequence[Sequence[int]]) -> tuple[tuple[int, int], ...]:
        """Rows and places of heads by (layer, head) as recorded, each once. Raises RecordingError
        where one is not there, and for more than MOST_PINS.
        """
        pins = tuple(dict.fromkeys(self._pin(*head) for head in heads))
        if len(pins) > MOST_PINS:
            raise RecordingError(f"{len(pins)} heads are too many: at most {MOST_PINS} are pinned")
        return pins

    def _pin(self, layer: int, head: int) -> tuple[int, int]:
        row = self.row_of(layer)
        return row, self.head_of(row, head)

    def pinned_names(self, at: Chosen) -> tuple[tuple[int, int], ...]:
        """Layer and head, as recorded, of those that are pinned."""
        records = self.records
        return tuple((records[row].layer, records[row].heads[head]) for row, head in at.pins)

    def moved(self, at: Chosen, place: Place) -> Chosen:
        """With another patch, in the batch item that its map is of. Raises RecordingError."""
        record = self.records[at.row]
        video = record.batch_items[at.item] // record.places.items_per_video
        original, _ = record.places.locate(place, video)
        if original not in record.batch_items:
            raise RecordingError(f"the map of the patch {place} was not recorded")
        item = record.item_of(original)
        return replace(at, place=place, item=item, key=at.key if item == at.item else None)

    def place_of(self, at: Chosen, query: int) -> Place:
        """Where a row of the map lies in the video. Raises RecordingError outside the map."""
        record, queries = self.records[at.row], self.records[at.row].map.shape[2]
        if not 0 <= query < queries:
            raise RecordingError(f"no query {query}: the map has {queries}")
        return record.places.place(record.batch_items[at.item], query)

    def key_of(self, at: Chosen, key: int | None) -> int | None:
        """The key, if the map has it. Raises RecordingError."""
        keys = self.records[at.row].map.shape[3]
        if key is not None and not 0 <= key < keys:
            raise RecordingError(f"no key {key}: the map has {keys}")
        return key

    def word_of(self, at: Chosen) -> int | None:
        """The key whose readers are shown: of words one is, chosen or not; else None."""
        record = self.records[at.row]
        if record.kind != "cross":
            return None
        return min(record.num_null_kv, record.map.shape[3] - 1) if at.key is None else at.key

    def query_of(self, at: Chosen) -> int:
        """The row of the map that belongs to the chosen patch."""
        return self.head(at).map.row_of(at.place)

    def head(self, at: Chosen) -> Head:
        """The head that is looked at."""
        return Head(self.recording, self.records[at.row], at.item, at.head)

    def in_item(self, at: Chosen, item: int) -> Chosen:
        """The same head in another batch item, at its first patch; `at` where it is that one."""
        if item == at.item:
            return at
        record = self.records[at.row]
        return replace(at, item=item, place=record.places.place(record.batch_items[item], 0))

    def item_of_video(self, video: int) -> int:
        """Where in the recorded batch the first map of a video is. Raises RecordingError."""
        record = self.records[0]
        each = record.places.items_per_video
        found = [at for at, original in enumerate(record.batch_items) if original // each == video]
        if not found:
            raise RecordingError(f"no video {video} in these maps")
        return found[0]

    def headed(self, at: Chosen, row: int, head: int) -> Chosen:
        """Another head of the same patch."""
        return replace(at, row=row, head=head)

    @property
    def title(self) -> str:
        """Which stack, which call."""
        first = self.records[0]
        call = labels_and_run(self.recording, first)
        named = f"{kind_name(self.recording, first)} attention, all heads"
        return " · ".join(filter(None, (named, call)))

    @property
    def weights(self) -> int:
        """How many there are in all maps of the pass."""
        return sum(prod(record.map.shape) for record in self.records)

    def items(self, at: Chosen) -> dict[int, int]:
        """The batch items of the video that is looked at: by frame or patch, whichever a map is of,
        where in the recorded batch it is.
        """
        record = self.records[at.row]
        each = record.places.items_per_video
        video = record.batch_items[at.item] // each
        return {
            original % each: item
            for item, original in enumerate(record.batch_items)
            if original // each == video
        }


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, sorted(set(numbers))))
