"""What can be looked at in one pass of a stack: heads, patches, keys, by what they are called."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

from phenaki_viz.browser.axes import Place
from phenaki_viz.browser.grid_message import MOST_PINS
from phenaki_viz.errors import RecordingError
from phenaki_viz.figures.head import Head
from phenaki_viz.figures.naming import kind_name, labels_and_run
from phenaki_viz.recording import AttentionRecord, Recording


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What is looked at. row: of the grid, a call. head, item: among those recorded. places: of the
    chosen patches (step, row, column), the first one first. key: of the map, None for none. pins:
    row and head of those that are held beside others.
    """

    row: int
    head: int
    item: int
    places: tuple[Place, ...]
    key: int | None = None
    pins: tuple[tuple[int, int], ...] = ()

    @property
    def place(self) -> Place:
        """The patch that was chosen first: its row of the map is shown."""
        return self.places[0]


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
        keys = record.key_axis(0)
        word = keys.nulls if keys.reads_words and len(keys) > keys.nulls else None
        return Chosen(row=row, head=at, item=0, places=(place,), key=word)

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

    def moved(self, at: Chosen, place: Place, *also: Place) -> Chosen:
        """With another patch, in the batch item that its map is of, and those chosen with it.

        Raises RecordingError where that map was not recorded.
        """
        record = self.records[at.row]
        video = record.batch_items[at.item] // record.places.items_per_video
        original, _ = record.places.locate(place, video)
        if original not in record.batch_items:
            raise RecordingError(f"the map of the patch {place} was not recorded")
        item = record.item_of(original)
        key = at.key if item == at.item else None
        return replace(at, places=(place, *also), item=item, key=key)

    def at_cell(self, at: Chosen, query: int, key: int | None) -> Chosen:
        """A cell of the map: its key, and its row's patch alone; of a row that is no patch (a word
        of a joint sequence, a class token) the patches stay.
        """
        place = self.records[at.row].query_axis(at.item).stands_at(query)
        return replace(at, places=at.places[:1] if place is None else (place,), key=key)

    def place_of(self, at: Chosen, query: int) -> Place:
        """Where a row of the map lies in the video.

        Raises RecordingError outside the map, and of a row that is no patch.
        """
        record, queries = self.records[at.row], self.records[at.row].map.shape[2]
        if not 0 <= query < queries:
            raise RecordingError(f"no query {query}: the map has {queries}")
        axis = record.query_axis(at.item)
        place = axis.stands_at(query)
        if place is None:
            raise RecordingError(f"query {query} is {axis.name(query)!r}, which is no patch")
        return place

    def key_of(self, at: Chosen, key: int | None) -> int | None:
        """The key, if the map has it. Raises RecordingError."""
        keys = self.records[at.row].map.shape[3]
        if key is not None and not 0 <= key < keys:
            raise RecordingError(f"no key {key}: the map has {keys}")
        return key

    def word_of(self, at: Chosen) -> int | None:
        """The key whose readers are shown: of words one is, chosen or not; else None."""
        record = self.records[at.row]
        if not record.reads_words:
            return None
        keys = record.key_axis(at.item)
        return min(keys.nulls, len(keys) - 1) if at.key is None else at.key

    def query_of(self, at: Chosen) -> int:
        """The row of the map that belongs to the chosen patch."""
        return self.head(at).map.row_of(at.place)

    def head(self, at: Chosen) -> Head:
        """The head that is looked at."""
        return Head(self.recording, self.records[at.row], at.item, at.head)

    def in_item(self, at: Chosen, item: int) -> Chosen:
        """The head that is looked at in another batch item, at its first patch; `at` in its own."""
        if item == at.item:
            return at
        record = self.records[at.row]
        return replace(at, item=item, places=(record.places.place(record.batch_items[item], 0),))

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
