"""Bad files: each is refused in its own words, nothing runs, nothing in use changes."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from phenaki_viz.checkpoints import files as files_of
from phenaki_viz.checkpoints import inspect_checkpoint, open_checkpoint, opening
from phenaki_viz.checkpoints.files import weights_of
from phenaki_viz.errors import CheckpointError
from tests.checkpoints import files
from tests.checkpoints.files import (
    CVIVIT,
    FOR_CVIVIT,
    MASKGIT,
    OURS,
    entry,
    header,
    pt,
    repacked,
    tensors,
    weights,
)

GOOD = tensors(weights(MASKGIT))


def changed(key, tensor):
    state = weights(MASKGIT)
    state[key] = tensor
    return tensors(state)


def without(*keys):
    return tensors({k: v for k, v in weights(MASKGIT).items() if k not in keys})


def own(**settings):
    import json

    from phenaki_viz.models.configs import as_json

    config = as_json(MASKGIT) | settings
    said = {"format": 1, "kind": "MaskGitConfig", "config": config}
    return tensors(weights(MASKGIT), {"phenaki_viz": json.dumps(said)})


BAD = {
    "empty": ("x.safetensors", b"", "x.safetensors is empty"),
    "without tensors": ("x.safetensors", tensors({}), "x.safetensors: there is no tensor in it"),
    "numbers of 8 bits": (
        "x.safetensors",
        changed("to_logits.bias", torch.zeros(2, dtype=torch.float8_e4m3fn)),
        "kind F8_E4M3, which are not read here: save it with numbers of 16 or 32 bits",
    ),
    "ours without its header": (
        "x.pt",
        pt(weights(OURS)),
        r"a model of this project keeps its words and settings in a header, .* Save it by `phenak",
    ),
    "text": ("x.pt", b"these are words, not weights at all", "neither safetensors nor a PyTorch"),
    "truncated": ("x.safetensors", GOOD[:-2000], r"is incomplete: its header promises \d+\.\d kB"),
    "a picture, renamed": (
        "x.safetensors",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 40,
        "neither safetensors",
    ),
    "truncated pickle": (
        "x.pt",
        pt(weights(MASKGIT), _use_new_zipfile_serialization=False)[:900],
        "damaged or no file of weights",
    ),
    "truncated zip": ("x.pt", pt(weights(MASKGIT))[:-300], "is incomplete: its list of contents"),
    "huge header": ("x.safetensors", header(b"{}", length=2**62), "ask for a header of"),
    "claims 99,999,999": ("x.safetensors", header(b"{", length=99_999_999), "ask for a header of"),
    "not JSON": ("x.safetensors", header(b"{,}" + b" " * 20), "damaged header: it is not JSON"),
    "a list as header": ("x.safetensors", header(b"[1, 2, 3]"), "names no tensors"),
    "overlap": (
        "x.safetensors",
        header({"a": entry(), "b": entry(ends=(0, 4))}, b"\0" * 4),
        "is damaged: b lies over a tensor",
    ),
    "trailing bytes": (
        "x.safetensors",
        GOOD + b"more",
        "is damaged: 4 bytes at its end are of no tensor",
    ),
    "wrong size": ("x.safetensors", header({"a": entry(shape=(3,))}, b"\0" * 4), "is damaged"),
    "overflow": (
        "x.safetensors",
        header({"a": entry(shape=(2**62, 4))}, b"\0" * 4),
        "is damaged: a has 4 bytes, its shape another",
    ),
    "unknown kind": (
        "x.safetensors",
        header({"a": entry("F3")}, b"\0" * 4),
        "a holds numbers of the kind F3",
    ),
    "named twice": (
        "x.safetensors",
        header(
            b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
            b"\0" * 4,
        ),
        "names 'a' twice",
    ),
    "hostile name": (
        "x.safetensors",
        header({"<script>alert(1)</script>": entry()}, b"\0" * 4),
        "names a tensor '<script>",
    ),
    "whole module": ("x.pt", pt(nn.Linear(2, 2)), "holds more than tensors, and such a file can"),
    "numpy scalar": ("x.pt", pt({"a": np.float64(3)}), "holds more than tensors"),
    "compressed": ("x.pt", repacked(pt(weights(MASKGIT)), compress=True), "compressed entries"),
    "TorchScript": (
        "x.pt",
        repacked(pt({}), extra="archive/code/__torch__.py"),
        "is a TorchScript program",
    ),
    "pt2": ("x.pt2", repacked(pt({})), "is an exported program"),
    "renamed pt2": ("x.pt", repacked(pt({}), extra="x/archive_format"), "is an exported program"),
    "a ZIP of something": ("x.pt", repacked(pt({}), without="data.pkl"), "without weights in it"),
    "list": ("x.pt", pt([torch.zeros(2)]), "holds a list, not named tensors"),
    "nested": (
        "x.pt",
        pt({"nets": {"eyes": {"weight": torch.zeros(2)}}}),
        "are of no C-ViViT, MaskGit, TokenCritic or Phenaki; the first are nets.eyes.weight",
    ),
    "numbers": ("x.pt", pt({"step": 3, "lr": 0.1}), r"dictionary of step \(int\), lr \(float\)"),
    "nothing": ("x.pt", pt({}), "holds a dict, not named tensors"),
    "sparse": ("x.pt", pt({"a": torch.eye(3).to_sparse()}), "sparse or quantised"),
    "expanded": ("x.pt", pt({"a": torch.zeros(1).expand(10**9)}), "it was expanded"),
    "other model": ("x.pt", pt({"conv.weight": torch.zeros(2)}), "are of no C-ViViT"),
    "whole numbers": (
        "x.safetensors",
        changed("token_emb.weight", torch.zeros(17, 16, dtype=torch.int32)),
        "token_emb.weight holds int32 numbers",
    ),
    "bool": (
        "x.safetensors",
        changed("pos_emb.weight", torch.ones(12, 16, dtype=torch.bool)),
        "pos_emb.weight holds bool numbers; weights must be floating point",
    ),
    "complex": (
        "x.pt",
        pt(weights(MASKGIT) | {"token_emb.weight": torch.zeros(17, 16, dtype=torch.complex64)}),
        "holds complex64 numbers",
    ),
    "missing": (
        "x.safetensors",
        without("pos_emb.weight", "to_logits.bias"),
        "pos_emb.weight is missing",
    ),
    "several missing": (
        "x.safetensors",
        without("to_logits.bias", "transformer.layers.0.1.k_scale"),
        "missing: to_logits.bias, transformer.layers.0.1.k_scale; nothing not known",
    ),
    "many missing": (
        "x.safetensors",
        tensors(
            {k: v for k, v in weights(MASKGIT).items() if not k.endswith(("gamma", "beta"))}
            | {f"extra.{at}": torch.zeros(2) for at in range(7)}
        ),
        r"missing: (\S+norm\.\w+, ){5}… \(10 in all\); not known: (extra\.\d, ){5}… \(7 in all",
    ),
    "unexpected": ("x.safetensors", changed("more.weight", torch.zeros(2)), "not known: more.weig"),
    "shape": (
        "x.safetensors",
        changed("transformer.norm_out.gamma", torch.zeros(7)),
        "norm_out.gamma is 7 in the file, the model with these settings needs 16",
    ),
    "split of heads": (
        "x.safetensors",
        changed("transformer.layers.0.1.q_scale", torch.zeros(3)),
        "2 heads of 3 make 6, to_q has 8",
    ),
    "split of heads in the settings": (
        "x.safetensors",
        own(heads=4, dim_head=2),  # the right product, so that to_q fits
        r"is 4 × 3 in the file, the model with these settings needs 2 × 3 \(12 such tensors\)",
    ),
    "infinity": (
        "x.safetensors",
        changed("to_logits.bias", torch.tensor([1.0] * 14 + [torch.inf, -torch.inf])),
        r"NaN or infinity in 1 tensor: to_logits.bias \(2\)",
    ),
    "NaN": (
        "x.safetensors",
        changed("to_logits.bias", torch.full((16,), torch.nan)),
        r"NaN or infinity in 1 tensor: to_logits.bias \(16\)",
    ),
    "half overflow": (
        "x.safetensors",
        changed("to_logits.bias", torch.full((16,), 1e6).half()),
        "NaN or infinity",
    ),
    "settings over the limit": ("x.safetensors", own(dim=10**9), "dim is 1000000000; it must be"),
    "negative setting": ("x.safetensors", own(heads=-1), "heads is -1"),
    "no heads": ("x.safetensors", own(heads=0), "heads is 0"),
    "unknown setting": ("x.safetensors", own(colour="red"), "unknown settings colour"),
    "settings of another model": ("x.safetensors", own(depth=2), "does not fit a MaskGit: missing"),
    "broken settings": (
        "x.safetensors",
        tensors(weights(MASKGIT), {"phenaki_viz": "{"}),
        r"settings are damaged \(not JSON\)",
    ),
    "newer format": (
        "x.safetensors",
        tensors(weights(MASKGIT), {"phenaki_viz": '{"format": 9, "kind": "MaskGitConfig"}'}),
        "is of format 9",
    ),
}


@pytest.mark.parametrize(("name", "content", "said"), BAD.values(), ids=BAD.keys())
def test_refused_in_words(name, content, said):
    with pytest.raises(CheckpointError, match=said) as caught:
        open_checkpoint((name, content))
    assert str(caught.value).startswith(name)
    assert "weights_only" not in str(caught.value)  # PyTorch's advice to switch safety off


@pytest.mark.parametrize("make", [files.with_code, files.plain_pickle])
def test_code_in_a_pickle_does_not_run(make, tmp_path):
    ran = tmp_path / "ran"
    with pytest.raises(CheckpointError, match=r"holds more than tensors|damaged or no file"):
        open_checkpoint(("x.pt", make(ran)))
    assert not ran.exists()


def test_folder_missing_and_unreadable(tmp_path):
    with pytest.raises(CheckpointError, match="is a folder"):
        open_checkpoint(tmp_path)
    with pytest.raises(CheckpointError, match="does not exist"):
        open_checkpoint(tmp_path / "none.pt")


def test_an_unreadable_file(tmp_path, monkeypatch):
    path = tmp_path / "x.safetensors"
    path.write_bytes(GOOD)

    def refuse(self, *args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", refuse)
    with pytest.raises(CheckpointError, match="cannot be read: Permission denied"):
        open_checkpoint(path)


def test_a_file_over_the_limit():
    content = pt(weights(MASKGIT))
    with (
        pytest.raises(CheckpointError, match=r"^x.pt has \d+\.\d kB; the limit is"),
        weights_of(("x.pt", content), most_bytes=len(content) - 1),
    ):
        pass


def test_a_small_file_that_declares_contents_over_the_limit():
    content = files.declaring(pt(weights(MASKGIT)), 9 * 10**8)
    with (
        pytest.raises(CheckpointError, match=r"declares \d+\.\d GB of contents; the limit is"),
        weights_of(("x.pt", content), most_bytes=10**9),
    ):
        pass


@pytest.mark.parametrize("name", ["x.safetensors", "x.pt"])
@pytest.mark.parametrize("when", ["read", "filled"])
def test_weights_for_which_there_is_no_memory_are_not_said_to_be_damaged(when, name, monkeypatch):
    read = {"x.pt": (files_of.torch, "load"), "x.safetensors": (files_of, "load")}
    load = torch.load

    def fail(*args, **kwargs):
        if kwargs.get("map_location") == "meta":
            return load(*args, **kwargs)
        return torch.empty(2**50, dtype=torch.uint8)

    monkeypatch.setattr(*(read[name] if when == "read" else (opening, "_filled")), fail)
    content = {"x.pt": pt(weights(MASKGIT)), "x.safetensors": GOOD}[name]
    with pytest.raises(CheckpointError, match="memory") as told:
        open_checkpoint((name, content))
    assert "damaged" not in str(told.value) and name in str(told.value)


def test_a_correction_against_the_shapes():
    with pytest.raises(CheckpointError, match=r"dim is 16 in the file .* it cannot be 32"):
        open_checkpoint(("x.pt", pt(weights(MASKGIT))), {"dim": 32})
    with pytest.raises(
        CheckpointError, match=r"image_size cannot be 17×16: .* multiples of the patch, 8×8"
    ):
        inspect_checkpoint(("x.pt", pt(weights(CVIVIT))), FOR_CVIVIT | {"image_size": (17, 16)})


def test_non_finite_weights_can_be_asked_for():
    content = changed("to_logits.bias", torch.full((16,), torch.nan))
    opened = open_checkpoint(("x.safetensors", content), allow_non_finite=True)
    assert torch.isnan(opened.model.to_logits.bias).all()


def test_a_failure_leaves_a_model_in_use_as_it_was():
    opened = open_checkpoint(("x.safetensors", GOOD))
    before = {key: tensor.clone() for key, tensor in opened.model.state_dict().items()}
    state = torch.random.get_rng_state()
    with pytest.raises(CheckpointError):
        open_checkpoint(("x.safetensors", changed("transformer.norm_out.gamma", torch.zeros(7))))
    assert all(torch.equal(before[k], v) for k, v in opened.model.state_dict().items())
    assert torch.equal(state, torch.random.get_rng_state())


@pytest.mark.parametrize("content", [GOOD, pt(weights(MASKGIT))], ids=["safetensors", "pt"])
def test_a_file_replaced_while_in_use(tmp_path, content):
    path = tmp_path / "x.any"
    path.write_bytes(content)
    opened = open_checkpoint(path)
    before = opened.model.to_logits.weight.clone()
    path.write_bytes(b"\0" * 100)  # shorter: a mapped tensor would end the process
    assert torch.equal(before, opened.model.to_logits.weight)


@pytest.mark.parametrize("name", ["x.pt", "x.safetensors", "x.bin"])
@pytest.mark.parametrize("content", [GOOD, pt(weights(MASKGIT))], ids=["safetensors", "pt"])
def test_what_a_file_is_is_read_from_its_bytes_not_its_name(name, content):
    assert inspect_checkpoint((name, content)).kind == "MaskGit"


def test_whole_models_need_the_same_codes():
    other = replace(MASKGIT, num_tokens=8)
    state = {f"cvivit.{k}": v for k, v in weights(CVIVIT).items()}
    state |= {f"maskgit.{k}": v for k, v in weights(other).items()}
    with pytest.raises(CheckpointError, match="they were not made for each other"):
        open_checkpoint(("x.pt", pt(state)))
    assert OURS.maskgit.num_tokens == OURS.cvivit.codebook_size
