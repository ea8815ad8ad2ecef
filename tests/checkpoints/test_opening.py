"""Good files: what is read, inferred and assumed, and that the model is the one that was saved."""

from dataclasses import replace

import pytest
import torch
from einops import rearrange

from phenaki_viz.checkpoints import Origin, inspect_checkpoint, open_checkpoint, save_model
from phenaki_viz.checkpoints.describing import describe
from phenaki_viz.models import SelfCritic, TokenCritic
from phenaki_viz.models.configs import PhenakiConfig
from tests.checkpoints import files
from tests.checkpoints.files import (
    CRITIC,
    CVIVIT,
    FOR_CVIVIT,
    MASKGIT,
    OURS,
    PHENAKI,
    pt,
    tensors,
    weights,
)
from tests.models.parity import Parity

FOR_PHENAKI = {f"cvivit.{name}": value for name, value in FOR_CVIVIT.items()}
CORRECTIONS = {
    "cvivit_lfq": {"image_size": (32, 32)},
    "cvivit_vq": {"image_size": (32, 16)},
    "maskgit": {},
    "maskgit_unconditional": {},
}


@pytest.mark.parametrize("kind", [tensors, pt], ids=["safetensors", "pt"])
@pytest.mark.parametrize("name", CORRECTIONS)
@torch.no_grad()
def test_published_state_dicts_give_published_numbers(name, kind):
    parity = Parity.read(name)
    source = (f"{name}.pt", kind(parity.under("state")))
    model = open_checkpoint(source, CORRECTIONS[name]).model
    if "cvivit" in name:
        video = parity.tensors["in.video"]
        codes = model(video, return_only_codebook_ids=True)
        assert torch.equal(codes, parity.tensors["out.codebook_ids"])
        rebuilt = model(video, return_recons_only=True)
        expected = parity.tensors["out.reconstruction"]
    else:
        rebuilt, expected = model(**parity.arguments()[1]), parity.output()
    torch.testing.assert_close(rebuilt, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", CORRECTIONS)
def test_settings_are_those_the_published_model_was_made_with(name):
    parity = Parity.read(name)
    config = inspect_checkpoint((name, tensors(parity.under("state"))), CORRECTIONS[name]).config
    settings = dict(parity.kwargs)
    if settings.pop("lookup_free_quantization", None) is False:
        assert config.quantiser == "vq"
    for field, value in settings.items():
        found = getattr(config, field)
        if isinstance(found, tuple):
            value = (value, value) if isinstance(value, int) else tuple(value)
        assert found == value, field


@pytest.mark.parametrize(
    ("config", "corrections"),
    [
        (CVIVIT, FOR_CVIVIT),
        (MASKGIT, {}),
        (CRITIC, {}),
        (replace(CRITIC, dim_context=0), {}),
        (PHENAKI, FOR_PHENAKI),
        (PhenakiConfig(cvivit=CVIVIT, maskgit=MASKGIT, critic=CRITIC), FOR_PHENAKI),
        (replace(CVIVIT, quantiser="vq"), FOR_CVIVIT),
        (
            replace(CVIVIT, quantiser="fsq", fsq_levels=(8, 5, 5, 5), codebook_size=1000),
            FOR_CVIVIT,
        ),
        (replace(MASKGIT, ff_mult=1.5), {}),
    ],
)
def test_every_model_comes_back(config, corrections):
    state = weights(config)
    opened = open_checkpoint(("x.pt", pt(state)), corrections)
    assert opened.config == config
    assert all(torch.equal(state[key], value) for key, value in opened.model.state_dict().items())
    assert not opened.model.training


def test_what_is_assumed_is_said_and_can_be_corrected():
    source = ("x.pt", pt(weights(CVIVIT)))
    found = {setting.name: setting for setting in inspect_checkpoint(source).settings}
    assert found["dim"].how == "inferred" and not found["dim"].options
    for name in ("causal", "peg_layout", "image_size", "channels", "patch_size"):
        assert found[name].how == "assumed" and len(found[name].options) > 1
    assert found["causal"].value is True and "masks have no weights" in found["causal"].why
    corrected = open_checkpoint(
        source, FOR_CVIVIT | {"causal": False, "peg_layout": "rearranged"}
    ).config
    assert not corrected.causal and corrected.peg_layout == "rearranged"


def test_an_older_layout():
    config = replace(CVIVIT, spatial_peg=True, causal=False)
    opened = open_checkpoint(("x.pt", pt(files.older(weights(config)))), FOR_CVIVIT)
    assert opened.config == config
    said = {setting.name: setting for setting in opened.inspection.settings}
    assert "an older release" in said["null_kv"].why and said["spatial_peg"].value
    with torch.no_grad():
        assert opened.model.codes_of(torch.rand(1, 1, 5, 16, 16)).shape == (1, 3, 2, 2)


def test_a_trainers_file_and_its_average():
    state = weights(MASKGIT)
    trainer = {"model": state, "optim": {"lr": 0.1}, "step": 7, "version": "0.5.0"}
    opened = open_checkpoint(("x.pt", pt(trainer)))
    assert "left out: optim, step, version" in opened.inspection.notes[0]
    average = {f"ema_model.{k}": v + 1 for k, v in state.items()}
    average |= {f"online_model.{k}": v for k, v in state.items()}
    average |= {"initted": torch.tensor(True), "step": torch.tensor(3)}
    opened = open_checkpoint(("x.pt", pt(average)))
    assert torch.equal(opened.model.to_logits.bias, state["to_logits.bias"] + 1)
    assert "moving average" in " ".join(opened.inspection.notes)


def test_a_self_critic():
    opened = open_checkpoint(("x.pt", pt(files.self_critic())), FOR_PHENAKI)
    assert isinstance(opened.model.critic, SelfCritic)
    assert opened.model.critic.maskgit is opened.model.maskgit


def test_a_critic_of_its_own():
    config = PhenakiConfig(cvivit=CVIVIT, maskgit=MASKGIT, critic=CRITIC)
    opened = open_checkpoint(("x.safetensors", tensors(weights(config))), FOR_PHENAKI)
    assert isinstance(opened.model.critic, TokenCritic)


def test_what_only_training_needs_is_left_out():
    state = weights(CVIVIT) | {"discr.blocks.0.conv_res.weight": torch.zeros(3)}
    opened = open_checkpoint(("x.pt", pt(state)), FOR_CVIVIT)
    assert any("discr" in note for note in opened.inspection.notes)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_are_converted_and_said(dtype):
    state = {k: v.to(dtype) for k, v in weights(MASKGIT).items()}
    opened = open_checkpoint(("x.safetensors", tensors(state)))
    assert opened.model.to_logits.weight.dtype == torch.float32
    assert str(dtype).removeprefix("torch.") in " ".join(opened.inspection.notes)


@pytest.mark.parametrize("half", [True, False])
def test_our_own_file(tmp_path, half):
    model = OURS.build()
    origin = Origin(title="A test", licence="MIT", record={"steps": 3})
    path = save_model(tmp_path / "ours.safetensors", model, OURS, origin, half=half)
    opened = open_checkpoint(path)
    assert opened.config == OURS and opened.inspection.record == {"steps": 3}
    assert all(setting.how == "read" for setting in opened.inspection.settings)
    assert opened.model.encode_texts.words == ("left", "right")
    exact = {k: v.half().float() if half and v.is_floating_point() else v
             for k, v in model.state_dict().items()}  # fmt: skip
    assert all(torch.equal(exact[k], v) for k, v in opened.model.state_dict().items())
    lines = describe(opened.inspection)
    assert "Phenaki" in lines[0] and any("maskgit.heads = 2  (read" in line for line in lines)


def test_inspecting_reads_no_numbers():
    content = bytearray(tensors(weights(MASKGIT)))
    content[-4000:] = b"\xff" * 4000  # NaN everywhere: only reading would notice
    assert inspect_checkpoint(("x.safetensors", bytes(content))).kind == "MaskGit"


def test_one_file_has_one_digest(tmp_path):
    content = tensors(weights(MASKGIT))
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    assert open_checkpoint(path).digest == open_checkpoint(("y", content)).digest


def test_the_shapes_of_a_video_survive(tmp_path):
    opened = open_checkpoint(("x.pt", pt(weights(PHENAKI))), FOR_PHENAKI)
    codes = torch.randint(16, (1, 3, 2, 2))
    video = opened.model.cvivit.decode_from_codebook_indices(rearrange(codes, "b ... -> b (...)"))
    assert video.shape == (1, 1, 5, 16, 16)
