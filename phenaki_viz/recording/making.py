"""Records of the calls that were heard: made at once, or together when a GPU is done with them."""

from collections.abc import Callable
from dataclasses import dataclass, field

from phenaki_viz.errors import RecordingError
from phenaki_viz.recording.biases import Biases
from phenaki_viz.recording.budget import Budget
from phenaki_viz.recording.building import Builder
from phenaki_viz.recording.call import Call
from phenaki_viz.recording.late_origin import LateOrigin
from phenaki_viz.recording.recording import Recording
from phenaki_viz.recording.records import AttentionRecord
from phenaki_viz.recording.report import Heard

Sink = Callable[[AttentionRecord], AttentionRecord | None]


@dataclass
class Making:
    """Makes the records of one recording, and keeps them or hands them to its sink.

    waiting: calls that returned, and whose records are not made yet. waiting_bytes: what they hold
    until then, at most. made: records so far. broken:
    what the sink raised; it is raised again where no other call suffers from it.
    """

    recording: Recording
    builder: Builder
    budget: Budget
    biases: Biases
    origin: LateOrigin
    heard: Heard
    sink: Sink | None = None
    waiting: list[Call] = field(default_factory=list)
    waiting_bytes: int = 0
    made: int = 0
    broken: Exception | None = None

    def keep(self, call: Call) -> bool:
        """Make the record of a call that has returned, or have it wait; False where none can be.

        Raises what the sink raised.
        """
        if call.is_silent:
            self.heard.silent[call.around.name] += 1
            return False
        if call.unreadable:
            self.heard.failed[call.around.name] = call.unreadable
            return False
        try:
            if has_to_wait(call):
                call.wait()
                self.waiting.append(call)
                self.waiting_bytes += call.waiting_bytes
                self.budget.kept[call.storage] += call.size
                if self.waiting_bytes >= self.builder.most_waiting(call):
                    self.settle()  # lets go of what calls hold, before it is much
            else:
                if self.waiting:
                    self.settle()
                self.biases.settle()
                self.recording.storage = self.budget.storage
                self._add(self.builder.made_at_once(call))
        except Exception as error:
            self.could_not(call.around.name, error, call)
            return False
        if self.broken:
            raise self.broken
        return True

    def settle(self) -> None:
        """Make the records of calls that wait, and return when all of them can be read."""
        waiting, self.waiting, self.waiting_bytes = self.waiting, [], 0
        self.recording.storage = self.budget.storage
        self.origin.note_if_due()
        self.biases.settle()
        records = self.builder.settle(waiting) if waiting else ()
        for call, found in zip(waiting, records, strict=True):
            self.budget.kept[call.storage] -= call.size
            if isinstance(found, Exception):
                self.could_not(call.around.name, found, call)
            else:
                self._add(found)
        self.builder.transfers.wait()
        self.origin.finish()

    def _add(self, record: AttentionRecord) -> None:
        """Keep a record, or what the sink makes of it."""
        self.made += 1
        kept: AttentionRecord | None = record
        if self.sink is not None and self.broken is None:
            try:
                kept = self.sink(record)
                if kept is not None and not isinstance(kept, AttentionRecord):
                    raise RecordingError(
                        "sink answers what is kept of a call, the record or None; "
                        f"it answered {kept!r:.60}"
                    )
            except Exception as error:
                self.broken, kept = error, record
        if kept is not None:
            self.recording.records.append(kept)
            self.budget.kept[kept.map.storage] += kept.map.nbytes

    def could_not(self, name: str, error: Exception, call: Call | None = None) -> None:
        """Somebody else's model is running: it is not stopped for what is only looked at."""
        why = "" if call is None else call.shared_keys
        self.heard.failed[name] = why or f"{type(error).__name__}: {str(error)[:300]}"


def has_to_wait(call: Call) -> bool:
    """Whether to look at what this call computed is to wait for a GPU."""
    return call.device.type == "cuda"
