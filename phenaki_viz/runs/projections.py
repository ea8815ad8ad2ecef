"""Queries and keys of one call of a run, had afterwards: by running its model once more."""

from dataclasses import replace

import numpy as np
import torch
from torch import nn

from phenaki_viz.errors import RecordingError
from phenaki_viz.recording import AttentionRecord, record
from phenaki_viz.recording.switches import switched
from phenaki_viz.runs.again import forward_of, switches_of
from phenaki_viz.runs.run import Run

SAME = 1e-5  # largest difference between the recorded map and that of the other run


def with_projections(run: Run, model: nn.Module, call: AttentionRecord) -> AttentionRecord:
    """The record of a call with its queries and keys, 'b h n d', so that its content is exact.

    The model runs again on what it was shown, and one module is recorded. Raises RecordingError
    where that call is not found again or its map is another one, ConfigError where the run cannot
    be had again.
    """
    again = forward_of(run, model)
    with (
        torch.inference_mode(),
        switched(model, switches_of(run)),
        record(
            model, modules=[call.module], extras=("queries", "keys"), storage="dense",
            heads=call.heads, batch_items=call.batch_items,
        ) as recording,
    ):  # fmt: skip
        again()
    found = [one for one in recording if _place(one) == _place(call)]
    if len(found) != 1 or not _alike(found[0], call):
        raise RecordingError(
            f"{call.module} did not give the same map again: its queries and keys are not known"
        )
    return replace(call, queries=found[0].queries, keys=found[0].keys)


def _place(call: AttentionRecord) -> tuple[object, ...]:
    return call.module, call.call, call.use, call.map.shape


def _alike(one: AttentionRecord, other: AttentionRecord) -> bool:
    """Whether the maps are the same; of every item and head the first and the last row."""
    items, heads, queries, _ = other.map.shape
    ends = [0, queries - 1]
    return all(
        np.allclose(one.map.rows(b, h, ends), other.map.rows(b, h, ends), atol=SAME, equal_nan=True)
        for b in range(items)
        for h in range(heads)
    )
