"""What is kept is counted whole and bounded; numbers of things are never given twice."""

import gc
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn

from phenaki_viz.data import read_prompt, sample_clip
from phenaki_viz.numerics.footprint import footprint
from phenaki_viz.runs.dialled import run_dialled
from phenaki_viz.runs.live import model_of
from phenaki_viz.runs.model import RunOptions, run_model
from phenaki_viz.runs.run import Run
from phenaki_viz.runs.sampled import Sampling, sample
from phenaki_viz.ui.state.dial_settings import Settings
from phenaki_viz.ui.work import computed, keep, run_parts, shelves
from phenaki_viz.ui.work.requests import DialledRequest
from phenaki_viz.ui.work.run_cache import RunShelf
from phenaki_viz.ui.work.shelves import Shelf, number_of
from tests.runs.trained import clip, phenaki

MB = 2**20
SMALL = {"heads": 2, "depth": 1, "size": 32, "patch": 8, "frames": 3}


def block(size: int) -> np.ndarray:
    return np.zeros(size, np.uint8)


@dataclass(eq=False)
class Thing:
    held: object


def total(*things):
    return sum(footprint(*things).values())


@pytest.mark.parametrize(
    "made",
    [
        lambda: block(MB),
        lambda: block(MB)[::2],  # what a view keeps alive is all of it
        lambda: torch.zeros(MB, dtype=torch.uint8)[5:],
        lambda: torch.zeros(MB // 4).numpy(),
        lambda: bytes(MB),
        lambda: {"deep": [Thing((block(MB),))]},
        lambda: nn.Linear(MB // 8, 2, bias=False),
        lambda: nn.Sequential(nn.BatchNorm1d(MB // 16)),
    ],
)
def test_everything_that_hangs_on_a_thing_counts(made):
    assert MB <= total(Thing(made())) < 1.1 * MB


def test_what_is_shared_counts_once():
    numbers = torch.zeros(MB, dtype=torch.uint8)
    assert total(Thing(numbers), [numbers[3:], numbers.numpy()]) < 1.1 * MB


def shelved(run):
    """Bytes of a run with all that a shelf of runs counts."""
    shelf = RunShelf()
    shelf.put(0, run)
    return shelf.nbytes


def test_a_run_counts_with_its_weights_its_clip_and_what_came_out():
    dialled = run_dialled(Settings(**SMALL).config, sample_clip(), read_prompt("left"))
    looked = run_model(phenaki(), clip(), read_prompt("left"), RunOptions())
    sampled = sample(phenaki(), read_prompt("left"), Sampling(frames=5, steps=3))
    for run in (dialled, looked, sampled):
        model = model_of(run)
        weights = sum(p.nbytes for p in {id(p): p for p in model.parameters()}.values())
        known = run.recording.nbytes + weights + run.clip.frames.nbytes
        assert shelved(run) > known
    outcome = sum(v.nbytes for v in vars(looked.outcome).values() if isinstance(v, np.ndarray))
    assert total(looked) - total(looked.recording, looked.clip) > outcome
    assert total(sampled) - total(sampled.recording) > sampled.previews.nbytes


def test_the_least_recently_used_go_and_shared_parts_stay_counted():
    shelf, shared = Shelf(int(3.6 * MB)), block(MB)
    for name in "abc":
        shelf.put(name, (shared, block(MB // 2)))
    assert list(shelf.things) == ["a", "b", "c"] and shelf.nbytes < 2.6 * MB
    shelf.get("a")
    shelf.put("d", block(MB + MB // 2))
    assert list(shelf.things) == ["c", "a", "d"]
    shelf.put("e", block(9 * MB))  # larger than the shelf: it stays alone
    assert list(shelf.things) == ["e"] and 9 * MB <= shelf.nbytes < 9.1 * MB
    shelf.drop("e")
    assert shelf.nbytes == 0 and not shelf._holders and not shelf._parts


def test_putting_again_counts_once():
    shelf = Shelf(100 * MB)
    for _ in range(5):
        shelf.put("a", block(MB))
    assert shelf.nbytes < 1.1 * MB


def test_what_is_laid_is_there_at_once_and_weighed_later():
    shelf: Shelf = Shelf(3 * MB)
    for name in "abc":
        shelf.lay(name, block(MB + 1))
    assert list(shelf.things) == ["a", "b", "c"]  # the last is not weighed yet
    shelf.settle()
    assert list(shelf.things) == ["b", "c"]
    assert 2 * MB < shelf.nbytes < 2.1 * MB


def test_what_is_laid_and_dropped_or_laid_again_counts_once():
    shelf: Shelf = Shelf(3 * MB)
    shelf.lay("a", block(MB))
    shelf.drop("a")
    shelf.lay("b", block(MB))
    shelf.lay("b", block(MB // 2))
    assert list(shelf.things) == ["b"]
    assert MB // 2 <= shelf.nbytes < MB


def test_a_thing_that_two_lay_at_once_counts_once(monkeypatch):
    shelf: Shelf = Shelf(9 * MB)
    kept, first = block(MB), shelves.footprint
    # While one session's is weighed, another lays it and has it weighed as well.
    monkeypatch.setattr(
        shelves, "footprint",
        lambda *things: monkeypatch.undo() or shelf.put("a", kept) or first(*things),
    )  # fmt: skip
    shelf.put("a", kept)
    assert MB < shelf.nbytes < 1.1 * MB
    shelf.drop("a")
    assert shelf.nbytes == 0


def test_what_was_cleared_away_before_it_was_weighed_is_forgotten():
    shelf: Shelf = Shelf(3 * MB)
    shelf.lay("a", block(MB))
    shelf.things.clear()
    assert shelf.nbytes == 0


def test_the_shelf_of_runs_throws_out_models_with_their_maps():
    """The weights are most of it: maps alone would never reach the limit."""
    wide = Settings(**SMALL, dim=256)
    shelf = RunShelf(limit_bytes=20 * MB)
    for seed in range(12):
        settings = Settings(**{**SMALL, "dim": 256, "seed": seed})
        request = DialledRequest(settings=settings, clip=sample_clip())
        shelf.put(request, request.run(lambda *_: None))
        assert shelf.nbytes < 20 * MB
    one = shelved(next(reversed(shelf.things.values())))
    assert one > 2 * MB and sum(r.recording.nbytes for r in shelf.things.values()) < MB
    assert 2 < len(shelf.things) <= 20 * MB // one
    assert shelf.get(DialledRequest(settings=wide, clip=sample_clip())) is None


def test_what_is_computed_from_runs_is_bounded_together(monkeypatch):
    monkeypatch.setattr(keep, "kept", Shelf(4 * MB))
    made = []

    def make(at):
        made.append(at)
        return block(MB)

    for at in range(50):
        computed.once(("tile", at), lambda at=at: make(at))
        assert keep.kept.nbytes < 4 * MB
    computed.once(("tile", 49), lambda: make(49))
    assert made == list(range(50)) and len(keep.kept.things) == 3
    assert computed.once("none", lambda: None) is computed.once("none", lambda: 1 / 0)


def test_parts_of_a_run_are_few_and_go_with_it():
    run = run_dialled(Settings(**SMALL).config, sample_clip(), read_prompt("left"))
    names = ("clip", "prompt", "recording", "temporal_patch", "seconds")
    fields = {name: getattr(run, name) for name in names}
    same = run_parts.part(run, 0, lambda: Run(**fields))
    assert run_parts.part(run, 0, lambda: 1 / 0) is same
    for step in range(30):
        run_parts.part(run, step, lambda: Run(**fields))
    assert len(run_parts._parts[run]) == run_parts.MOST_PARTS
    gc.collect()  # what tests before this one left
    before = len(run_parts._parts)
    del run, same
    gc.collect()
    assert len(run_parts._parts) == before - 1


def test_a_number_is_never_given_twice():
    """An address is: after thousands of things, some lie where others lay."""
    numbers, addresses = set(), set()
    for _ in range(3000):
        thing = Thing(None)
        assert number_of(thing) == number_of(thing)
        numbers.add(number_of(thing))
        addresses.add(id(thing))
    assert len(numbers) == 3000 > len(addresses)
