"""Names as trainers leave them: every wrapper in every order, trainers' files, several sets."""

import itertools

import pytest
import torch

from phenaki_viz.checkpoints import inspect_checkpoint, open_checkpoint
from phenaki_viz.checkpoints.naming import named
from phenaki_viz.errors import CheckpointError
from phenaki_viz.models import CViViT, MaskGit, Phenaki, TokenCritic
from tests.checkpoints import files
from tests.checkpoints.files import (
    CRITIC,
    CVIVIT,
    FOR_CVIVIT,
    MASKGIT,
    PHENAKI,
    pt,
    tensors,
    weights,
)

WRAPPERS = (
    "module.",
    "_orig_mod.",
    "model.",
    "net.",
    "state_dict.",
    "ema_model.",
    "_forward_module.",
    "_fsdp_wrapped_module.",
    "my_lightning_module.",
)
ORDERS = [*itertools.permutations(WRAPPERS, 1), *itertools.permutations(WRAPPERS, 2)]
KINDS = {"CViViT": CVIVIT, "MaskGit": MASKGIT, "TokenCritic": CRITIC, "Phenaki": PHENAKI}
STATE = {kind: weights(config) for kind, config in KINDS.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_every_wrapper_in_every_order_is_taken_off_and_said(kind):
    state = STATE[kind]
    for order in (*ORDERS, ("module.", "_orig_mod.", "model.", "net.")):
        prefix = "".join(order)
        naming = named(f"{prefix}{key}" for key in state)
        assert naming.names == {key: f"{prefix}{key}" for key in state}, prefix
        said = " ".join(naming.notes)
        assert all(one in said for one in order), (prefix, said)


@pytest.mark.parametrize("prefix", ["", "module._orig_mod.", "_orig_mod.module.model."])
@pytest.mark.parametrize(
    ("kind", "made"),
    [("CViViT", CViViT), ("MaskGit", MaskGit), ("TokenCritic", TokenCritic), ("Phenaki", Phenaki)],
)
def test_the_wrapped_model_is_the_model(kind, made, prefix):
    wrapped = {f"{prefix}{key}": tensor for key, tensor in STATE[kind].items()}
    opened = open_checkpoint(("x.safetensors", tensors(wrapped)))
    assert isinstance(opened.model, made)
    own = opened.model.state_dict()
    assert all(torch.equal(own[key], tensor) for key, tensor in STATE[kind].items())
    assert bool(opened.inspection.notes) == bool(prefix)


def test_wrappers_within_a_name():
    """torch.compile or FSDP of a part: the wrapper stands in the middle."""
    inner = {
        key.replace("transformer.layers.", "transformer._orig_mod.layers.").replace(
            "layers.0.1.", "layers.0.1._fsdp_wrapped_module."
        ): tensor
        for key, tensor in STATE["MaskGit"].items()
    }
    assert inner.keys() != STATE["MaskGit"].keys()
    opened = open_checkpoint(("x.pt", pt(inner)))
    assert "_fsdp_wrapped_module., _orig_mod." in opened.inspection.notes[0]


def state_of_an_optimiser(state):
    return {
        "state": {
            at: {"step": torch.tensor(3.0), "exp_avg": torch.zeros_like(tensor)}
            for at, tensor in enumerate(state.values())
        },
        "param_groups": [{"lr": 1e-3, "params": list(range(len(state)))}],
    }


def trainers():
    state = STATE["MaskGit"]
    beside = {"step": 7, "version": "0.5.0", "scaler": None}
    optim = state_of_an_optimiser(state)
    yield "phenaki-pytorch", {"model": state, "opt": optim, **beside}
    yield "C-ViViT trainer", {"model": state, "optim": optim, "discr_optim": optim}
    yield (
        "Lightning",
        {
            "state_dict": {f"model.{key}": tensor for key, tensor in state.items()},
            "optimizer_states": [optim],
            "lr_schedulers": [],
            "callbacks": {"ModelCheckpoint{'monitor': None}": {"best_model_score": torch.ones(())}},
            "loops": {"fit_loop": {"state_dict": {}}},
            "hyper_parameters": {"lr": 1e-3},
            "epoch": 3,
            "global_step": 40,
        },
    )
    yield "accelerate and torch.compile", {f"_orig_mod.{key}": one for key, one in state.items()}
    yield "nested", {"nets": {"generator": {"module": state}, "extra": {"a": torch.zeros(2)}}}
    yield (
        "a Lightning module with more",
        {
            **{f"net.{key}": tensor for key, tensor in state.items()},
            "loss.weight": torch.zeros(3),
            "metric.total": torch.zeros((), dtype=torch.int64),
        },
    )


@pytest.mark.parametrize(("who", "content"), [*trainers()], ids=[who for who, _ in trainers()])
def test_trainers_files_open_and_what_is_beside_is_passed_over_and_said(who, content):
    opened = open_checkpoint(("x.ckpt", pt(content)))
    own = opened.model.state_dict()
    assert all(torch.equal(own[key], tensor) for key, tensor in STATE["MaskGit"].items())
    said = " ".join(opened.inspection.notes)
    beside = {
        "phenaki-pytorch": ("opt", "step", "version"),
        "C-ViViT trainer": ("optim", "discr_optim"),
        "Lightning": ("optimizer_states", "callbacks", "epoch", "model."),
        "accelerate and torch.compile": ("_orig_mod.",),
        "nested": ("nets.generator.", "nets.extra"),
        "a Lightning module with more": ("net.", "loss", "metric"),
    }[who]
    assert all(one in said for one in beside), said


def several(state, first, second):
    """Two sets under two names; the second one's numbers are larger by one."""
    return {f"{first}{key}": tensor for key, tensor in state.items()} | {
        f"{second}{key}": tensor + 1 for key, tensor in state.items()
    }


@pytest.mark.parametrize(
    ("online", "average"),
    [
        ("online_model.", "ema_model."),
        ("model.", "ema."),
        ("", "ema."),
        ("state_dict.", "state_dict_ema."),
        ("current_model_state.", "state_dict."),
        ("ema.online_model.", "ema.ema_model."),
        ("model.", "swa_model.module."),
        ("module.online_model.module.", "module.ema_model.module."),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("kind", ["MaskGit", "Phenaki"])
def test_the_average_is_taken_said_and_the_other_can_be_chosen(kind, online, average, turned):
    state = {key: one for key, one in STATE[kind].items() if one.is_floating_point()}
    both = several(state, online, average)
    if turned:
        both = dict(reversed(both.items()))
    if kind == "Phenaki":
        whole = {key: one for key, one in STATE[kind].items() if key not in state}
        both |= {
            f"{prefix}{key}": one for key, one in whole.items() for prefix in (online, average)
        }
    both |= {"initted": torch.tensor(True), "step": torch.tensor(3)}
    source = ("x.pt", pt(both))
    taken = open_checkpoint(source)
    key = "to_logits.bias" if kind == "MaskGit" else "maskgit.to_logits.bias"
    assert torch.equal(taken.model.state_dict()[key], state[key] + 1)
    setting = next(one for one in taken.inspection.settings if one.name == "weights")
    assert len(setting.options) == 2 and setting.value == setting.options[0]
    assert f"under {setting.value}" in " ".join(taken.inspection.notes)
    assert any(one.startswith("weights = ") for one in taken.inspection.assumptions)
    other = open_checkpoint(source, {"weights": setting.options[1]})
    assert torch.equal(other.model.state_dict()[key], state[key])
    assert any("weights" in one and "as you say" in one for one in other.inspection.assumptions)


def test_an_unknown_set_of_weights():
    source = ("x.pt", pt(several(STATE["MaskGit"], "model.", "ema.")))
    with pytest.raises(CheckpointError, match=r"no weights under 'emo'; the file has ema, model"):
        inspect_checkpoint(source, {"weights": "emo"})


def test_one_name_twice_once_the_wrappers_are_off():
    state = STATE["MaskGit"]
    both = dict(state) | {f"module.{key}": tensor for key, tensor in state.items()}
    with pytest.raises(CheckpointError, match=r"are both .* once their wrappers are taken off"):
        open_checkpoint(("x.pt", pt(both)))


@pytest.mark.parametrize("part", ["maskgit", "cvivit"])
def test_a_part_of_a_phenaki_alone_is_opened_as_that_part(part):
    state = {k: v for k, v in STATE["Phenaki"].items() if k.startswith(f"{part}.")}
    corrections = FOR_CVIVIT if part == "cvivit" else {}
    opened = open_checkpoint(("x.safetensors", tensors(state)), corrections)
    assert opened.inspection.kind.lower() == part
    assert f"taken off the names: {part}." in opened.inspection.notes


def test_a_self_critic_is_no_second_set_of_weights():
    settings = inspect_checkpoint(("x.pt", pt(files.self_critic()))).settings
    assert not any(setting.name == "weights" for setting in settings)


def test_a_dictionary_in_itself_ends():
    around = {"a": torch.zeros(1)}
    around["more"] = around
    with pytest.raises(CheckpointError, match="is nested more than 16 deep"):
        open_checkpoint(("x.pt", pt(around)))


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["_fsdp_wrapped_module._flat_param"], "save a full state dict"),
        (["base_model.model.layers.0.1.to_q.lora_A.default.weight"], "merge them"),
    ],
)
def test_weights_that_are_known_and_cannot_be_run(names, said):
    with pytest.raises(CheckpointError, match=said):
        open_checkpoint(("x.pt", pt({name: torch.zeros(2) for name in names})))


def test_weights_of_before_0_3_0():
    state = {k: v for k, v in STATE["MaskGit"].items() if not k.endswith(("q_scale", "k_scale"))}
    with pytest.raises(CheckpointError, match=r"^x.pt: there is no q_scale .* before 0\.3\.0"):
        open_checkpoint(("x.pt", pt(state)))
