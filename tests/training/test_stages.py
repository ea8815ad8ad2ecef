"""The two trainings, short: they learn, they stop and go on alike, they write one whole file."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from phenaki_viz.checkpoints import open_checkpoint
from phenaki_viz.data.digits import MovingDigits
from phenaki_viz.errors import ConfigError, ExportError, TrainingError
from phenaki_viz.models.configs import CViViTConfig, MaskGitConfig, PhenakiConfig, TextConfig
from phenaki_viz.training import MaskGitTrainer, TokenizerTrainer, resume, run
from phenaki_viz.training.digits import new_model, train_digits
from phenaki_viz.training.recipe import Recipe, Stage
from phenaki_viz.training.stage_trainer import learning_rate

DATA = MovingDigits(size=24, frames=3, sprite=12)
CVIVIT = CViViTConfig(
    dim=16,
    codebook_size=1000,
    image_size=(24, 24),
    patch_size=(8, 8),
    temporal_patch_size=2,
    spatial_depth=1,
    temporal_depth=1,
    dim_head=8,
    heads=2,
    channels=1,
    quantiser="fsq",
    fsq_levels=(8, 5, 5, 5),
    peg_layout="rearranged",
)
WORDS = TextConfig(words=("zero", "one", "left"), dim=8, most_words=9)
MASKGIT = MaskGitConfig(
    dim=16, num_tokens=1000, max_seq_len=18, depth=1, heads=2, dim_head=8, dim_context=8
)


def recipe(**changes):
    stage = Stage(steps=6, batch=4, learning_rate=2e-3, warm_up=2, bfloat16=False)
    made = Recipe(
        model=PhenakiConfig(cvivit=CVIVIT, maskgit=MASKGIT, text=WORDS),
        data=DATA,
        tokenizer=stage,
        maskgit=stage,
        pool=32,
    )
    return replace(made, **changes)


def tokenizer(steps=6):
    made = recipe()
    return TokenizerTrainer(new_model(made).cvivit, DATA, replace(made.tokenizer, steps=steps))


def maskgit(steps=6):
    made = recipe()
    return MaskGitTrainer(
        new_model(made), replace(made, maskgit=replace(made.maskgit, steps=steps))
    )


def weights(trainer):
    state = trainer.state()
    return {**state["weights"], **{f"average {k}": v for k, v in state.get("averaged", {}).items()}}


@pytest.mark.parametrize("make", [tokenizer, maskgit])
def test_it_learns(make):
    trainer = make(60)
    assert run(trainer)
    assert np.mean(trainer.losses[-10:]) < 0.9 * np.mean(trainer.losses[:5])


@pytest.mark.parametrize("make", [tokenizer, maskgit])
def test_stopped_and_resumed_is_as_if_never_stopped(make, tmp_path):
    whole = make(10)
    run(whole)
    first = make(10)
    stopped = run(first, tmp_path, should_stop=lambda: first.done == 5)
    assert not stopped
    second = make(10)
    assert resume(second, tmp_path) and second.done == 5
    run(second, tmp_path)
    assert second.losses == whole.losses
    before, after = weights(whole), weights(second)
    assert all(torch.equal(before[key], after[key]) for key in before)


def test_states_are_kept_whole_and_two_of_them(tmp_path):
    trainer = tokenizer()
    run(trainer, tmp_path, every=2)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["cvivit-0000004.pt", "cvivit-0000006.pt"]
    (tmp_path / names[1]).write_bytes(b"cut off in the middle")
    again = tokenizer()
    assert resume(again, tmp_path) and again.done == 4


def test_nothing_to_resume(tmp_path):
    assert not resume(tokenizer(), tmp_path)


def test_a_state_of_another_training_is_refused(tmp_path):
    run(tokenizer(), tmp_path)
    made = recipe(model=replace(recipe().model, cvivit=replace(CVIVIT, heads=1)))
    other = TokenizerTrainer(new_model(made).cvivit, DATA, made.tokenizer)
    with pytest.raises(TrainingError, match="not of this training"):
        resume(other, tmp_path)


def test_a_loss_that_is_no_number_stops_with_advice():
    trainer = tokenizer()
    with torch.no_grad():
        trainer.model.to_pixels[0].bias.fill_(torch.inf)
    with pytest.raises(TrainingError, match="at step 1: lower the learning rate"):
        trainer.advance()


def test_a_full_disk_keeps_the_state_before(tmp_path, monkeypatch):
    trainer = tokenizer()
    run(trainer, tmp_path, should_stop=lambda: trainer.done == 2)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(ExportError, match="bytes are free"):
        run(trainer, tmp_path)
    assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir()}


def test_the_whole_training_writes_one_file_that_opens(tmp_path):
    progress = []
    path = tmp_path / "digits.safetensors"
    model = train_digits(recipe(), path, tmp_path / "states", on_progress=progress.append)
    assert {p.name for p in progress} == {"C-ViViT", "MaskGit", "clips encoded"}
    assert progress[-1].done == progress[-1].steps and math.isfinite(progress[-1].seconds_left)
    opened = open_checkpoint(path)
    record = opened.inspection.record
    assert record["maskgit"]["steps"] == 6 and len(record["tokenizer"]["loss_curve"]) == 6
    assert "CC BY 4.0" in opened.inspection.licence
    for key, value in opened.model.state_dict().items():
        kept = model.state_dict()[key]
        expected = kept.half().float() if kept.is_floating_point() else kept
        assert torch.equal(value, expected)
    json.dumps(record)


def test_the_whole_training_stops_and_goes_on(tmp_path):
    whole = train_digits(recipe(), tmp_path / "a.safetensors", tmp_path / "whole")
    steps = iter(range(100))
    halfway = tmp_path / "halves"
    assert train_digits(
        recipe(), tmp_path / "b.safetensors", halfway, should_stop=lambda: next(steps) == 9
    ) is None  # fmt: skip
    assert not (tmp_path / "b.safetensors").exists()
    resumed = train_digits(recipe(), tmp_path / "b.safetensors", halfway)
    for key, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[key]), key


def test_it_can_be_stopped_while_clips_are_encoded(tmp_path):
    progress = []

    def encoding():
        return bool(progress) and progress[-1].name == "clips encoded"

    stopped = train_digits(
        recipe(pool=200), tmp_path / "a.safetensors", tmp_path / "states",
        on_progress=progress.append, should_stop=encoding,
    )  # fmt: skip
    assert stopped is None and progress[-1].done == 64  # of 200: not even the second lot was told
    assert sorted(p.name for p in (tmp_path / "states").iterdir()) == ["cvivit-0000006.pt"]
    resumed = train_digits(recipe(pool=200), tmp_path / "a.safetensors", tmp_path / "states")
    whole = train_digits(recipe(pool=200), tmp_path / "b.safetensors", tmp_path / "whole")
    for key, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[key]), key


def test_the_same_recipe_gives_the_same_model():
    one, other = new_model(recipe()), new_model(recipe())
    assert all(torch.equal(v, other.state_dict()[k]) for k, v in one.state_dict().items())
    different = new_model(recipe(seed=1))
    assert not torch.equal(one.maskgit.to_logits.weight, different.maskgit.to_logits.weight)


def test_the_rate_rises_and_falls():
    stage = Stage(steps=100, learning_rate=1.0, warm_up=10)
    rates = [learning_rate(stage, step) for step in range(100)]
    assert rates[0] == pytest.approx(0.1, rel=0.01) and max(rates) == rates[9]
    assert rates[-1] == pytest.approx(0.02, abs=0.005)


def test_refusals():
    with pytest.raises(ConfigError, match="0 steps"):
        Stage(steps=0, learning_rate=1.0)
    with pytest.raises(ConfigError, match="this C-ViViT takes 1 × 24 × 24"):
        TokenizerTrainer(new_model(recipe()).cvivit, MovingDigits(), recipe().tokenizer)
    no_words = replace(recipe().model, text=None)
    with pytest.raises(ConfigError, match="needs learned words"):
        MaskGitTrainer(no_words.build(), recipe())
