"""The same seed gives the same weights, also when other sessions build models at that moment."""

import sys
import threading

import pytest
import torch

from phenaki_viz.checkpoints import open_checkpoint
from phenaki_viz.models.dial import DialConfig, DialledModel, build
from phenaki_viz.models.seeding import random_stream
from phenaki_viz.recording.digests import weights_digest
from phenaki_viz.training.dialled import MaskedPatches
from tests.checkpoints.files import CVIVIT, FOR_CVIVIT, pt, weights
from tests.forked import forks, held_elsewhere, in_a_fork

SMALL = {"dim": 16, "dim_head": 8, "heads": 2, "depth": 3, "height": 16, "width": 16, "frames": 3}
KINDS = {
    "dialled": lambda seed: build(DialConfig(**SMALL, seed=seed)),
    "trained": lambda seed: MaskedPatches(DialConfig(**SMALL, seed=seed)),
}


@pytest.fixture(autouse=True)
def threads_take_turns_often():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.mark.parametrize("kind", KINDS)
def test_models_that_are_built_at_once_have_the_weights_of_their_seeds(kind):
    make, found = KINDS[kind], []
    alone = {seed: weights_digest(make(seed)) for seed in range(3)}
    content, begin = pt(weights(CVIVIT)), threading.Barrier(5)

    def session(seed):
        begin.wait(60)
        found.extend((seed, weights_digest(make(seed))) for _ in range(6))

    def others():
        begin.wait(60)
        for _ in range(6):
            open_checkpoint(("own.pt", content), FOR_CVIVIT)
            with torch.device("meta"):  # counts weights, makes none
                DialledModel(DialConfig(**SMALL))

    threads = [threading.Thread(target=session, args=(seed,)) for seed in (0, 0, 1, 2)]
    threads.append(threading.Thread(target=others))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(found) == 24 and all(digest == alone[seed] for seed, digest in found)


def test_the_callers_random_numbers_go_on_as_if_nothing_had_been():
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    build(DialConfig(**SMALL, seed=1))
    with random_stream(), random_stream(3):
        torch.rand(5)
    assert torch.equal(torch.rand(3), expected)


@forks
def test_a_forked_process_builds_while_another_thread_of_its_parent_did():
    alone = weights_digest(KINDS["dialled"](1))

    def build_it():
        assert weights_digest(KINDS["dialled"](1)) == alone

    with held_elsewhere(random_stream(5)):
        assert in_a_fork(build_it) == 0
