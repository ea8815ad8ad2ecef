"""Weights in several files: shards, indexes and folders open whole, or say what is missing."""

import json
import re
import shutil
from pathlib import Path

import pytest
import torch

from phenaki_viz.checkpoints import inspect_checkpoint, open_checkpoint
from phenaki_viz.checkpoints.shards import digest_of, whole_weights_of
from phenaki_viz.errors import CheckpointError
from tests.checkpoints.files import MASKGIT, pt, tensors, weights

STATE = weights(MASKGIT)
WRITE = {"safetensors": tensors, "bin": pt}


def sharded(folder, count=3, *, stem="model", ending="safetensors", index=True):
    """A model in `count` files, with an index as the Hugging Face libraries write it."""
    folder.mkdir(exist_ok=True)
    names = [f"{stem}-{at + 1:05d}-of-{count:05d}.{ending}" for at in range(count)]
    keys = list(STATE)
    for at, name in enumerate(names):
        (folder / name).write_bytes(WRITE[ending]({key: STATE[key] for key in keys[at::count]}))
    if index:
        where = {key: names[at % count] for at, key in enumerate(keys)}
        written = {"metadata": {"total_size": 1}, "weight_map": where}
        (folder / f"{stem}.{ending}.index.json").write_text(json.dumps(written))
    return [folder / name for name in names]


def is_whole(path):
    own = open_checkpoint(path).model.state_dict()
    return own.keys() == STATE.keys() and all(torch.equal(own[key], STATE[key]) for key in STATE)


@pytest.mark.parametrize("ending", WRITE)
@pytest.mark.parametrize(("count", "index"), [(1, True), (1, False), (3, True), (3, False)])
def test_folder_index_and_every_shard_open_the_whole(tmp_path, ending, count, index):
    shards = sharded(tmp_path / "run", count, ending=ending, index=index, stem="pytorch_model")
    sources = [tmp_path / "run", *shards]
    sources += [tmp_path / "run" / f"pytorch_model.{ending}.index.json"] if index else []
    for path in sources:
        assert is_whole(path), path
        inspection = inspect_checkpoint(path)
        assert inspection.tensors == len(STATE)
        assert count == 1 or inspection.name == path.name
        assert count == 1 or any("are used" in note for note in inspection.notes)
    assert len({digest_of(path) for path in sources}) == 1


def test_a_digest_is_of_all_files(tmp_path):
    *_, last = sharded(tmp_path / "run")
    before = digest_of(tmp_path / "run")
    content = bytearray(last.read_bytes())
    content[-1] ^= 1
    last.write_bytes(content)
    assert digest_of(tmp_path / "run") != before


# What a trainer leaves in a folder, and the file that is meant.
FOLDERS = {
    "accelerate": (["model.safetensors"], ["optimizer.bin", "scheduler.bin", "scaler.pt",
                   "sampler.bin", "random_states_0.pkl"]),
    "public C-ViViT": (["pytorch_model.bin"], ["optimizer.bin", "random_states_0.pkl"]),
    "transformers": (["model.safetensors"], ["config.json", "training_args.bin", "optimizer.pt",
                     "rng_state.pth", "trainer_state.json", "generation_config.json"]),
    "both formats": (["model.safetensors", "pytorch_model.bin"], ["config.json"]),
    "diffusers": (["diffusion_pytorch_model.safetensors"], ["config.json"]),
    "one of any name": (["maskgit-final.pt"], ["notes.txt", "loss.csv"]),
    "the model and another": (["model.safetensors", "discriminator.safetensors"], []),
}  # fmt: skip


@pytest.mark.parametrize("which", FOLDERS)
def test_a_trainers_folder(tmp_path, which):
    good, beside = FOLDERS[which]
    for name in good:
        write = tensors if name.endswith("safetensors") else pt
        other = name.startswith("discr")
        (tmp_path / name).write_bytes(write({"a": torch.zeros(2)} if other else STATE))
    for name in beside:
        (tmp_path / name).write_bytes(b"not weights")
    assert is_whole(tmp_path)
    assert inspect_checkpoint(tmp_path).notes[0] == f"in the folder: {good[0]}"


def folder_of(path, names):
    path.mkdir()
    for name in names:
        (path / name).write_bytes(tensors(STATE))
    return path


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "run is a folder without a file of weights; it holds nothing: give the file"),
        (["config.json", "notes.txt"], "it holds config.json, notes.txt: give the file"),
        (["optimizer.bin"], "without a file of weights"),
        (["a.pt", "b.safetensors"], "a folder with 2 files of weights: a.pt, b.safetensors. Give"),
        (["__0_0.distcp", ".metadata"], "format_utils dcp_to_torch run model.pt"),
    ],
)
def test_folders_that_do_not_say_which(tmp_path, names, said):
    folder = folder_of(tmp_path / "run", names)
    with pytest.raises(CheckpointError, match=re.escape(said)):
        open_checkpoint(folder)


def test_a_folder_is_named_wherever_one_stands_in_it(tmp_path, monkeypatch):
    folder_of(tmp_path / "checkpoints", ["last.safetensors"])
    (tmp_path / "hparams.yaml").touch()
    monkeypatch.chdir(tmp_path)
    said = f"{tmp_path.name} is a folder without a file of weights; it holds checkpoints/, "
    with pytest.raises(CheckpointError, match=re.escape(said) + ".*or the folder that it is in"):
        open_checkpoint(Path())


def test_a_missing_shard_is_named(tmp_path):
    first, second, third = sharded(tmp_path / "run")
    second.unlink()
    for path in (first, third, tmp_path / "run", tmp_path / "run" / "model.safetensors.index.json"):
        with pytest.raises(CheckpointError, match=rf"{second.name} is not beside it: put all"):
            open_checkpoint(path)


def test_a_shard_or_an_index_that_is_uploaded_alone(tmp_path):
    first, *_ = sharded(tmp_path / "run")
    for path, said in (
        (first, "is shard 1 of 00003, which are one model together: give the folder"),
        (tmp_path / "run" / "model.safetensors.index.json", "holds no weights itself: give the"),
    ):
        with pytest.raises(CheckpointError, match=said):
            open_checkpoint((path.name, path.read_bytes()))


INDEXES = {
    "no JSON": ("{", "is not JSON"),
    "a list": ("[1]", "has no weight_map"),
    "another JSON": ('{"layers": 3}', "has no weight_map. Give the file of weights"),
    "numbers for names": ('{"weight_map": {"a": 3}}', "lists files that have no name"),
    "out of the folder": (
        '{"weight_map": {"a": "../../x.safetensors"}}',
        "no file of weights besi",
    ),
    "an absolute path": ('{"weight_map": {"a": "/etc/passwd"}}', "no file of weights beside it"),
    "itself": ('{"weight_map": {"a": "x.index.json"}}', "no file of weights beside it"),
    "a missing one": ('{"weight_map": {"a": "y.safetensors"}}', "y.safetensors is not beside it"),
    "deep": ("[" * 100_000, "is not JSON"),
}


@pytest.mark.parametrize("which", INDEXES)
def test_a_damaged_index(tmp_path, which):
    content, said = INDEXES[which]
    path = tmp_path / "x.index.json"
    path.write_text(content)
    with pytest.raises(CheckpointError, match=said):
        open_checkpoint(path)


def test_shards_that_contradict_the_index_or_each_other(tmp_path):
    first, second, _ = sharded(tmp_path / "run")
    whole = first.read_bytes()
    shutil.copy(second, first)
    with pytest.raises(CheckpointError, match=r"is in model-00001\S+ and in model-00002"):
        open_checkpoint(tmp_path / "run")
    first.write_bytes(whole)
    index = tmp_path / "run" / "model.safetensors.index.json"
    found = json.loads(index.read_text())
    found["weight_map"]["not.there"] = second.name
    index.write_text(json.dumps(found))
    with pytest.raises(CheckpointError, match=r"says that not.there is in .*; it is not"):
        open_checkpoint(index)


def test_the_limit_is_of_all_shards_together(tmp_path):
    sizes = [path.stat().st_size for path in sharded(tmp_path / "run")]
    with (
        pytest.raises(CheckpointError, match="the 3 files of run have"),
        whole_weights_of(tmp_path / "run", most_bytes=sum(sizes) - 1),
    ):
        pass
