"""The map of another run that is put in: that run is made, or found among what was opened here."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from phenaki_viz.data import read_prompt, shipped_clip
from phenaki_viz.errors import RecordingError
from phenaki_viz.evaluation.transfers import of_recording, options_of
from phenaki_viz.recording.interventions import TransferMap, is_kept
from phenaki_viz.runs.run import Run
from phenaki_viz.ui.source.recording_file import opened
from phenaki_viz.ui.work import keep, run_cache
from phenaki_viz.ui.work.requests import LookRequest
from phenaki_viz.ui.work.run_cache import RunRequest
from phenaki_viz.ui.work.shelves import number_of

if TYPE_CHECKING:
    from torch import nn


def with_map(model: "nn.Module", one: TransferMap, on_cancel: Callable[[], None]) -> TransferMap:
    """A transfer of a map with that map kept; its run is made with a bar where it is not here.

    on_cancel: takes back what led here. Raises PhenakiVizError where the map cannot be had.
    """
    if is_kept(one.digest):
        return one
    key = ("map of another run", number_of(model), one)
    if keep.is_kept(key) and not is_kept(keep.once(key, lambda: one).digest):
        keep.kept.drop(key)  # the map was let go, to make room for others
    return keep.once(key, lambda: of_recording(one, _source(model, one, on_cancel).recording))


def _source(model: "nn.Module", one: TransferMap, on_cancel: Callable[[], None]) -> Run:
    if one.recording:
        found = opened(one.recording)
        if found is None:
            raise RecordingError(
                f"The map of {one.of} is not here: what is opened is kept for a while, and by this "
                "server alone. Take the change back and add it again with the file"
            )
        return found
    if not one.clip:
        raise RecordingError(f"The {one.of} is known to the program alone that kept it")
    request = LookRequest(
        model=model, clip=shipped_clip(one.clip), prompt=read_prompt(one.prompt),
        options=options_of(model, one),
    )  # fmt: skip
    return run_cache.get_run(RunRequest(request, on_cancel, "Making the map of another run:"))
