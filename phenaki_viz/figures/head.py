"""One head's map in a recording, and what pictures of it are called and say under them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from phenaki_viz.figures.colour import ColourScale
from phenaki_viz.figures.intervention_words import changes_told
from phenaki_viz.figures.naming import (
    call_name,
    file_stem,
    head_label,
    item_name,
    kind_name,
    shared_note,
    video_name,
)
from phenaki_viz.nouns import subject
from phenaki_viz.recording import (
    AttentionRecord,
    HeadMap,
    Recording,
    describe_failures,
    describe_non_finite,
    describe_origin,
)

FAILED = "CHECK FAILED"


@dataclass(frozen=True)
class Head:
    """One head's map in a recording: item and head count what was recorded."""

    recording: Recording
    record: AttentionRecord
    item: int
    head: int

    @property
    def map(self) -> HeadMap:
        """The numbers."""
        return HeadMap(self.record, self.item, self.head)

    @property
    def label(self) -> str:
        """'L3 H5', by original index."""
        return head_label(self.record.layer, self.record.heads[self.head])

    @property
    def title(self) -> str:
        """Which map this is: head, kind, item, call, what was changed; and whether it is wrong."""
        kind = f"{kind_name(self.recording, self.record)} attention"
        failed = FAILED if self.record.failed else ""
        changed = changes_told(self.recording.provenance)
        return " · ".join(filter(None, (self.label, kind, self.call_words, changed, failed)))

    @property
    def name(self) -> str:
        """Which map this is in few words, to begin a sentence about a patch with: 'L3 H5, self'.

        The patch says in which frame, or at which place, the map is.
        """
        kind = kind_name(self.recording, self.record)
        call = call_name(self.recording, self.record)
        failed = FAILED if self.record.failed else ""
        video = video_name(self.record, self.item)
        return " · ".join(filter(None, (f"{self.label}, {kind}", video, call, failed)))

    @property
    def notes(self) -> tuple[str, ...]:
        """What every picture of this head says under it."""
        return (*shared_note(self.record), *record_notes(self.recording, [self.record]))

    @property
    def call_words(self) -> str:
        """Which batch item and which call, in words; empty where there is one."""
        where = item_name(self.record, self.item)
        return " · ".join(filter(None, (where, call_name(self.recording, self.record))))

    @property
    def stem(self) -> str:
        """The file name of its picture, without an ending."""
        head = self.record.heads[self.head]
        return file_stem(self.recording, self.record, head, self.item)

    def provenance(self, scale: ColourScale) -> dict[str, Any]:
        """What made a picture of this head: origin, module, layer, head, call, scale."""
        record = self.record
        return {
            **self.recording.provenance,
            "module": record.module,
            "kind": kind_name(self.recording, record),
            "layer": record.layer,
            "head": record.heads[self.head],
            "batch_item": record.batch_items[self.item],
            "branch": record.branch,
            "step": record.step,
            "forward": record.forward,
            "use": record.use,
            "pass": call_name(self.recording, record) or None,
            "video": video_name(record, self.item) or None,
            "scale": scale.describe(),
            "verification": record.verification.verdict if record.verification else "unchecked",
            "verification_max_abs_error": (
                record.verification.max_abs_error if record.verification else None
            ),
        }


def origin_notes(provenance: Mapping[str, Any]) -> tuple[str, ...]:
    """The line that names random weights; trained ones are named by digest."""
    return (describe_origin(provenance),)


def record_notes(recording: Recording, records: Sequence[AttentionRecord]) -> tuple[str, ...]:
    """What a picture of these calls has to say: failed checks, where NaN began, the origin."""
    failed = describe_failures(records)
    began = "" if all(record.finite for record in records) else describe_non_finite(recording)
    return (*filter(None, (failed, began)), *origin_notes(recording.provenance))


def wrong_notes(wrong: Sequence[int]) -> tuple[str, ...]:
    """The line that names rows which are not drawn; none where all are distributions."""
    if not len(wrong):
        return ()
    named = ", ".join(map(str, wrong[:8])) + (" …" if len(wrong) > 8 else "")
    said = "not a distribution and not drawn"
    return (f"{subject(len(wrong), 'row', 'is', 'are')} {said}: {named}",)
