"""C-ViViT, MaskGit, critics and sampling, against the published classes and their data."""

import itertools

import pytest
import torch

from phenaki_viz.errors import ConfigError, ShapeError
from phenaki_viz.models import CViViT, MaskGit, Phenaki, SelfCritic, TokenCritic, WordEmbedding
from phenaki_viz.models.phenaki import Decoding, Sampled, masked_tokens
from tests.models.listening import hear
from tests.models.parity import Parity
from tests.published import published_phenaki

EYES = {
    "dim": 16,
    "codebook_size": 16,
    "image_size": 16,
    "patch_size": 8,
    "temporal_patch_size": 2,
    "spatial_depth": 1,
    "temporal_depth": 1,
    "dim_head": 4,
    "heads": 2,
    "channels": 1,
}
FILLER = {"dim": 16, "num_tokens": 16, "max_seq_len": 12, "depth": 2, "heads": 2, "dim_head": 4}
TEXT = {"dim_context": 8}
CRITICS = ["none", "critic", "self", "blind"]


def tuples(kwargs):
    return {k: tuple(v) if isinstance(v, list) else v for k, v in kwargs.items()}


@pytest.mark.parametrize("name", ["cvivit_lfq", "cvivit_vq"])
@torch.no_grad()
def test_published_codes_reconstructions_and_maps(name):
    parity = Parity.read(name)
    model = CViViT(**tuples(parity.kwargs)).eval()
    model.load_state_dict(parity.under("state"), strict=True)
    video = parity.tensors["in.video"]
    rebuilt, maps = hear(model, video, return_recons_only=True)
    assert torch.equal(model.codes_of(video), parity.tensors["out.codebook_ids"])
    expected = parity.tensors["out.reconstruction"]
    for ours in (rebuilt, model(video, return_recons_only=True)):
        torch.testing.assert_close(ours, expected, atol=1e-5, rtol=0)
    again = model.decode_from_codebook_indices(model.codes_of(video))
    torch.testing.assert_close(again, expected, atol=1e-5, rtol=0)
    published = parity.maps()
    assert set(maps) == set(published)
    for module, (ours,) in maps.items():
        torch.testing.assert_close(ours, published[module][-1], atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", ["maskgit", "maskgit_unconditional"])
@torch.no_grad()
def test_published_logits_and_maps(name):
    parity = Parity.read(name)
    model = MaskGit(**parity.kwargs).eval()
    model.load_state_dict(parity.under("state"), strict=True)
    _, call = parity.arguments()
    logits, maps = hear(model, **call)
    for ours in (logits, model(**call)):
        torch.testing.assert_close(ours, parity.output(), atol=1e-5, rtol=0)
    assert set(maps) == set(parity.maps())
    for module, (theirs,) in parity.maps().items():
        torch.testing.assert_close(maps[module][0], theirs, atol=1e-5, rtol=0)


def both(critic, unconditional=False, **settings):
    """The published Phenaki and ours with the same weights; texts are the same vectors."""
    theirs = published_phenaki()
    eyes = theirs.CViViT(**EYES, use_vgg_and_gan=False)
    text = {} if unconditional else TEXT
    filler = theirs.MaskGit(**FILLER, **text, unconditional=unconditional)
    reads = {"has_cross_attn": True, **TEXT} if critic == "critic" else {}
    judge = theirs.TokenCritic(**FILLER, **reads) if critic in ("critic", "blind") else None
    if critic == "blind" and not unconditional:
        pytest.skip("published: a critic reads text exactly when MaskGit does")
    published = theirs.Phenaki(
        maskgit=filler, cvivit=eyes, critic=judge, steps=5, text_embed_dim=8,
        self_token_critic=critic == "self", **settings,
    ).eval()  # fmt: skip
    vectors = torch.randn(3, 4, 8)
    vectors[1, 2:] = 0  # padding
    published.encode_texts = lambda texts, output_device: vectors[: len(texts)]
    ours = Phenaki(
        maskgit=MaskGit(**FILLER, **text, unconditional=unconditional),
        cvivit=CViViT(**EYES),
        critic=TokenCritic(**FILLER, **reads) if judge is not None else None,
        encode_texts=lambda texts: (vectors[: len(texts)], (vectors[: len(texts)] != 0).any(-1)),
        steps=5,
        self_token_critic=critic == "self",
        **settings,
    ).eval()
    ours.load_state_dict(published.state_dict(), strict=True)
    return published, ours


@pytest.mark.parametrize("critic", CRITICS)
@pytest.mark.parametrize("primed", [False, True])
@pytest.mark.parametrize("cond_scale", [1.0, 3.0])
def test_samples_as_the_published_class_does(critic, primed, cond_scale):
    torch.manual_seed(4)
    unconditional = critic == "blind"
    published, ours = both(critic, unconditional)
    kwargs = {"num_frames": 2 if primed else 5, "cond_scale": cond_scale}
    kwargs |= {} if unconditional else {"texts": ["a", "b"]}
    batch = 1 if unconditional else 2
    if primed:
        kwargs["prime_frames"] = torch.rand(batch, 1, 3, 16, 16)
    torch.manual_seed(9)
    theirs = published.sample(**kwargs)
    torch.manual_seed(9)
    video = ours.sample(**kwargs)
    torch.testing.assert_close(video, theirs, atol=1e-5, rtol=0)
    assert video.std() > 0


@pytest.mark.parametrize("schedule", ["fixed", "decay", "increase"])
def test_noise_on_the_critics_scores(schedule):
    torch.manual_seed(4)
    published, ours = both("critic", critic_noise_anneal_schedule=schedule)
    torch.manual_seed(9)
    theirs = published.sample(num_frames=5, texts=["a"], noise_K=50.0)
    torch.manual_seed(9)
    torch.testing.assert_close(
        ours.sample(num_frames=5, texts=["a"], noise_K=50.0), theirs, atol=1e-5, rtol=0
    )


@pytest.mark.parametrize("critic", ["none", "critic", "self"])
def test_logits_and_scores_of_the_published_classes(critic):
    torch.manual_seed(2)
    published, ours = both(critic)
    codes = torch.randint(17, (2, 3, 2, 2))
    conditions = {"context": torch.randn(2, 4, 8), "text_mask": torch.rand(2, 4) < 0.7}
    with torch.no_grad():
        pairs = [(published.maskgit, ours.maskgit)]
        pairs += [(published.critic, ours.critic)] if critic != "none" else []
        for theirs, mine in pairs:
            torch.testing.assert_close(
                mine.forward_with_cond_scale(codes, **conditions),
                theirs.forward_with_cond_scale(codes, **conditions),
                atol=1e-5,
                rtol=0,
            )


def test_steps_say_what_happened():
    torch.manual_seed(4)
    _, ours = both("none")
    *steps, made = ours.sample_steps(
        num_frames=5, texts=["a"], generator=torch.Generator().manual_seed(0)
    )
    assert isinstance(made, Sampled) and len(steps) == 5
    assert steps[0].masked.all()
    for at, step in enumerate(steps):
        assert int(step.masked.sum()) == (12 if at == 0 else masked_tokens(12, at / 5))
        kept = ~step.masked
        before = steps[at - 1].codes if at else step.codes
        assert torch.equal(step.codes[kept], before[kept])
        assert torch.equal(step.codes[step.masked], step.predicted[step.masked])
        assert (step.confidence > 0).all() and (step.confidence <= 1).all()
    for step, after in itertools.pairwise(steps):
        # The next step masks what this one was least sure of.
        lowest = step.scores[after.masked].min()
        assert (step.scores[~after.masked] <= lowest).all()
    assert steps[-1].scores is None and torch.equal(made.codes.flatten(1), steps[-1].codes)


def test_the_same_generator_gives_the_same_video():
    _, ours = both("none")

    def draw(seed):
        chance = torch.Generator().manual_seed(seed)
        *_, made = ours.sample_steps(
            num_frames=5,
            texts=["a"],
            decoding=Decoding(starting_temperature=50.0),
            generator=chance,
        )
        return made.codes

    assert torch.equal(draw(1), draw(1)) and not torch.equal(draw(1), draw(2))


def test_a_model_in_training_is_put_back():
    _, ours = both("none")
    ours.train()
    ours.sample(num_frames=1, texts="a")
    assert ours.training


def test_refusals():
    _, ours = both("none")
    with pytest.raises(ShapeError, match="4 frames do not divide into tokens"):
        ours.sample(num_frames=4, texts=["a"])
    with pytest.raises(ShapeError, match="20 tokens; this model has positions for 12"):
        ours.sample(num_frames=9, texts=["a"])
    with pytest.raises(ShapeError, match="frames are 8×8; this C-ViViT was made for 16×16"):
        ours.cvivit(torch.rand(1, 1, 1, 8, 8))
    with pytest.raises(ShapeError, match="priming frames are 3 × 1 × 1 × 16 × 16"):
        ours.sample(num_frames=2, texts=["a"], prime_frames=torch.rand(3, 1, 1, 16, 16))
    with pytest.raises(ShapeError, match="7 codes do not fill the grid 2 × 2 × 2"):
        ours.maskgit(torch.zeros(1, 7, dtype=torch.long), video_patch_shape=(2, 2, 2))
    with pytest.raises(ConfigError, match="not both"):
        Phenaki(
            maskgit=ours.maskgit,
            cvivit=ours.cvivit,
            critic=SelfCritic(ours.maskgit),
            self_token_critic=True,
        )
    with pytest.raises(ConfigError, match="no text encoder"):
        Phenaki(maskgit=ours.maskgit, cvivit=ours.cvivit).sample(num_frames=1, texts="a")
    with pytest.raises(ConfigError, match="pass use_vgg_and_gan=False"):
        CViViT(**EYES, use_vgg_and_gan=True)
    with pytest.raises(ConfigError, match="power of two"):
        CViViT(**EYES | {"codebook_size": 12})
    with pytest.raises(ConfigError, match="make 125 codes; the codebook has 16"):
        CViViT(**EYES, fsq_levels=(5, 5, 5))


@torch.no_grad()
def test_every_quantiser_gives_back_its_own_codes():
    for settings in (
        {},
        {"lookup_free_quantization": False},
        {"fsq_levels": (8, 5, 5, 5), "codebook_size": 1000},
    ):
        model = CViViT(**EYES | settings).eval()
        codes = torch.randint(EYES["codebook_size"], (1, 3, 2, 2))
        vectors = model.quantiser.vectors(model.vq, codes.flatten(1))
        assert vectors.shape == (1, 12, 16)
        if "lookup_free_quantization" in settings:  # the others project: only codes come back
            _, again, _ = model.quantise(vectors.reshape(1, 3, 2, 2, 16))
            assert torch.equal(again, codes)


@torch.no_grad()
def test_the_future_leaks_only_through_the_published_layout():
    for layout, leaks in (("published", True), ("rearranged", False)):
        torch.manual_seed(0)
        model = CViViT(**EYES, peg_layout=layout).eval()
        video = torch.rand(1, 1, 5, 16, 16)
        changed = video.clone()
        changed[:, :, -2:] = torch.rand(1, 1, 2, 16, 16)
        one, other = (model.encode(model.embed(v)) for v in (video, changed))
        assert ((one - other)[:, :-1].abs().max() > 1e-4) == leaks


def test_words():
    text = WordEmbedding(("left", "right", "up"), 8, most_words=3)
    ids = text.ids(["Left up", "down", "", "left right up left"])
    assert ids.tolist() == [[2, 4, 0], [1, 0, 0], [0, 0, 0], [2, 3, 4]]
    vectors, mask = text(["left up", "up"])
    assert mask.tolist() == [[True, True], [True, False]]
    assert not torch.equal(vectors[0, 1], vectors[1, 0])  # the same word at another place
    assert text.unknown("left <b>") == ("<b>",)
    with pytest.raises(ConfigError, match="give different words"):
        WordEmbedding(("a", "a"), 8, 3)


def test_dropping_the_text_leaves_the_nulls():
    torch.manual_seed(0)
    model = MaskGit(**FILLER, **TEXT).eval()
    codes, context = torch.randint(16, (2, 3, 2, 2)), torch.randn(2, 5, 8)
    _, maps = hear(model, codes, context=context, cond_drop_prob=1.0)
    crossed = maps["transformer.layers.0.2"][0]
    torch.testing.assert_close(crossed[..., :2].sum(-1), torch.ones_like(crossed[..., 0]))
