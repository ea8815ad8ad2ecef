"""The Train page: begun, paused, gone on with, refused; and the trainings behind it."""

import gc
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from phenaki_viz.errors import TrainingError
from phenaki_viz.models.dial import DialConfig
from phenaki_viz.runs.training_cost import refuse_training, weight_count_of
from phenaki_viz.runs.training_job import Training, TrainSettings
from phenaki_viz.ui.work import trainings as shelves
from phenaki_viz.ui.work.trainings import Trainings, trained_copy
from tests import sent as wire

DEMO = Path(__file__).with_name("train_demo.py")
SMALL = {
    "heads": 2, "depth": 1, "dim": 16, "dim_head": 8, "height": 16, "width": 16, "frames": 3,
}  # fmt: skip
KEPT_FILMS = ("hidden", "filled")
WAIT = 120  # seconds; a wait ends as soon as what is waited for is there


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """The server's trainings, with their states in a folder of this test."""
    monkeypatch.setenv(shelves.STATES, str(tmp_path / "states"))
    st.cache_resource.clear()
    made = shelves.trainings()
    yield made
    for job in made.known.values():
        job.pause()
        job.wait(WAIT)
    st.cache_resource.clear()


@pytest.fixture
def page(shelf):
    def open_page(**dials):
        at = AppTest.from_file(str(DEMO), default_timeout=120)
        for name, value in (SMALL | dials).items():
            at.query_params[name] = str(value)
        return at.run()

    return open_page


def settings(steps=30, batch=2, **dials):
    return TrainSettings(config=DialConfig(**(SMALL | dials)), steps=steps, batch=batch)


def until(at, what):
    """Run the page until it is so."""
    ends = time.monotonic() + WAIT
    while not what():
        assert time.monotonic() < ends, "it did not come about"
        time.sleep(0.05)
        at.run()
    assert not at.exception
    return at


def ended(job):
    job.wait(WAIT)
    assert not job.active
    return job


def only(shelf):
    (job,) = shelf.known.values()
    return job


def buttons(at):
    return {button.label for button in at.button}


def sent(at, name):
    for which in range(len(at.get("bidi_component"))):
        head, parts = wire.sent(at, which)
        if head.get("id") == name:
            return head, parts
    raise AssertionError(f"no {name} on the page")


def header(at, name):
    return sent(at, name)[0]


def picture(at, name):
    return sent(at, name)[1]


def test_start_pause_resume_and_the_timeline(page, shelf):
    at = page(train_steps=4000, train_batch=1)
    assert buttons(at) == {"Start"} and not shelf.known
    at.button(key="train.start").click().run()
    until(at, lambda: len(at.get("progress")) and only(shelf).done > 15)
    at.run()
    assert "Pause" in buttons(at)
    assert at.number_input(key="train_steps").disabled
    at.button(key="train.pause").click().run()
    job = ended(only(shelf))
    at.run()
    assert (job.state, "Resume" in buttons(at)) == ("paused", True)
    assert at.select_slider[0].options[:3] == ["0", "10", "15"]
    assert at.select_slider[0].value == job.done
    paused = job.done
    at.button(key="train.start").click().run()
    until(at, lambda: job.done > paused)
    assert job.restored == paused and len(job.losses) >= job.done


def test_scrubbing_shows_the_attention_of_that_step(page, shelf):
    job = ended(shelf.start(settings(steps=20)))
    at = page(train_steps=20, train_batch=2, row=0, column=1, step=1)
    assert not at.exception and job.state == "finished"
    assert "Resume" not in buttons(at)
    shown, grids = {}, []
    for kept in job.kept:
        at.select_slider[0].set_value(kept.step).run()
        shown[kept.step] = picture(at, "strip")["weights"]
        exact = kept.recording.records[0].map.rows(0, 0, [4 + 1])[0]
        np.testing.assert_array_equal(shown[kept.step], exact)
        grids.append(picture(at, "grid.heads")["codes"])
        random = any("random weights" in line for line in wire.words_on(at))
        assert random == (kept.step == 0)
        task = [
            picture(at, f"shared.train.{name}.film")["frames"].reshape(3, 16, 16)
            for name in KEPT_FILMS
        ]
        np.testing.assert_array_equal(task[0], kept.hidden)
        np.testing.assert_array_equal(task[1], kept.filled)
    assert not np.array_equal(shown[0], shown[20])
    assert not np.array_equal(grids[0], grids[-1])


def test_the_slider_goes_along_until_a_step_is_chosen(page, shelf):
    job = ended(shelf.start(settings(steps=20)))
    every, job.kept = job.kept, job.kept[:2]
    at = page(train_steps=20, train_batch=2)
    assert at.select_slider[0].value == 10
    job.kept = every  # the training went on
    assert at.run().select_slider[0].value == 20
    at.select_slider[0].set_value(15).run()
    job.kept = every[:-1]
    assert at.run().select_slider[0].value == 15
    job.kept = every
    assert at.run().select_slider[0].value == 15
    at.select_slider[0].set_value(20).run()
    job.kept = every[:3]  # the chosen one is gone: the newest that is left
    assert at.run().select_slider[0].value == 15


def test_text_frames_and_patches_over_the_training(page, shelf):
    ended(shelf.start(settings(steps=10)))
    at = page(train_steps=10, train_batch=2)
    at.button_group(key="maps").set_value("cross").run()
    assert not at.exception
    at.button_group(key="maps").set_value("self").run()
    at.toggle(key="train_common").set_value(True).run()
    assert header(at, "strip")["scale"]["scope"] == "this query, all kept training steps"
    visual = {"layout": "factorised", "cross": False}
    ended(shelf.start(settings(steps=10, **visual)))
    at = page(train_steps=10, train_batch=2, layout="factorised", cross="no")
    for maps in ("spatial", "temporal"):
        at.button_group(key="maps").set_value(maps).run()
        assert not at.exception and picture(at, "strip")["weights"].size


def test_a_reload_and_another_tab_find_the_training(page, shelf):
    shelf.start(settings(steps=4000, batch=1))
    at = page()  # its own steps and batch are the defaults
    until(at, lambda: only(shelf).done > 0)
    at.run()
    assert "Pause" in buttons(at)
    values = at.number_input(key="train_steps").value, at.number_input(key="train_batch").value
    assert values == (4000, 1)


def test_after_a_restart_it_goes_on_from_the_disk(page, shelf):
    job = shelf.start(settings(steps=40))
    while job.active and job.done < 20:
        time.sleep(0.01)
    job.pause()
    ended(job)
    job.let_go()  # as the end of a server does
    again = Trainings(shelf.folder)
    found = again.find(settings(steps=40))
    assert found is not None and found.done == job.done and not found.kept
    ended(again.start(settings(steps=40)))
    assert [kept.step for kept in found.kept] == [0, 10, 15, 20, 30, 40]
    whole = ended(Trainings(shelf.folder / "other").start(settings(steps=40)))
    assert whole.losses == found.losses
    for ours, theirs in zip(whole.kept, found.kept, strict=True):
        maps = [kept.recording.records[0].map.full(0, 0) for kept in (ours, theirs)]
        np.testing.assert_array_equal(*maps)


def test_one_training_at_a_time(page, shelf):
    job = shelf.start(settings(steps=20_000, batch=1))
    with pytest.raises(TrainingError, match="one training at a time"):
        shelf.start(settings(seed=1))
    at = page(seed=1)
    assert any("Another training is at work" in info.value for info in at.info)
    assert at.button(key="train.start").disabled
    at.button(key="train.pause.other").click().run()
    ended(job)
    at.run()
    assert not at.info and not at.button(key="train.start").disabled


def test_start_over_forgets_what_was_saved(page, shelf):
    job = ended(shelf.start(settings(steps=20)))
    assert list(job.folder.glob("dialled-*.pt")) and list(job.folder.glob("kept-*.safetensors"))
    at = page(train_steps=20, train_batch=2)
    # Beside Resume no click deletes: the button that does stands in what "Start over" opens.
    (over,) = (one for one in at.get("popover") if one.proto.popover.label == "Start over")
    assert [one.label for one in over.button] == ["Delete 20 training steps"]
    at.button(key="train.over").click().run()
    assert not at.exception and buttons(at) == {"Start"}
    assert not job.folder.exists() and not shelf.known


LARGE = {
    "raise the patch, or lower the frame size": {"height": 128, "width": 128, "patch": 4},
    "lower the clips a step, the heads or the depth": {"height": 64, "width": 64, "frames": 17,
                                                "heads": 16, "depth": 12, "train_batch": 32},
    "lower the model width": {"dim": 1024, "depth": 12, "dim_head": 128},
    "use as many rows as columns": {"width": 32},
}  # fmt: skip


@pytest.mark.parametrize("said", LARGE)
def test_what_is_too_large_is_refused_with_the_dial_to_turn(shelf, said):
    dials = dict(LARGE[said])
    large = settings(batch=dials.pop("train_batch", 8), **dials)
    with pytest.raises(Exception, match=said):
        refuse_training(large)
    with pytest.raises(Exception, match=said):
        shelf.start(large)
    assert not shelf.known


def test_the_page_says_why_it_refuses(page):
    at = page(height=64, width=64, patch=4, frames=9)
    assert [error.value for error in at.error] == ["This model cannot be trained here."]
    assert "raise the patch" in at.text[0].value
    assert "Start" not in buttons(at)


def test_a_failure_is_said_in_words(page, shelf, monkeypatch):
    monkeypatch.setattr("phenaki_viz.runs.training_job.run_training_step", explode)
    job = ended(shelf.start(settings(steps=20)))
    assert job.state == "failed"
    at = page(train_steps=20, train_batch=2)
    assert any("training stopped" in error.value for error in at.error)
    assert any("not enough memory" in text.value for text in at.text)


def explode(*_, **__):
    raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")


def test_learning_that_diverges_says_so(shelf):
    diverging = TrainSettings(config=DialConfig(**SMALL), steps=20, batch=2, learning_rate=1e30)
    job = ended(shelf.start(diverging))
    assert job.state == "failed" and "lower the learning rate" in job.error


def test_trained_weights_reach_the_other_pages(page, shelf):
    job = ended(shelf.start(settings(steps=20)))
    at = page(train_steps=20, train_batch=2)
    at.button(key="train.use").click().run()
    assert any("in this page, 20 training steps" in text.value for text in at.text)
    assert maps(at)["trained"] != maps(at)["random"]
    assert at.run() and maps(at)["made again"] == "False"  # what pages derive from it stays
    at.selectbox(key="storage").set_value("factored").run()
    assert any("stored factored" in text.value for text in at.text)
    at.button(key="train.back").click().run()
    assert "trained" not in maps(at)
    at.button(key="train.use").click().run()
    job.weights(20).unlink()
    at.run()  # the file is gone: it is said, and random weights are shown from then on
    assert any("does not exist" in error.value for error in at.error)
    assert not at.run().error and "trained" not in maps(at)


def test_weights_that_are_not_on_disk_any_more_are_said_so(page, shelf):
    job = ended(shelf.start(settings(steps=20)))
    at = page(train_steps=20, train_batch=2)
    gone = "The weights of this training step are not on disk any more, its maps are here."
    for step in at.select_slider[0].options:
        at.select_slider[0].set_value(int(step)).run()
        assert gone not in [caption.value for caption in at.caption], step
    job.weights(20).unlink()
    at.run()
    assert gone in [caption.value for caption in at.caption]
    assert not {"train.use", "train.save"} & {button.key for button in at.button}


def test_a_trained_copy_is_found_by_the_settings_of_its_model(shelf):
    trained = settings(steps=20)
    assert trained_copy(trained.config) is None
    job = ended(shelf.start(trained))
    assert trained_copy(trained.config) == (job, 20)
    assert trained_copy(settings(heads=3).config) is None
    for file in job.folder.glob("kept-*"):
        file.unlink()
    assert trained_copy(trained.config) is None


def test_trained_weights_are_shown_to_the_session_that_asked_for_them(page, shelf):
    ended(shelf.start(settings(steps=20)))
    mine, other = page(train_steps=20, train_batch=2), page(train_steps=20, train_batch=2)
    before = maps(other)
    mine.button(key="train.use").click().run()
    assert "trained" in maps(mine)
    for at in (other, page(train_steps=20, train_batch=2)):
        at.run()
        assert maps(at) == before and not at.exception
        assert "train.back" not in {button.key for button in at.button}


def maps(at):
    """What the demo says below the Train page, by its first word."""
    return dict(text.value.split(": ", 1) for text in at.text if ": " in text.value)


def test_memory_and_disk_stay_bounded(shelf):
    for seed in range(shelves.KEPT_FOLDERS + 2):
        ended(shelf.start(settings(steps=10, seed=seed)))
    assert len(shelf.known) <= shelves.KEPT_TRAININGS + 1
    folders = [path for path in shelf.folder.iterdir() if path.is_dir()]
    assert len(folders) <= shelves.KEPT_FOLDERS + 1
    locks = {path.stem for path in shelf.folder.glob("*.lock")}
    assert locks <= {path.name for path in folders}


def test_only_folders_of_trainings_are_ever_deleted(shelf, tmp_path):
    kept = tmp_path / "states" / "thesis"
    kept.mkdir(parents=True)
    shelf.known[settings()] = Training(settings(), kept)
    shelf.start_over(settings())
    assert kept.is_dir()


def test_weights_are_counted_without_building_them():
    started = time.perf_counter()
    assert weight_count_of(DialConfig(dim=4096, depth=48)) > 10**9
    assert time.perf_counter() - started < 5


def test_a_second_server_leaves_what_the_first_one_has(shelf, monkeypatch):
    """The oldest folders go, but not those of a training that is open in another server."""
    monkeypatch.setattr(shelves, "KEPT_FOLDERS", 1)
    other = Trainings(shelf.folder)
    paused = shelf.start(settings(steps=4000))
    while paused.done < 3:
        time.sleep(0.01)
    paused.pause()
    ended(paused)
    busy = shelf.start(settings(steps=20_000, seed=1))
    for job in (paused, busy):
        while not job.folder.exists():
            time.sleep(0.01)
        os.utime(job.folder, (1, 1))
    for seed in (2, 3, 4):
        ended(other.start(settings(steps=10, seed=seed)))
    assert paused.folder.is_dir() and busy.folder.is_dir()
    for theirs in (paused, busy):
        with pytest.raises(TrainingError, match="open in another server of this machine"):
            other.start(theirs.settings)
    with pytest.raises(TrainingError, match="open in another server"):
        other.start_over(paused.settings)
    busy.pause()
    ended(busy)
    shelf.start(paused.settings)  # the first server goes on as if nothing had been
    done = paused.done
    while paused.done <= done:
        time.sleep(0.01)
        assert paused.state != "failed", paused.error
    assert busy.done > 0 and paused.restored > 0


def test_a_server_that_was_killed_has_nothing_any_more(shelf):
    held = subprocess.Popen(
        [sys.executable, "-c",
         "import sys, time; from pathlib import Path;"
         "from phenaki_viz.runs.training_job import claim_of;"
         "claim = claim_of(Path(sys.argv[1])); claim.acquire();"
         "print('held', flush=True); time.sleep(600)",
         str(shelf.folder / settings().digest)],
        stdout=subprocess.PIPE, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    shelf.folder.mkdir(parents=True, exist_ok=True)
    assert held.stdout.readline() == b"held\n"
    with pytest.raises(TrainingError, match="another server"):
        shelf.start(settings())
    held.kill()
    held.wait(WAIT)
    held.stdout.close()
    assert ended(shelf.start(settings(steps=10))).state == "finished"
    assert ended(shelf.start(settings())).state == "finished"


def test_weights_in_use_stay_while_their_session_does(shelf, monkeypatch):
    monkeypatch.setattr(shelves, "KEPT_FOLDERS", 1)
    monkeypatch.setattr(shelves, "KEPT_TRAININGS", 1)
    job = ended(shelf.start(settings(steps=10)))
    used = shelf.use(job, 10)
    for seed in (1, 2, 3):
        ended(shelf.start(settings(steps=10, seed=seed)))
    assert job.weights(10).is_file()
    folder = job.folder
    del used, job
    gc.collect()
    ended(shelf.start(settings(steps=10, seed=20)))
    assert not folder.exists()
