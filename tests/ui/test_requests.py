"""A request is its own key: every field that decides a result makes another one."""

import copy
import dataclasses
import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch import nn

from phenaki_viz.checkpoints import open_checkpoint
from phenaki_viz.data import Clip, read_prompt
from phenaki_viz.errors import CheckpointError
from phenaki_viz.models.dial import DialConfig
from phenaki_viz.recording.switches import Switches
from phenaki_viz.runs.dialled import Padding, run_dialled
from phenaki_viz.runs.model import RunOptions, run_model
from phenaki_viz.runs.sampled import Sampling, sample
from phenaki_viz.runs.training_job import TrainSettings
from phenaki_viz.runs.training_step import run_training_step
from phenaki_viz.ui.state.dial_settings import Settings
from phenaki_viz.ui.work import open_models
from phenaki_viz.ui.work.requests import (
    DialledRequest,
    LookRequest,
    RecordingRequest,
    SampleRequest,
    TrainedRequest,
)
from phenaki_viz.ui.work.run_cache import RunRequest, RunShelf
from tests.checkpoints.files import CVIVIT, FOR_CVIVIT, pt, tensors, weights
from tests.runs.trained import clip, phenaki

CLIP = Clip(np.zeros((3, 8, 8, 1), np.uint8), "film.gif", ("cropped",))
SWITCHES = Switches(off=frozenset({("maskgit", 0)}), depth=frozenset({("maskgit", 1)}))
ASK = RunOptions(frames=3, grid=(1, 2, 3), switches=SWITCHES)
MODEL = nn.Linear(2, 2)
CONFIG = DialConfig()
REQUESTS = {
    type(one).__name__: one
    for one in (
        LookRequest(model=MODEL, clip=CLIP, prompt=read_prompt("left right"), options=ASK),
        DialledRequest(settings=Settings(), clip=CLIP),
        SampleRequest(
            model=MODEL, prompt=read_prompt("left"), sampling=Sampling(), clip=CLIP,
            switches=SWITCHES,
        ),
        TrainedRequest(
            weights=Path("a"), digest="b", config=CONFIG, done=3, clip=CLIP,
            prompt=read_prompt("left"), padding=Padding(words=1),
        ),
        RecordingRequest(path=Path("a"), digest="b"),
        TrainSettings(config=CONFIG),
    )
}  # fmt: skip
# Where a value comes from another: what stands for the pixels is their digest.
STAND_IN = {(Clip, "frames"): Clip(np.ones((3, 8, 8, 1), np.uint8), "film.gif", ("cropped",))}


def places(thing: Any, above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every field of a dataclass, and every field of the dataclasses in it."""
    found = []
    for field in dataclasses.fields(thing):
        value = getattr(thing, field.name)
        if dataclasses.is_dataclass(value):
            found += places(value, (*above, field.name))
        else:
            found.append((*above, field.name))
    return found


def flipped(thing: Any, place: tuple[str, ...]) -> Any:
    """The same with another value there; not validated, as no rule of a model matters here."""
    name, *rest = place
    if (type(thing), name) in STAND_IN:
        return STAND_IN[type(thing), name]
    made = copy.copy(thing)
    value = getattr(thing, name)
    new = flipped(value, tuple(rest)) if rest else another(value)
    object.__setattr__(made, name, new)
    return made


def another(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    if isinstance(value, str):
        return f"{value}x"
    if isinstance(value, Path):
        return value / "x"
    if isinstance(value, tuple):
        return (*value, "x")
    if isinstance(value, frozenset):
        return value | {("x", 0)}
    if isinstance(value, nn.Module):
        return copy.deepcopy(value)  # of the same weights: settings may be what differs
    assert value is None
    return 1


CASES = [(name, place) for name, one in REQUESTS.items() for place in places(one)]


@pytest.mark.parametrize(("name", "place"), CASES, ids=lambda v: ".".join(v) if v else v)
def test_every_field_makes_another_key(name, place):
    request = REQUESTS[name]
    other = flipped(request, place)
    assert request == copy.copy(request) and hash(request) == hash(copy.copy(request))
    assert other != request
    kept = RunShelf()
    kept.put(request, "the answer to this")  # type: ignore[arg-type]
    assert kept.get(copy.copy(request)) is not None and kept.get(other) is None


def test_flipping_reaches_what_lies_deep():
    deep = {".".join(place) for _, place in CASES}
    assert {"options.switches.off", "clip.name", "clip.frames", "config.causal", "prompt.text",
            "settings.storage", "sampling.guidance", "padding.words", "model"} <= deep  # fmt: skip


@pytest.mark.parametrize(
    ("name", "function", "given"),
    [
        ("LookRequest", run_model, {}),
        ("SampleRequest", sample, {}),
        ("DialledRequest", run_dialled,
         {"config": "settings", "prompt": "settings", "padding": "settings",
          "storage": "settings"}),
        ("TrainedRequest", run_training_step, {"parts": "weights"}),
    ],
)  # fmt: skip
def test_a_request_holds_all_that_is_computed_from(name, function, given):
    """Whatever is added to a computation has to be a field, or it would not be asked for."""
    fields = {field.name for field in dataclasses.fields(REQUESTS[name])}
    for parameter in inspect.signature(function).parameters:
        if parameter not in ("on_progress", "on_step"):
            assert given.get(parameter, parameter) in fields
    assert RunRequest(REQUESTS[name], print) == RunRequest(REQUESTS[name], repr)


def test_corrected_settings_are_another_question(tmp_path):
    """The kept picture of a causal C-ViViT is not shown for one that is corrected not to be."""
    path = tmp_path / "cvivit.safetensors"
    path.write_bytes(tensors(weights(CVIVIT)))
    shelf, maps = RunShelf(), {}
    for causal in (True, False):
        model = open_checkpoint(path, FOR_CVIVIT | {"causal": causal}).model
        request = LookRequest(
            model=model, clip=clip(), prompt=read_prompt(""), options=RunOptions(frames=5)
        )
        assert shelf.get(request) is None
        shelf.put(request, request.run(lambda *_: None))
        (record,) = [r for r in shelf.get(request).recording if "enc_temporal" in r.module][:1]
        maps[causal] = record.causal, record.map.full(0, 0)
    assert maps[True][0] and not maps[False][0]
    assert not np.array_equal(maps[True][1], maps[False][1])


def test_the_second_text_and_a_sample_are_of_the_same_model():
    """The model itself is in the key, not a digest of its weights that settings do not change."""
    first, second = phenaki(), copy.deepcopy(phenaki())
    fields = {"clip": clip(), "prompt": read_prompt("left"), "options": RunOptions(frames=5)}
    requests = [LookRequest(model=model, **fields) for model in (first, second)]
    assert requests[0] != requests[1]
    assert requests[0].saying(read_prompt("right")) != requests[0]
    assert requests[0].whole() == requests[0]
    off = dataclasses.replace(requests[0], options=RunOptions(frames=5, switches=SWITCHES))
    assert off != requests[0] and off.whole() == requests[0]


def test_a_clip_of_another_name_is_another_clip():
    """Two sessions bring the same bytes: each sees the name of its own file."""
    mine, other = (Clip(CLIP.frames, name) for name in ("mine.gif", "another's private film.gif"))
    assert mine.digest == other.digest and mine != other
    assert mine == Clip(CLIP.frames.copy(), "mine.gif")


def test_a_file_that_changed_while_it_was_read_is_not_kept_as_the_old_one(tmp_path):
    path = tmp_path / "cvivit.safetensors"
    path.write_bytes(tensors(weights(CVIVIT)))
    with pytest.raises(CheckpointError, match="changed while it was read"):
        open_models.opened(path, "digest of before", FOR_CVIVIT)
    assert open_models.opened(path, open_models.digest(path), FOR_CVIVIT).model is not None


def test_the_same_bytes_under_another_name_are_told_by_their_own():
    content, names = pt(weights(CVIVIT)), ["mine.pt", "theirs.pt"]
    sources = [(name, content) for name in names]
    digest = open_models.digest(sources[0])
    assert [open_models.inspected(each, digest, FOR_CVIVIT).name for each in sources] == names
    assert [
        open_models.opened(each, digest, FOR_CVIVIT).inspection.name for each in sources
    ] == names
