import pytest
import torch

from phenaki_viz.errors import ConfigError, ShapeError
from phenaki_viz.models import PatchEmbedding, grid_of
from tests.models.parity import Parity

SIZES = {"dim": 7, "channels": 3, "patch_size": (4, 2), "temporal_patch_size": 2}


@pytest.mark.parametrize(
    ("clip", "grid"),
    [
        ((9, 64, 64, 8, 2), (5, 8, 8)),
        ((1, 16, 24, 8, 2), (1, 2, 3)),
        ((7, 12, 10, (4, 2), 3), (3, 3, 5)),
        ((4, 5, 7, 1, 1), (4, 5, 7)),
    ],
)
def test_the_grid_of_a_clip(clip, grid):
    assert grid_of(*clip) == grid


@pytest.mark.parametrize(
    ("clip", "message"),
    [
        (
            (10, 16, 16, 8, 2),
            "clip has 10 frames; temporal patch 2 needs 1 + a multiple of 2: use 9 or 11",
        ),
        ((0, 16, 16, 8, 2), "clip has 0 frames; .*: use 1 or 3"),
        ((0, 16, 16, 8, 1), "clip has 0 frames; .*: use 1 or 2"),
        ((3, 16, 16, 8, 4), "clip has 3 frames; .*: use 1 or 5"),
        ((9, 50, 64, 8, 2), "frames of 50×64 .* patches of 8×8: use 48×64 or 56×64"),
        ((9, 50, 63, 8, 2), "frames of 50×63 .* patches of 8×8: use 48×56 or 56×64"),
        ((9, 5, 0, 8, 2), "frames of 5×0 .* patches of 8×8: use 8×8 or 16×16"),
    ],
)
def test_a_clip_that_does_not_fit_is_told_what_would(clip, message):
    with pytest.raises(ShapeError, match=message.replace("+", r"\+")):
        grid_of(*clip)


@pytest.mark.parametrize("frames", range(20))
@pytest.mark.parametrize("temporal", [1, 2, 3])
def test_what_is_advised_does_fit(frames, temporal):
    try:
        grid_of(frames, 8, 8, 8, temporal)
    except ShapeError as refusal:
        advised = [int(word) for word in str(refusal).split("use ")[1].split(" or ")]
        assert advised[0] - temporal < frames < advised[1] or frames == 0
        assert [grid_of(n, 8, 8, 8, temporal)[1:] for n in advised] == [(1, 1), (1, 1)]


def changed(embed, video, at):
    """The tokens that move when one pixel does."""
    other = video.clone()
    other[at] += 1
    difference = (embed(other) - embed(video)).abs().amax(dim=-1)
    return [tuple(cell) for cell in (difference > 1e-4).nonzero().tolist()]


@pytest.mark.parametrize(
    ("pixel", "token"),
    [
        ((0, 0, 0, 0, 0), (0, 0, 0, 0)),
        ((1, 2, 0, 11, 5), (1, 0, 2, 2)),
        ((1, 1, 1, 4, 1), (1, 1, 1, 0)),
        ((0, 0, 2, 7, 3), (0, 1, 1, 1)),
        ((0, 0, 3, 7, 4), (0, 2, 1, 2)),
    ],
)
@torch.no_grad()
def test_a_pixel_reaches_its_own_token_only(pixel, token):
    embed = PatchEmbedding(**SIZES)
    assert changed(embed, torch.randn(2, 3, 5, 12, 6), pixel) == [token]


@torch.no_grad()
def test_one_frame_is_one_step():
    embed, video = PatchEmbedding(**SIZES), torch.randn(2, 3, 5, 12, 6)
    tokens = embed(video)
    assert tokens.shape == (2, 3, 3, 3, 7)
    torch.testing.assert_close(embed(video[:, :, :1]), tokens[:, :1])


@pytest.mark.parametrize("name", ["cvivit_lfq", "cvivit_vq"])
def test_published_weights_fit(name):
    parity = Parity.read(name)
    sizes = {key: parity.kwargs[key] for key in ("dim", "patch_size", "temporal_patch_size")}
    state = {k: v for k, v in parity.under("state").items() if k.startswith("to_patch_emb")}
    PatchEmbedding(**sizes).load_state_dict(state, strict=True)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((2, 3, 12, 6), r"batch × 3 \(channels\) × frames .* got 2 × 3 × 12 × 6"),
        ((2, 1, 5, 12, 6), "got 2 × 1 × 5 × 12 × 6"),
        ((2, 3, 6, 12, 6), "clip has 6 frames"),
        ((2, 3, 5, 12, 5), "frames of 12×5"),
    ],
)
def test_other_videos_are_refused(shape, message):
    with pytest.raises(ShapeError, match=message):
        PatchEmbedding(**SIZES)(torch.zeros(shape))


@pytest.mark.parametrize(
    ("setting", "value", "named"),
    [
        ("dim", 0, "dim 0"),
        ("channels", 0, "channels 0"),
        ("patch_size", (4, 0), "patch 0"),
        ("temporal_patch_size", -1, "patch -1"),
    ],
)
def test_settings_that_cannot_work_are_refused(setting, value, named):
    with pytest.raises(ConfigError, match=f"patch embedding with {named}: use at least 1"):
        PatchEmbedding(**(SIZES | {setting: value}))


def test_a_patch_of_nothing_is_refused():
    with pytest.raises(ConfigError, match="patch of 8×8 pixels and 0 frames"):
        grid_of(9, 64, 64, 8, 0)
