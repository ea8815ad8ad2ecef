import numpy as np
import pytest
import torch

from phenaki_viz.data import Clip, read_prompt, to_tensor
from phenaki_viz.errors import ConfigError
from phenaki_viz.models.phenaki import Decoding
from phenaki_viz.recording.switches import Switches
from phenaki_viz.runs.files import open_recording, save_recording
from phenaki_viz.runs.sampled import Sampling, sample
from tests.runs.trained import clip, phenaki


def drawn(critic="", storage="auto", **settings):
    options = {"frames": 5, "steps": 4} | settings
    return sample(phenaki(critic), read_prompt("left right"), Sampling(**options), storage=storage)


def test_every_step_and_both_passes_are_recorded():
    run = drawn()
    labels = [(r.step, r.branch, r.kind) for r in run.recording]
    expected = [
        (step, branch, kind)
        for step in range(4)
        for branch in ("conditional", "unconditional")
        for kind in ("self", "cross")
    ]
    assert labels == expected
    without = run.recording.where(branch="unconditional", step=2)
    assert len(without) == 2
    crossed = without.records[1].map.full(0, 0)
    np.testing.assert_allclose(crossed[:, :2].sum(axis=1), 1, atol=1e-6)
    assert run.recording.where(branch="conditional", step=2).records[1].map.full(0, 0)[:, 2:].any()


def test_all_steps_of_both_passes_fit_into_one_file_by_parts(tmp_path):
    stored, parted = (drawn(steps=18, storage=storage) for storage in ("dense", "factored"))
    np.testing.assert_array_equal(stored.clip.frames, parted.clip.frames)
    path = save_recording(tmp_path / "sampled.safetensors", parted)
    back = open_recording(path)
    labels = [(r.step, r.branch, r.kind) for r in back.recording]
    assert labels == [(r.step, r.branch, r.kind) for r in stored.recording]
    assert len(set(labels)) == len(labels) == 18 * 2 * 2
    assert {r.map.storage for r in back.recording} == {"factored"}
    for exact, record in zip(stored.recording, back.recording, strict=True):
        np.testing.assert_allclose(record.map.full(0, 1), exact.map.full(0, 1), rtol=0, atol=1e-5)
    np.testing.assert_array_equal(back.clip.frames, parted.clip.frames)
    # The parts themselves; what is said of each record is small.
    assert path.stat().st_size < parted.recording.nbytes * 1.1 + 2000 * len(labels)


def test_without_guidance_there_is_one_pass():
    assert {r.branch for r in drawn(guidance=1.0).recording} == {"conditional"}


@pytest.mark.parametrize("critic", ["critic", "self"])
def test_a_critic_has_passes_of_its_own(critic):
    run = drawn(critic)
    branches = {(r.step, r.branch) for r in run.recording}
    assert (0, "critic, conditional") in branches and (0, "critic, unconditional") in branches
    assert (3, "critic, conditional") not in branches  # the last step masks nothing again


def test_steps_are_what_the_sampler_did():
    run, model = drawn(seed=5), phenaki()
    *made, done = model.sample_steps(
        num_frames=5,
        texts=["left right"],
        decoding=Decoding(steps=4),
        generator=torch.Generator().manual_seed(5),
    )
    np.testing.assert_array_equal(run.steps[-1].codes, done.codes[0].numpy())
    for at, (ours, theirs) in enumerate(zip(run.steps, made, strict=True)):
        np.testing.assert_array_equal(ours.masked.ravel(), theirs.masked[0].numpy())
        again = run.steps[at + 1].masked if at < 3 else np.zeros_like(ours.masked)
        np.testing.assert_array_equal(ours.again, again)
        before = run.steps[at - 1].codes if at else ours.codes
        np.testing.assert_array_equal(ours.changed, ours.masked & (ours.codes != before))
    assert run.previews.shape == (4, 5, 16, 16, 1)
    np.testing.assert_array_equal(run.previews[-1], run.clip.frames)


def test_the_same_seed_gives_the_same_video_and_the_models_steps_stay():
    assert np.array_equal(drawn(seed=1).clip.frames, drawn(seed=1).clip.frames)
    assert phenaki().steps == 18


def test_priming_frames_are_given_and_never_masked():
    sampling = Sampling(frames=2, priming=3, steps=3)
    run = sample(phenaki(), read_prompt("left"), sampling, clip(5))
    assert run.primed_steps == 2 and run.clip.frames.shape[0] == 5
    np.testing.assert_array_equal(run.clip.frames[:3], clip(5).frames[-3:])
    with torch.inference_mode():
        given = to_tensor(Clip(run.clip.frames[:3], "given"), channels=1)
        codes = phenaki().cvivit(given, return_only_codebook_ids=True)[0]
    assert codes.unique().numel() > 1
    for step in run.steps:
        np.testing.assert_array_equal(step.codes[:2].ravel(), codes.ravel())
        assert not step.masked[:2].any() and (step.confidence[:2] == 1).all()
        assert step.masked[2].any()


def test_heads_that_are_off_are_off_while_sampling():
    crossed = frozenset({("maskgit.transformer.layers.0.2", head) for head in (0, 1)})
    off, sampling = Switches(off=crossed), Sampling(frames=5, steps=3)
    one = sample(phenaki(), read_prompt("left"), sampling, switches=off)
    other = sample(phenaki(), read_prompt("right right"), sampling, switches=off)
    assert np.array_equal(one.clip.frames, other.clip.frames)
    assert len(one.recording.provenance["heads_off"]) == 2
    whole = sample(phenaki(), read_prompt("left"), sampling)
    assert whole.recording.provenance["heads_off"] == []
    digests = [run.recording.provenance["weights_digest"] for run in (one, whole)]
    assert digests[0] == digests[1]  # the digest that the file has


def test_progress_and_cancel():
    progress = []
    sample(
        phenaki(), read_prompt("left"), Sampling(frames=5, steps=3),
        on_step=lambda done, of: progress.append((done, of)),
    )  # fmt: skip
    assert progress == [(0, 3), (1, 3), (2, 3)]

    def stop(done, of):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sample(phenaki(), read_prompt("left"), Sampling(frames=5), on_step=stop)
    assert phenaki().steps == 18


def test_refusals():
    with pytest.raises(ConfigError, match="20 tokens; this model has positions for 12"):
        drawn(frames=9)
    with pytest.raises(ConfigError, match="steps is 0; use 1 to 200"):
        Sampling(steps=0)
    with pytest.raises(ConfigError, match="guidance -1"):
        Sampling(guidance=-1.0)
    with pytest.raises(ConfigError, match="3 priming frames are asked of a shorter clip"):
        sample(phenaki(), read_prompt("a"), Sampling(frames=2, priming=3), clip(1))
