"""The dialled model learns, repeatably, in every layout, and its attention is what was learnt."""

import json
import struct

import numpy as np
import pytest
import torch

from phenaki_viz.data import read_prompt
from phenaki_viz.errors import CheckpointError, ConfigError, TrainingError
from phenaki_viz.models.dial import DialConfig, build
from phenaki_viz.runs.dialled import Padding
from phenaki_viz.runs.training_step import fill_in, run_training_step, steps_to_keep, watched
from phenaki_viz.training.dialled import DialledTrainer, MaskedPatches, draw_mask, hide_half
from phenaki_viz.training.dialled_files import load_dialled, save_dialled
from phenaki_viz.training.loop import resume, run

SMALL = {
    "heads": 2, "depth": 1, "dim": 32, "dim_head": 16, "height": 24, "width": 24, "frames": 5,
}  # fmt: skip
LAYOUTS = {
    "joint": {},
    "joint, causal": {"causal": True, "peg_causal": True},
    "joint, no text": {"cross": False},
    "joint, no null keys": {"null_kv": 0},
    "joint, bare": {"cross": False, "peg": False, "position_bias": False},
    "C-ViViT": {"layout": "factorised", "cross": False},
    "C-ViViT, causal": {"layout": "factorised", "cross": False, "causal": True},
    "one grey frame": {"frames": 1, "channels": 1},
}


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def trainer(steps=10, batch=3, learning_rate=2e-3, **dials):
    config = DialConfig(**(SMALL | dials))
    return DialledTrainer(config, steps=steps, batch=batch, learning_rate=learning_rate)


def same(one, other):
    ours, theirs = one.parts.state_dict(), other.parts.state_dict()
    return all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_it_learns_and_fills_in_an_unseen_clip_better():
    learning = trainer(steps=250, batch=8, learning_rate=5e-3, height=32, width=32, dim=48)
    clip, prompt = watched(learning.config)
    errors = []
    for until in (1, 250):
        while learning.done < until:
            learning.advance()
        _, filled = fill_in(learning.parts, clip, prompt)
        errors.append(np.square(filled / 255 - clip.frames[..., 0] / 255).mean())
    assert errors[1] < 0.8 * errors[0]
    assert 0.9 < np.mean(learning.losses[:10]) < 1.4
    assert np.mean(learning.losses[-40:]) < 0.87 * np.mean(learning.losses[:10])


@pytest.mark.parametrize("dials", LAYOUTS.values(), ids=LAYOUTS)
def test_ten_steps_are_five_a_stop_and_five(tmp_path, dials):
    whole = trainer(**dials)
    run(whole)
    first = trainer(**dials)
    assert not run(first, tmp_path, should_stop=lambda: first.done == 5)
    torch.rand(7)  # whatever else draws numbers meanwhile
    second = trainer(**dials)
    assert resume(second, tmp_path) and second.done == 5
    assert run(second, tmp_path)
    assert second.losses == whole.losses and len(whole.losses) == 10
    assert same(whole, second)


@pytest.mark.parametrize("dials", LAYOUTS.values(), ids=LAYOUTS)
def test_what_was_learnt_reaches_the_recorded_maps(dials):
    learning = trainer(steps=6, **dials)
    clip, prompt = watched(learning.config)
    before = run_training_step(learning.parts, clip, prompt, done=0)
    run(learning)
    after = run_training_step(learning.parts, clip, prompt, done=6)
    assert [r.module for r in before.recording] == [r.module for r in after.recording]
    for was, now in zip(before.recording, after.recording, strict=True):
        if was.map.shape[-1] == 1:
            continue  # one key: nothing to choose
        assert np.abs(was.map.full(0, 0) - now.map.full(0, 0)).max() > 1e-4
    assert before.recording.provenance["random_weights"]
    assert not after.recording.provenance["random_weights"]
    assert after.recording.provenance["trained"] == "in this page, 6 training steps"
    assert after.recording.max_abs_error < 1e-4


def test_it_starts_from_the_weights_that_the_page_shows():
    learning = trainer()
    shown, trained = build(learning.config).state_dict(), learning.parts.model.state_dict()
    assert all(torch.equal(shown[name], trained[name]) for name in shown)


def test_every_weight_of_the_model_learns():
    learning = trainer(steps=2)
    before = {k: v.clone() for k, v in learning.parts.state_dict().items()}
    run(learning)
    still = [k for k, v in learning.parts.state_dict().items() if torch.equal(before[k], v)]
    # Fixed as published: shifts of norms. Without a use in self-attention: the norm of a context.
    fixed = [name for name in still if name.endswith("beta") or "1.context_norm" in name]
    assert [k for k in still if before[k].numel() and k not in fixed] == []


def test_a_hidden_patch_is_not_seen():
    learning = trainer(cross=False)
    clip, _ = watched(learning.config)
    video = torch.from_numpy(clip.frames[..., 0].copy()).float()[None] / 255
    masked = hide_half(learning.config.grid)
    hidden = learning.parts.eval()(learning._video(video), masked)
    blank = torch.where(pixels(masked), 0.3, video)
    assert torch.equal(hidden, learning.parts(learning._video(blank), masked))


def pixels(masked, patch=8, later=2):
    wide = masked.repeat_interleave(patch, 2).repeat_interleave(patch, 3)
    return torch.cat((wide[:, :1], wide[:, 1:].repeat_interleave(later, 1)), dim=1)


def test_shares_of_masks_follow_a_cosine():
    masks = draw_mask(600, (3, 4, 5), torch.Generator().manual_seed(1))
    shares = masks.float().mean(dim=(1, 2, 3))
    assert shares.min() > 0 and shares.max() == 1
    assert shares.mean() == pytest.approx(2 / np.pi, abs=0.04)


def test_the_watched_clip_is_held_out_and_its_text_is_read():
    learning = trainer()
    clip, prompt = watched(learning.config)
    assert clip.frames.shape == (5, 24, 24, 1)
    cross = run_training_step(learning.parts, clip, prompt, done=0).recording.records[1]
    assert cross.kind == "cross" and cross.words == prompt.words


@pytest.mark.parametrize("nulls", [0, 2])
def test_a_prompt_of_the_sidebar_may_be_empty_long_or_padded(nulls):
    learning = trainer(null_kv=nulls)
    clip, _ = watched(learning.config)
    padded = Padding(words=2, steps=1)
    said = "a b c d e f g h i j k l"
    seen = run_training_step(learning.parts, clip, read_prompt(said), done=0, padding=padded)
    cross = seen.recording.records[1]
    assert cross.words[:9] == tuple("abcdefghi") and len(cross.words) == 11
    assert cross.map.full(0, 0)[:, nulls + 9 :].max() == 0
    assert seen.recording.records[0].map.full(0, 0)[:, -9:].max() == 0
    if nulls:
        empty = run_training_step(learning.parts, clip, read_prompt(""), done=0)
        assert empty.recording.records[1].map.shape[-1] == nulls


def test_saved_weights_come_back(tmp_path):
    learning = trainer(steps=3)
    run(learning)
    path = save_dialled(tmp_path / "kept.safetensors", learning.parts, {"steps": 3})
    parts, record = load_dialled(path)
    assert record == {"steps": 3} and parts.config == learning.config
    clip, prompt = watched(parts.config)
    maps = [run_training_step(p, clip, prompt, done=3).recording for p in (learning.parts, parts)]
    np.testing.assert_array_equal(
        maps[0].records[0].map.full(0, 1), maps[1].records[0].map.full(0, 1)
    )


def rewritten(path, change):
    """The file with its JSON header changed."""
    content = path.read_bytes()
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + length])
    ours = json.loads(header["__metadata__"]["phenaki_viz"])
    change(ours)
    header["__metadata__"]["phenaki_viz"] = json.dumps(ours)
    made = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(made)) + made + content[8 + length :])
    return path


DAMAGE = {
    "other size": lambda header: header["config"].update(dim=4096, depth=48),
    "no such setting": lambda header: header["config"].update(exec="x"),
    "missing setting": lambda header: header["config"].pop("dim"),
    "no number": lambda header: header["config"].update(dim="32"),
    "other model": lambda header: header.update(kind="PhenakiConfig"),
    "no record": lambda header: header.update(record=None),
}


@pytest.mark.parametrize("change", DAMAGE.values(), ids=DAMAGE)
def test_a_file_that_does_not_fit_is_refused_before_it_is_built(tmp_path, change):
    path = save_dialled(tmp_path / "kept.safetensors", MaskedPatches(DialConfig(**SMALL)), {})
    with pytest.raises(CheckpointError, match=r"kept\.safetensors"):
        load_dialled(rewritten(path, change))


@pytest.mark.parametrize("content", [b"", b"no weights", struct.pack("<Q", 2**62)])
def test_what_is_no_file_of_weights_is_refused(tmp_path, content):
    path = tmp_path / "kept.safetensors"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"kept\.safetensors"):
        load_dialled(path)
    with pytest.raises(CheckpointError, match=r"missing\.safetensors"):
        load_dialled(tmp_path / "missing.safetensors")


def test_a_state_of_other_settings_is_refused(tmp_path):
    run(trainer(steps=2), tmp_path)
    other = trainer(steps=2, seed=1)
    before = {k: v.clone() for k, v in other.parts.state_dict().items()}
    with pytest.raises(TrainingError, match="other settings"):
        resume(other, tmp_path)
    assert all(torch.equal(before[k], v) for k, v in other.parts.state_dict().items())


def test_frames_that_digits_do_not_fit_are_refused():
    with pytest.raises(ConfigError, match="square"):
        trainer(width=32)
    with pytest.raises(ConfigError, match="digits of 8 pixels"):
        trainer(height=8, width=8)


def test_kept_steps_lie_close_at_first_and_fit_the_memory():
    config = DialConfig(**SMALL)
    assert steps_to_keep(config, 120) == (0, 10, 15, 20, 30, 50, 70, 100, 120)
    assert steps_to_keep(config, 5) == (0, 5)
    few = steps_to_keep(config, 20_000, limit_bytes=0)
    assert few == (0, 20_000)
    large = DialConfig()
    thinned = steps_to_keep(large, 20_000, limit_bytes=5 * 14 * 2**20)
    assert thinned[0] == 0 and thinned[-1] == 20_000 and 3 <= len(thinned) <= 5
