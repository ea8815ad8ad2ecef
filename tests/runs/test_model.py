import numpy as np
import pytest
import torch
import torch.nn.functional as F

from phenaki_viz.data import read_prompt
from phenaki_viz.errors import ConfigError, RecordingError, ShapeError, VideoError
from phenaki_viz.recording.switches import Switches, switched
from phenaki_viz.runs.model import RunOptions, run_model
from phenaki_viz.runs.model_parts import most_frames
from tests.checkpoints.files import CRITIC, CVIVIT, MASKGIT
from tests.models.listening import hear
from tests.runs.trained import clip, phenaki

CROSS, SELF = "maskgit.transformer.layers.0.2", "maskgit.transformer.layers.0.1"


def seen(**options):
    return run_model(phenaki(), clip(), read_prompt("left right"), RunOptions(**options))


def test_every_attention_of_the_model_is_there_once_and_verified():
    run = seen()
    names = [record.module for record in run.recording]
    assert len(names) == len(set(names)) == 6
    assert run.recording.max_abs_error < 1e-5
    counts = {r.module.split(".")[1]: r.places.batch_counts for r in run.recording}
    assert counts == {
        "enc_spatial_transformer": "frame",
        "enc_temporal_transformer": "patch",
        "dec_temporal_transformer": "patch",
        "dec_spatial_transformer": "frame",
        "transformer": "video",
    }
    assert run.recording.provenance["prompt"] == "left right"


@torch.no_grad()
def test_what_comes_out_is_what_the_model_says():
    run, model = seen(share=0.5, seed=3), phenaki()
    video = torch.from_numpy(run.clip.frames.astype(np.float32) / 255).permute(3, 0, 1, 2)[None]
    codes = model.cvivit.codes_of(video)
    np.testing.assert_array_equal(run.outcome.codes, codes[0].numpy())
    masked = torch.from_numpy(run.outcome.masked)
    assert int(masked.sum()) == 6
    context, mask = model.encode_texts(["left right"])
    holed = torch.where(masked, 16, codes[0])[None]
    logits = model.maskgit(holed, context=context, text_mask=mask)
    loss = F.cross_entropy(logits[0], codes.flatten(), reduction="none")
    np.testing.assert_allclose(run.outcome.loss.ravel(), loss.numpy(), atol=1e-5)
    assert run.outcome.masked_loss == pytest.approx(float(loss[masked.flatten()].mean()), abs=1e-5)
    rebuilt = model.cvivit(video, return_recons_only=True)
    error = float(F.mse_loss(rebuilt, video) / video.var())
    assert run.outcome.error == pytest.approx(error, rel=1e-5)
    assert run.outcome.filled.shape == run.outcome.reconstruction.shape == (5, 16, 16, 1)
    kept = ~run.outcome.masked
    np.testing.assert_array_equal(run.outcome.predicted[kept], run.outcome.codes[kept])


def test_nothing_masked_and_everything_masked():
    assert not seen(share=0.0).outcome.masked.any()
    assert seen(share=0.0).outcome.masked_loss is None
    assert seen(share=1.0).outcome.masked.all()
    with pytest.raises(ConfigError, match="use 0 to 1"):
        RunOptions(share=1.5)


@pytest.mark.parametrize("config", [CVIVIT, MASKGIT, CRITIC])
def test_parts_alone(config):
    torch.manual_seed(0)
    run = run_model(config.build().eval(), clip(), read_prompt("a b"), RunOptions(grid=(3, 2, 2)))
    assert len(run.recording) >= 2
    if config is not CVIVIT:
        assert any("codes are random" in note for note in run.notes)
        assert any("word vectors are random" in note for note in run.notes)


def test_clips_that_do_not_fit():
    with pytest.raises(VideoError, match="5 frames; 9 from frame 0"):
        seen(frames=9)
    with pytest.raises(ShapeError, match="temporal patch 2 needs"):
        seen(frames=4)
    assert most_frames(phenaki(), 100) == 5
    assert most_frames(phenaki(), 4) == 3
    assert run_model(phenaki(), clip(5, 40), read_prompt("left")).clip.frames.shape == (
        5,
        16,
        16,
        1,
    )


def test_words_it_never_learned_are_named():
    run = run_model(phenaki(), clip(), read_prompt("left <b>"))
    assert run.notes == ("words this model never learned share one vector: “<b>”",)


# ---- switches


@torch.no_grad()
def test_a_head_that_is_off_adds_nothing():
    """Planted: the attention's output without a head is to_out over the other heads alone."""
    torch.manual_seed(0)
    module = MASKGIT.build().eval().transformer.layers[0][1]
    x = torch.randn(1, 6, 16)
    whole, maps = hear(module, x)
    values = module.to_kv(x).chunk(2, -1)[1].reshape(1, 6, 2, 4).transpose(1, 2)
    (attn,) = maps[""]
    only_first = (attn @ values) * torch.tensor([1.0, 0.0])[None, :, None, None]
    expected = module.to_out(only_first.transpose(1, 2).reshape(1, 6, 8))
    holder = torch.nn.ModuleDict({"a": module})
    with switched(holder, Switches(off=frozenset({("a", 1)}))):
        torch.testing.assert_close(module(x), expected, atol=1e-6, rtol=0)
    torch.testing.assert_close(module(x), whole, atol=1e-6, rtol=0)


def test_off_and_cut_change_the_output_and_are_put_back():
    whole = seen()
    off = seen(switches=Switches(off=frozenset({(CROSS, 0), (CROSS, 1)})))
    assert off.outcome.masked_loss != whole.outcome.masked_loss
    assert off.outcome.error == whole.outcome.error  # C-ViViT has all its heads
    assert off.recording.max_abs_error < 1e-5  # what is off is off in the check as well
    assert [r.module for r in off.recording] == [r.module for r in whole.recording]
    cut = seen(switches=Switches(depth=frozenset({("maskgit.transformer", 0)})))
    assert not any(record.module.startswith("maskgit") for record in cut.recording)
    again = seen()
    assert again.outcome.masked_loss == whole.outcome.masked_loss
    assert (
        again.recording.provenance["weights_digest"] == whole.recording.provenance["weights_digest"]
    )


def test_a_text_without_its_heads_makes_no_difference():
    """Planted: with every cross-attention head off, the words cannot matter."""
    none = Switches(off=frozenset({(CROSS, 0), (CROSS, 1)}))
    one = run_model(phenaki(), clip(), read_prompt("left"), RunOptions(switches=none))
    other = run_model(phenaki(), clip(), read_prompt("right left"), RunOptions(switches=none))
    np.testing.assert_array_equal(one.outcome.loss, other.outcome.loss)


def test_put_back_after_an_error():
    before = {key: value.clone() for key, value in phenaki().state_dict().items()}

    def stop(done, of):
        raise KeyboardInterrupt

    switches = Switches(
        off=frozenset({(SELF, 1)}), depth=frozenset({("cvivit.enc_spatial_transformer", 0)})
    )
    with pytest.raises(KeyboardInterrupt):
        run_model(
            phenaki(), clip(), read_prompt("left"), RunOptions(switches=switches), on_progress=stop
        )
    after = phenaki().state_dict()
    assert set(before) == set(after)
    assert all(torch.equal(before[key], after[key]) for key in before)


@pytest.mark.parametrize(
    "switches",
    [
        Switches(off=frozenset({("maskgit.none", 0)})),
        Switches(off=frozenset({(SELF, 2)})),
        Switches(depth=frozenset({("maskgit.transformer", 2)})),
        Switches(depth=frozenset({("maskgit", 0)})),
    ],
)
def test_switches_that_are_not_there(switches):
    with pytest.raises(RecordingError, match=r"there is no head|cannot be cut"):
        seen(switches=switches)
