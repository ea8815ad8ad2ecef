"""A recording's life: its hooks belong to one model and one thread, and end with the block."""

import copy
import gc
import threading
import weakref

import numpy as np
import pytest
import torch

from phenaki_viz import record
from phenaki_viz.errors import RecordingError, RecordingWarning
from phenaki_viz.recording import compiled
from phenaki_viz.recording.interventions import ZeroHead, heard_outputs, intervened
from phenaki_viz.recording.locks import ModelLock, lock_of
from phenaki_viz.recording.switches import Switches, switched
from tests.forked import forks, held_elsewhere, in_a_fork
from tests.recording.calls import TOKENS, transformer


def hooks_on(model):
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


def in_thread(work):
    """What `work` returns, or raises, in another thread."""
    found = []

    def run():
        try:
            found.append((work(), None))
        except BaseException as error:
            found.append((None, error))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    ((value, error),) = found
    if error:
        raise error
    return value


def recorded(model, **choice):
    with torch.no_grad(), record(model, **choice) as recording:
        model(TOKENS)
    return recording


def test_what_record_gives_is_of_one_block_and_says_so():
    model = transformer()
    block = record(model)
    with torch.no_grad(), block as first:
        with pytest.raises(RecordingError, match="is of one block, and was entered"):
            block.__enter__()
        model(TOKENS)
    with pytest.raises(RecordingError, match="was entered before"), block:
        pass
    assert len(first) == 2 and hooks_on(model) == 0


def test_a_function_can_be_recorded_at_every_call():
    model, heard = transformer(), []
    step = record(model, sink=heard.append)(lambda: model(TOKENS))
    with torch.no_grad():
        step()
        step()
    assert len(heard) == 4 and hooks_on(model) == 0


@pytest.mark.parametrize("used", ["inside", "afterwards", "never"])
def test_a_deep_copy_made_inside_keeps_nothing(used):
    model, expected = transformer(), recorded(transformer())
    with torch.no_grad(), record(model, limit_bytes=20_000, storage="dense") as recording:
        model(TOKENS)
        twin = copy.deepcopy(model)
        if used == "inside":
            twin(TOKENS)
    assert len(recording) == 2
    assert bool(recording.missed) == (used == "inside")
    assert hooks_on(twin) == hooks_on(model) == 0
    if used == "afterwards":
        with torch.no_grad():
            for _ in range(5):
                twin(TOKENS)
    again = recorded(twin)
    np.testing.assert_array_equal(again[1].map.full(0, 0), expected[1].map.full(0, 0))


def test_a_copy_of_a_copy_runs_and_loses_what_it_was_left():
    model = transformer()
    with torch.no_grad(), record(model):
        model(TOKENS)
        grandchild = copy.deepcopy(copy.deepcopy(model))
    with torch.no_grad():
        torch.testing.assert_close(grandchild(TOKENS), model(TOKENS))
    assert hooks_on(grandchild) == 0


def test_a_generator_that_sleeps_leaves_the_model_to_others():
    model = transformer()

    def sleeping():
        with torch.no_grad(), record(model) as recording:
            model(TOKENS)
            yield recording
            model(TOKENS)
            yield recording

    mine = sleeping()
    recording = next(mine)
    theirs = in_thread(lambda: recorded(model))
    assert (len(recording), len(theirs)) == (2, 2)
    next(mine)
    mine.close()
    assert len(recording) == 4 and hooks_on(model) == 0


def test_a_block_that_is_closed_in_another_thread_leaves_nothing():
    model = transformer()

    def sleeping():
        with record(model) as recording:
            model(TOKENS)
            yield recording

    mine = sleeping()
    next(mine)
    in_thread(mine.close)
    assert hooks_on(model) == 0
    assert in_thread(lambda: lock_of(model).acquire(timeout=120))
    lock_of(model).release()
    assert len(in_thread(lambda: recorded(model))) == 2


def test_a_run_broken_off_by_the_keyboard_leaves_the_model_free():
    model = transformer()

    def stop(done, of):
        raise KeyboardInterrupt

    with torch.no_grad(), pytest.raises(KeyboardInterrupt):
        with record(model, on_progress=stop):
            model(TOKENS)
    assert in_thread(lambda: lock_of(model).acquire(timeout=120))
    lock_of(model).release()


def test_going_on_after_an_interrupt_starts_anew():
    model, stops = transformer(), [True]

    def stop_once(done, of):
        if stops and stops.pop():
            raise KeyboardInterrupt

    with torch.no_grad(), record(model, on_progress=stop_once) as recording:
        with pytest.raises(KeyboardInterrupt):
            model(TOKENS)
        model(TOKENS)
    assert [(r.layer, r.forward, r.use) for r in recording] == [(0, 0, 0), (0, 1, 0), (1, 1, 0)]


def test_layers_are_looked_up_when_nobody_has_them_cut():
    model = transformer(depth=4)
    inside, go_on = threading.Event(), threading.Event()

    def cut():
        with switched(model, Switches(depth=frozenset({("", 1)}))):
            inside.set()
            go_on.wait(30)

    thread = threading.Thread(target=cut)
    thread.start()
    inside.wait(30)
    threading.Timer(0.2, go_on.set).start()
    recording = recorded(model)
    thread.join(30)
    assert [one.layer for one in recording] == [0, 1, 2, 3]


def test_other_threads_wait_while_the_model_runs_recorded():
    model, order = transformer(), []
    running, let_go = threading.Event(), threading.Event()

    def wait(*_):
        if threading.current_thread() is not threading.main_thread():
            running.set()
            let_go.wait(30)
            order.append("first")

    model.layers[0][3].register_forward_hook(wait)
    thread = threading.Thread(target=lambda: recorded(model))
    thread.start()
    running.wait(30)
    threading.Timer(0.1, let_go.set).start()
    recorded(model)
    order.append("second")
    thread.join(30)
    assert order == ["first", "second"]


def test_the_lock_is_its_threads_and_anybody_may_give_it_back():
    lock = ModelLock()
    with lock, lock:
        assert not in_thread(lambda: lock.acquire(blocking=False))
        assert not in_thread(lambda: lock.acquire(timeout=0.01))
    assert in_thread(lambda: lock.acquire(timeout=120))  # and its thread is gone
    assert not lock.acquire(blocking=False)
    lock.release()
    assert lock.acquire(blocking=False)
    lock.release()
    with pytest.raises(RuntimeError, match="more often than taken"):
        lock.release()


def wrapped(model):
    wrapper = torch.compile(model, backend="eager")
    return wrapper, wrapper


def inside_of_wrapped(model):
    return model, torch.compile(model, backend="eager")


def in_place(model):
    model.compile(backend="eager")
    return model, model


def by_layer(model):
    for layer in model.layers:
        layer[1] = torch.compile(layer[1], backend="eager")
    return model, model


def a_function(model):
    return model, torch.compile(lambda x: model(x), backend="eager")


@pytest.mark.parametrize("way", [wrapped, inside_of_wrapped, in_place, by_layer, a_function])
def test_compiled_models_are_changed_as_they_are_uncompiled(way):
    """Compiled code has no room for a hook that came after it: nothing was changed, silently."""
    one = ZeroHead(module="layers.0.1", head=1)
    plain = transformer(depth=1)
    with torch.no_grad():
        unchanged = plain(TOKENS)
        with intervened(plain, [one]):
            expected = plain(TOKENS)
        torch._dynamo.reset()
        model, run = way(transformer(depth=1))
        run(TOKENS)  # compiles
        with intervened(model, [one]):
            changed = run(TOKENS)
            with record(model) as recording:
                run(TOKENS)
        with heard_outputs(model, "layers.0.1", 2) as heard:
            run(TOKENS)
        torch.testing.assert_close(changed, expected, atol=1e-5, rtol=0)
        torch.testing.assert_close(run(TOKENS), unchanged, atol=1e-5, rtol=0)
    assert not torch.allclose(expected, unchanged, atol=1e-2)
    assert [said["do"] for said in recording.provenance["interventions"]] == ["zero head"]
    assert len(heard) == 1


@pytest.mark.parametrize("way", [wrapped, inside_of_wrapped, in_place, by_layer, a_function])
def test_compiled_models_are_recorded_as_they_are_uncompiled(way):
    expected = recorded(transformer(depth=1))[0].map.full(1, 2)
    torch._dynamo.reset()
    model, run = way(transformer(depth=1))
    with torch.no_grad():
        with record(model, storage="factored") as cold:
            run(TOKENS)
        found = run(TOKENS)  # compiles
        with record(model, storage="dense") as stored:
            torch.testing.assert_close(run(TOKENS), found, atol=1e-5, rtol=0)
        with record(model, modules=["layers.0.1"], storage="factored") as parted:
            run(TOKENS)
    for recording in (cold, stored, parted):
        (one,) = recording
        assert (one.module, one.stack, one.layer) == ("layers.0.1", "", 0)
        np.testing.assert_allclose(one.map.full(1, 2), expected, rtol=0, atol=1e-6)
        assert recording.provenance["model"] == "Transformer"
        known = way not in (a_function, inside_of_wrapped)
        assert ("compiled" in recording.provenance) == known
    assert hooks_on(model) == 0


def test_compiling_inside_the_block_is_no_trouble():
    model = transformer()
    with torch.no_grad(), record(model) as recording:
        torch.compile(model, backend="eager", fullgraph=True)(TOKENS)
    assert len(recording) == 2


def test_while_it_is_traced_by_the_compiler_a_recording_hears_nothing(monkeypatch):
    torch._dynamo.reset()
    monkeypatch.setattr(compiled, "compiler_is_loaded", lambda: False)
    model = transformer(depth=1)
    with torch.no_grad(), pytest.warns(RecordingWarning, match="Nothing was recorded"):
        with record(model) as recording:
            found = torch.compile(model, backend="eager", fullgraph=True)(TOKENS)
    torch.testing.assert_close(found, model(TOKENS), atol=1e-5, rtol=0)
    assert len(recording) == 0


def test_compiled_code_is_used_again_when_the_last_recording_has_ended():
    torch._dynamo.reset()
    compiles = []

    def backend(graph, inputs):
        compiles.append(1)
        return graph.forward

    model = transformer(depth=1)
    run = torch.compile(model, backend=backend)
    with torch.no_grad():
        with record(model) as outer:
            in_thread(lambda: recorded(model))
            run(TOKENS)
        assert len(outer) == 1 and not compiles
        run(TOKENS)
    assert compiles and compiled._inside == 0


@pytest.fixture
def no_collector():
    """What is let go of goes at once, or it does not go in this test."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def breaks_off(model):
    with torch.no_grad(), record(model) as recording:
        model(TOKENS)
        try:
            model(TOKENS[..., :3])
        except Exception:
            return recording
    raise AssertionError("tokens of another width ran")


def learns(model):
    with record(model) as recording:
        model.train()(TOKENS).sum().backward()
    return recording


def beside_a_copy(model):
    with torch.no_grad(), record(model) as recording:
        copied = copy.deepcopy(model)
        model(TOKENS)
    copied(TOKENS)
    return recording


WAYS = {
    "dense": lambda model: recorded(model, storage="dense"),
    "factored": lambda model: recorded(model, storage="factored"),
    "written": lambda model: recorded(model, extras=("queries", "written")),
    "broken off": breaks_off,
    "learning": learns,
    "copied": beside_a_copy,
}


@pytest.mark.parametrize("way", WAYS)
def test_a_recording_goes_when_it_is_let_go_of_and_so_does_its_model(way, no_collector):
    model = transformer()
    recording = WAYS[way](model)
    kept = [weakref.ref(one) for one in (recording[0].map, recording[0], recording, model)]
    assert len(recording) >= 2 and all(one() is not None for one in kept)
    del recording
    assert [one() for one in kept] == [None, None, None, model]
    del model
    assert kept[-1]() is None


@forks
def test_a_forked_process_does_not_wait_for_a_thread_that_it_has_not():
    model = transformer()
    with held_elsewhere(lock_of(model)):
        assert in_a_fork(lambda: lock_of(model).acquire()) == 0, "there it is free"
        assert not lock_of(model).acquire(blocking=False), "here it is held"


def test_what_a_loaders_workers_run_is_said_to_be_unheard():
    with pytest.warns(RecordingWarning, match="another thread or process runs, as a DataLoader's"):
        with record(transformer()):
            pass
